/* Sorting words by their bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_WORDS_WORD_SORT_H
#define PMILL_WORDS_WORD_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words/word_slots.h"

enum {
	PMILL_LONG_WORD_MARK = 255
}; /* in place of the length: behind every short word of equal bytes */

/*
 * A word as two numbers that compare as its bytes do: bytes 0..7 and bytes 8..14 with the top byte
 * first, zero padded, and below them the length. Two words have equal numbers only if both are
 * long.
 */
struct pmill_word_entry {
	uint64_t first, second;
	union {
		int64_t count;                /* of a short word */
		struct pmill_word_slot *slot; /* of a long one */
	};
};

struct pmill_word_entry pmill_word_entry_make(struct pmill_word_slot *slot, bool is_long);

/*
 * Turns slots into entries: `entries` may be the slots themselves, if their words are short. Returns how
 * many.
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

/* The order of sorting. Below, at or above 0; at 0 they are the same word. */
int pmill_word_entry_compare(const struct pmill_word_entry *a, const struct pmill_word_entry *b);

/*
 * Writes the bytes of the word. `room` ≥ its length may be written, what lies behind the word is
 * not defined.
 */
void pmill_word_entry_write(const struct pmill_word_entry *entry, uint8_t *bytes, size_t room);

/*
 * Sorts by bytes, a word before the longer ones that begin with it. In place, O(n log n) compares.
 */
void pmill_word_entries_sort(struct pmill_word_entry *entries, size_t count);

/*
 * One step of it, for who wants to share the rest out: the entries before the result come before the one
 * that stands there, those behind it after it. At least 2 of them.
 */
size_t pmill_word_entries_partition(struct pmill_word_entry *entries, size_t count);

#endif
