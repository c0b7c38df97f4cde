/* The table of scanners: one for each instruction set, all with the same results. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SCANNER_TABLE_H
#define PMILL_PRETOKENIZE_SCANNER_TABLE_H

#include "pretokenize/scanner.h"

/*
 * Finds a scanner by name, or the fastest if `name` is NULL; NULL if this processor can't run it.
 */
const struct pmill_scanner *pmill_scanner_find(const char *name);
/*
 * Makes keys with no more than the instructions of the scanner that this name stands for. "regex"
 * and other names stand for plain C.
 */
const struct pmill_key_maker *pmill_scanner_key_maker(const char *name);
/* All that are compiled in, available or not, fastest first; NULL at the end. */
const struct pmill_scanner *pmill_scanner_at(size_t index);
bool pmill_scanner_is_available(const struct pmill_scanner *scanner); /* on this processor */

#endif
