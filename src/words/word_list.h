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
 * Word i is bytes[offsets[i], offsets[i + 1]). Words are distinct and not empty, counts are > 0. An
 * all-zero list is empty.
 */
struct pmill_word_list {
	uint8_t *bytes;
	uint64_t *offsets; /* count + 1 of them, or NULL if count is 0 */
	int64_t *counts;
	size_t count;
	size_t bytes_capacity, offsets_capacity, counts_capacity;
	bool is_borrowed;             /* the memory is another list's, which lives longer */
	bool is_paged;                /* all three are as pmill_word_list_reserve allocated them */
	struct pmill_page_pool *pool; /* if paged, the pool they come from; a reference */
};

/* Called with each word of a sorted run. The word is only valid during the call. */
typedef pmill_status pmill_word_fn(
	void *context, pmill_bytes word, int64_t count, pmill_error *error);

void pmill_word_list_release(struct pmill_word_list *words);

/* While words are added to a list, both it and the sum are in memory. */
enum { PMILL_ADDING_LISTS = 2 };

/* The memory of a list of `count` words with `bytes` bytes in all. */
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

/* Compares by bytes, a prefix first: below, at or above 0, as memcmp. */
static inline int pmill_word_compare(pmill_bytes a, pmill_bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * Makes room for `count` words of `bytes` bytes in all, in an empty list. Returns false if out of
 * memory.
 */
bool pmill_word_list_reserve(
	struct pmill_word_list *words, size_t count, size_t bytes, struct pmill_page_pool *pool);

/* Appends a word that sorts after all others; count > 0. Returns 0 if out of memory. */
int pmill_word_list_append(struct pmill_word_list *words, pmill_bytes word, int64_t count);

/* The sum of all counts; PMILL_OVERFLOW if it does not fit. */
pmill_status pmill_word_list_sum(
	const struct pmill_word_list *words, uint64_t *sum, pmill_error *error);

/* Stores a + b in `sum`; leaves a and b unchanged. */
pmill_status pmill_word_list_add(const struct pmill_word_list *a, const struct pmill_word_list *b,
	struct pmill_word_list *sum, pmill_error *error);

#endif
