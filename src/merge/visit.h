/* Applies one merge at the places of its pair. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_VISIT_H
#define PMILL_MERGE_VISIT_H

#include "merge/neighbours.h"
#include "merge/packed_words.h"
#include "merge/pair_index.h"

/*
 * Applies the merge at each of `count` places and gathers what changes, in the order of the places.
 * Skips places that no longer hold the pair. Returns false if out of memory.
 */
bool pmill_visit_places(const struct pmill_packed_words *words, const uint32_t *places,
	size_t count, const struct pmill_token_merge *merge, struct pmill_neighbours *neighbours,
	struct pmill_changes *changes);

/* A pair of bytes in one share, in a dense table of 256 × 256. */
struct pmill_byte_pair {
	int64_t count;
	uint32_t place_count;
	uint32_t last;  /* the place seen last; UINT32_MAX: none */
	uint32_t *fill; /* where the next place is written; NULL: nowhere */
};

/*
 * Adds pairs of bytes to `pairs`: how often each occurs, and at how many places. Takes about
 * `units` of the short words off `rest`, which is a share at first, and with the last of them the
 * chained words: call it until rest->short_begin is rest->short_end. Returns false if a count
 * overflows.
 */
bool pmill_visit_count_pairs(const struct pmill_packed_words *words,
	struct pmill_packed_share *rest, size_t units, struct pmill_byte_pair *pairs);

/* The same walk: writes the places. */
void pmill_visit_fill_pairs(const struct pmill_packed_words *words, struct pmill_packed_share *rest,
	size_t units, struct pmill_byte_pair *pairs);

#endif
