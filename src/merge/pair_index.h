/* Pairs: how often each occurs, and where. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PAIR_INDEX_H
#define PMILL_MERGE_PAIR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merge/place_pool.h"

struct pmill_pair {
	uint64_t key; /* 0: a free slot */
	int64_t count;
	/* 0: no places are kept. Lowest bit 1: one place, in the upper half. Else a struct pmill_places. */
	uint64_t places;
};

/*
 * Two levels: pairs of bytes, which nearly all words hold, are in a dense table of 256 × 256; all
 * others are in open-addressing tables, one for each part. A part is what one thread at a time may
 * change; the hash of a pair, even of a dense one, decides its part. (Words are dealt to the members
 * of the team in shares: see packed_words.h.)
 *
 * Pairs that count less than the floor need not be here, and the counts of those that are are no longer kept:
 * counts only fall, so they are below it for good. (See merge_state.h for what happens when the merges get
 * there.) Growing leaves them behind.
 */
struct pmill_pair_part {
	struct pmill_pair *slots;
	size_t slot_count;
	size_t used;
	struct pmill_place_pool pool;
};

struct pmill_pair_index {
	struct pmill_pair *dense;
	struct pmill_pair_part *parts;
	unsigned part_count;
	struct pmill_page_pool *pool;
	int64_t floor; /* at least 1 */
};

/* Memory comes from `pool`, which must live longer. */
bool pmill_pair_index_init(
	struct pmill_pair_index *index, unsigned part_count, struct pmill_page_pool *pool);
/* Forgets all pairs. */
void pmill_pair_index_clear(struct pmill_pair_index *index);
void pmill_pair_index_release(struct pmill_pair_index *index);

unsigned pmill_pair_index_part(const struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* Room for `more` pairs beyond those of the part. False without memory. Moves its pairs. */
bool pmill_pair_index_reserve(struct pmill_pair_index *index, unsigned part, size_t more);

/* NULL: not there, so it counts less than the floor. */
struct pmill_pair *pmill_pair_index_find(
	const struct pmill_pair_index *index, uint32_t left, uint32_t right);
void pmill_pair_index_prefetch(const struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* The pair, new with count 0 where it is not there yet; needs room for one. */
struct pmill_pair *pmill_pair_index_add(
	struct pmill_pair_index *index, uint32_t left, uint32_t right);

/*
 * Gives a pair of this part, without places, room for `count` > 0 of them: the names are to be written to what
 * is returned. NULL without memory. One name is kept in the pair itself, so that place moves with it.
 */
uint32_t *pmill_pair_index_allocate_places(
	struct pmill_pair_index *index, unsigned part, struct pmill_pair *pair, uint32_t count);
void pmill_pair_index_free_places(
	struct pmill_pair_index *index, unsigned part, struct pmill_pair *pair);

/* The names; `single` is room for one. */
const uint32_t *pmill_pair_places(const struct pmill_pair *pair, uint32_t *single, size_t *count);

#endif
