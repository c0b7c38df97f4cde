/* Hands over what a counter holds as counts, saves it to a file, or searches it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "counter/gather.h"
#include "counts/counts_writer.h"

/* ---- As counts ---- */

static pmill_status take(struct pmill_counter *counter, pmill_counts *counts, pmill_error *error)
{
	pmill_totals *totals = &counts->head.totals;
	pmill_status status = pmill_counter_gather(counter, error);
	if (status == PMILL_OK)
		status = pmill_counter_take_words(counter, &counts->words, error);
	if (status == PMILL_OK)
		status = pmill_counter_sum_totals(counter, totals, error);
	totals->words = counts->words.count;
	return status;
}

pmill_status pmill_counter_take(pmill_counter *counter, pmill_counts **counts, pmill_error *error)
{
	pmill_counts *taken = NULL;
	counter->progress.is_cancelled = false;
	pmill_status status = pmill_counts_create(&counter->identity, &taken, error);
	if (status == PMILL_OK)
		status = take(counter, taken, error);
	pmill_counter_clear(counter);
	if (status == PMILL_OK)
		*counts = taken;
	else
		pmill_counts_free(taken);
	return status;
}

/* ---- As a file ---- */

static pmill_status write_list(
	struct pmill_counter *counter, struct pmill_counts_writer *writer, pmill_error *error)
{
	const struct pmill_word_list *words = &counter->words;
	pmill_status status = PMILL_OK;
	pmill_progress_stage(&counter->progress, "write", "words", words->count);
	for (size_t i = 0; i < words->count && status == PMILL_OK; i++) {
		status = pmill_counts_writer_add(
			writer, pmill_word_list_word(words, i), words->counts[i], error);
		if (status == PMILL_OK && i % 4096 == 0 && !pmill_progress_step(&counter->progress, i))
			status = PMILL_CANCELLED;
	}
	if (status == PMILL_OK && !pmill_progress_end(&counter->progress, words->count))
		status = PMILL_CANCELLED;
	return status == PMILL_CANCELLED ? pmill_fail(error, status, PMILL_NO_OFFSET, "cancelled")
									 : status;
}

/* Runs are settled but not measured: writing them doesn't need the number of words. */
static pmill_status gather(struct pmill_counter *counter, bool *is_listed, pmill_error *error)
{
	pmill_counter_end_counting(counter);
	*is_listed = pmill_counter_can_list(counter);
	return *is_listed ? pmill_counter_list(counter, error) : pmill_counter_settle(counter, error);
}

/* Leaves the words in the counter. */
static pmill_status write_words(struct pmill_counter *counter, bool is_listed, const char *path,
	unsigned flags, pmill_totals *totals, pmill_error *error)
{
	struct pmill_counts_writer writer;
	pmill_status status = pmill_counts_writer_open(&writer, path, flags, &counter->identity, error);
	if (status == PMILL_OK)
		status = is_listed
			? write_list(counter, &writer, error)
			: pmill_counter_merge_runs(counter, "write", pmill_counts_writer_add, &writer, error);
	if (status == PMILL_OK)
		status = pmill_counts_writer_commit(&writer, totals, error);
	pmill_counts_writer_release(&writer);
	return status;
}

/* Words may be lost if gathering fails; after that they are kept until they are on disk, or on. */
static pmill_status save(struct pmill_counter *counter, const char *path, unsigned flags,
	pmill_totals *totals, pmill_error *error)
{
	bool is_listed;
	pmill_status status = gather(counter, &is_listed, error);
	bool is_gathered = status == PMILL_OK;
	if (is_gathered)
		status = write_words(counter, is_listed, path, flags, totals, error);
	if (!is_gathered || (status == PMILL_OK && !(flags & PMILL_KEEP_COUNTS)))
		pmill_counter_clear(counter);
	return status;
}

pmill_status pmill_counter_save(pmill_counter *counter, const char *path, unsigned flags,
	pmill_counts_head **head, pmill_error *error)
{
	pmill_counts_head *saved = NULL;
	pmill_totals totals;
	counter->progress.is_cancelled = false;
	pmill_status status = pmill_counter_sum_totals(counter, &totals, error);
	if (status == PMILL_OK)
		status = pmill_counts_head_create(&counter->identity, &totals, &saved, error);
	if (status == PMILL_OK)
		status = save(counter, path, flags, &saved->totals, error);
	if (status == PMILL_OK && head != NULL)
		*head = saved;
	else
		pmill_counts_head_free(saved);
	return status;
}

/* ---- Searching ---- */

struct search {
	const pmill_bytes *texts;
	size_t count;
	bool has_found;
};

static bool has_text(pmill_bytes word, pmill_bytes text)
{
	const uint8_t *at = word.data;
	const uint8_t *end = at + word.len;
	while ((size_t)(end - at) >= text.len) {
		at = memchr(at, *(const uint8_t *)text.data, (size_t)(end - at) - text.len + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, text.data, text.len) == 0)
			return true;
		at++;
	}
	return false;
}

static pmill_status search_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	(void)count;
	(void)error;
	struct search *search = context;
	for (size_t i = 0; i < search->count && !search->has_found; i++)
		search->has_found = has_text(word, search->texts[i]);
	return PMILL_OK;
}

pmill_status pmill_counter_contains(pmill_counter *counter, const pmill_bytes *texts,
	size_t text_count, int *contains, pmill_error *error)
{
	struct search search = {texts, text_count, false};
	const struct pmill_word_list *words = &counter->words;
	bool is_listed;
	counter->progress.is_cancelled = false;
	pmill_status status = gather(counter, &is_listed, error);
	if (status == PMILL_OK && !is_listed)
		status = pmill_counter_merge_runs(counter, "search", search_word, &search, error);
	for (size_t i = 0; status == PMILL_OK && is_listed && i < words->count; i++)
		search_word(&search, pmill_word_list_word(words, i), words->counts[i], error);
	if (status == PMILL_OK)
		*contains = search.has_found;
	else
		pmill_counter_clear(counter);
	return status;
}
