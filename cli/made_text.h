/* Text that nobody wrote: always the same, with words as frequent as in a language. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MADE_TEXT_H
#define PMILL_CLI_MADE_TEXT_H

#include <stdint.h>

#include "pairmill.h"

/*
 * Gives `len` bytes of text to `write`: lines of lower-case words, of which the one of rank r occurs
 * 1/r times as often as the first (Zipf's law). A shorter text is the beginning of a longer one. 0, or
 * what `write` gave; -1 without memory.
 */
int pmill_cli_made_text_write(uint64_t len, pmill_write_fn write, void *context);

#endif
