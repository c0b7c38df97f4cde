/* Merging a pretoken of up to 64 bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_SHORT_PRETOKEN_H
#define PMILL_BPE_SHORT_PRETOKEN_H

#include "bpe/merge_rules.h"

/* Measured: up to here scanning all ranks is as fast as minima, and needs no scratch. */
enum { PMILL_MOST_SHORT_MERGE = 64 };

/*
 * Merges until `least`, one or two, symbols are left or none merge. `symbols` has room for `len`.
 * Returns their number.
 */
size_t pmill_short_pretoken_merge(const struct pmill_merge_rules *rules, const uint8_t *bytes,
	size_t len, size_t least, uint32_t *symbols);

#endif
