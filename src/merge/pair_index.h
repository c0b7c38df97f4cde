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
	/* 0: none. Lowest bit set: a single one, in the upper half. Otherwise a struct pmill_places. */
	uint64_t places;
};

/*
 * Two levels: pairs of bytes, which nearly all words hold, are in a dense table of 256 × 256; all
 * others are in open-addressing tables, one for each part. A part belongs to one thread at a time;
 * the hash of a pair, even of a dense one, decides its part. (Words are dealt in shares: see
 * packed_words.h.)
 *
 * Pairs that count less than the floor need not be here. If they are, their counts are no longer
 * kept up to date: counts only fall, so theirs stay below it. (merge_state.h says what happens if
 * the merges get down to it.) A table that grows drops them.
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

/* Memory comes from `pool`, which must live longer. Returns false if out of memory. */
bool pmill_pair_index_init(
	struct pmill_pair_index *index, unsigned part_count, struct pmill_page_pool *pool);
/* Removes all pairs. */
void pmill_pair_index_clear(struct pmill_pair_index *index);
void pmill_pair_index_release(struct pmill_pair_index *index);

unsigned pmill_pair_index_part(const struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* Makes room for `more` pairs in the part; this moves its pairs. Returns false if out of memory. */
bool pmill_pair_index_reserve(struct pmill_pair_index *index, unsigned part, size_t more);

/* Returns NULL if it is not there, so counts less than the floor. */
struct pmill_pair *pmill_pair_index_find(
	const struct pmill_pair_index *index, uint32_t left, uint32_t right);
void pmill_pair_index_prefetch(const struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* Returns the pair, added with count 0 if it wasn't there; needs room for one. */
struct pmill_pair *pmill_pair_index_add(
	struct pmill_pair_index *index, uint32_t left, uint32_t right);

/*
 * Gives a pair of this part, which has no places, room for `count` > 0 of them: write them to what
 * is returned. NULL if out of memory. A single place is kept in the pair itself, and moves with it.
 */
uint32_t *pmill_pair_index_allocate_places(
	struct pmill_pair_index *index, unsigned part, struct pmill_pair *pair, uint32_t count);
void pmill_pair_index_free_places(
	struct pmill_pair_index *index, unsigned part, struct pmill_pair *pair);

/* Sets the pair's count to 0 and frees its places. */
void pmill_pair_index_remove(struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* The places; `single` is room for one. */
const uint32_t *pmill_pair_places(const struct pmill_pair *pair, uint32_t *single, size_t *count);

#endif
