/* Pairs of neighbouring symbols → the rank at which they merge. */
/* SPDX-License-Identifier: MIT */
/*
 * All pairs are in a hash table; those of two bytes, with which every pretoken begins, are in a
 * dense table, too. While numbers are small enough, a slot of the hash table is 64 bits:
 *
 *	left 21 | right 21 | rank + 1 22        0: free
 *
 * so that o200k's 400,000 pairs take 8 MB. Otherwise (`is_wide`) a slot is two words, left << 32 |
 * right and rank + 1.
 */
#ifndef PMILL_BPE_PAIR_TABLE_H
#define PMILL_BPE_PAIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pretokenize/pretoken_keys.h"

#define PMILL_NO_RANK UINT32_MAX

enum { PMILL_SYMBOL_BITS = 21, PMILL_RANK_BITS = 22 };
_Static_assert(2 * PMILL_SYMBOL_BITS + PMILL_RANK_BITS == 64, "a narrow slot is a word");

/* Release with pmill_pair_table_release; all zero may be released, too. */
struct pmill_pair_table {
	uint64_t *slots;
	size_t slot_count; /* a power of two, at least twice the pairs */
	uint64_t seed, factor;
	bool is_wide;
	uint32_t *byte_slots; /* [left << 8 | right]: rank + 1, or 0 */
	uint64_t *added;      /* until it is built: slots in the order of their pairs */
	size_t added_count, added_capacity;
};

/* All symbols and ranks will be below the limits. Returns false if out of memory. */
bool pmill_pair_table_init(
	struct pmill_pair_table *table, uint64_t symbol_limit, uint64_t rank_limit);
void pmill_pair_table_release(struct pmill_pair_table *table);

/* For two bytes, besides pmill_pair_table_add. If a pair is added twice, the lower rank counts. */
void pmill_pair_table_add_bytes(
	struct pmill_pair_table *table, uint8_t left, uint8_t right, uint32_t rank);
/* Returns false if out of memory. */
bool pmill_pair_table_add(
	struct pmill_pair_table *table, uint32_t left, uint32_t right, uint32_t rank);

/* Call once, after all pairs were added; only then they can be found. False if out of memory. */
bool pmill_pair_table_build(struct pmill_pair_table *table);

uint32_t pmill_pair_table_find_wide(
	const struct pmill_pair_table *table, uint32_t left, uint32_t right);

/* Of a narrow table. */
static inline size_t pmill_pair_table_home(const struct pmill_pair_table *table, uint64_t pair)
{
	return (size_t)pmill_fold(pair ^ table->seed, table->factor) & (table->slot_count - 1);
}

static inline uint64_t pmill_pair_table_pair(uint32_t left, uint32_t right)
{
	return (uint64_t)left << PMILL_SYMBOL_BITS | right;
}

/*
 * What finding a pair touches first, to be prefetched; of a wide table, which is rare, anything.
 * (gcc drops a function that only prefetches: it has no effect.)
 */
static inline const void *pmill_pair_table_address(
	const struct pmill_pair_table *table, uint32_t left, uint32_t right)
{
	return &table->slots[pmill_pair_table_home(table, pmill_pair_table_pair(left, right))];
}

/* PMILL_NO_RANK: they don't merge. */
static inline uint32_t pmill_pair_table_find(
	const struct pmill_pair_table *table, uint32_t left, uint32_t right)
{
	if (__builtin_expect(table->is_wide, 0))
		return pmill_pair_table_find_wide(table, left, right);
	const uint64_t pair = pmill_pair_table_pair(left, right);
	const size_t mask = table->slot_count - 1;
	size_t i = pmill_pair_table_home(table, pair);
	while (table->slots[i] != 0 && table->slots[i] >> PMILL_RANK_BITS != pair)
		i = (i + 1) & mask;
	/* A free slot holds 0, and 0 - 1 is PMILL_NO_RANK. */
	return (uint32_t)(table->slots[i] & ((UINT64_C(1) << PMILL_RANK_BITS) - 1)) - 1;
}

/* The same for two bytes, in fewer steps. */
static inline uint32_t pmill_pair_table_find_bytes(
	const struct pmill_pair_table *table, uint8_t left, uint8_t right)
{
	return table->byte_slots[(size_t)left << 8 | right] - 1;
}

#endif
