/* Verifying that two models give the same ids. */
/* SPDX-License-Identifier: MIT */
/*
 * Threads take chunks of whole documents, as counting does; each encodes a document with both
 * models and compares. The first that differs stops the others, but chunks before its own are still
 * compared to the end. So the difference that is found, and the figures up to it, don't depend on
 * the number of threads. Only then is that document encoded again, with offsets, and described.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "corpus/chunk_workers.h"
#include "corpus/documents.h"
#include "encode/encode_document.h"
#include "verify/id_difference.h"
#include "verify/tally.h"

enum { MODELS = 2 };

/* What one thread has of a model. */
struct side {
	pmill_encoder *encoder;
	pmill_ids *ids;
};

struct comparison;

/* One thread's part. */
struct worker {
	struct pmill_chunk_worker chunks;
	struct pmill_segment_walk walk;
	struct comparison *all;
	struct side sides[MODELS];
	struct pmill_tally done; /* of the current chunk: documents that are equal */
	/* Where the ids differ: the document is still in the chunk, or in the walk. */
	bool is_different;
	struct pmill_segment segment;
	size_t index;
};

struct model {
	const struct pmill_tokenizer *tokenizer;
	const pmill_policy *policy;
	const char *name;
};

/* All of it; zero-initialised. */
struct comparison {
	pmill_input_options input;
	pmill_verify_options options;
	pmill_run_options running;
	struct model models[MODELS];
	struct pmill_inputs inputs;
	struct pmill_special_finder *separator; /* NULL: none */
	struct pmill_chunk_source *source;
	struct pmill_progress_state progress;
	struct pmill_tally_sum tally;
	struct worker *workers;
	struct pmill_chunk_worker **chunk_workers;
	unsigned worker_count;
};

/* ---- One document ---- */

/* Called every few thousand ids: a document may be as large as memory. */
static pmill_status stop_if_asked(void *context, pmill_ids *ids, pmill_error *error)
{
	struct pmill_match_watch *watch = context;
	(void)ids;
	return watch != NULL && atomic_load_explicit(&watch->is_stopped, memory_order_relaxed)
		? pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled")
		: PMILL_OK;
}

static pmill_status encode(struct worker *worker, int which, const struct pmill_segment *segment,
	struct pmill_match_watch *watch, pmill_error *cause)
{
	struct side *side = &worker->sides[which];
	const pmill_span span = {{segment->text, segment->len}, worker->all->models[which].policy};
	const struct pmill_id_sink sink = {.ids = side->ids, .take = stop_if_asked, .context = watch};
	uint64_t end;
	pmill_ids_clear(side->ids);
	pmill_encoder_set_watch(side->encoder, watch);
	return pmill_encoder_add_document(side->encoder, &span, 1, &sink, &end, cause);
}

/* Says where in the input, and with which model. */
static pmill_status fail_in_document(const struct worker *worker, int which,
	const struct pmill_segment *segment, const pmill_error *cause, pmill_error *error)
{
	pmill_error located = {.message = ""};
	const pmill_status status = pmill_segment_walk_fail(&worker->walk, segment, cause, &located);
	return pmill_fail(error, status, located.offset, "%.300s: %.690s",
		worker->all->models[which].name, located.message);
}

static bool are_same(const struct worker *worker, uint64_t *count)
{
	pmill_ids_view a = {.size = sizeof a}, b = {.size = sizeof b};
	pmill_ids_get(worker->sides[0].ids, &a);
	pmill_ids_get(worker->sides[1].ids, &b);
	*count = a.count;
	return a.count == b.count &&
		(a.count == 0 || memcmp(a.data, b.data, a.count * sizeof(uint32_t)) == 0);
}

static pmill_status compare_document(
	struct worker *worker, const struct pmill_segment *segment, pmill_error *error)
{
	for (int which = 0; which < MODELS; which++) {
		pmill_error cause = {.message = ""};
		cause.status = encode(worker, which, segment, worker->chunks.chunk.watch, &cause);
		if (cause.status != PMILL_OK)
			return fail_in_document(worker, which, segment, &cause, error);
	}
	uint64_t count;
	if (are_same(worker, &count)) {
		worker->done.ids += count;
		return PMILL_OK;
	}
	worker->is_different = true;
	worker->segment = *segment;
	worker->index = pmill_id_difference_find(worker->sides[0].ids, worker->sides[1].ids);
	worker->done.ids += worker->index;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "the ids differ");
}

/* ---- Chunks ---- */

static struct pmill_tally walked(const struct worker *worker)
{
	return (struct pmill_tally){.documents = worker->walk.documents,
		.bytes = worker->walk.text_bytes,
		.bad_lines = worker->walk.bad_lines};
}

/* What was walked since `before`; the ids are already there. */
static void note_done(struct worker *worker, const struct pmill_tally *before)
{
	const struct pmill_tally now = walked(worker);
	worker->done.documents = now.documents - before->documents;
	worker->done.bytes = now.bytes - before->bytes;
	worker->done.bad_lines = now.bad_lines - before->bad_lines;
}

static pmill_status compare_chunk(
	void *context, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct worker *worker = context;
	const struct pmill_tally before = walked(worker);
	bool is_there = true;
	pmill_status status = PMILL_OK;
	worker->done = (struct pmill_tally){0};
	pmill_segment_walk_start(&worker->walk, chunk);
	while (status == PMILL_OK && is_there) {
		struct pmill_segment segment;
		note_done(worker, &before);
		status = pmill_segment_walk_next(&worker->walk, &segment, &is_there, error);
		if (status == PMILL_OK && is_there)
			status = compare_document(worker, &segment, error);
	}
	if (status != PMILL_OK)
		return status;
	note_done(worker, &before); /* bad lines at the end, too */
	return pmill_tally_sum_add(&worker->all->tally, chunk->sequence, &worker->done)
		? PMILL_OK
		: pmill_fail_memory(error);
}

/* The worker whose failure is the first in the input; NULL: none has failed. */
static struct worker *first_to_fail(const struct comparison *comparison)
{
	struct worker *first = NULL;
	for (unsigned i = 0; i < comparison->worker_count; i++) {
		struct worker *worker = &comparison->workers[i];
		if (worker->chunks.status != PMILL_OK &&
			(first == NULL || worker->chunks.sequence < first->chunks.sequence))
			first = worker;
	}
	return first;
}

/* Sets *different to the worker that found the first difference, or to NULL. */
static pmill_status compare_source(
	struct comparison *comparison, struct worker **different, pmill_error *error)
{
	struct pmill_progress_state *progress = &comparison->progress;
	pmill_progress_stage(progress, "verify", "bytes", comparison->inputs.bytes);
	pmill_status status = pmill_chunk_workers_run(
		comparison->chunk_workers, comparison->worker_count, comparison->source, progress, error);
	struct worker *first = first_to_fail(comparison);
	*different = first != NULL && first->is_different ? first : NULL;
	if (*different == NULL && status != PMILL_OK)
		return status;
	if (!pmill_progress_end(progress, pmill_chunk_source_stored_bytes(comparison->source)))
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	return PMILL_OK;
}

/* ---- What differs ---- */

/* Encodes the document again, with offsets. */
static pmill_status encode_side(struct worker *worker, int which, pmill_error *error)
{
	struct side *side = &worker->sides[which];
	const pmill_ids_options options = {.size = sizeof options, .id_bytes = 4, .offsets = "byte"};
	pmill_ids_free(side->ids);
	side->ids = NULL;
	const pmill_status status = pmill_ids_create(NULL, &options, &side->ids, error);
	return status == PMILL_OK ? encode(worker, which, &worker->segment, NULL, error) : status;
}

/* "corpus.jsonl: document 12 (line 14): ". */
static bool describe_place(
	const struct worker *worker, const struct pmill_tally *before, struct pmill_buffer *out)
{
	const struct pmill_chunk *chunk = &worker->chunks.chunk;
	if (!pmill_buffer_append_format(
			out, "%s: document %" PRIu64, chunk->name, before->documents + 1))
		return false;
	if (chunk->format->kind == PMILL_CORPUS_JSONL)
		return pmill_buffer_append_format(out, " (line %" PRIu64 "): ", worker->walk.line - 1);
	return pmill_buffer_append_format(out,
		" (at byte %" PRIu64 "): ", chunk->offset + (uint64_t)(worker->segment.text - chunk->data));
}

static pmill_status describe(struct worker *worker, const struct pmill_tally *before,
	struct pmill_buffer *out, pmill_error *error)
{
	struct pmill_encoded_side sides[MODELS];
	for (int which = 0; which < MODELS; which++) {
		const pmill_status status = encode_side(worker, which, error);
		if (status != PMILL_OK)
			return status;
		const struct model *model = &worker->all->models[which];
		sides[which] = (struct pmill_encoded_side){
			model->tokenizer, model->name, worker->sides[which].ids};
	}
	return describe_place(worker, before, out) &&
			pmill_id_difference_describe(sides, worker->index, out) && pmill_buffer_terminate(out)
		? PMILL_OK
		: pmill_fail_memory(error);
}

/* ---- The result ---- */

/* Only of agreement: otherwise it would depend on how far the threads got. */
static pmill_status pack_bad_files(
	struct comparison *comparison, pmill_verification *full, pmill_error *error)
{
	struct pmill_bad_line_log *log = &comparison->workers[0].walk.bad;
	for (unsigned i = 1; i < comparison->worker_count; i++)
		if (!pmill_bad_line_log_move(log, &comparison->workers[i].walk.bad))
			return pmill_fail_memory(error);
	if (log->count == 0)
		return PMILL_OK;
	pmill_bad_line_log_settle(log);
	full->bad_file_count = log->count;
	full->bad_files = pmill_bad_line_log_pack(log);
	return full->bad_files != NULL ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status hand_over(struct comparison *comparison, struct worker *different,
	pmill_verification *verification, pmill_error *error)
{
	struct pmill_tally sum = comparison->tally.sum;
	struct pmill_buffer difference = {0};
	pmill_verification full = {.is_equal = different == NULL,
		.skipped_inputs = comparison->inputs.notes.skipped,
		.repeated_inputs = comparison->inputs.notes.repeated,
		.hidden_inputs = comparison->inputs.notes.hidden};
	if (different != NULL)
		pmill_tally_add(&sum, &different->done);
	pmill_status status = different != NULL ? describe(different, &sum, &difference, error)
											: pack_bad_files(comparison, &full, error);
	full.documents = sum.documents;
	full.bytes = sum.bytes;
	full.compared = sum.ids;
	full.bad_lines = sum.bad_lines;
	full.difference = (char *)difference.data;
	if (status == PMILL_OK)
		status = pmill_sized_struct_write(
			verification, &full, sizeof full, "pmill_verification", error);
	if (status != PMILL_OK)
		pmill_buffer_release(&difference);
	return status;
}

/* ---- Setting up ---- */

static pmill_status create_first_encoder(
	struct comparison *comparison, int which, pmill_error *error)
{
	const pmill_run_options run = {.size = sizeof run, .scanner = comparison->running.scanner};
	const struct model *model = &comparison->models[which];
	pmill_error cause = {.message = ""};
	const pmill_status status = pmill_encoder_create(
		model->tokenizer, &run, &comparison->workers[0].sides[which].encoder, &cause);
	return status == PMILL_OK
		? PMILL_OK
		: pmill_fail(error, status, cause.offset, "%.300s: %.690s", model->name, cause.message);
}

static pmill_status create_side(
	struct comparison *comparison, struct worker *worker, int which, pmill_error *error)
{
	const pmill_ids_options options = {.size = sizeof options, .id_bytes = 4};
	struct side *side = &worker->sides[which];
	pmill_status status = PMILL_OK;
	if (worker == comparison->workers)
		status = create_first_encoder(comparison, which, error);
	else
		status = pmill_encoder_clone(
			comparison->workers[0].sides[which].encoder, &side->encoder, error);
	return status == PMILL_OK ? pmill_ids_create(NULL, &options, &side->ids, error) : status;
}

static pmill_status create_workers(struct comparison *comparison, pmill_error *error)
{
	const unsigned threads = pmill_thread_count(comparison->running.threads);
	comparison->workers = calloc(threads, sizeof *comparison->workers);
	comparison->chunk_workers = calloc(threads, sizeof(struct pmill_chunk_worker *));
	if (comparison->workers == NULL || comparison->chunk_workers == NULL)
		return pmill_fail_memory(error);
	for (unsigned i = 0; i < threads; i++) {
		struct worker *worker = &comparison->workers[i];
		comparison->worker_count = i + 1;
		comparison->chunk_workers[i] = &worker->chunks;
		worker->all = comparison;
		worker->chunks.work = compare_chunk;
		worker->chunks.context = worker;
		worker->walk.specials = comparison->separator;
		worker->walk.separator_index = comparison->separator == NULL ? SIZE_MAX : 0;
		worker->walk.field = comparison->input.field;
		worker->walk.skip_bad_lines = comparison->input.skip_bad_lines;
		for (int which = 0; which < MODELS; which++) {
			const pmill_status status = create_side(comparison, worker, which, error);
			if (status != PMILL_OK)
				return status;
		}
	}
	return PMILL_OK;
}

static void name_models(struct comparison *comparison)
{
	const pmill_verify_options *options = &comparison->options;
	comparison->models[0].policy = options->policy;
	comparison->models[0].name = options->name != NULL ? options->name : "the model";
	comparison->models[1].policy = options->other_policy;
	comparison->models[1].name = options->other_name != NULL ? options->other_name : "the other";
}

static pmill_status open_source(
	struct comparison *comparison, const char *const *paths, size_t path_count, pmill_error *error)
{
	const pmill_bytes separator = comparison->options.doc_separator;
	pmill_status status = pmill_inputs_add(
		&comparison->inputs, paths, path_count, &comparison->input, error);
	if (status == PMILL_OK && separator.len > 0)
		status = pmill_special_finder_create(&separator, 1, &comparison->separator, error);
	if (status != PMILL_OK)
		return status;
	const struct pmill_chunk_settings settings = {
		.specials = comparison->separator, .chunk_size = comparison->running.chunk_size};
	return pmill_chunk_source_open(&comparison->inputs, &settings, &comparison->source, error);
}

static void release(struct comparison *comparison)
{
	for (unsigned i = 0; i < comparison->worker_count; i++) {
		struct worker *worker = &comparison->workers[i];
		for (int which = 0; which < MODELS; which++) {
			pmill_encoder_free(worker->sides[which].encoder);
			pmill_ids_free(worker->sides[which].ids);
		}
		pmill_segment_walk_release(&worker->walk);
		pmill_chunk_release(&worker->chunks.chunk);
	}
	free(comparison->workers);
	free(comparison->chunk_workers);
	pmill_chunk_source_close(comparison->source);
	pmill_special_finder_free(comparison->separator);
	pmill_inputs_release(&comparison->inputs);
	pmill_tally_sum_release(&comparison->tally);
}

static pmill_status verify(struct comparison *comparison, const char *const *paths,
	size_t path_count, pmill_verification *verification, pmill_error *error)
{
	struct worker *different = NULL;
	comparison->progress = (struct pmill_progress_state){
		.callback = comparison->running.progress, .context = comparison->running.progress_context};
	name_models(comparison);
	pmill_status status = open_source(comparison, paths, path_count, error);
	if (status == PMILL_OK)
		status = create_workers(comparison, error);
	if (status == PMILL_OK)
		status = compare_source(comparison, &different, error);
	return status == PMILL_OK ? hand_over(comparison, different, verification, error) : status;
}

pmill_status pmill_verify_models(const pmill_tokenizer *tokenizer, const pmill_tokenizer *other,
	const char *const *paths, size_t path_count, const pmill_input_options *input,
	const pmill_verify_options *options, const pmill_run_options *run,
	pmill_verification *verification, pmill_error *error)
{
	struct comparison comparison = {.models = {{.tokenizer = tokenizer}, {.tokenizer = other}}};
	pmill_tally_sum_init(&comparison.tally);
	pmill_status status = pmill_sized_struct_read(
		&comparison.input, sizeof comparison.input, input, "pmill_input_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&comparison.options, sizeof comparison.options, options, "pmill_verify_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&comparison.running, sizeof comparison.running, run, "pmill_run_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_check(
			verification, sizeof *verification, "pmill_verification", error);
	if (status == PMILL_OK)
		status = verify(&comparison, paths, path_count, verification, error);
	release(&comparison);
	return status;
}
