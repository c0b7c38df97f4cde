/* Merging pretokens of up to 64 bytes: one, or several side by side. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_SHORT_PRETOKEN_H
#define PMILL_BPE_SHORT_PRETOKEN_H

#include "bpe/merge_rules.h"

/* Measured: up to here scanning all ranks is as fast as minima, and needs no scratch. */
enum { PMILL_MOST_SHORT_MERGE = 64 };

/*
 * Merges until `least` symbols are left or none merge. `symbols` has room for `len`. Returns their
 * number.
 */
size_t pmill_short_pretoken_merge(const struct pmill_merge_rules *rules, const uint8_t *bytes,
	size_t len, size_t least, uint32_t *symbols);

enum {
	PMILL_MERGE_LANES = 16,     /* pretokens */
	PMILL_MOST_LANE_BYTES = 15, /* of each */
};

struct pmill_short_pretoken {
	const uint8_t *bytes;
	size_t len;
	uint32_t *symbols; /* room for `len` */
	size_t count;      /* set: of symbols */
};

/*
 * The same, down to one symbol, for up to PMILL_MERGE_LANES of up to PMILL_MOST_LANE_BYTES, by
 * turns: what one looks up is fetched while the others go on.
 */
void pmill_short_pretokens_merge(
	const struct pmill_merge_rules *rules, struct pmill_short_pretoken *pretokens, size_t count);

#endif
