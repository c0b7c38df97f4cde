/* Pairs: how often each occurs, and where. */
/* SPDX-License-Identifier: MIT */
#include "train/pair_index.h"

#include <stdlib.h>

#include "base/pages.h"

enum {
	DENSE_PAIRS = 256 * 256,
	FIRST_SLOTS = 1 << 12,
};

/* Never 0, since the right token of a pair in the hash table or the left one is 256 or more. */
static uint64_t key_of(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | right;
}

static bool is_dense(uint32_t left, uint32_t right)
{
	return (left | right) < 256;
}

/* Fibonacci hashing; the high bits are the well mixed ones. */
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

bool pmill_pair_index_init(struct pmill_pair_index *index, unsigned part_count)
{
	*index = (struct pmill_pair_index){
		.dense = pmill_pages_allocate(DENSE_PAIRS * sizeof *index->dense),
		.parts = calloc(part_count, sizeof *index->parts),
		.part_count = part_count};
	if (index->dense != NULL && index->parts != NULL)
		return true;
	pmill_pair_index_release(index);
	return false;
}

static void free_slots(struct pmill_pair_part *part)
{
	if (part->slots != NULL)
		pmill_pages_free(part->slots, part->slot_count * sizeof *part->slots);
}

void pmill_pair_index_release(struct pmill_pair_index *index)
{
	if (index->dense != NULL) {
		for (size_t i = 0; i < DENSE_PAIRS; i++)
			pmill_pair_free_places(&index->dense[i]);
		pmill_pages_free(index->dense, DENSE_PAIRS * sizeof *index->dense);
	}
	for (unsigned p = 0; index->parts != NULL && p < index->part_count; p++) {
		for (size_t i = 0; i < index->parts[p].slot_count; i++)
			pmill_pair_free_places(&index->parts[p].slots[i]);
		free_slots(&index->parts[p]);
	}
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

static bool grow(struct pmill_pair_part *part, size_t slot_count)
{
	struct pmill_pair_part bigger = {.slot_count = slot_count, .used = part->used};
	if (slot_count > UINT32_MAX)
		return false;
	bigger.slots = pmill_pages_allocate(slot_count * sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < part->slot_count; i++) {
		uint64_t key = part->slots[i].key;
		if (key != 0)
			*find_slot(&bigger, key, hash_of(key)) = part->slots[i];
	}
	free_slots(part);
	*part = bigger;
	return true;
}

bool pmill_pair_index_reserve(struct pmill_pair_index *index, unsigned part_index, size_t more)
{
	/* At most four fifths full, and growing by half: these tables are most of the memory of merging. */
	struct pmill_pair_part *part = &index->parts[part_index];
	size_t needed = part->used + more;
	size_t slot_count = part->slot_count == 0 ? FIRST_SLOTS : part->slot_count;
	while (needed > slot_count / 5 * 4)
		slot_count += slot_count / 2;
	return slot_count == part->slot_count || grow(part, slot_count);
}

struct pmill_pair *pmill_pair_index_find(
	const struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	if (is_dense(left, right))
		return &index->dense[left << 8 | right];
	uint64_t key = key_of(left, right), hash = hash_of(key);
	return find_slot(find_part(index, hash), key, hash);
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

uint32_t *pmill_pair_allocate_places(struct pmill_pair *pair, uint32_t count)
{
	if (count == 1) {
		pair->places = 1;
		uint32_t *halves = (uint32_t *)(void *)&pair->places;
		return &halves[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__];
	}
	struct pmill_places *places = malloc(sizeof *places + (size_t)count * sizeof *places->names);
	if (places == NULL)
		return NULL;
	places->count = count;
	pair->places = (uintptr_t)places;
	return places->names;
}

void pmill_pair_free_places(struct pmill_pair *pair)
{
	if (has_many(pair))
		free(many(pair));
	pair->places = 0;
}

const uint32_t *pmill_pair_places(const struct pmill_pair *pair, uint32_t *single, size_t *count)
{
	if (has_many(pair)) {
		*count = many(pair)->count;
		return many(pair)->names;
	}
	*count = pair->places & 1;
	*single = (uint32_t)(pair->places >> 32);
	return single;
}
