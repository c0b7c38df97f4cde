/* Pairs: how often each occurs, and where. */
/* SPDX-License-Identifier: MIT */
#include "merge/pair_index.h"

#include <stdlib.h>

#include "base/pages.h"

enum {
	DENSE_PAIRS = 256 * 256,
	FIRST_SLOTS = 1 << 12,
	/* What a table that moves returns to the system at a time. */
	DROPPED_SLOTS = PMILL_PAGES_MOVED / sizeof(struct pmill_pair),
};

/* Never 0: at least one token of a pair in the hash tables is 256 or more. */
static uint64_t key_of(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | right;
}

static bool is_dense(uint32_t left, uint32_t right)
{
	return (left | right) < 256;
}

/* Fibonacci hashing; the high bits are the well-mixed ones. */
static uint64_t hash_of(uint64_t key)
{
	return (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
}

/* A number below `count` from 32 bits of the hash: tables need not be a power of two. */
static size_t scale(uint64_t bits, size_t count)
{
	return (size_t)((bits & UINT32_MAX) * count >> 32);
}

static unsigned part_of(const struct pmill_pair_index *index, uint64_t hash)
{
	return (unsigned)scale(hash >> 32, index->part_count);
}

static size_t home_of(const struct pmill_pair_part *part, uint64_t hash)
{
	return scale(hash >> 20, part->slot_count);
}

static struct pmill_pair_part *find_part(const struct pmill_pair_index *index, uint64_t hash)
{
	return &index->parts[part_of(index, hash)];
}

unsigned pmill_pair_index_part(const struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	return part_of(index, hash_of(key_of(left, right)));
}

bool pmill_pair_index_init(
	struct pmill_pair_index *index, unsigned part_count, struct pmill_page_pool *pool)
{
	*index = (struct pmill_pair_index){
		.dense = pmill_page_pool_allocate(pool, DENSE_PAIRS * sizeof *index->dense),
		.parts = calloc(part_count, sizeof *index->parts),
		.part_count = part_count,
		.pool = pool,
		.floor = 1};
	for (unsigned p = 0; index->parts != NULL && p < part_count; p++)
		index->parts[p].pool.pages = pool;
	if (index->dense != NULL && index->parts != NULL)
		return true;
	pmill_pair_index_release(index);
	return false;
}

/* Frees its places as well: all are in its pool. */
static void release_part(struct pmill_pair_index *index, unsigned p)
{
	struct pmill_pair_part *part = &index->parts[p];
	if (part->slots != NULL)
		pmill_page_pool_free(index->pool, part->slots, part->slot_count * sizeof *part->slots);
	pmill_place_pool_release(&part->pool);
	*part = (struct pmill_pair_part){.pool = part->pool};
}

void pmill_pair_index_clear(struct pmill_pair_index *index)
{
	for (uint32_t at = 0; at < DENSE_PAIRS; at++) {
		index->dense[at].places = 0;
		index->dense[at].count = 0;
	}
	for (unsigned p = 0; p < index->part_count; p++)
		release_part(index, p);
}

void pmill_pair_index_release(struct pmill_pair_index *index)
{
	if (index->dense != NULL && index->parts != NULL)
		pmill_pair_index_clear(index);
	if (index->dense != NULL)
		pmill_page_pool_free(index->pool, index->dense, DENSE_PAIRS * sizeof *index->dense);
	free(index->parts);
	*index = (struct pmill_pair_index){0};
}

static struct pmill_pair *find_slot(const struct pmill_pair_part *part, uint64_t key, uint64_t hash)
{
	size_t at = home_of(part, hash);
	while (part->slots[at].key != key && part->slots[at].key != 0)
		if (++at == part->slot_count)
			at = 0;
	return &part->slots[at];
}

static size_t count_kept(const struct pmill_pair_index *index, const struct pmill_pair_part *part)
{
	size_t kept = 0;
	for (size_t i = 0; i < part->slot_count; i++)
		kept += part->slots[i].count >= index->floor;
	return kept;
}

/*
 * Drops the pairs below the floor. Slots are in the order of hashes, so the new table fills from
 * front to back as the old one is read, and both together take little more memory than the larger
 * one.
 */
static bool rebuild(struct pmill_pair_index *index, unsigned p, size_t slot_count)
{
	struct pmill_pair_part *part = &index->parts[p], old = *part;
	if (slot_count > UINT32_MAX)
		return false;
	size_t size = old.slot_count * sizeof *old.slots;
	struct pmill_pair *slots = old.slots == NULL
		? pmill_page_pool_allocate(index->pool, slot_count * sizeof *slots)
		: pmill_page_pool_allocate_larger(index->pool, slot_count * sizeof *slots, size);
	if (slots == NULL)
		return false;
	part->slots = slots;
	part->slot_count = slot_count;
	part->used = 0;
	for (size_t i = 0; i < old.slot_count; i++) {
		struct pmill_pair *pair = &old.slots[i];
		if (i % DROPPED_SLOTS == 0 && i > 0)
			pmill_pages_drop(old.slots, size, (i - DROPPED_SLOTS) * sizeof *pair, i * sizeof *pair);
		if (pair->count < index->floor) {
			pmill_pair_index_free_places(index, p, pair);
			continue;
		}
		*find_slot(part, pair->key, hash_of(pair->key)) = *pair;
		part->used++;
	}
	if (old.slots != NULL)
		pmill_page_pool_free_moved(index->pool, old.slots, size);
	return true;
}

bool pmill_pair_index_reserve(struct pmill_pair_index *index, unsigned p, size_t more)
{
	/* At most two thirds full, and at most half full when just rebuilt. */
	struct pmill_pair_part *part = &index->parts[p];
	if (part->slot_count > 0 && part->used + more <= part->slot_count / 3 * 2)
		return true;
	size_t needed = count_kept(index, part) + more;
	size_t slot_count = part->slot_count == 0 ? FIRST_SLOTS : part->slot_count;
	while (needed > slot_count / 2)
		slot_count += slot_count / 2;
	return rebuild(index, p, slot_count);
}

struct pmill_pair *pmill_pair_index_find(
	const struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	if (is_dense(left, right))
		return &index->dense[left << 8 | right];
	uint64_t key = key_of(left, right), hash = hash_of(key);
	const struct pmill_pair_part *part = find_part(index, hash);
	if (part->slot_count == 0)
		return NULL;
	struct pmill_pair *pair = find_slot(part, key, hash);
	return pair->key == 0 ? NULL : pair;
}

void pmill_pair_index_prefetch(const struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	if (is_dense(left, right))
		return;
	uint64_t hash = hash_of(key_of(left, right));
	const struct pmill_pair_part *part = find_part(index, hash);
	__builtin_prefetch(&part->slots[home_of(part, hash)], 1);
}

struct pmill_pair *pmill_pair_index_add(
	struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	if (is_dense(left, right))
		return &index->dense[left << 8 | right];
	uint64_t key = key_of(left, right), hash = hash_of(key);
	struct pmill_pair_part *part = find_part(index, hash);
	struct pmill_pair *pair = find_slot(part, key, hash);
	if (pair->key == 0) {
		pair->key = key;
		part->used++;
	}
	return pair;
}

static bool has_many(const struct pmill_pair *pair)
{
	return pair->places != 0 && (pair->places & 1) == 0;
}

static struct pmill_places *many(const struct pmill_pair *pair)
{
	return (struct pmill_places *)(uintptr_t)pair->places;
}

uint32_t *pmill_pair_index_allocate_places(
	struct pmill_pair_index *index, unsigned part, struct pmill_pair *pair, uint32_t count)
{
	if (count == 1) {
		pair->places = 1;
		uint32_t *halves = (uint32_t *)(void *)&pair->places;
		return &halves[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__];
	}
	struct pmill_places *places = pmill_place_pool_allocate(&index->parts[part].pool, count);
	if (places == NULL)
		return NULL;
	pair->places = (uintptr_t)places;
	return places->items;
}

void pmill_pair_index_free_places(
	struct pmill_pair_index *index, unsigned part, struct pmill_pair *pair)
{
	if (has_many(pair))
		pmill_place_pool_free(&index->parts[part].pool, many(pair));
	pair->places = 0;
}

void pmill_pair_index_remove(struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	struct pmill_pair *pair = pmill_pair_index_find(index, left, right);
	if (pair == NULL)
		return;
	pmill_pair_index_free_places(index, pmill_pair_index_part(index, left, right), pair);
	pair->count = 0;
}

const uint32_t *pmill_pair_places(const struct pmill_pair *pair, uint32_t *single, size_t *count)
{
	if (has_many(pair)) {
		*count = many(pair)->count;
		return many(pair)->items;
	}
	*count = pair->places & 1;
	*single = (uint32_t)(pair->places >> 32);
	return single;
}
