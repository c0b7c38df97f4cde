/* Merging pretokens of up to 64 bytes: one, or several side by side. */
/* SPDX-License-Identifier: MIT */
#include "bpe/short_pretoken.h"

#include <assert.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* ---- One ---- */

size_t pmill_short_pretoken_merge(const struct pmill_merge_rules *rules, const uint8_t *bytes,
	size_t len, size_t least, uint32_t *symbols)
{
	uint32_t ranks[PMILL_MOST_SHORT_MERGE]; /* of each symbol with the next */
	size_t count = len;
	for (size_t i = 0; i < len; i++)
		symbols[i] = rules->symbols[bytes[i]];
	for (size_t i = 0; i + 1 < len; i++)
		ranks[i] = pmill_merge_rules_byte_rank(rules, bytes[i], bytes[i + 1]);
	while (count > least) {
		size_t best = 0;
		for (size_t i = 1; i + 1 < count; i++) {
			if (ranks[i] < ranks[best])
				best = i;
		}
		if (ranks[best] == PMILL_NO_RANK)
			break;
		symbols[best] = pmill_merge_rules_id(rules, ranks[best]);
		count--;
		for (size_t i = best + 1; i < count; i++) {
			symbols[i] = symbols[i + 1];
			ranks[i - 1] = ranks[i];
		}
		if (best > 0)
			ranks[best - 1] = pmill_merge_rules_rank(rules, symbols[best - 1], symbols[best]);
		if (best + 1 < count)
			ranks[best] = pmill_merge_rules_rank(rules, symbols[best], symbols[best + 1]);
	}
	return count;
}

/* ---- Side by side ---- */

/*
 * All loops over symbols and ranks have a constant length: what lies behind the last of them is
 * there, and doesn't merge. So few branches depend on lengths and places, which nobody can predict.
 */
enum {
	WIDTH = PMILL_MOST_LANE_BYTES,
	ROOM = 2 * WIDTH, /* a merge moves WIDTH items, the first at most at index WIDTH */
	VECTOR = 4,
};

typedef int32_t vector __attribute__((vector_size(16), aligned(4), may_alias));

/* Ranks are compared as signed numbers, which all vector units can do. */
enum { NEVER = INT32_MAX };
_Static_assert(PMILL_NO_RANK == UINT32_MAX, "it is the largest rank");

struct lane {
	uint32_t symbols[1 + ROOM]; /* the first of them is no symbol, but may be looked at */
	int32_t keys[ROOM];         /* the rank of each symbol with the next */
	size_t count, at;           /* `at` is where the last merge was */
};

INLINE int32_t key_of(uint32_t rank)
{
	return (int32_t)(rank ^ (UINT32_C(1) << 31));
}

INLINE uint32_t rank_of(int32_t key)
{
	return (uint32_t)key ^ (UINT32_C(1) << 31);
}

INLINE vector load(const void *from)
{
	return *(const vector *)from;
}

INLINE vector smaller(vector a, vector b)
{
	const vector is_less = a < b;
	return (a & is_less) | (b & ~is_less);
}

INLINE int32_t smallest(vector values)
{
	const int32_t a = values[0] < values[1] ? values[0] : values[1];
	const int32_t b = values[2] < values[3] ? values[2] : values[3];
	return a < b ? a : b;
}

INLINE int32_t smallest_key(const int32_t *keys)
{
	vector least = load(keys);
	for (size_t i = VECTOR; i < WIDTH; i += VECTOR)
		least = smaller(least, load(keys + i));
	return smallest(least);
}

/* The first index of the key, which is there. */
INLINE size_t index_of(const int32_t *keys, int32_t key)
{
	const vector wanted = {key, key, key, key};
	const vector step = {VECTOR, VECTOR, VECTOR, VECTOR};
	vector least = {WIDTH, WIDTH, WIDTH, WIDTH}, index = {0, 1, 2, 3};
	for (size_t i = 0; i < WIDTH; i += VECTOR, index += step)
		least = smaller(least, index | ((load(keys + i) != wanted) & WIDTH));
	return (size_t)smallest(least);
}

/* Drops an item by moving WIDTH of them to the front. */
INLINE void drop(uint32_t *item)
{
	for (size_t i = 0; i < WIDTH; i += VECTOR)
		*(vector *)(void *)(item + i) = load(item + i + 1);
}

INLINE void begin(
	const struct pmill_merge_rules *rules, struct lane *lane, const uint8_t *bytes, size_t len)
{
	uint32_t *symbols = lane->symbols + 1;
	assert(len > 0 && len <= WIDTH);
	lane->count = len;
	memset(lane->symbols, 0, sizeof lane->symbols);
	for (size_t i = 0; i < len; i++)
		symbols[i] = rules->symbols[bytes[i]];
	for (size_t i = 0; i < ROOM; i++)
		lane->keys[i] = NEVER;
	for (size_t i = 0; i + 1 < len; i++)
		lane->keys[i] = key_of(pmill_merge_rules_byte_rank(rules, bytes[i], bytes[i + 1]));
}

/* Merges the leftmost pair of lowest rank; then two keys are missing. False if no pair merges. */
INLINE bool merge_best(const struct pmill_merge_rules *rules, struct lane *lane)
{
	uint32_t *symbols = lane->symbols + 1;
	const int32_t key = smallest_key(lane->keys);
	if (key == NEVER)
		return false;
	const size_t at = index_of(lane->keys, key);
	symbols[at] = pmill_merge_rules_id(rules, rank_of(key));
	drop(symbols + at + 1);
	drop((uint32_t *)lane->keys + at + 1);
	lane->count--;
	lane->at = at;
	return true;
}

INLINE void find_missing(const struct pmill_merge_rules *rules, struct lane *lane)
{
	const uint32_t *symbols = lane->symbols + 1;
	const size_t at = lane->at;
	if (at > 0)
		lane->keys[at - 1] = key_of(pmill_merge_rules_rank(rules, symbols[at - 1], symbols[at]));
	lane->keys[at] = at + 1 < lane->count
		? key_of(pmill_merge_rules_rank(rules, symbols[at], symbols[at + 1]))
		: NEVER;
}

void pmill_short_pretokens_merge(
	const struct pmill_merge_rules *rules, struct pmill_short_pretoken *pretokens, size_t count)
{
	struct lane lanes[PMILL_MERGE_LANES];
	unsigned char active[PMILL_MERGE_LANES];
	size_t active_count = count;
	assert(count <= PMILL_MERGE_LANES);
	for (size_t i = 0; i < count; i++) {
		begin(rules, &lanes[i], pretokens[i].bytes, pretokens[i].len);
		active[i] = (unsigned char)i;
	}
	while (active_count > 0) {
		size_t kept = 0;
		for (size_t i = 0; i < active_count; i++) {
			struct lane *lane = &lanes[active[i]];
			if (!merge_best(rules, lane))
				continue;
			const uint32_t *symbols = lane->symbols + lane->at; /* the merged one is the second */
			__builtin_prefetch(pmill_merge_rules_address(rules, symbols[0], symbols[1]));
			__builtin_prefetch(pmill_merge_rules_address(rules, symbols[1], symbols[2]));
			active[kept++] = active[i];
		}
		active_count = kept;
		for (size_t i = 0; i < active_count; i++)
			find_missing(rules, &lanes[active[i]]);
	}
	for (size_t i = 0; i < count; i++) {
		pretokens[i].count = lanes[i].count;
		memcpy(pretokens[i].symbols, lanes[i].symbols + 1,
			lanes[i].count * sizeof *pretokens[i].symbols);
	}
}
