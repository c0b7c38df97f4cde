/* Gathers everything a counter holds into one list, or into runs that one pass can merge. */
/* SPDX-License-Identifier: MIT */
#include "counter/gather.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/thread.h"

static pmill_status end_stage(struct pmill_counter *counter, uint64_t done, pmill_error *error)
{
	if (pmill_progress_end(&counter->progress, done))
		return PMILL_OK;
	return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
}

/* ---- One list ---- */

/* Words of all tables: one that several have counts as often. */
static uint64_t count_words(const struct pmill_counter *counter)
{
	uint64_t words = 0;
	for (size_t i = 0; i < counter->worker_count; i++)
		words += pmill_word_table_count(counter->workers[i]->table);
	return words;
}

static pmill_status take_tables(
	struct pmill_counter *counter, struct pmill_word_list *words, pmill_error *error)
{
	struct pmill_word_table **tables = malloc(
		(counter->worker_count + 1) * sizeof(struct pmill_word_table *));
	if (tables == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < counter->worker_count; i++)
		tables[i] = counter->workers[i]->table;
	pmill_status status = pmill_word_tables_take(
		tables, counter->worker_count, counter->threads, words, &counter->progress, error);
	free(tables);
	return status;
}

static pmill_status join_tables(struct pmill_counter *counter, pmill_error *error)
{
	struct pmill_word_list words = {0};
	pmill_status status = take_tables(counter, &words, error);
	if (status == PMILL_OK && counter->words.count > 0)
		status = pmill_counter_add_words(&words, &counter->words, error);
	if (status == PMILL_OK) {
		pmill_word_list_release(&counter->words);
		counter->words = words;
		return PMILL_OK;
	}
	pmill_word_list_release(&words);
	return status;
}

bool pmill_counter_can_list(const struct pmill_counter *counter)
{
	if (counter->spill.runs == NULL)
		return true;
	if (pmill_runs_count(counter->spill.runs) > 0)
		return false;
	uint64_t words = 0, bytes = 0;
	for (size_t i = 0; i < counter->worker_count; i++) {
		const struct pmill_word_table *table = counter->workers[i]->table;
		words += pmill_word_table_count(table);
		bytes += pmill_word_table_bytes(table) + pmill_word_table_memory(table);
	}
	if (words > 0) /* the list of words added as counts, and its sum with the tables' */
		bytes += 2 *
			pmill_word_list_memory(counter->words.count, pmill_word_list_bytes(&counter->words));
	uint64_t taking = counter->plan.taking;
	return bytes <= taking && words <= (taking - bytes) / PMILL_TAKING_EACH_WORD;
}

pmill_status pmill_counter_list(struct pmill_counter *counter, pmill_error *error)
{
	uint64_t words = count_words(counter);
	if (words == 0)
		return PMILL_OK;
	pmill_progress_stage(&counter->progress, "sort", "words", words);
	pmill_status status = join_tables(counter, error);
	return status == PMILL_OK ? end_stage(counter, words, error) : status;
}

/* ---- Runs ---- */

struct spill_job {
	struct pmill_counter *counter;
	pmill_status *statuses;
	pmill_error *errors;
};

/* The wish to stop is heard at the end of the stage. */
static void report_spilled(const struct spill_job *job, unsigned index, size_t tables)
{
	if (index == 0)
		pmill_progress_pass(&job->counter->progress, 0, 1, tables, job->counter->worker_count);
}

static void spill_workers(void *context, unsigned index)
{
	struct spill_job *job = context;
	struct pmill_counter *counter = job->counter;
	for (size_t i = index; i < counter->worker_count; i += counter->threads) {
		if (job->statuses[index] == PMILL_OK)
			job->statuses[index] = pmill_worker_spill_last(
				counter->workers[i], &job->errors[index]);
		report_spilled(job, index, i + 1);
	}
}

static pmill_status spill_tables(struct pmill_counter *counter, pmill_error *error)
{
	struct spill_job job = {.counter = counter,
		.statuses = calloc(counter->threads, sizeof(pmill_status)),
		.errors = calloc(counter->threads, sizeof(pmill_error))};
	pmill_status status = PMILL_NO_MEMORY;
	if (job.statuses == NULL || job.errors == NULL) {
		pmill_fail_memory(error);
		goto out;
	}
	status = PMILL_OK;
	pmill_threads_run(counter->threads, spill_workers, &job);
	for (unsigned i = 0; i < counter->threads && status == PMILL_OK; i++) {
		status = job.statuses[i];
		if (status != PMILL_OK && error != NULL)
			*error = job.errors[i];
	}
out:
	free(job.statuses);
	free(job.errors);
	return status;
}

static pmill_status spill_all(struct pmill_counter *counter, pmill_error *error)
{
	uint64_t words = count_words(counter) + counter->words.count;
	if (words == 0)
		return PMILL_OK;
	pmill_progress_stage(&counter->progress, "sort", "words", words);
	counter->is_settled = false;
	pmill_status status = spill_tables(counter, error);
	if (status == PMILL_OK)
		status = pmill_runs_add_list(counter->spill.runs, &counter->words, error);
	if (status != PMILL_OK)
		return status;
	pmill_word_list_release(&counter->words);
	return end_stage(counter, words, error);
}

pmill_status pmill_counter_settle(struct pmill_counter *counter, pmill_error *error)
{
	pmill_status status = spill_all(counter, error);
	return status == PMILL_OK ? pmill_runs_settle(counter->spill.runs, &counter->progress, error)
							  : status;
}

pmill_status pmill_counter_merge_runs(struct pmill_counter *counter, const char *stage,
	pmill_word_fn *visit, void *context, pmill_error *error)
{
	struct pmill_word_merge merge = {0};
	uint64_t bytes = pmill_runs_bytes(counter->spill.runs);
	pmill_progress_stage(&counter->progress, stage, "bytes", bytes);
	pmill_status status = pmill_runs_open(counter->spill.runs, &merge, error);
	if (status == PMILL_OK)
		status = pmill_word_merge_each(&merge, visit, context, &counter->progress, 0, error);
	pmill_word_merge_release(&merge);
	return status == PMILL_OK ? end_stage(counter, bytes, error) : status;
}

/* ---- Gathering ---- */

static pmill_status measure_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct pmill_counter *counter = context;
	(void)count;
	(void)error;
	counter->run_words++;
	counter->run_bytes += word.len;
	return PMILL_OK;
}

void pmill_counter_end_counting(struct pmill_counter *counter)
{
	counter->table_memory = pmill_counter_table_memory(counter);
	for (size_t i = 0; i < counter->worker_count; i++)
		pmill_chunk_release(&counter->workers[i]->chunks.chunk);
}

pmill_status pmill_counter_gather_runs(struct pmill_counter *counter, pmill_error *error)
{
	pmill_counter_end_counting(counter);
	pmill_status status = pmill_counter_settle(counter, error);
	if (status != PMILL_OK || counter->is_settled)
		return status;
	counter->run_words = counter->run_bytes = 0;
	status = pmill_counter_merge_runs(counter, "measure runs", measure_word, counter, error);
	counter->is_settled = status == PMILL_OK;
	return status;
}

pmill_status pmill_counter_gather(struct pmill_counter *counter, pmill_error *error)
{
	pmill_counter_end_counting(counter);
	return pmill_counter_can_list(counter) ? pmill_counter_list(counter, error)
										   : pmill_counter_gather_runs(counter, error);
}

uint64_t pmill_counter_reading_memory(const struct pmill_counter *counter)
{
	return pmill_runs_count(counter->spill.runs) * PMILL_RUN_READER_MEMORY;
}

/* ---- Taking ---- */

static pmill_status append_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	return pmill_word_list_append(context, word, count) ? PMILL_OK : pmill_fail_memory(error);
}

pmill_status pmill_counter_list_runs(struct pmill_counter *counter, struct pmill_page_pool *pool,
	struct pmill_word_list *words, pmill_error *error)
{
	if (counter->run_bytes > SIZE_MAX || counter->run_words > SIZE_MAX ||
		!pmill_word_list_reserve(
			words, (size_t)counter->run_words, (size_t)counter->run_bytes, pool))
		return pmill_fail_memory(error);
	return pmill_counter_merge_runs(counter, "merge runs", append_word, words, error);
}

pmill_status pmill_counter_take_words(
	struct pmill_counter *counter, struct pmill_word_list *words, pmill_error *error)
{
	if (counter->is_settled)
		return pmill_counter_list_runs(counter, counter->pool, words, error);
	*words = counter->words;
	counter->words = (struct pmill_word_list){0};
	return PMILL_OK;
}
