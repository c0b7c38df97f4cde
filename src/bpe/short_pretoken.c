/* Merging pretokens of up to 64 bytes: one, or several side by side. */
/* SPDX-License-Identifier: MIT */
#include "bpe/short_pretoken.h"

#include <assert.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
 * First the pairs of bytes are merged that merge before all around them (byte_pairs.h), which is
 * half of all merges in English. Then, by turns, the leftmost pair of lowest rank.
 *
 * Symbols stay where they are: a merge puts the new one where the left one was, and takes the right
 * one's bit out of `alive`. A key holds the rank of a symbol with the next one, and, below it, the
 * symbol's place, so that the smallest key is that of the leftmost pair of lowest rank. At either
 * edge there is a symbol that merges with nothing. So hardly a branch depends on what a pretoken
 * holds, which nobody can predict.
 */
enum {
	WIDTH = 16,
	PLACE_BITS = 4,
	FIRST = 1, /* place of the first byte; before it is the left edge */
};

/*
 * Keys are compared as floating-point numbers, since every x86 processor has the minimum of four of
 * these: so they are all in the range where a number's bits are in the order of its value.
 */
enum { LEAST_KEY = 0x40000000, NEVER = 0x60000000, NEVER_BIT = 29 }; /* NEVER and above */
_Static_assert(PMILL_RANK_BITS + PLACE_BITS < NEVER_BIT, "a key");
_Static_assert(1 << PLACE_BITS == WIDTH && FIRST + PMILL_MOST_LANE_BYTES <= WIDTH, "room");

/* A pair that is being looked up. */
struct wanted {
	const uint64_t *slots; /* its bucket */
	uint64_t first;        /* as in pmill_pair_bucket_find */
	uint32_t place;        /* of its left symbol */
};

struct lane {
	uint32_t keys[WIDTH];
	uint32_t symbols[WIDTH + 1]; /* the right edge is after the last byte */
	uint32_t alive;              /* a bit for each symbol, edges too */
	uint32_t wanted_count;
	struct wanted wanted[WIDTH]; /* whose keys are missing; after the first merge, two */
};

#if defined(__SSE2__)

INLINE uint32_t smallest_key(const uint32_t *keys)
{
	const __m128 low = _mm_min_ps(
		_mm_loadu_ps((const float *)keys), _mm_loadu_ps((const float *)keys + 4));
	const __m128 high = _mm_min_ps(
		_mm_loadu_ps((const float *)keys + 8), _mm_loadu_ps((const float *)keys + 12));
	const __m128 four = _mm_min_ps(low, high);
	const __m128 two = _mm_min_ps(four, _mm_movehl_ps(four, four));
	const __m128 one = _mm_min_ss(two, _mm_shuffle_ps(two, two, 1));
	return (uint32_t)_mm_cvtsi128_si32(_mm_castps_si128(one));
}

#else

INLINE uint32_t smallest_key(const uint32_t *keys)
{
	uint32_t least = keys[0];
	for (size_t i = 1; i < WIDTH; i++)
		least = keys[i] < least ? keys[i] : least;
	return least;
}

#endif

/* Of the symbol at `place` with the next one; `rank` may be PMILL_NO_NARROW_RANK or more. */
INLINE uint32_t make_key(uint64_t rank, uint32_t place)
{
	const uint32_t never = rank >= PMILL_NO_NARROW_RANK;
	const uint32_t kept = (uint32_t)rank & (uint32_t)PMILL_NO_NARROW_RANK;
	return LEAST_KEY | never << NEVER_BIT | kept << PLACE_BITS | place;
}

INLINE uint32_t next_place(uint32_t alive)
{
	return (uint32_t)__builtin_ctz(alive);
}

INLINE uint32_t last_place(uint32_t alive)
{
	return 31 - (uint32_t)__builtin_clz(alive);
}

/* Of an edge nothing is fetched: it isn't in the first bucket either. */
INLINE void want(const struct pmill_merge_rules *rules, struct wanted *wanted, uint32_t place,
	uint32_t left, uint32_t right)
{
	const struct pmill_pair_table *pairs = &rules->pairs;
	const uint32_t none = pmill_merge_rules_none(rules);
	const uint64_t pair = pmill_pair_table_pair(left, right);
	const size_t home = pmill_pair_table_home(pairs, pair);
	const size_t is_within = (left != none) & (right != none);
	wanted->slots = pairs->slots + (home & (0 - is_within));
	wanted->first = pmill_pair_table_first(pair);
	wanted->place = place;
	__builtin_prefetch(wanted->slots);
}

/* Makes the keys of all pairs of bytes. Returns the places of those to be merged at once. */
INLINE uint32_t make_keys(
	const struct pmill_merge_rules *rules, struct lane *lane, const uint8_t *bytes, size_t len)
{
	uint32_t early = 0, before = 0;
	const struct pmill_byte_pair *next = pmill_byte_pairs_at(rules->byte_pairs, bytes[0], bytes[1]);
	for (size_t i = 0; i + 1 < len; i++) {
		const struct pmill_byte_pair *pair = next;
		const uint32_t place = (uint32_t)(FIRST + i);
		uint32_t after = 0;
		if (i + 2 < len) {
			next = pmill_byte_pairs_at(rules->byte_pairs, bytes[i + 1], bytes[i + 2]);
			after = next->after;
		}
		lane->keys[place] = make_key(pmill_byte_pair_rank(pair), place);
		early |= (uint32_t)pmill_byte_pair_is_early(pair, before, after) << place;
		before = pair->before;
	}
	return early;
}

/* Returns the places of the symbols that changed, or whose next one did, but for the last one. */
INLINE uint32_t merge_early(
	const struct pmill_merge_rules *rules, struct lane *lane, uint32_t early, uint32_t last)
{
	for (uint32_t rest = early; rest != 0; rest &= rest - 1) {
		const uint32_t place = next_place(rest);
		const uint32_t rank = (lane->keys[place] - LEAST_KEY) >> PLACE_BITS;
		lane->symbols[place] = pmill_merge_rules_id(rules, rank);
		lane->keys[place + 1] = NEVER;
	}
	lane->alive &= ~(early << 1);
	/* Before a symbol that changed there may be the place of one that is gone. */
	const uint32_t before = early >> 1;
	return (early | (before & lane->alive) | (before & ~lane->alive) >> 1) & (last - 1) & ~1u;
}

INLINE void begin(
	const struct pmill_merge_rules *rules, struct lane *lane, const uint8_t *bytes, size_t len)
{
	const uint32_t none = pmill_merge_rules_none(rules);
	const uint32_t last = UINT32_C(1) << (FIRST + len - 1);
	assert(len > 0 && len <= PMILL_MOST_LANE_BYTES);
	for (size_t i = 0; i < WIDTH; i++)
		lane->keys[i] = NEVER;
	lane->symbols[0] = lane->symbols[FIRST + len] = none;
	for (size_t i = 0; i < len; i++)
		lane->symbols[FIRST + i] = rules->symbols[bytes[i]];
	lane->alive = last * 4 - 1;
	lane->wanted_count = 0;
	const uint32_t early = len > 1 ? make_keys(rules, lane, bytes, len) : 0;
	for (uint32_t rest = merge_early(rules, lane, early, last); rest != 0; rest &= rest - 1) {
		const uint32_t place = next_place(rest), up_to = (rest ^ (rest - 1));
		const uint32_t next = next_place(lane->alive & ~up_to);
		lane->keys[place] = NEVER;
		want(rules, &lane->wanted[lane->wanted_count++], place, lane->symbols[place],
			lane->symbols[next]);
	}
}

/*
 * Completes the keys and merges the leftmost pair of lowest rank; then two keys are missing. False
 * if no pair merges. A missing key is NEVER, and the others are compared without waiting for it:
 * numbers that were stored one by one just before can't be loaded as a vector at once.
 */
INLINE bool merge_best(const struct pmill_merge_rules *rules, struct lane *lane)
{
	uint32_t key = smallest_key(lane->keys);
	for (size_t i = 0; i < lane->wanted_count; i++) {
		const struct wanted *wanted = &lane->wanted[i];
		const uint64_t rank = pmill_pair_table_find_from(
			&rules->pairs, wanted->slots, wanted->first);
		const uint32_t found = make_key(rank, wanted->place);
		lane->keys[wanted->place] = found;
		key = found < key ? found : key;
	}
	if (key >= NEVER)
		return false;
	const uint32_t at = key % WIDTH;
	const uint32_t before = (UINT32_C(1) << at) - 1;
	const uint32_t after = lane->alive & ~(before * 2 + 1);
	const uint32_t gone = next_place(after);
	const uint32_t left = last_place(lane->alive & before);
	const uint32_t right = next_place(after & (after - 1));
	const uint32_t symbol = pmill_merge_rules_id(rules, (key - LEAST_KEY) >> PLACE_BITS);
	lane->alive ^= after & -after;
	lane->keys[left] = lane->keys[at] = lane->keys[gone] = NEVER;
	lane->symbols[at] = symbol;
	lane->wanted_count = 2;
	want(rules, &lane->wanted[0], left, lane->symbols[left], symbol);
	want(rules, &lane->wanted[1], at, symbol, lane->symbols[right]);
	return true;
}

INLINE size_t take_symbols(const struct lane *lane, size_t len, uint32_t *symbols)
{
	const uint32_t edges = UINT32_C(1) << (FIRST + len) | 1;
	size_t count = 0;
	for (uint32_t alive = lane->alive & ~edges; alive != 0; alive &= alive - 1)
		symbols[count++] = lane->symbols[next_place(alive)];
	return count;
}

static void merge_narrow(
	const struct pmill_merge_rules *rules, struct pmill_short_pretoken *pretokens, size_t count)
{
	struct lane lanes[PMILL_MERGE_LANES], *active[PMILL_MERGE_LANES];
	size_t active_count = count;
	for (size_t i = 0; i < count; i++) {
		begin(rules, &lanes[i], pretokens[i].bytes, pretokens[i].len);
		active[i] = &lanes[i];
	}
	while (active_count > 0) {
		size_t kept = 0;
		for (size_t i = 0; i < active_count; i++) {
			struct lane *lane = active[i];
			active[kept] = lane;
			kept += merge_best(rules, lane);
		}
		active_count = kept;
	}
	for (size_t i = 0; i < count; i++)
		pretokens[i].count = take_symbols(&lanes[i], pretokens[i].len, pretokens[i].symbols);
}

void pmill_short_pretokens_merge(
	const struct pmill_merge_rules *rules, struct pmill_short_pretoken *pretokens, size_t count)
{
	assert(count <= PMILL_MERGE_LANES);
	if (!rules->pairs.is_wide) {
		merge_narrow(rules, pretokens, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		pretokens[i].count = pmill_short_pretoken_merge(
			rules, pretokens[i].bytes, pretokens[i].len, 1, pretokens[i].symbols);
}
