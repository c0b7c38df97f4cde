/* Memory for lists of places: many of all sizes, made and freed all the time by one thread. */
/* SPDX-License-Identifier: MIT */
#include "train/place_pool.h"

#include <stdbool.h>

#include "base/pages.h"

enum {
	UNIT = 8,                                /* bytes */
	FIRST_CHUNK_UNITS = 1 << 13,             /* 64 KiB, then twice as much each time */
	LAST_CHUNK_UNITS = 1 << 18,              /* 2 MiB: a huge page */
	FINE_CLASSES = 8,                        /* up to here a class is a number of units */
	LARGEST_CLASS = PMILL_PLACE_CLASSES - 1, /* 512 KiB */
};

struct pmill_place_block {
	struct pmill_place_block *next;
};

/* At the head of its pages. */
struct pmill_place_chunk {
	struct pmill_place_chunk *next;
	size_t unit_count; /* this head included */
	uint64_t units[];
};

static size_t units_for(uint32_t count)
{
	return (sizeof(struct pmill_places) + (size_t)count * sizeof(uint32_t) + UNIT - 1) / UNIT;
}

/* Classes 1 to 8 are as many units; then come 10, 12, 14, 16, 20, 24, 28, 32, 40, … units. */
static size_t class_units(unsigned class)
{
	if (class <= FINE_CLASSES)
		return class;
	unsigned step = (class - 1 - FINE_CLASSES) / 4, quarter = (class - 1 - FINE_CLASSES) % 4;
	return (size_t)(5 + quarter) << (step + 1);
}

/* The smallest class that holds so many units. */
static unsigned class_above(size_t units)
{
	if (units <= FINE_CLASSES)
		return (unsigned)units;
	unsigned log = 63u - (unsigned)__builtin_clzll(units - 1);
	unsigned quarter = (unsigned)((units - 1) >> (log - 2)) & 3;
	return 1 + FINE_CLASSES + 4 * (log - 3) + quarter;
}

/* The largest class that fits into so many units. */
static unsigned class_within(size_t units)
{
	if (units >= class_units(LARGEST_CLASS))
		return LARGEST_CLASS;
	unsigned class = class_above(units);
	return class_units(class) == units ? class : class - 1;
}

static void put(struct pmill_place_pool *pool, void *memory, unsigned class)
{
	struct pmill_place_block *block = memory;
	block->next = pool->free[class];
	pool->free[class] = block;
}

static uint64_t *cut(struct pmill_place_pool *pool, unsigned class)
{
	uint64_t *block = pool->room;
	pool->room += class_units(class);
	pool->room_units -= class_units(class);
	return block;
}

static void keep_rest(struct pmill_place_pool *pool)
{
	while (pool->room_units > 0) {
		unsigned class = class_within(pool->room_units);
		put(pool, cut(pool, class), class);
	}
}

static void *take_free(struct pmill_place_pool *pool, unsigned class)
{
	struct pmill_place_block *block = pool->free[class];
	if (block != NULL)
		pool->free[class] = block->next;
	return block;
}

static bool add_chunk(struct pmill_place_pool *pool)
{
	size_t unit_count = FIRST_CHUNK_UNITS;
	if (pool->chunks != NULL && pool->chunks->unit_count < LAST_CHUNK_UNITS)
		unit_count = 2 * pool->chunks->unit_count;
	else if (pool->chunks != NULL)
		unit_count = LAST_CHUNK_UNITS;
	struct pmill_place_chunk *chunk = pmill_pages_allocate(unit_count * UNIT);
	if (chunk == NULL)
		return false;
	chunk->next = pool->chunks;
	chunk->unit_count = unit_count;
	pool->chunks = chunk;
	pool->room = chunk->units;
	pool->room_units = unit_count - sizeof *chunk / UNIT;
	return true;
}

/* The largest block that is free, else a new chunk, becomes what is cut up. */
static bool find_room(struct pmill_place_pool *pool, unsigned class)
{
	keep_rest(pool);
	for (unsigned larger = LARGEST_CLASS; larger > class; larger--) {
		void *block = take_free(pool, larger);
		if (block == NULL)
			continue;
		pool->room = block;
		pool->room_units = class_units(larger);
		return true;
	}
	while (pool->room_units < class_units(class)) {
		keep_rest(pool);
		if (!add_chunk(pool))
			return false;
	}
	return true;
}

static bool has_own_pages(size_t units)
{
	return units > class_units(LARGEST_CLASS);
}

struct pmill_places *pmill_place_pool_allocate(struct pmill_place_pool *pool, uint32_t count)
{
	size_t units = units_for(count);
	struct pmill_places *places;
	if (has_own_pages(units)) {
		places = pmill_pages_allocate(units * UNIT);
	} else {
		unsigned class = class_above(units);
		places = take_free(pool, class);
		if (places == NULL && pool->room_units < class_units(class) && !find_room(pool, class))
			return NULL;
		if (places == NULL)
			places = (struct pmill_places *)(void *)cut(pool, class);
	}
	if (places != NULL)
		places->count = count;
	return places;
}

void pmill_place_pool_free(struct pmill_place_pool *pool, struct pmill_places *places)
{
	size_t units = units_for(places->count);
	if (has_own_pages(units))
		pmill_pages_free(places, units * UNIT);
	else
		put(pool, places, class_above(units));
}

void pmill_place_pool_release(struct pmill_place_pool *pool)
{
	while (pool->chunks != NULL) {
		struct pmill_place_chunk *next = pool->chunks->next;
		pmill_pages_free(pool->chunks, pool->chunks->unit_count * UNIT);
		pool->chunks = next;
	}
	*pool = (struct pmill_place_pool){0};
}
