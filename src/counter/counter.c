/* The counter: creates it, and adds text, files and counts. counter_take.c gets counts out. */
/* SPDX-License-Identifier: MIT */
#include "counter/counter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "files/file.h"
#include "base/hash.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "pretokenize/pattern.h"
#include "pretokenize/scanner_table.h"

/* ---- Creating ---- */

/* Finds the identity's special tokens and, after them, the reserved ones. */
static pmill_status create_finder(
	struct pmill_counter *counter, uint32_t reserve, pmill_error *error)
{
	const struct pmill_counts_identity *identity = &counter->identity;
	size_t count = identity->special_token_count;
	char name[40];
	if (count > SIZE_MAX / sizeof(pmill_bytes) - reserve - 1)
		return pmill_fail_memory(error);
	pmill_bytes *tokens = pmill_arena_allocate(
		&counter->strings, (count + reserve + 1) * sizeof *tokens, _Alignof(pmill_bytes));
	if (tokens == NULL)
		return pmill_fail_memory(error);
	if (count > 0)
		memcpy(tokens, identity->special_tokens, count * sizeof *tokens);
	for (uint32_t i = 0; i < reserve; i++) {
		size_t len = (size_t)snprintf(name, sizeof name, "<|reserved_%u|>", i);
		const char *copy = pmill_arena_copy(&counter->strings, name, len);
		if (copy == NULL)
			return pmill_fail_memory(error);
		tokens[count++] = (pmill_bytes){copy, len};
	}
	return pmill_special_finder_create(tokens, count, &counter->specials, error);
}

static size_t find_token(const struct pmill_counts_identity *identity, pmill_bytes token)
{
	for (size_t i = 0; token.len > 0 && i < identity->special_token_count; i++) {
		const pmill_bytes *special = &identity->special_tokens[i];
		if (special->len == token.len && memcmp(special->data, token.data, token.len) == 0)
			return i;
	}
	return SIZE_MAX;
}

static pmill_status set_text(
	struct pmill_counter *counter, const pmill_text_options *text, pmill_error *error)
{
	pmill_status status = pmill_pretokenizer_create(
		text->pattern, text->unicode_version, counter->run.scanner, &counter->pretokenizer, error);
	counter->key_maker = pmill_scanner_key_maker(counter->run.scanner);
	counter->run.scanner = NULL;
	if (status == PMILL_OK)
		status = pmill_counts_identity_resolve(
			text, NULL, &counter->strings, &counter->identity, error);
	if (status != PMILL_OK)
		return status;
	counter->separator_index = find_token(&counter->identity, text->doc_separator);
	return create_finder(counter, text->reserve, error);
}

/* Opens a temporary file first, so that a bad folder fails before hours of counting. */
static pmill_status set_limit(struct pmill_counter *counter, pmill_error *error)
{
	const char *folder = counter->run.tmp_dir != NULL ? counter->run.tmp_dir : "/tmp";
	counter->run.tmp_dir = NULL;
	pmill_status status = pmill_memory_plan_make(
		&counter->run, counter->threads, &counter->plan, error);
	if (status != PMILL_OK || counter->plan.limit == 0)
		return status;
	int descriptor;
	status = pmill_file_open_temporary(folder, &descriptor, error);
	if (status != PMILL_OK)
		return status;
	close(descriptor);
	counter->spill.table_memory = counter->plan.tables;
	return pmill_runs_create(
		folder, &counter->identity, counter->plan.reading, &counter->spill.runs, error);
}

static pmill_status init(struct pmill_counter *counter, const pmill_text_options *text,
	const pmill_run_options *run, pmill_error *error)
{
	pmill_text_options words;
	pmill_status status = pmill_sized_struct_read(
		&words, sizeof words, text, "pmill_text_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&counter->run, sizeof counter->run, run, "pmill_run_options", error);
	if (status != PMILL_OK)
		return status;
	counter->progress.callback = counter->run.progress;
	counter->progress.context = counter->run.progress_context;
	counter->threads = pmill_thread_count(counter->run.threads);
	counter->seed = pmill_hash_random_seed();
	atomic_init(&counter->spill.worker_count, counter->threads);
	if (counter->run.memory_limit == 0)
		counter->pool = pmill_page_pool_create();
	status = set_text(counter, &words, error);
	return status == PMILL_OK ? set_limit(counter, error) : status;
}

pmill_status pmill_counter_create(const pmill_text_options *text, const pmill_run_options *run,
	pmill_counter **counter, pmill_error *error)
{
	struct pmill_counter *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	pthread_mutex_init(&created->lock, NULL);
	pmill_status status = init(created, text, run, error);
	if (status == PMILL_OK)
		*counter = created;
	else
		pmill_counter_free(created);
	return status;
}

static void free_workers(struct pmill_counter *counter)
{
	for (size_t i = 0; i < counter->worker_count; i++)
		pmill_worker_free(counter->workers[i]);
	counter->worker_count = 0;
	counter->free_workers = NULL;
	atomic_store_explicit(&counter->spill.worker_count, counter->threads, memory_order_relaxed);
}

void pmill_counter_clear(struct pmill_counter *counter)
{
	free_workers(counter);
	if (counter->spill.runs != NULL)
		pmill_runs_clear(counter->spill.runs);
	counter->is_settled = false;
	counter->is_cleared = true;
	pmill_word_list_release(&counter->words);
	counter->totals = (pmill_totals){0};
}

/* With the first addition after clearing, the figures of what was there before go, too. */
static void start_over_if_cleared(struct pmill_counter *counter)
{
	if (!counter->is_cleared)
		return;
	counter->is_cleared = false;
	counter->input_count = 0;
	counter->bad_files.count = 0;
	counter->notes = (struct pmill_input_notes){0};
	counter->count_ns = 0;
	counter->table_memory = 0;
	if (counter->spill.runs != NULL)
		pmill_runs_written(
			counter->spill.runs, &counter->earlier_runs, &counter->earlier_run_bytes);
}

void pmill_counter_free(pmill_counter *counter)
{
	if (counter == NULL)
		return;
	pmill_counter_clear(counter);
	pmill_page_pool_drain(counter->pool);
	pmill_page_pool_release(counter->pool);
	pmill_runs_free(counter->spill.runs);
	free(counter->workers);
	free(counter->inputs);
	free(counter->bad_files.items);
	pmill_special_finder_free(counter->specials);
	pmill_pretokenizer_free(counter->pretokenizer);
	pmill_arena_release(&counter->strings);
	pthread_mutex_destroy(&counter->lock);
	free(counter);
}

/* ---- Totals ---- */

static pmill_status add_number(uint64_t *sum, uint64_t more, pmill_error *error)
{
	if (__builtin_add_overflow(*sum, more, sum))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "a total does not fit 64 bits");
	return PMILL_OK;
}

static pmill_status add_totals(pmill_totals *sum, const pmill_totals *more, pmill_error *error)
{
	pmill_status status = add_number(&sum->documents, more->documents, error);
	if (status == PMILL_OK)
		status = add_number(&sum->bytes, more->bytes, error);
	if (status == PMILL_OK)
		status = add_number(&sum->pretokens, more->pretokens, error);
	if (status == PMILL_OK)
		status = add_number(&sum->bad_lines, more->bad_lines, error);
	return status;
}

pmill_status pmill_counter_sum_totals(
	const struct pmill_counter *counter, pmill_totals *sum, pmill_error *error)
{
	*sum = counter->totals;
	for (size_t i = 0; i < counter->worker_count; i++) {
		pmill_totals totals = pmill_worker_totals(counter->workers[i]);
		pmill_status status = add_totals(sum, &totals, error);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

pmill_status pmill_counter_drop_workers(struct pmill_counter *counter, pmill_error *error)
{
	pmill_totals sum;
	pmill_status status = pmill_counter_sum_totals(counter, &sum, error);
	if (status != PMILL_OK)
		return status;
	counter->totals = sum;
	counter->table_memory = pmill_counter_table_memory(counter);
	free_workers(counter);
	return PMILL_OK;
}

uint64_t pmill_counter_table_memory(const struct pmill_counter *counter)
{
	uint64_t memory = 0;
	for (size_t i = 0; i < counter->worker_count; i++)
		memory += pmill_worker_table_peak(counter->workers[i]);
	return memory > counter->table_memory ? memory : counter->table_memory;
}

pmill_status pmill_counter_get_info(const pmill_counter *counter, pmill_counter_info *info)
{
	pmill_counter_info full = {.pattern = counter->identity.pattern,
		.unicode_version = counter->identity.unicode_version,
		.special_tokens = counter->identity.special_tokens,
		.special_token_count = counter->identity.special_token_count,
		.memory_limit = counter->plan.limit,
		.table_memory = pmill_counter_table_memory(counter),
		.inputs = counter->inputs,
		.input_count = counter->input_count,
		.bad_files = counter->bad_files.items,
		.bad_file_count = counter->bad_files.count,
		.skipped_inputs = counter->notes.skipped,
		.repeated_inputs = counter->notes.repeated,
		.hidden_inputs = counter->notes.hidden};
	if (counter->spill.runs != NULL)
		pmill_runs_written(counter->spill.runs, &full.spilled_runs, &full.spilled_bytes);
	full.spilled_runs -= counter->earlier_runs;
	full.spilled_bytes -= counter->earlier_run_bytes;
	return pmill_sized_struct_write(info, &full, sizeof full, "pmill_counter_info", NULL);
}

/* ---- Workers ---- */

static pmill_status create_worker(
	struct pmill_counter *counter, struct pmill_worker **worker, pmill_error *error)
{
	void *workers = counter->workers;
	if (!pmill_array_reserve(&workers, &counter->worker_capacity, counter->worker_count + 1,
			sizeof *counter->workers))
		return pmill_fail_memory(error);
	counter->workers = workers;
	struct pmill_worker_settings settings = {.pretokenizer = counter->pretokenizer,
		.specials = counter->specials,
		.separator_index = counter->separator_index,
		.seed = counter->seed,
		.key_maker = counter->key_maker,
		.spill = &counter->spill,
		.pool = counter->pool};
	pmill_status status = pmill_worker_create(&settings, worker, error);
	if (status != PMILL_OK)
		return status;
	counter->workers[counter->worker_count++] = *worker;
	if (counter->worker_count > counter->threads)
		atomic_store_explicit(
			&counter->spill.worker_count, (unsigned)counter->worker_count, memory_order_relaxed);
	return PMILL_OK;
}

/* Takes a free worker or creates one. */
static pmill_status take_worker(
	struct pmill_counter *counter, struct pmill_worker **worker, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	pthread_mutex_lock(&counter->lock);
	start_over_if_cleared(counter);
	*worker = counter->free_workers;
	if (*worker != NULL)
		counter->free_workers = (*worker)->next_free;
	else
		status = create_worker(counter, worker, error);
	pthread_mutex_unlock(&counter->lock);
	return status;
}

static void give_back_worker(struct pmill_counter *counter, struct pmill_worker *worker)
{
	pthread_mutex_lock(&counter->lock);
	worker->next_free = counter->free_workers;
	counter->free_workers = worker;
	pthread_mutex_unlock(&counter->lock);
}

/* ---- Text ---- */

pmill_status pmill_counter_add_text(
	pmill_counter *counter, const void *text, size_t len, pmill_error *error)
{
	struct pmill_worker *worker;
	pmill_status status = take_worker(counter, &worker, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_chunk chunk = {.data = text,
		.len = len,
		.is_segment_end = true,
		.is_file_end = true,
		.format = pmill_corpus_format_find("text"),
		.name = "text"};
	if (len > 0)
		status = pmill_worker_count(worker, &chunk, error);
	give_back_worker(counter, worker);
	return status;
}

/* ---- Files ---- */

static const char *copy_name(struct pmill_counter *counter, const char *name, bool *is_copied)
{
	const char *copy = pmill_arena_copy(&counter->strings, name, strlen(name));
	*is_copied &= copy != NULL;
	return copy;
}

static pmill_status keep_inputs(
	struct pmill_counter *counter, struct pmill_chunk_source *source, pmill_error *error)
{
	size_t count;
	const pmill_input *inputs = pmill_chunk_source_inputs(source, &count);
	void *kept = counter->inputs;
	if (!pmill_array_reserve(
			&kept, &counter->input_capacity, counter->input_count + count, sizeof *counter->inputs))
		return pmill_fail_memory(error);
	counter->inputs = kept;
	for (size_t i = 0; i < count; i++) {
		bool is_copied = true;
		pmill_input input = {
			.name = copy_name(counter, inputs[i].name, &is_copied), .bytes = inputs[i].bytes};
		if (inputs[i].sha256 != NULL)
			input.sha256 = copy_name(counter, inputs[i].sha256, &is_copied);
		if (!is_copied)
			return pmill_fail_memory(error);
		counter->inputs[counter->input_count++] = input;
	}
	return PMILL_OK;
}

static pmill_status count_source(struct pmill_counter *counter, struct pmill_chunk_source *source,
	const pmill_input_options *input, pmill_error *error)
{
	struct pmill_worker **workers = calloc(counter->threads, sizeof(struct pmill_worker *));
	struct pmill_chunk_worker **chunk_workers = calloc(
		counter->threads, sizeof(struct pmill_chunk_worker *));
	unsigned count = 0;
	pmill_status status = workers != NULL && chunk_workers != NULL ? PMILL_OK
																   : pmill_fail_memory(error);
	while (count < counter->threads && status == PMILL_OK) {
		status = take_worker(counter, &workers[count], error);
		if (status != PMILL_OK)
			break;
		pmill_worker_start_inputs(workers[count], input);
		chunk_workers[count] = &workers[count]->chunks;
		count++;
	}
	if (status == PMILL_OK)
		status = pmill_chunk_workers_run(chunk_workers, count, source, &counter->progress, error);
	if (status == PMILL_OK)
		status = keep_inputs(counter, source, error);
	if (status == PMILL_OK)
		status = pmill_workers_keep_bad_lines(
			workers, count, &counter->bad_files, &counter->strings, error);
	for (unsigned i = 0; i < count; i++)
		give_back_worker(counter, workers[i]);
	free(workers);
	free(chunk_workers);
	return status;
}

/* Turns the list of words added as counts into a run. */
static pmill_status spill_words(struct pmill_counter *counter, pmill_error *error)
{
	if (counter->words.count == 0)
		return PMILL_OK;
	counter->is_settled = false;
	pmill_status status = pmill_runs_add_list(counter->spill.runs, &counter->words, error);
	if (status == PMILL_OK)
		pmill_word_list_release(&counter->words);
	return status;
}

static pmill_status count_inputs(struct pmill_counter *counter, const struct pmill_inputs *inputs,
	const pmill_input_options *options, pmill_error *error)
{
	struct pmill_chunk_source *source = NULL;
	struct pmill_chunk_settings settings = {.pretokenizer = counter->pretokenizer,
		.specials = counter->specials,
		.chunk_size = counter->plan.chunk_size,
		.longest_text = counter->plan.longest_text,
		.zstd_window = counter->plan.zstd_window,
		.sha256 = options->sha256};
	pmill_status status = pmill_chunk_source_open(inputs, &settings, &source, error);
	if (status == PMILL_OK && counter->plan.limit > 0)
		status = spill_words(counter, error); /* the plan has no room for it */
	if (status == PMILL_OK) {
		counter->progress.is_cancelled = false;
		pmill_progress_stage(&counter->progress, "count", "bytes", inputs->bytes);
		status = count_source(counter, source, options, error);
	}
	if (status == PMILL_OK &&
		!pmill_progress_end(&counter->progress, pmill_chunk_source_stored_bytes(source)))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	pmill_chunk_source_close(source);
	return status;
}

pmill_status pmill_counter_add_files(pmill_counter *counter, const char *const *paths,
	size_t path_count, const pmill_input_options *input, pmill_error *error)
{
	pmill_input_options options;
	struct pmill_inputs inputs = {0};
	pmill_status status = pmill_sized_struct_read(
		&options, sizeof options, input, "pmill_input_options", error);
	if (status == PMILL_OK)
		status = pmill_inputs_add(&inputs, paths, path_count, &options, error);
	uint64_t began = pmill_clock_ns();
	if (status == PMILL_OK)
		status = count_inputs(counter, &inputs, &options, error);
	counter->notes.skipped += inputs.notes.skipped;
	counter->notes.repeated += inputs.notes.repeated;
	counter->notes.hidden += inputs.notes.hidden;
	counter->count_ns += pmill_clock_ns() - began;
	counter->count_peak_memory = pmill_peak_memory();
	pmill_inputs_release(&inputs);
	return status;
}

/* ---- Counts ---- */

static uint64_t list_memory(const struct pmill_word_list *words)
{
	return pmill_word_list_memory(words->count, pmill_word_list_bytes(words));
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

/*
 * Keeps words in a list up to half of the limit, which leaves room for the next words and then for
 * the sum. `movable`: the same words, which may be moved; NULL: the caller keeps them.
 */
static pmill_status keep_words(struct pmill_counter *counter, const struct pmill_word_list *more,
	struct pmill_word_list *movable, pmill_error *error)
{
	uint64_t sum = list_memory(&counter->words) + list_memory(more);
	bool fits = counter->plan.limit == 0 || sum <= counter->plan.limit / PMILL_ADDING_LISTS;
	if (fits && movable != NULL && counter->words.count == 0) {
		pmill_word_list_release(&counter->words);
		counter->words = *movable;
		*movable = (struct pmill_word_list){0};
		return PMILL_OK;
	}
	if (fits)
		return pmill_counter_add_words(&counter->words, more, error);
	pmill_status status = spill_words(counter, error);
	counter->is_settled = false;
	return status == PMILL_OK ? pmill_runs_add_list(counter->spill.runs, more, error) : status;
}

static pmill_status add_counts(struct pmill_counter *counter, const pmill_counts *counts,
	struct pmill_word_list *movable, pmill_error *error)
{
	pmill_status status = pmill_counts_identity_compare(
		&counter->identity, "this counter", &counts->head.identity, "the counts", error);
	if (status != PMILL_OK)
		return status;
	pthread_mutex_lock(&counter->lock);
	start_over_if_cleared(counter);
	pmill_totals totals = counter->totals;
	status = add_totals(&totals, &counts->head.totals, error);
	if (status == PMILL_OK)
		status = keep_words(counter, &counts->words, movable, error);
	if (status == PMILL_OK)
		counter->totals = totals;
	pthread_mutex_unlock(&counter->lock);
	return status;
}

pmill_status pmill_counter_add_counts(
	pmill_counter *counter, const pmill_counts *counts, pmill_error *error)
{
	return add_counts(counter, counts, NULL, error);
}

pmill_status pmill_counter_move_counts(
	pmill_counter *counter, pmill_counts **counts, pmill_error *error)
{
	pmill_status status = add_counts(counter, *counts, &(*counts)->words, error);
	if (status != PMILL_OK)
		return status;
	pmill_counts_free(*counts);
	*counts = NULL;
	return PMILL_OK;
}
