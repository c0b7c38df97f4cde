/* Pairs of neighbouring symbols → rank: collected first, so that the table is made in one go. */
/* SPDX-License-Identifier: MIT */
#include "bpe/pair_table.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/pages.h"

enum {
	LEAST_SLOTS = 1024,
	AHEAD = 16, /* pairs between the prefetch of a slot and its use */
};

static size_t words_per_slot(const struct pmill_pair_table *table)
{
	return table->is_wide ? 2 : 1;
}

static size_t table_len(const struct pmill_pair_table *table)
{
	return table->slot_count * words_per_slot(table) * sizeof *table->slots;
}

void pmill_pair_table_init(
	struct pmill_pair_table *table, uint64_t symbol_limit, uint64_t rank_limit)
{
	const uint64_t random = pmill_hash_random_seed();
	*table = (struct pmill_pair_table){
		.seed = random,
		.factor = pmill_hash64(&random, sizeof random, 1) | 1,
		.is_wide = symbol_limit > UINT64_C(1) << PMILL_SYMBOL_BITS ||
			rank_limit >= UINT64_C(1) << PMILL_RANK_BITS,
	};
}

void pmill_pair_table_release(struct pmill_pair_table *table)
{
	if (table->slots != NULL)
		pmill_pages_free(table->slots, table_len(table));
	free(table->added);
	*table = (struct pmill_pair_table){0};
}

static bool append_word(struct pmill_pair_table *table, uint64_t word)
{
	void *added = table->added;
	if (!pmill_array_reserve(
			&added, &table->added_capacity, table->added_count + 1, sizeof *table->added))
		return false;
	table->added = added;
	table->added[table->added_count++] = word;
	return true;
}

bool pmill_pair_table_add(
	struct pmill_pair_table *table, uint32_t left, uint32_t right, uint32_t rank)
{
	const uint64_t value = (uint64_t)rank + 1;
	if (table->is_wide)
		return append_word(table, (uint64_t)left << 32 | right) && append_word(table, value);
	const uint64_t pair = (uint64_t)left << PMILL_SYMBOL_BITS | right;
	return append_word(table, pair << PMILL_RANK_BITS | value);
}

/* Slots of equal pairs differ in their ranks alone: the lower word is the one to keep. */
static void put_narrow(struct pmill_pair_table *table, uint64_t word)
{
	const uint64_t pair = word >> PMILL_RANK_BITS;
	const size_t mask = table->slot_count - 1;
	size_t i = pmill_pair_table_home(table, pair);
	while (table->slots[i] != 0 && table->slots[i] >> PMILL_RANK_BITS != pair)
		i = (i + 1) & mask;
	if (table->slots[i] == 0 || word < table->slots[i])
		table->slots[i] = word;
}

static size_t find_wide(const struct pmill_pair_table *table, uint64_t pair)
{
	size_t i = pmill_pair_table_home(table, pair);
	while (table->slots[2 * i + 1] != 0 && table->slots[2 * i] != pair)
		i = (i + 1) & (table->slot_count - 1);
	return i;
}

static void put_wide(struct pmill_pair_table *table, uint64_t pair, uint64_t value)
{
	uint64_t *slot = table->slots + 2 * find_wide(table, pair);
	if (slot[1] != 0 && slot[1] <= value)
		return;
	slot[0] = pair;
	slot[1] = value;
}

uint32_t pmill_pair_table_find_wide(
	const struct pmill_pair_table *table, uint32_t left, uint32_t right)
{
	const size_t i = find_wide(table, (uint64_t)left << 32 | right);
	return (uint32_t)table->slots[2 * i + 1] - 1;
}

static void put_all(struct pmill_pair_table *table)
{
	const size_t count = table->added_count;
	if (table->is_wide) {
		for (size_t i = 0; i < count; i += 2)
			put_wide(table, table->added[i], table->added[i + 1]);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			__builtin_prefetch(&table->slots[pmill_pair_table_home(
								   table, table->added[i + AHEAD] >> PMILL_RANK_BITS)],
				1);
		put_narrow(table, table->added[i]);
	}
}

bool pmill_pair_table_build(struct pmill_pair_table *table)
{
	const size_t count = table->added_count / words_per_slot(table);
	table->slot_count = LEAST_SLOTS;
	while (table->slot_count < 2 * count)
		table->slot_count *= 2;
	if (table->slot_count > SIZE_MAX / (2 * sizeof *table->slots))
		return false;
	table->mask = table->slot_count - (table->is_wide ? 1 : PMILL_PAIR_BUCKET);
	table->slots = pmill_pages_allocate(table_len(table));
	if (table->slots == NULL)
		return false;
	put_all(table);
	free(table->added);
	table->added = NULL;
	table->added_count = table->added_capacity = 0;
	return true;
}
