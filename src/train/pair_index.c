/* Pairs: how often each occurs, and in which words. */
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
static size_t home_of(const struct pmill_pair_index *index, uint64_t key)
{
	uint64_t hash = (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
	return (size_t)(hash >> 32) & (index->slot_count - 1);
}

bool pmill_pair_index_init(struct pmill_pair_index *index)
{
	*index = (struct pmill_pair_index){
		.dense = pmill_pages_allocate(DENSE_PAIRS * sizeof *index->dense)};
	return index->dense != NULL;
}

static void free_slots(struct pmill_pair_index *index)
{
	if (index->slots != NULL)
		pmill_pages_free(index->slots, index->slot_count * sizeof *index->slots);
}

void pmill_pair_index_release(struct pmill_pair_index *index)
{
	for (size_t i = 0; index->dense != NULL && i < DENSE_PAIRS; i++)
		pmill_pair_free_words(&index->dense[i]);
	for (size_t i = 0; i < index->slot_count; i++)
		pmill_pair_free_words(&index->slots[i]);
	if (index->dense != NULL)
		pmill_pages_free(index->dense, DENSE_PAIRS * sizeof *index->dense);
	free_slots(index);
	*index = (struct pmill_pair_index){0};
}

static struct pmill_pair *free_slot(const struct pmill_pair_index *index, uint64_t key)
{
	size_t mask = index->slot_count - 1;
	for (size_t at = home_of(index, key);; at = (at + 1) & mask)
		if (index->slots[at].key == 0)
			return &index->slots[at];
}

static bool grow(struct pmill_pair_index *index, size_t slot_count)
{
	struct pmill_pair_index bigger = *index;
	bigger.slots = pmill_pages_allocate(slot_count * sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	bigger.slot_count = slot_count;
	for (size_t i = 0; i < index->slot_count; i++)
		if (index->slots[i].key != 0)
			*free_slot(&bigger, index->slots[i].key) = index->slots[i];
	free_slots(index);
	*index = bigger;
	return true;
}

bool pmill_pair_index_reserve(struct pmill_pair_index *index, size_t more)
{
	/* At most three quarters full: linear probes stay short. */
	size_t needed = index->used + more;
	size_t slot_count = index->slot_count == 0 ? FIRST_SLOTS : index->slot_count;
	while (needed > slot_count / 4 * 3)
		slot_count *= 2;
	return slot_count == index->slot_count || grow(index, slot_count);
}

struct pmill_pair *pmill_pair_index_find(
	const struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	if (is_dense(left, right))
		return &index->dense[left << 8 | right];
	uint64_t key = key_of(left, right);
	size_t mask = index->slot_count - 1;
	size_t at = home_of(index, key);
	while (index->slots[at].key != key)
		at = (at + 1) & mask;
	return &index->slots[at];
}

void pmill_pair_index_prefetch(const struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	const struct pmill_pair *pair = is_dense(left, right)
		? &index->dense[left << 8 | right]
		: &index->slots[home_of(index, key_of(left, right))];
	__builtin_prefetch(pair);
}

struct pmill_pair *pmill_pair_index_add(
	struct pmill_pair_index *index, uint32_t left, uint32_t right)
{
	uint64_t key = key_of(left, right);
	struct pmill_pair *pair = free_slot(index, key);
	pair->key = key;
	index->used++;
	return pair;
}

bool pmill_pair_allocate_words(struct pmill_pair *pair, uint32_t count)
{
	if (count > PMILL_PAIR_FEW) {
		uint32_t *many = malloc((size_t)count * sizeof *many);
		if (many == NULL)
			return false;
		pair->words.many = many;
	}
	pair->word_count = count;
	return true;
}

void pmill_pair_free_words(struct pmill_pair *pair)
{
	if (pair->word_count > PMILL_PAIR_FEW)
		free(pair->words.many);
	pair->word_count = 0;
}
