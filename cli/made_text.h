/* Generated text: always the same, with word frequencies like those of a natural language. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MADE_TEXT_H
#define PMILL_CLI_MADE_TEXT_H

#include <stdint.h>

#include "pairmill.h"

/*
 * Passes `len` bytes of text to `write`: lines of lower-case words, where the word of rank r occurs
 * 1/r times as often as the first (Zipf's law). A shorter text is a prefix of a longer one. Returns
 * 0, the nonzero result of `write`, or -1 if out of memory.
 */
int pmill_cli_made_text_write(uint64_t len, pmill_write_fn write, void *context);

#endif
