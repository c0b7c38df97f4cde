/* Slots: an open-addressing table of words and counts, the core of the word table. */
/* SPDX-License-Identifier: MIT */
/*
 * Two kinds of word share one shape of slot (24 bytes):
 *
 *              first                         second                         count
 *   short      bytes 0..7, little-endian     bytes 8..14, length on top     > 0
 *   long       hash                          pointer to its record          > 0
 *
 * A short word has at most 15 bytes, zero padded: word and length fit into 16 bytes and are
 * compared at once. A count of 0 marks an empty slot.
 *
 * A word's home slot is the top bits of its hash, and probing is linear, wrapping at most once. So
 * slots are in hash order, growth reads and writes front to back, and the words of a hash range are
 * a contiguous run of slots. (The price: words must not be moved in this order to another table
 * with the same hash while that one still has to grow, as they would all crowd into its first
 * slots.)
 */
#ifndef PMILL_WORDS_WORD_SLOTS_H
#define PMILL_WORDS_WORD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/page_pool.h"
#include "pretokenize/pretoken_keys.h"

/* The bytes of a long word, in its table's arena. */
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

struct pmill_word_table {
	struct pmill_key_seed seed;
	struct pmill_word_slots short_words;
	struct pmill_word_slots long_words;
	struct pmill_arena long_bytes;
	const struct pmill_key_maker *key_maker;
};

static inline uint64_t pmill_slot_hash(
	struct pmill_key_seed seed, const struct pmill_word_slot *slot, bool is_long)
{
	if (is_long)
		return slot->first;
	return pmill_pretoken_key_hash(seed, (struct pmill_pretoken_key){slot->first, slot->second});
}

static inline size_t pmill_slot_home(const struct pmill_word_slots *slots, uint64_t hash)
{
	return (size_t)(hash >> slots->shift);
}

/*
 * A slot may span two cache lines. Without the second prefetch English is as fast, Chinese 7 %
 * slower.
 */
static inline void pmill_slot_prefetch(const struct pmill_word_slot *slot)
{
	__builtin_prefetch(slot, 1);
	__builtin_prefetch(&slot->count, 1);
}

/* The capacity needed for `more` new words, at most SIZE_MAX / 4 in all. */
size_t pmill_slots_capacity(const struct pmill_word_slots *slots, size_t more);
/* Makes room for `more` new words without growing in between. Returns false if out of memory. */
bool pmill_slots_reserve(struct pmill_word_slots *slots, struct pmill_key_seed seed, size_t more);
void pmill_slots_release(struct pmill_word_slots *slots);

/*
 * Adds a short word's count to its slot. Room for one must have been reserved. Returns false on
 * overflow.
 */
bool pmill_slots_add(
	struct pmill_word_slots *slots, const struct pmill_word_slot *word, uint64_t hash);

#endif
