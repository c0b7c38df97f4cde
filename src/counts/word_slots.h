/* Slots: one open-addressing table of words and counts. The inside of the word table. */
/* SPDX-License-Identifier: MIT */
/*
 * Two kinds of word, one shape of slot (24 bytes):
 *
 *              first                         second                         count
 *   short      bytes 0..7, little-endian     bytes 8..14, length on top     > 0
 *   long       hash                          where its record is            > 0
 *
 * A short word has at most 15 bytes, zero padded: word and length in 16 bytes, compared at once. A
 * count of 0 marks an empty slot.
 *
 * The place of a word is the top bits of its hash, and probing is linear without wrapping more than
 * once: so the slots stand in the order of the hash, growth reads and writes front to back, and the
 * words of a hash range are one run of slots. (The price: words must not be moved to another table
 * of the same hash in this order while it still has to grow, for they would all crowd into its
 * first slots.)
 */
#ifndef PMILL_COUNTS_WORD_SLOTS_H
#define PMILL_COUNTS_WORD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/page_pool.h"
#include "counts/word_table.h"

enum { PMILL_SHORT_WORD = 15 }; /* bytes; longer words are long */

/* The bytes of a long word, in the arena of its table. */
struct pmill_long_word {
	size_t len;
	uint8_t bytes[];
};

struct pmill_word_slot {
	uint64_t first;
	union {
		uint64_t second;
		const struct pmill_long_word *long_word;
	};
	int64_t count;
};

struct pmill_word_slots {
	struct pmill_word_slot *slots; /* NULL while empty */
	size_t capacity;               /* a power of two */
	size_t used;
	unsigned shift; /* 64 - log2(capacity) */
	bool is_long;
	bool is_roomy; /* grows fourfold where that is faster */
	struct pmill_page_pool *pool;
};

struct pmill_word_seed {
	uint64_t first, second;
	uint64_t factor; /* odd */
};

struct pmill_word_batcher;

struct pmill_word_table {
	struct pmill_word_seed seed;
	struct pmill_word_slots short_words;
	struct pmill_word_slots long_words;
	struct pmill_arena long_bytes;
	const struct pmill_word_batcher *batcher;
};

/* A short word: both halves of its slot. */
struct pmill_short_key {
	uint64_t first, second;
};

static inline uint64_t pmill_load_word(const uint8_t *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static inline uint64_t pmill_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Nothing beyond the word is read. */
static inline struct pmill_short_key pmill_short_key_make(const uint8_t *word, size_t len)
{
	uint8_t padded[16] = {0};
	memcpy(padded, word, len);
	padded[15] = (uint8_t)len;
	return (struct pmill_short_key){pmill_load_word(padded), pmill_load_word(padded + 8)};
}

#define PMILL_WORD_MIX 0x9E3779B97F4A7C15u

/*
 * Without this, words that differ by even steps (numbers, say) make steps of the hash that are even
 * too, and under one seed of a hundred they stand in few places.
 */
static inline uint64_t pmill_mix_hash(uint64_t hash, uint64_t factor)
{
	hash *= PMILL_WORD_MIX;
	return (hash ^ hash >> 32) * factor;
}

/*
 * Who doesn't know the seed can't foresee which words share a slot. For any two words, the chance over all
 * seeds that the sums are equal is at most 2^-32 (it is the NH of UMAC: four 32-bit parts, each with a
 * key of its own added, two products), and that the top n bits of products with an odd factor are
 * equal where the sums are not, at most 2^(1-n) (multiply-shift). It needs no 128-bit products, which
 * vectors don't have.
 */
static inline uint64_t pmill_short_hash(struct pmill_word_seed seed, struct pmill_short_key key)
{
	uint32_t a = (uint32_t)key.first + (uint32_t)seed.first;
	uint32_t b = (uint32_t)(key.first >> 32) + (uint32_t)(seed.first >> 32);
	uint32_t c = (uint32_t)key.second + (uint32_t)seed.second;
	uint32_t d = (uint32_t)(key.second >> 32) + (uint32_t)(seed.second >> 32);
	return pmill_mix_hash((uint64_t)a * b + (uint64_t)c * d, seed.factor);
}

/*
 * A long word by 16 bytes at a time; the last 16 overlap those before. The length goes in by a
 * product of its own: beside the bytes it could be made up for by other bytes, whatever the seed.
 */
static inline uint64_t pmill_long_hash(struct pmill_word_seed seed, const uint8_t *word, size_t len)
{
	const uint8_t *last = word + len - 16;
	uint64_t hash = pmill_fold(seed.second, len ^ seed.first);
	for (; word < last; word += 16)
		hash = pmill_fold(pmill_load_word(word) ^ seed.first, pmill_load_word(word + 8) ^ hash);
	hash = pmill_fold(pmill_load_word(last) ^ seed.first, pmill_load_word(last + 8) ^ hash);
	return pmill_mix_hash(hash, seed.factor);
}

static inline uint64_t pmill_slot_hash(
	struct pmill_word_seed seed, const struct pmill_word_slot *slot, bool is_long)
{
	if (is_long)
		return slot->first;
	return pmill_short_hash(seed, (struct pmill_short_key){slot->first, slot->second});
}

static inline size_t pmill_slot_home(const struct pmill_word_slots *slots, uint64_t hash)
{
	return (size_t)(hash >> slots->shift);
}

/* A slot may lie in two cache lines: without the second English is counted as fast, Chinese 7 % slower. */
static inline void pmill_slot_prefetch(const struct pmill_word_slot *slot)
{
	__builtin_prefetch(slot, 1);
	__builtin_prefetch(&slot->count, 1);
}

static inline bool pmill_slot_equals(
	const struct pmill_word_slot *a, const struct pmill_word_slot *b, bool is_long)
{
	if (!is_long)
		return a->first == b->first && a->second == b->second;
	return a->first == b->first && a->long_word->len == b->long_word->len &&
		memcmp(a->long_word->bytes, b->long_word->bytes, a->long_word->len) == 0;
}

/*
 * The slot that holds the word of `wanted`, or the empty one where it belongs. There is always one
 * empty.
 */
static inline struct pmill_word_slot *pmill_slots_find(struct pmill_word_slots *slots,
	const struct pmill_word_slot *wanted, uint64_t hash, bool is_long)
{
	size_t mask = slots->capacity - 1;
	size_t at = pmill_slot_home(slots, hash);
	while (slots->slots[at].count != 0 && !pmill_slot_equals(&slots->slots[at], wanted, is_long))
		at = (at + 1) & mask;
	return &slots->slots[at];
}

/* The capacity that room for `more` new words takes, at most SIZE_MAX / 4 in all. */
size_t pmill_slots_capacity(const struct pmill_word_slots *slots, size_t more);
/* Room for `more` new words without growing on the way; false without memory. */
bool pmill_slots_reserve(struct pmill_word_slots *slots, struct pmill_word_seed seed, size_t more);
void pmill_slots_release(struct pmill_word_slots *slots);

/*
 * Adds the count of `word` to its slot. Room for one must be reserved. False where the sum does not
 * fit.
 */
bool pmill_slots_add(
	struct pmill_word_slots *slots, const struct pmill_word_slot *word, uint64_t hash);

#endif
