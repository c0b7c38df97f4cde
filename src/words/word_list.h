/* Words with their counts, sorted by bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_WORDS_WORD_LIST_H
#define PMILL_WORDS_WORD_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/page_pool.h"
#include "pairmill.h"

/*
 * Word i is bytes[offsets[i], offsets[i + 1]). Distinct, not empty, counts > 0. All zero is empty.
 */
struct pmill_word_list {
	uint8_t *bytes;
	uint64_t *offsets; /* count + 1 of them, or NULL where count is 0 */
	int64_t *counts;
	size_t count;
	size_t bytes_capacity, offsets_capacity, counts_capacity;
	bool is_paged; /* all three are as pmill_word_list_reserve has made them, and have not grown */
	struct pmill_page_pool *pool; /* where they are from then; a reference */
};

/* What is done with each word of a sorted run. The word is the caller's, for the length of the call. */
typedef pmill_status pmill_word_fn(
	void *context, pmill_bytes word, int64_t count, pmill_error *error);

void pmill_word_list_release(struct pmill_word_list *words);

/* Where words are added to a list, it and the sum are there at the same time. */
enum { PMILL_ADDING_LISTS = 2 };

/* Bytes that a list of so many words takes, of `bytes` in all. */
static inline uint64_t pmill_word_list_memory(uint64_t count, uint64_t bytes)
{
	return count * 16 + bytes;
}

/* The bytes of all words. */
static inline uint64_t pmill_word_list_bytes(const struct pmill_word_list *words)
{
	return words->count > 0 ? words->offsets[words->count] : 0;
}

static inline pmill_bytes pmill_word_list_word(const struct pmill_word_list *words, size_t index)
{
	return (pmill_bytes){words->bytes + words->offsets[index],
		(size_t)(words->offsets[index + 1] - words->offsets[index])};
}

/* Below, at or above 0: the order of bytes, a word before the longer ones that begin with it. */
static inline int pmill_word_compare(pmill_bytes a, pmill_bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Room for `count` words of `bytes` bytes in all, in an empty list. False without memory. */
bool pmill_word_list_reserve(
	struct pmill_word_list *words, size_t count, size_t bytes, struct pmill_page_pool *pool);

/* Appends a word that sorts behind all others; counts > 0. False without memory. */
int pmill_word_list_append(struct pmill_word_list *words, pmill_bytes word, int64_t count);

/* The sum of all counts; PMILL_OVERFLOW where it does not fit. */
pmill_status pmill_word_list_sum(
	const struct pmill_word_list *words, uint64_t *sum, pmill_error *error);

/* a + b; takes the contents of neither. */
pmill_status pmill_word_list_add(const struct pmill_word_list *a, const struct pmill_word_list *b,
	struct pmill_word_list *sum, pmill_error *error);

#endif
