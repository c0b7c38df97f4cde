/* The table of scanners: one for each instruction set, all with the same results. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SCANNER_TABLE_H
#define PMILL_PRETOKENIZE_SCANNER_TABLE_H

#include "pretokenize/scanner.h"

/* The fastest available if `name` is NULL; NULL if this processor has no scanner of that name. */
const struct pmill_scanner *pmill_scanner_find(const char *name);
/* All that are compiled in, available or not, the fastest first; NULL at the end. */
const struct pmill_scanner *pmill_scanner_at(size_t index);
bool pmill_scanner_is_available(const struct pmill_scanner *scanner); /* on this processor */

#endif
