/* Words with their counts, sorted by bytes. */
/* SPDX-License-Identifier: MIT */
#include "words/word_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"

static void free_pages(struct pmill_page_pool *pool, void *pages, size_t count, size_t size)
{
	if (pages != NULL)
		pmill_page_pool_free(pool, pages, (count + 1) * size);
}

static void release_pages(struct pmill_word_list *words)
{
	free_pages(words->pool, words->offsets, words->offsets_capacity, sizeof *words->offsets);
	free_pages(words->pool, words->counts, words->counts_capacity, sizeof *words->counts);
	free_pages(words->pool, words->bytes, words->bytes_capacity, 1);
	pmill_page_pool_release(words->pool);
}

void pmill_word_list_release(struct pmill_word_list *words)
{
	if (words->is_paged && !words->is_borrowed) {
		release_pages(words);
	} else if (!words->is_borrowed) {
		free(words->bytes);
		free(words->offsets);
		free(words->counts);
	}
	*words = (struct pmill_word_list){0};
}

/* The arrays have three types, but the array functions take void pointers. */
static bool reserve_bytes(struct pmill_word_list *words, size_t needed)
{
	void *bytes = words->bytes;
	bool done = pmill_array_reserve(&bytes, &words->bytes_capacity, needed, 1);
	words->bytes = bytes;
	return done;
}

static bool reserve_counts(struct pmill_word_list *words, size_t needed)
{
	if (needed == SIZE_MAX)
		return false;
	void *counts = words->counts, *offsets = words->offsets;
	bool done = pmill_array_reserve(
		&counts, &words->counts_capacity, needed, sizeof *words->counts);
	words->counts = counts;
	if (done)
		done = pmill_array_reserve(
			&offsets, &words->offsets_capacity, needed + 1, sizeof *words->offsets);
	words->offsets = offsets;
	if (done && words->count == 0)
		words->offsets[0] = 0;
	return done;
}

/* Uses huge pages: small ones took 2 ms more, of 23, for 353,000 words. */
bool pmill_word_list_reserve(
	struct pmill_word_list *words, size_t count, size_t bytes, struct pmill_page_pool *pool)
{
	assert(words->count == 0);
	pmill_word_list_release(words);
	if (count >= SIZE_MAX / 32 || bytes > SIZE_MAX / 2)
		return false;
	*words = (struct pmill_word_list){.is_paged = true,
		.pool = pmill_page_pool_share(pool),
		.offsets_capacity = count + 1,
		.counts_capacity = count,
		.bytes_capacity = bytes};
	words->offsets = pmill_page_pool_allocate_raw(pool, (count + 2) * sizeof *words->offsets);
	words->counts = pmill_page_pool_allocate_raw(pool, (count + 1) * sizeof *words->counts);
	words->bytes = pmill_page_pool_allocate_raw(pool, bytes + 1);
	if (words->offsets == NULL || words->counts == NULL || words->bytes == NULL) {
		pmill_word_list_release(words);
		return false;
	}
	words->offsets[0] = 0;
	return true;
}

static bool has_room(const struct pmill_word_list *words, size_t used, size_t more)
{
	return words->count < words->counts_capacity && used + more <= words->bytes_capacity;
}

/* Moves the list to the heap, so that each array can grow. */
static bool leave_pages(struct pmill_word_list *words)
{
	struct pmill_word_list copy = {.count = words->count};
	size_t bytes = words->count > 0 ? (size_t)words->offsets[words->count] : 0;
	if (!reserve_bytes(&copy, bytes) || !reserve_counts(&copy, words->count + 1)) {
		pmill_word_list_release(&copy);
		return false;
	}
	if (words->count > 0) {
		memcpy(copy.bytes, words->bytes, bytes);
		memcpy(copy.counts, words->counts, words->count * sizeof *copy.counts);
		memcpy(copy.offsets, words->offsets, (words->count + 1) * sizeof *copy.offsets);
	}
	pmill_word_list_release(words);
	*words = copy;
	return true;
}

int pmill_word_list_append(struct pmill_word_list *words, pmill_bytes word, int64_t count)
{
	assert(word.len > 0 && count > 0);
	size_t used = words->count > 0 ? (size_t)words->offsets[words->count] : 0;
	if (words->is_paged && !has_room(words, used, word.len) && !leave_pages(words))
		return 0;
	if (word.len > SIZE_MAX - used || !reserve_bytes(words, used + word.len) ||
		!reserve_counts(words, words->count + 1))
		return 0;
	memcpy(words->bytes + used, word.data, word.len);
	words->counts[words->count++] = count;
	words->offsets[words->count] = used + word.len;
	return 1;
}

pmill_status pmill_word_list_sum(
	const struct pmill_word_list *words, uint64_t *sum, pmill_error *error)
{
	uint64_t total = 0;
	for (size_t i = 0; i < words->count; i++)
		if (__builtin_add_overflow(total, (uint64_t)words->counts[i], &total))
			return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
				"the sum of all counts does not fit 64 bits");
	*sum = total;
	return PMILL_OK;
}

/* Below 0: the next word of the sum is a's; above 0: b's; 0: both have it. */
static int compare_next(
	const struct pmill_word_list *a, size_t i, const struct pmill_word_list *b, size_t j)
{
	if (i == a->count)
		return 1;
	if (j == b->count)
		return -1;
	return pmill_word_compare(pmill_word_list_word(a, i), pmill_word_list_word(b, j));
}

static pmill_status add_next(const struct pmill_word_list *a, size_t *i,
	const struct pmill_word_list *b, size_t *j, struct pmill_word_list *sum, pmill_error *error)
{
	int order = compare_next(a, *i, b, *j);
	pmill_bytes word = order <= 0 ? pmill_word_list_word(a, *i) : pmill_word_list_word(b, *j);
	int64_t count = order <= 0 ? a->counts[*i] : b->counts[*j];
	if (order == 0 && __builtin_add_overflow(count, b->counts[*j], &count))
		return pmill_fail(
			error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the count of a word does not fit 63 bits");
	if (!pmill_word_list_append(sum, word, count))
		return pmill_fail_memory(error);
	*i += order <= 0;
	*j += order >= 0;
	return PMILL_OK;
}

pmill_status pmill_word_list_add(const struct pmill_word_list *a, const struct pmill_word_list *b,
	struct pmill_word_list *sum, pmill_error *error)
{
	struct pmill_word_list made = {0};
	pmill_status status = PMILL_OK;
	size_t i = 0, j = 0;
	while (status == PMILL_OK && (i < a->count || j < b->count))
		status = add_next(a, &i, b, &j, &made, error);
	if (status == PMILL_OK)
		*sum = made;
	else
		pmill_word_list_release(&made);
	return status;
}
