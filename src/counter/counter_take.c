/* What was counted, out of the word counter: as a list, or by way of runs to a file. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/thread.h"
#include "counter/counter_state.h"
#include "counts/count_target.h"

void pmill_counter_clear(struct pmill_counter *counter)
{
	for (size_t i = 0; i < counter->worker_count; i++)
		pmill_counter_worker_free(counter->workers[i]);
	counter->worker_count = 0;
	counter->free_workers = NULL;
	atomic_store_explicit(&counter->spill.worker_count, counter->threads, memory_order_relaxed);
	if (counter->spill.runs != NULL)
		pmill_runs_clear(counter->spill.runs);
	counter->is_settled = false;
	pmill_word_list_release(&counter->words);
	counter->totals = (pmill_totals){0};
}

static pmill_status add_up(uint64_t *sum, uint64_t more, pmill_error *error)
{
	if (__builtin_add_overflow(*sum, more, sum))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "a total does not fit 64 bits");
	return PMILL_OK;
}

pmill_status pmill_counter_add_totals(
	pmill_totals *sum, const pmill_totals *more, pmill_error *error)
{
	pmill_status status = add_up(&sum->documents, more->documents, error);
	if (status == PMILL_OK)
		status = add_up(&sum->bytes, more->bytes, error);
	if (status == PMILL_OK)
		status = add_up(&sum->pretokens, more->pretokens, error);
	if (status == PMILL_OK)
		status = add_up(&sum->bad_lines, more->bad_lines, error);
	return status;
}

pmill_status pmill_counter_add_words(
	struct pmill_word_list *words, const struct pmill_word_list *more, pmill_error *error)
{
	struct pmill_word_list sum = {0};
	pmill_status status = pmill_word_list_add(words, more, &sum, error);
	if (status != PMILL_OK)
		return status;
	pmill_word_list_release(words);
	*words = sum;
	return PMILL_OK;
}

/* ---- Together ---- */

static uint64_t table_memory(const struct pmill_counter *counter)
{
	uint64_t memory = 0;
	for (size_t i = 0; i < counter->worker_count; i++)
		memory += pmill_counter_worker_table_peak(counter->workers[i]);
	return memory > counter->table_memory ? memory : counter->table_memory;
}

void pmill_counter_get_counting(const struct pmill_counter *counter, pmill_counting *counting)
{
	*counting = (pmill_counting){
		.memory_limit = counter->plan.limit, .table_memory = table_memory(counter)};
	if (counter->spill.runs != NULL)
		pmill_runs_written(counter->spill.runs, &counting->spilled_runs, &counting->spilled_bytes);
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
		tables, counter->worker_count, counter->threads, words, error);
	free(tables);
	return status;
}

static bool has_tables(const struct pmill_counter *counter)
{
	bool has = false;
	for (size_t i = 0; i < counter->worker_count; i++)
		has |= pmill_word_table_count(counter->workers[i]->table) > 0;
	return has;
}

/* All tables into the list of the counter. */
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

static pmill_status list_tables(
	struct pmill_counter *counter, struct pmill_progress_state *progress, pmill_error *error)
{
	if (!has_tables(counter))
		return PMILL_OK;
	pmill_progress_stage(progress, "sort", "words", 0);
	pmill_status status = join_tables(counter, error);
	if (status == PMILL_OK && !pmill_progress_end(progress, counter->words.count))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	return status;
}

/* Whether the limit is enough to make a list of the tables. */
static bool can_list(const struct pmill_counter *counter)
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
	if (words > 0) /* the words added as counts stay beside, and the sum is a list of its own */
		bytes += 2 *
			pmill_word_list_memory(counter->words.count, pmill_word_list_bytes(&counter->words));
	uint64_t taking = counter->plan.taking;
	return bytes <= taking && words <= (taking - bytes) / PMILL_TAKING_EACH_WORD;
}

/* ---- Runs ---- */

struct spilling {
	struct pmill_counter *counter;
	pmill_status *statuses;
	pmill_error *errors;
};

static void spill_workers(void *context, unsigned index)
{
	struct spilling *spilling = context;
	struct pmill_counter *counter = spilling->counter;
	for (size_t i = index; i < counter->worker_count; i += counter->threads)
		if (spilling->statuses[index] == PMILL_OK)
			spilling->statuses[index] = pmill_counter_worker_spill_last(
				counter->workers[i], &spilling->errors[index]);
}

static pmill_status spill_tables(struct pmill_counter *counter, pmill_error *error)
{
	struct spilling spilling = {.counter = counter,
		.statuses = calloc(counter->threads, sizeof(pmill_status)),
		.errors = calloc(counter->threads, sizeof(pmill_error))};
	pmill_status status = PMILL_NO_MEMORY;
	if (spilling.statuses == NULL || spilling.errors == NULL) {
		pmill_fail_memory(error);
		goto out;
	}
	status = PMILL_OK;
	pmill_threads_run(counter->threads, spill_workers, &spilling);
	for (unsigned i = 0; i < counter->threads && status == PMILL_OK; i++) {
		status = spilling.statuses[i];
		if (status != PMILL_OK && error != NULL)
			*error = spilling.errors[i];
	}
out:
	free(spilling.statuses);
	free(spilling.errors);
	return status;
}

static pmill_status spill_all(struct pmill_counter *counter, pmill_error *error)
{
	if (counter->words.count == 0 && !has_tables(counter))
		return PMILL_OK;
	counter->is_settled = false;
	pmill_status status = spill_tables(counter, error);
	if (status == PMILL_OK)
		status = pmill_runs_add_list(counter->spill.runs, &counter->words, error);
	if (status == PMILL_OK)
		pmill_word_list_release(&counter->words);
	return status;
}

/* All runs in one pass. */
static pmill_status merge_runs(struct pmill_counter *counter, pmill_word_fn *give, void *context,
	struct pmill_progress_state *progress, const char *stage, pmill_error *error)
{
	struct pmill_word_merge merge = {0};
	uint64_t bytes = pmill_runs_bytes(counter->spill.runs);
	pmill_progress_stage(progress, stage, "bytes", bytes);
	pmill_status status = pmill_runs_open(counter->spill.runs, &merge, error);
	if (status == PMILL_OK)
		status = pmill_word_merge_each(&merge, give, context, progress, 0, error);
	pmill_word_merge_release(&merge);
	if (status == PMILL_OK && !pmill_progress_end(progress, bytes))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	return status;
}

/* To runs that one pass can merge. */
static pmill_status settle(
	struct pmill_counter *counter, struct pmill_progress_state *progress, pmill_error *error)
{
	pmill_status status = spill_all(counter, error);
	return status == PMILL_OK ? pmill_runs_settle(counter->spill.runs, progress, error) : status;
}

/* Measures what the runs hold, and passes it on. */
struct measuring {
	struct pmill_counter *counter;
	pmill_word_fn *visit; /* may be NULL */
	void *context;
};

static pmill_status measure_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	const struct measuring *measuring = context;
	measuring->counter->run_words++;
	measuring->counter->run_bytes += word.len;
	return measuring->visit == NULL ? PMILL_OK
									: measuring->visit(measuring->context, word, count, error);
}

static pmill_status gather_runs(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_word_fn *visit, void *context, pmill_error *error)
{
	pmill_status status = settle(counter, progress, error);
	if (status != PMILL_OK || (counter->is_settled && visit == NULL))
		return status;
	struct measuring measuring = {counter, visit, context};
	counter->run_words = counter->run_bytes = 0;
	status = merge_runs(counter, measure_word, &measuring, progress, "measure runs", error);
	counter->is_settled = status == PMILL_OK;
	return status;
}

static pmill_status gather_list(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_word_fn *visit, void *context, pmill_error *error)
{
	const struct pmill_word_list *words = &counter->words;
	pmill_status status = list_tables(counter, progress, error);
	if (visit == NULL || counter->plan.limit == 0)
		return status;
	for (size_t i = 0; i < words->count && status == PMILL_OK; i++)
		status = visit(context, pmill_word_list_word(words, i), words->counts[i], error);
	return status;
}

static void drop_chunks(struct pmill_counter *counter)
{
	for (size_t i = 0; i < counter->worker_count; i++)
		pmill_chunk_release(&counter->workers[i]->chunks.chunk);
}

pmill_status pmill_counter_gather(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_word_fn *visit, void *context, pmill_error *error)
{
	counter->table_memory = table_memory(counter);
	drop_chunks(counter);
	return can_list(counter) ? gather_list(counter, progress, visit, context, error)
							 : gather_runs(counter, progress, visit, context, error);
}

uint64_t pmill_counter_reading_memory(const struct pmill_counter *counter)
{
	return counter->is_settled ? pmill_runs_count(counter->spill.runs) * PMILL_RUN_READER_MEMORY
							   : 0;
}

/* ---- Out ---- */

static pmill_status sum_totals(
	const struct pmill_counter *counter, pmill_totals *sum, pmill_error *error)
{
	*sum = counter->totals;
	for (size_t i = 0; i < counter->worker_count; i++) {
		pmill_totals totals = pmill_counter_worker_totals(counter->workers[i]);
		pmill_status status = pmill_counter_add_totals(sum, &totals, error);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

static pmill_status list_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	return pmill_word_list_append(context, word, count) ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status list_runs(struct pmill_counter *counter, struct pmill_progress_state *progress,
	struct pmill_word_list *words, pmill_error *error)
{
	if (counter->run_bytes > SIZE_MAX || counter->run_words > SIZE_MAX ||
		!pmill_word_list_reserve(
			words, (size_t)counter->run_words, (size_t)counter->run_bytes, counter->pool))
		return pmill_fail_memory(error);
	return merge_runs(counter, list_word, words, progress, "merge runs", error);
}

static pmill_status fill_counts(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_counts *counts, pmill_error *error)
{
	pmill_status status = pmill_counter_gather(counter, progress, NULL, NULL, error);
	if (status == PMILL_OK)
		status = sum_totals(counter, &counts->totals, error);
	if (status == PMILL_OK && counter->is_settled)
		status = list_runs(counter, progress, &counts->words, error);
	if (status == PMILL_OK && !counter->is_settled) {
		counts->words = counter->words;
		counter->words = (struct pmill_word_list){0};
	}
	counts->totals.words = counts->words.count;
	return status;
}

pmill_status pmill_counter_take(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_counts **counts, pmill_error *error)
{
	pmill_counts *taken = NULL;
	pmill_status status = pmill_counts_create(&counter->identity, &taken, error);
	if (status == PMILL_OK)
		status = fill_counts(counter, progress, taken, error);
	pmill_counter_clear(counter);
	if (status == PMILL_OK)
		*counts = taken;
	else
		pmill_counts_free(taken);
	return status;
}

static pmill_status write_list(struct pmill_counter *counter, struct pmill_count_target *target,
	struct pmill_progress_state *progress, pmill_error *error)
{
	const struct pmill_word_list *words = &counter->words;
	pmill_status status = PMILL_OK;
	pmill_progress_stage(progress, "write", "words", words->count);
	for (size_t i = 0; i < words->count && status == PMILL_OK; i++) {
		status = pmill_count_target_add(
			target, pmill_word_list_word(words, i), words->counts[i], error);
		if (status == PMILL_OK && i % 4096 == 0 && !pmill_progress_step(progress, i))
			status = PMILL_CANCELLED;
	}
	if (status == PMILL_OK && !pmill_progress_end(progress, words->count))
		status = PMILL_CANCELLED;
	return status == PMILL_CANCELLED ? pmill_fail(error, status, PMILL_NO_OFFSET, "cancelled")
									 : status;
}

static pmill_status write_all(struct pmill_counter *counter, const char *path, unsigned flags,
	struct pmill_progress_state *progress, pmill_totals *totals, pmill_error *error)
{
	struct pmill_count_target target;
	bool is_listed = can_list(counter);
	pmill_status status = is_listed ? list_tables(counter, progress, error)
									: settle(counter, progress, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_count_target_open(&target, path, flags, &counter->file_identity, error);
	if (status == PMILL_OK)
		status = is_listed
			? write_list(counter, &target, progress, error)
			: merge_runs(counter, pmill_count_target_add, &target, progress, "write", error);
	if (status == PMILL_OK)
		status = pmill_count_target_commit(&target, totals, error);
	pmill_count_target_release(&target);
	return status;
}

pmill_status pmill_counter_save(struct pmill_counter *counter, const char *path, unsigned flags,
	struct pmill_progress_state *progress, pmill_counts **head, pmill_error *error)
{
	pmill_counts *saved = NULL;
	counter->table_memory = table_memory(counter);
	drop_chunks(counter);
	pmill_status status = pmill_counts_create(&counter->file_identity, &saved, error);
	if (status == PMILL_OK)
		status = sum_totals(counter, &saved->totals, error);
	if (status == PMILL_OK)
		status = write_all(counter, path, flags, progress, &saved->totals, error);
	pmill_counter_clear(counter);
	if (status == PMILL_OK && head != NULL)
		*head = saved;
	else
		pmill_counts_free(saved);
	return status;
}
