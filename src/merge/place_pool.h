/* Memory for lists of places: many, of all sizes, always coming and going, for one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PLACE_POOL_H
#define PMILL_MERGE_PLACE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/page_pool.h"

/* The places that a pair had when it was made, by share, and ascending in each (packed_words.h). */
struct pmill_places {
	uint32_t count;
	uint32_t items[];
};

enum { PMILL_PLACE_CLASSES = 128 };

struct pmill_place_block; /* a free one */
struct pmill_place_chunk;

/*
 * Blocks come in classes of size, four for each doubling, and are cut from chunks on huge pages. A
 * freed block is reused for its class, or cut up once the chunk is used up: most lists that are
 * freed are long, and most new ones are short. Nothing returns to the system before the end: the
 * system would clear the pages again. All zero is empty. One thread at a time.
 */
struct pmill_place_pool {
	struct pmill_page_pool *pages; /* where chunks come from; NULL: the system */
	struct pmill_place_block *free[PMILL_PLACE_CLASSES];
	unsigned largest; /* no larger class has free blocks */
	uint64_t *room;   /* what is left of the chunk, or of the block that is cut up */
	size_t room_units;
	struct pmill_place_chunk *chunks; /* the newest first */
};

/* Returns a list for `count` > 0 places, its count set; NULL if out of memory. */
struct pmill_places *pmill_place_pool_allocate(struct pmill_place_pool *pool, uint32_t count);
void pmill_place_pool_free(struct pmill_place_pool *pool, struct pmill_places *places);

/* Frees all lists. */
void pmill_place_pool_release(struct pmill_place_pool *pool);

#endif
