/* Sorts words by their bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_WORDS_WORD_SORT_H
#define PMILL_WORDS_WORD_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words/word_slots.h"

enum {
	PMILL_LONG_WORD_MARK = 255
}; /* in place of the length: after every short word with the same bytes */

/*
 * A word as two numbers that compare as its bytes do: bytes 0..7 and 8..14, big-endian and zero
 * padded, and the length below them. Two different words have equal numbers only if both are long.
 */
struct pmill_word_entry {
	uint64_t first, second;
	union {
		int64_t count;                /* of a short word */
		struct pmill_word_slot *slot; /* of a long word */
	};
};

struct pmill_word_entry pmill_word_entry_make(struct pmill_word_slot *slot, bool is_long);

/*
 * Turns slots into entries and returns how many. `entries` may be the slots themselves if all words
 * are short.
 */
size_t pmill_word_entries_gather(
	const struct pmill_word_slots *slots, struct pmill_word_entry *entries);

static inline bool pmill_word_entry_is_long(const struct pmill_word_entry *entry)
{
	return (entry->second & 255) == PMILL_LONG_WORD_MARK;
}

static inline size_t pmill_word_entry_len(const struct pmill_word_entry *entry)
{
	return pmill_word_entry_is_long(entry) ? entry->slot->long_word->len
										   : (size_t)(entry->second & 255);
}

static inline int64_t pmill_word_entry_count(const struct pmill_word_entry *entry)
{
	return pmill_word_entry_is_long(entry) ? entry->slot->count : entry->count;
}

/* Both numbers as one. */
static inline unsigned __int128 pmill_word_entry_key(const struct pmill_word_entry *entry)
{
	return (unsigned __int128)entry->first << 64 | entry->second;
}

/* The sort order: below, at or above 0; 0 for the same word. */
int pmill_word_entry_compare(const struct pmill_word_entry *a, const struct pmill_word_entry *b);

/*
 * Writes the bytes of the word. Up to `room` bytes, at least its length, may be written; those
 * after the word are undefined.
 */
void pmill_word_entry_write(const struct pmill_word_entry *entry, uint8_t *bytes, size_t room);

/* Sorts in place by bytes, a prefix first, with O(n log n) comparisons. */
void pmill_word_entries_sort(struct pmill_word_entry *entries, size_t count);

/*
 * One partitioning step, for callers that share out the rest. Returns the index of the pivot: the
 * entries before it sort before it, those after it after it. `count` is at least 2.
 */
size_t pmill_word_entries_partition(struct pmill_word_entry *entries, size_t count);

#endif
