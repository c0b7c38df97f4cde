/* Pairs of neighbouring symbols → the rank at which they merge. */
/* SPDX-License-Identifier: MIT */
/*
 * A hash table. While numbers are small enough, a slot is 64 bits:
 *
 *	left 21 | right 21 | rank + 1 22        0: free
 *
 * so that o200k's 400,000 pairs take 8 MB. Four slots are a bucket, of which all are looked at
 * without a branch: where in it a pair is, and whether it is there at all, can't be predicted. A
 * pair that found its bucket full is in one of the next. Otherwise (`is_wide`) a slot is two words,
 * left << 32 | right and rank + 1, and the next free one is taken.
 */
#ifndef PMILL_BPE_PAIR_TABLE_H
#define PMILL_BPE_PAIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpe/byte_pairs.h"
#include "pretokenize/pretoken_keys.h"

enum { PMILL_SYMBOL_BITS = 21, PMILL_RANK_BITS = 22, PMILL_PAIR_BUCKET = 4 };
_Static_assert(2 * PMILL_SYMBOL_BITS + PMILL_RANK_BITS == 64, "a narrow slot is a word");

/* Release with pmill_pair_table_release; all zero may be released, too. */
struct pmill_pair_table {
	uint64_t *slots;
	size_t slot_count; /* a power of two, at least twice the pairs */
	size_t mask;       /* of a hash, to the first slot of a bucket; wide: to a slot */
	uint64_t seed, factor;
	bool is_wide;
	uint64_t *added; /* until it is built: slots in the order of their pairs */
	size_t added_count, added_capacity;
};

/* All symbols and ranks will be below the limits. */
void pmill_pair_table_init(
	struct pmill_pair_table *table, uint64_t symbol_limit, uint64_t rank_limit);
void pmill_pair_table_release(struct pmill_pair_table *table);

/* If a pair is added twice, the lower rank counts. Returns false if out of memory. */
bool pmill_pair_table_add(
	struct pmill_pair_table *table, uint32_t left, uint32_t right, uint32_t rank);

/* Call once, after all pairs were added; only then they can be found. False if out of memory. */
bool pmill_pair_table_build(struct pmill_pair_table *table);

uint32_t pmill_pair_table_find_wide(
	const struct pmill_pair_table *table, uint32_t left, uint32_t right);

static inline uint64_t pmill_pair_table_pair(uint32_t left, uint32_t right)
{
	return (uint64_t)left << PMILL_SYMBOL_BITS | right;
}

static inline size_t pmill_pair_table_home(const struct pmill_pair_table *table, uint64_t pair)
{
	return (size_t)pmill_fold(pair ^ table->seed, table->factor) & table->mask;
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

static inline uint64_t pmill_smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* At least this: the pair isn't in a narrow table. */
#define PMILL_NO_NARROW_RANK ((UINT64_C(1) << PMILL_RANK_BITS) - 1)

/* The rank of the pair in a bucket, or PMILL_NO_NARROW_RANK or more. */
static inline uint64_t pmill_pair_bucket_find(const uint64_t *slots, uint64_t pair)
{
	const uint64_t first = (pair << PMILL_RANK_BITS) + 1; /* with rank 0 */
	return pmill_smaller(pmill_smaller(slots[0] - first, slots[1] - first),
		pmill_smaller(slots[2] - first, slots[3] - first));
}

/* Whether the pair may be in the next bucket. (With && gcc makes two branches, of even odds.) */
static inline bool pmill_pair_bucket_goes_on(const uint64_t *slots, uint64_t rank)
{
	const uint64_t is_missing = rank >= PMILL_NO_NARROW_RANK;
	return __builtin_expect((slots[3] & (0 - is_missing)) != 0, 0);
}

/* PMILL_NO_RANK: they don't merge. */
static inline uint32_t pmill_pair_table_find(
	const struct pmill_pair_table *table, uint32_t left, uint32_t right)
{
	if (__builtin_expect(table->is_wide, 0))
		return pmill_pair_table_find_wide(table, left, right);
	const uint64_t pair = pmill_pair_table_pair(left, right);
	size_t slot = pmill_pair_table_home(table, pair);
	uint64_t rank = pmill_pair_bucket_find(table->slots + slot, pair);
	while (pmill_pair_bucket_goes_on(table->slots + slot, rank)) {
		slot = (slot + PMILL_PAIR_BUCKET) & table->mask;
		rank = pmill_pair_bucket_find(table->slots + slot, pair);
	}
	return rank < PMILL_NO_NARROW_RANK ? (uint32_t)rank : PMILL_NO_RANK;
}

#endif
