/* Memory for lists of places: many, of all sizes, always coming and going, for one thread. */
/* SPDX-License-Identifier: MIT */
#include "merge/place_pool.h"

#include <stdbool.h>

enum {
	UNIT = 8, /* bytes */
	/* 64 KiB, 128 KiB, then a huge page of 2 MiB: anything larger than 128 KiB takes one anyway. */
	FIRST_CHUNK_UNITS = 1 << 13,
	SMALL_CHUNK_UNITS = 1 << 14,
	LAST_CHUNK_UNITS = 1 << 18,
	FINE_CLASSES = 8, /* up to here, class n has n units */
	LARGEST_CLASS = PMILL_PLACE_CLASSES - 1,
	LARGEST_WHOLE_CLASS = 60, /* 512 KiB: larger lists are not rounded up to their class */
};

struct pmill_place_block {
	struct pmill_place_block *next;
};

/* At the start of its pages. */
struct pmill_place_chunk {
	struct pmill_place_chunk *next;
	size_t unit_count; /* including this head */
	uint64_t units[];
};

static size_t units_for(uint32_t count)
{
	return (sizeof(struct pmill_places) + (size_t)count * sizeof(uint32_t) + UNIT - 1) / UNIT;
}

/* Classes 1 to 8 have 1 to 8 units; then come 10, 12, 14, 16, 20, 24, 28, 32, 40, … units. */
static size_t class_units(unsigned class)
{
	if (class <= FINE_CLASSES)
		return class;
	unsigned step = (class - 1 - FINE_CLASSES) / 4, quarter = (class - 1 - FINE_CLASSES) % 4;
	return (size_t)(5 + quarter) << (step + 1);
}

/* The smallest class that holds `units`. */
static unsigned class_above(size_t units)
{
	if (units <= FINE_CLASSES)
		return (unsigned)units;
	unsigned log = 63u - (unsigned)__builtin_clzll(units - 1);
	unsigned quarter = (unsigned)((units - 1) >> (log - 2)) & 3;
	return 1 + FINE_CLASSES + 4 * (log - 3) + quarter;
}

/* The largest class that fits into `units`. */
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
	if (class > pool->largest)
		pool->largest = class;
}

/* Frees them as blocks of the largest classes that fit. */
static void put_units(struct pmill_place_pool *pool, uint64_t *units, size_t count)
{
	while (count > 0) {
		unsigned class = class_within(count);
		put(pool, units, class);
		units += class_units(class);
		count -= class_units(class);
	}
}

static void *take_free(struct pmill_place_pool *pool, unsigned class)
{
	struct pmill_place_block *block = pool->free[class];
	if (block != NULL)
		pool->free[class] = block->next;
	return block;
}

static void set_room(struct pmill_place_pool *pool, uint64_t *room, size_t units)
{
	put_units(pool, pool->room, pool->room_units);
	pool->room = room;
	pool->room_units = units;
}

static size_t choose_chunk_units(const struct pmill_place_pool *pool)
{
	if (pool->chunks == NULL)
		return FIRST_CHUNK_UNITS;
	size_t doubled = 2 * pool->chunks->unit_count;
	return doubled > SMALL_CHUNK_UNITS ? LAST_CHUNK_UNITS : doubled;
}

/* With room for at least `units`; just below a limit of memory, not for much more. */
static bool add_chunk(struct pmill_place_pool *pool, size_t units)
{
	size_t head = sizeof *pool->chunks / UNIT, least = units + head;
	const size_t sizes[] = {choose_chunk_units(pool), SMALL_CHUNK_UNITS, FIRST_CHUNK_UNITS, least};
	const size_t tries = pmill_page_pool_account(pool->pages) == NULL ? 1 : 4;
	struct pmill_place_chunk *chunk = NULL;
	size_t unit_count = 0;
	for (size_t i = 0; chunk == NULL && i < tries; i++) {
		unit_count = sizes[i] < least ? least : sizes[i];
		chunk = pmill_page_pool_allocate_raw(pool->pages, unit_count * UNIT);
	}
	if (chunk == NULL)
		return false;
	chunk->next = pool->chunks;
	chunk->unit_count = unit_count;
	pool->chunks = chunk;
	set_room(pool, chunk->units, unit_count - head);
	return true;
}

/* Cuts up the largest free block next, or a new chunk if that is too small. */
static bool find_room(struct pmill_place_pool *pool, size_t units)
{
	while (pool->largest > 0 && pool->free[pool->largest] == NULL)
		pool->largest--;
	if (class_units(pool->largest) < units)
		return add_chunk(pool, units);
	unsigned class = pool->largest;
	set_room(pool, take_free(pool, class), class_units(class));
	return true;
}

static size_t rounded(size_t units)
{
	unsigned class = class_above(units);
	return class <= LARGEST_WHOLE_CLASS ? class_units(class) : units;
}

static void *take_units(struct pmill_place_pool *pool, size_t units)
{
	if (pool->room_units < units && !find_room(pool, units))
		return NULL;
	uint64_t *taken = pool->room;
	pool->room += units;
	pool->room_units -= units;
	return taken;
}

struct pmill_places *pmill_place_pool_allocate(struct pmill_place_pool *pool, uint32_t count)
{
	size_t units = rounded(units_for(count));
	unsigned class = class_above(units);
	struct pmill_places *places = NULL;
	if (class <= LARGEST_WHOLE_CLASS)
		places = take_free(pool, class);
	if (places == NULL)
		places = take_units(pool, units);
	if (places != NULL)
		places->count = count;
	return places;
}

void pmill_place_pool_free(struct pmill_place_pool *pool, struct pmill_places *places)
{
	put_units(pool, (uint64_t *)(void *)places, rounded(units_for(places->count)));
}

void pmill_place_pool_release(struct pmill_place_pool *pool)
{
	while (pool->chunks != NULL) {
		struct pmill_place_chunk *next = pool->chunks->next;
		pmill_page_pool_free(pool->pages, pool->chunks, pool->chunks->unit_count * UNIT);
		pool->chunks = next;
	}
	*pool = (struct pmill_place_pool){.pages = pool->pages};
}
