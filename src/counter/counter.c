/* Text, files and counts → one sorted word list, on threads. */
/* SPDX-License-Identifier: MIT */
#include "counter/counter.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/thread.h"
#include "corpus/chunk_source.h"
#include "corpus/documents.h"
#include "counter/counter_state.h"
#include "pretokenize/pattern.h"

static pmill_bytes copy_bytes(struct pmill_arena *arena, const void *data, size_t len, bool *done)
{
	char *copy = pmill_arena_copy(arena, data, len);
	if (copy == NULL)
		*done = false;
	return (pmill_bytes){copy, len};
}

static size_t find_token(const pmill_bytes *tokens, size_t count, pmill_bytes token)
{
	for (size_t i = 0; i < count; i++)
		if (tokens[i].len == token.len && memcmp(tokens[i].data, token.data, token.len) == 0)
			return i;
	return SIZE_MAX;
}

/* The caller's special tokens, then the document separator where it is not one of them, then reserved. */
static pmill_status set_specials(struct pmill_counter *counter, const pmill_text_options *text,
	uint32_t reserved, pmill_error *error)
{
	size_t limit = text->special_token_count + 1 + (size_t)reserved;
	pmill_bytes *tokens = pmill_arena_allocate(&counter->names, limit * sizeof *tokens, 8);
	if (tokens == NULL)
		return pmill_fail_memory(error);
	size_t count = 0;
	bool done = true;
	for (; count < text->special_token_count; count++)
		tokens[count] = copy_bytes(&counter->names, text->special_tokens[count].data,
			text->special_tokens[count].len, &done);
	counter->separator_index = SIZE_MAX;
	pmill_bytes separator = text->doc_separator;
	if (done && separator.len > 0) {
		counter->separator_index = find_token(tokens, count, separator);
		if (counter->separator_index == SIZE_MAX) {
			counter->separator_index = count;
			tokens[count++] = copy_bytes(&counter->names, separator.data, separator.len, &done);
		}
	}
	counter->own_special_count = count;
	for (uint32_t i = 0; i < reserved && done; i++) {
		char name[40];
		int len = snprintf(name, sizeof name, "<|reserved_%u|>", i);
		tokens[count++] = copy_bytes(&counter->names, name, (size_t)len, &done);
	}
	counter->identity.special_tokens = tokens;
	counter->identity.special_token_count = count;
	return done ? pmill_special_finder_create(tokens, count, &counter->specials, error)
				: pmill_fail_memory(error);
}

static void set_file_identity(struct pmill_counter *counter)
{
	const struct pmill_pattern *known = pmill_pattern_find(counter->identity.pattern);
	counter->file_identity = counter->identity;
	counter->file_identity.special_token_count = counter->own_special_count;
	if (known != NULL)
		counter->file_identity.pattern = known->name;
}

/* A folder that can't be written to should say so before hours of counting. */
static pmill_status set_limit(
	struct pmill_counter *counter, const pmill_text_options *text, pmill_error *error)
{
	pmill_status status = pmill_memory_plan_make(text, counter->threads, &counter->plan, error);
	if (status != PMILL_OK || counter->plan.limit == 0)
		return status;
	int descriptor;
	const char *folder = text->tmp_dir != NULL ? text->tmp_dir : "/tmp";
	status = pmill_file_open_temporary(folder, &descriptor, error);
	if (status != PMILL_OK)
		return status;
	close(descriptor);
	counter->spill.table_memory = counter->plan.tables;
	return pmill_runs_create(
		folder, &counter->file_identity, counter->plan.reading, &counter->spill.runs, error);
}

static pmill_status init(struct pmill_counter *counter, const pmill_text_options *text,
	uint32_t reserved, pmill_error *error)
{
	pmill_status status = pmill_pretokenizer_create(
		text->pattern, text->unicode_version, text->scanner, &counter->pretokenizer, error);
	if (status != PMILL_OK)
		return status;
	counter->identity.pattern = pmill_pretokenizer_pattern(counter->pretokenizer);
	counter->identity.unicode_version = pmill_pretokenizer_unicode(counter->pretokenizer)->version;
	counter->threads = pmill_thread_count(text->threads);
	counter->seed = pmill_hash_random_seed();
	atomic_init(&counter->spill.worker_count, counter->threads);
	if (text->memory_limit == 0)
		counter->pool = pmill_page_pool_create();
	status = set_specials(counter, text, reserved, error);
	set_file_identity(counter);
	return status == PMILL_OK ? set_limit(counter, text, error) : status;
}

pmill_status pmill_counter_create(const pmill_text_options *text, uint32_t reserved,
	struct pmill_counter **counter, pmill_error *error)
{
	pmill_text_options options;
	pmill_options_copy(&options, sizeof options, text);
	struct pmill_counter *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	pthread_mutex_init(&created->lock, NULL);
	pmill_status status = init(created, &options, reserved, error);
	if (status == PMILL_OK)
		*counter = created;
	else
		pmill_counter_free(created);
	return status;
}

void pmill_counter_free(struct pmill_counter *counter)
{
	if (counter == NULL)
		return;
	pmill_counter_clear(counter);
	pmill_page_pool_drain(counter->pool);
	pmill_page_pool_release(counter->pool);
	pmill_runs_free(counter->spill.runs);
	free(counter->workers);
	free(counter->inputs);
	pmill_special_finder_free(counter->specials);
	pmill_pretokenizer_free(counter->pretokenizer);
	pmill_arena_release(&counter->names);
	pthread_mutex_destroy(&counter->lock);
	free(counter);
}

const struct pmill_counts_identity *pmill_counter_identity(const struct pmill_counter *counter)
{
	return &counter->identity;
}

struct pmill_page_pool *pmill_counter_pool(const struct pmill_counter *counter)
{
	return counter->pool;
}

const pmill_input *pmill_counter_inputs(const struct pmill_counter *counter, size_t *count)
{
	*count = counter->input_count;
	return counter->inputs;
}

static pmill_status create_worker(
	struct pmill_counter *counter, struct pmill_counter_worker **worker, pmill_error *error)
{
	void *workers = counter->workers;
	if (!pmill_array_reserve(&workers, &counter->worker_capacity, counter->worker_count + 1,
			sizeof *counter->workers))
		return pmill_fail_memory(error);
	counter->workers = workers;
	struct pmill_counter_worker_settings settings = {.pretokenizer = counter->pretokenizer,
		.specials = counter->specials,
		.separator_index = counter->separator_index,
		.seed = counter->seed,
		.spill = &counter->spill,
		.pool = counter->pool};
	pmill_status status = pmill_counter_worker_create(&settings, worker, error);
	if (status != PMILL_OK)
		return status;
	counter->workers[counter->worker_count++] = *worker;
	if (counter->worker_count > counter->threads)
		atomic_store_explicit(
			&counter->spill.worker_count, (unsigned)counter->worker_count, memory_order_relaxed);
	return PMILL_OK;
}

/* A worker that no other thread uses, new or used before. */
static pmill_status take_worker(
	struct pmill_counter *counter, struct pmill_counter_worker **worker, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	pthread_mutex_lock(&counter->lock);
	*worker = counter->free_workers;
	if (*worker != NULL)
		counter->free_workers = (*worker)->next_free;
	else
		status = create_worker(counter, worker, error);
	pthread_mutex_unlock(&counter->lock);
	return status;
}

static void give_back_worker(struct pmill_counter *counter, struct pmill_counter_worker *worker)
{
	pthread_mutex_lock(&counter->lock);
	worker->next_free = counter->free_workers;
	counter->free_workers = worker;
	pthread_mutex_unlock(&counter->lock);
}

pmill_status pmill_counter_add_text(
	struct pmill_counter *counter, const void *text, size_t len, pmill_error *error)
{
	struct pmill_counter_worker *worker;
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
		status = pmill_counter_worker_count(worker, &chunk, error);
	give_back_worker(counter, worker);
	return status;
}

/* The list of words that were added as counts becomes a run. */
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

/* ---- Files ---- */

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
		bool done = true;
		pmill_input input = {.bytes = inputs[i].bytes};
		input.name =
			copy_bytes(&counter->names, inputs[i].name, strlen(inputs[i].name), &done).data;
		if (inputs[i].sha256 != NULL)
			input.sha256 =
				copy_bytes(&counter->names, inputs[i].sha256, strlen(inputs[i].sha256), &done).data;
		if (!done)
			return pmill_fail_memory(error);
		counter->inputs[counter->input_count++] = input;
	}
	return PMILL_OK;
}

static pmill_status count_source(struct pmill_counter *counter, struct pmill_chunk_source *source,
	const pmill_input_options *input, struct pmill_progress_state *progress, pmill_error *error)
{
	struct pmill_counter_worker **workers = calloc(
		counter->threads, sizeof(struct pmill_counter_worker *));
	struct pmill_chunk_worker **chunks = calloc(
		counter->threads, sizeof(struct pmill_chunk_worker *));
	unsigned count = 0;
	pmill_status status = workers != NULL && chunks != NULL ? PMILL_OK : pmill_fail_memory(error);
	while (count < counter->threads && status == PMILL_OK) {
		status = take_worker(counter, &workers[count], error);
		if (status != PMILL_OK)
			break;
		pmill_counter_worker_set_input(workers[count], input);
		chunks[count] = &workers[count]->chunks;
		count++;
	}
	if (status == PMILL_OK)
		status = pmill_chunk_workers_run(chunks, count, source, progress, error);
	for (unsigned i = 0; i < count; i++)
		give_back_worker(counter, workers[i]);
	free(workers);
	free(chunks);
	return status == PMILL_OK ? keep_inputs(counter, source, error) : status;
}

pmill_status pmill_counter_add_files(struct pmill_counter *counter, const char *const *paths,
	size_t path_count, const pmill_input_options *input, struct pmill_progress_state *progress,
	pmill_error *error)
{
	pmill_input_options options;
	pmill_options_copy(&options, sizeof options, input);
	struct pmill_inputs inputs = {0};
	struct pmill_chunk_source *source = NULL;
	struct pmill_chunk_settings settings = {.pretokenizer = counter->pretokenizer,
		.specials = counter->specials,
		.chunk_size = counter->plan.chunk_size,
		.sha256 = options.sha256};
	pmill_status status = pmill_inputs_add(&inputs, paths, path_count, &options, error);
	if (status == PMILL_OK)
		status = pmill_chunk_source_open(&inputs, &settings, &source, error);
	if (status == PMILL_OK && counter->plan.limit > 0)
		status = spill_words(counter, error); /* the plan leaves no room beside the tables */
	if (status == PMILL_OK) {
		pmill_progress_stage(progress, "count", "bytes", inputs.bytes);
		status = count_source(counter, source, &options, progress, error);
	}
	if (status == PMILL_OK)
		pmill_progress_end(progress, pmill_chunk_source_stored_bytes(source));
	pmill_chunk_source_close(source);
	pmill_inputs_release(&inputs);
	return status;
}

/* ---- Counts ---- */

/* Reserved tokens may come after counting: they are names for later, not part of most texts. */
static pmill_status check_identity(
	struct pmill_counter *counter, const pmill_counts *counts, pmill_error *error)
{
	struct pmill_counts_identity identity = counter->identity;
	if (counts->identity.special_token_count == counter->own_special_count)
		identity.special_token_count = counter->own_special_count;
	return pmill_counts_identity_compare(
		&identity, "this training", &counts->identity, "the counts", error);
}

static uint64_t list_memory(const struct pmill_word_list *words)
{
	return pmill_word_list_memory(words->count, pmill_word_list_bytes(words));
}

/*
 * Within half of the limit words stay in a list: so what comes next, and then the sum, have room beside it.
 * `movable`: the same words, which may be taken as they are; NULL: they are the caller's.
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
	pmill_status status = check_identity(counter, counts, error);
	if (status != PMILL_OK)
		return status;
	pthread_mutex_lock(&counter->lock);
	pmill_totals totals = counter->totals;
	status = pmill_counter_add_totals(&totals, &counts->totals, error);
	if (status == PMILL_OK)
		status = keep_words(counter, &counts->words, movable, error);
	if (status == PMILL_OK)
		counter->totals = totals;
	pthread_mutex_unlock(&counter->lock);
	return status;
}

pmill_status pmill_counter_add_counts(
	struct pmill_counter *counter, const pmill_counts *counts, pmill_error *error)
{
	return add_counts(counter, counts, NULL, error);
}

pmill_status pmill_counter_move_counts(
	struct pmill_counter *counter, pmill_counts *counts, pmill_error *error)
{
	pmill_status status = add_counts(counter, counts, &counts->words, error);
	if (status == PMILL_OK)
		pmill_word_list_release(&counts->words);
	return status;
}
