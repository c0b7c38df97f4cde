/* Adds up several sorted streams of words into one. */
/* SPDX-License-Identifier: MIT */
/*
 * A heap holds the sources by current word. Each step takes the least word and adds up its
 * counts in all sources that have it. Memory is one block for each source.
 */
#include "counts/word_merge.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "unicode/quote.h"

enum { WORDS_BETWEEN_EVENTS = 4096 };

struct pmill_word_source *pmill_word_source_create(const char *name)
{
	struct pmill_word_source *source = calloc(1, sizeof *source);
	if (source != NULL)
		source->name = name;
	return source;
}

void pmill_word_source_free(struct pmill_word_source *source)
{
	if (source == NULL)
		return;
	pmill_word_list_release(&source->list);
	pmill_count_file_reader_release(&source->reader);
	free(source);
}

static void set_first(struct pmill_word_source *source)
{
	const uint8_t *bytes = source->word.data;
	source->first = 0;
	for (size_t i = 0; i < 8; i++)
		source->first = source->first << 8 | (i < source->word.len ? bytes[i] : 0);
}

static pmill_status advance(struct pmill_word_source *source, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (!source->is_list) {
		status = pmill_count_file_reader_next(
			&source->reader, &source->word, &source->count, error);
	} else if (source->next < source->list.count) {
		source->word = pmill_word_list_word(&source->list, source->next);
		source->count = source->list.counts[source->next++];
	} else {
		source->word = (pmill_bytes){0};
	}
	if (status == PMILL_OK)
		set_first(source);
	return status;
}

/* A source that has ended comes first. */
static bool is_before(const struct pmill_word_source *a, const struct pmill_word_source *b)
{
	if (a->first != b->first)
		return a->first < b->first;
	if (a->word.len == 0 || b->word.len == 0)
		return a->word.len < b->word.len;
	return pmill_word_compare(a->word, b->word) < 0;
}

static void sift_down(struct pmill_word_merge *merge, size_t at)
{
	struct pmill_word_source **heap = merge->sources, *moved = heap[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child + 1 < merge->source_count && is_before(heap[child + 1], heap[child]))
			child++;
		if (child >= merge->source_count || !is_before(heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

pmill_status pmill_word_merge_add(
	struct pmill_word_merge *merge, struct pmill_word_source *source, pmill_error *error)
{
	void *sources = merge->sources;
	bool done = pmill_array_reserve(&sources, &merge->source_capacity, merge->source_count + 1,
		sizeof(struct pmill_word_source *));
	merge->sources = sources;
	pmill_status status = done ? advance(source, error) : pmill_fail_memory(error);
	if (status == PMILL_OK)
		merge->sources[merge->source_count++] = source;
	else
		pmill_word_source_free(source);
	return status;
}

static pmill_status fail_overflow(
	const struct pmill_word_source *source, pmill_error *error, const char *what)
{
	bool has_name = source->name != NULL;
	return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "%s%s%s",
		has_name ? source->name : "", has_name ? ": " : "", what);
}

static pmill_status add_totals(
	struct pmill_word_merge *merge, const struct pmill_word_source *source, pmill_error *error)
{
	const pmill_totals *more = &source->reader.totals; /* all zero for a list */
	pmill_totals *sum = &merge->totals;
	if (__builtin_add_overflow(sum->documents, more->documents, &sum->documents) ||
		__builtin_add_overflow(sum->bytes, more->bytes, &sum->bytes) ||
		__builtin_add_overflow(sum->bad_lines, more->bad_lines, &sum->bad_lines))
		return fail_overflow(
			source, error, "the sums of documents, bytes or bad lines do not fit in 64 bits");
	return PMILL_OK;
}

/* Closes ended sources at the top of the heap. */
static pmill_status drop_ended(struct pmill_word_merge *merge, pmill_error *error)
{
	while (merge->source_count > 0 && merge->sources[0]->word.len == 0) {
		struct pmill_word_source *source = merge->sources[0];
		pmill_status status = add_totals(merge, source, error);
		merge->done += source->reader.input.offset;
		merge->sources[0] = merge->sources[--merge->source_count];
		if (merge->source_count > 0)
			sift_down(merge, 0);
		pmill_word_source_free(source);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

static pmill_status advance_first(struct pmill_word_merge *merge, pmill_error *error)
{
	pmill_status status = advance(merge->sources[0], error);
	if (status == PMILL_OK)
		sift_down(merge, 0);
	return status == PMILL_OK ? drop_ended(merge, error) : status;
}

static pmill_status fail_count(const struct pmill_word_merge *merge, pmill_error *error)
{
	struct pmill_quote word;
	char what[sizeof word.text + 80];
	snprintf(what, sizeof what, "the counts of the word %s add up to more than 63 bits",
		pmill_quote(&word, merge->word.data, merge->word.len));
	return fail_overflow(merge->sources[0], error, what);
}

static bool is_first_word(const struct pmill_word_merge *merge)
{
	const struct pmill_word_source *first = merge->sources[0];
	return first->word.len == merge->word.len &&
		memcmp(first->word.data, merge->word.data, first->word.len) == 0;
}

static pmill_status start(struct pmill_word_merge *merge, pmill_error *error)
{
	for (size_t i = merge->source_count / 2; i-- > 0;)
		sift_down(merge, i);
	merge->is_heap = true;
	return drop_ended(merge, error);
}

pmill_status pmill_word_merge_next(
	struct pmill_word_merge *merge, pmill_bytes *word, int64_t *count, pmill_error *error)
{
	pmill_status status = merge->is_heap ? PMILL_OK : start(merge, error);
	merge->word.len = 0;
	if (status == PMILL_OK && merge->source_count > 0) {
		const struct pmill_word_source *first = merge->sources[0];
		*count = first->count;
		if (!pmill_buffer_append(&merge->word, first->word.data, first->word.len))
			return pmill_fail_memory(error);
		status = advance_first(merge, error);
	}
	while (status == PMILL_OK && merge->source_count > 0 && is_first_word(merge)) {
		const struct pmill_word_source *first = merge->sources[0];
		if (__builtin_add_overflow(*count, first->count, count))
			return fail_count(merge, error);
		status = advance_first(merge, error);
	}
	*word = (pmill_bytes){merge->word.data, merge->word.len};
	return status;
}

uint64_t pmill_word_merge_done(const struct pmill_word_merge *merge)
{
	uint64_t done = merge->done;
	for (size_t i = 0; i < merge->source_count; i++)
		done += merge->sources[i]->reader.input.offset;
	return done;
}

pmill_status pmill_word_merge_each(struct pmill_word_merge *merge, pmill_word_fn *visit,
	void *context, struct pmill_progress_state *progress, uint64_t before, pmill_error *error)
{
	for (uint64_t words = 1;; words++) {
		pmill_bytes word;
		int64_t count;
		pmill_status status = pmill_word_merge_next(merge, &word, &count, error);
		if (status != PMILL_OK || word.len == 0)
			return status;
		status = visit(context, word, count, error);
		if (status != PMILL_OK)
			return status;
		if (words % WORDS_BETWEEN_EVENTS == 0 &&
			!pmill_progress_step(progress, before + pmill_word_merge_done(merge)))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	}
}

void pmill_word_merge_release(struct pmill_word_merge *merge)
{
	for (size_t i = 0; i < merge->source_count; i++)
		pmill_word_source_free(merge->sources[i]);
	free(merge->sources);
	pmill_buffer_release(&merge->word);
	*merge = (struct pmill_word_merge){0};
}
