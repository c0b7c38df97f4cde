/* Pairs of two bytes: their rank, and which of them merge before all that is around them. */
/* SPDX-License-Identifier: MIT */
/*
 * Every pretoken begins as bytes. A pair of them that has a lower rank than whatever could merge
 * with its left byte, given the byte before, or with its right byte, given the byte after, merges
 * sooner or later, whatever else does. If the token of the two also has no lower rank with any
 * other symbol, it may as well merge at once: no merge comes earlier by that.
 *
 * A priority is the complement of a rank: the highest merges first, and 0 is that of what doesn't
 * merge.
 */
#ifndef PMILL_BPE_BYTE_PAIRS_H
#define PMILL_BPE_BYTE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define PMILL_NO_RANK UINT32_MAX

struct pmill_byte_pair {
	uint32_t priority;
	uint32_t used;   /* the highest of any pair that the token of both bytes is part of */
	uint32_t before; /* the highest of a symbol that ends in the left byte, and the right byte */
	uint32_t after;  /* the highest of the left byte, and a symbol that begins with the right one */
};

/* [left << 8 | right]; all zero knows no pair. NULL if out of memory; free with free(). */
struct pmill_byte_pair *pmill_byte_pairs_create(void);

/* To be called for every pair of symbols that merge, with their bytes; at least one each. */
void pmill_byte_pairs_add(
	struct pmill_byte_pair *pairs, pmill_bytes left, pmill_bytes right, uint32_t rank);

static inline const struct pmill_byte_pair *pmill_byte_pairs_at(
	const struct pmill_byte_pair *pairs, uint8_t left, uint8_t right)
{
	return &pairs[(size_t)left << 8 | right];
}

/* PMILL_NO_RANK: they don't merge. */
static inline uint32_t pmill_byte_pair_rank(const struct pmill_byte_pair *pair)
{
	return ~pair->priority;
}

/* Whether a pair merges before all around it; `before` and `after` are of the pairs beside it. */
static inline bool pmill_byte_pair_is_early(
	const struct pmill_byte_pair *pair, uint32_t before, uint32_t after)
{
	const uint32_t priority = pair->priority;
	return (priority > pair->used) & (priority > before) & (priority > after);
}

#endif
