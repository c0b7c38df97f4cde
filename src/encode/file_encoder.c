/* Files of text → files of ids: chunks on threads, their ids written in order. */
/* SPDX-License-Identifier: MIT */
/*
 * Each thread encodes a chunk into a buffer of its own, waits until all chunks before it have been
 * written, and writes it. So the file is the same for any number of threads, and at most one chunk
 * of each is in memory; one whose ids grow large is written as it is encoded, once its turn has
 * come.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "base/watched_run.h"
#include "corpus/chunk_workers.h"
#include "corpus/documents.h"
#include "encode/document_writer.h"
#include "encode/encode_document.h"
#include "unicode/quote.h"

enum { MOST_IDS_KEPT = 1 << 20 }; /* of a chunk that is not done */

/* A part of a document in a chunk. */
struct part {
	size_t first; /* of its ids, in the worker's buffer */
	uint64_t bytes;
	bool is_cut, ends_document;
};

struct run;

/* What a thread works with. */
struct worker {
	struct pmill_chunk_worker chunks;
	struct run *run;
	struct pmill_encoder encoder;
	struct pmill_segment_walk walk;
	pmill_ids *ids;
	struct part *parts; /* the last one goes on until it ends a document, or is written */
	size_t part_count, part_capacity;
	bool is_in_part;
	uint64_t part_bytes; /* from where a document, or the chunk, began; not what was written last */
	bool has_turn;
};

/* The options are complete. */
struct run {
	const pmill_tokenizer *tokenizer;
	const pmill_policy *policy;
	pmill_input_options input;
	pmill_encode_file_options file;
	pmill_run_options running;
	pmill_output_options out;
	struct pmill_encode_plan *plan;
	/* What divides the text: the tokens that the policy doesn't ignore, and the separator. */
	struct pmill_special_finder *walked; /* NULL: nothing */
	uint32_t *walked_specials; /* their indexes among the tokenizer's; PMILL_NO_ADDED: separator */
	size_t separator_index;
	struct pmill_inputs inputs;
	struct pmill_chunk_source *source;
	struct worker *workers;
	struct pmill_chunk_worker **chunk_workers;
	unsigned worker_count;
	struct pmill_document_writer writer; /* of the worker that has the turn */
	pthread_mutex_t lock;
	pthread_cond_t has_changed;
	uint64_t turn; /* the chunk that is written next */
	bool has_failed;
	struct pmill_progress_state progress;
	struct pmill_match_watch watch; /* of a document that was given */
	struct pmill_outcome outcome;
};

/* ---- Out, in order ---- */

/* Returns false if it never comes, as something has failed. */
static bool wait_for_turn(struct worker *worker)
{
	struct run *run = worker->run;
	if (worker->has_turn)
		return true;
	pthread_mutex_lock(&run->lock);
	while (run->turn != worker->chunks.sequence && !run->has_failed)
		pthread_cond_wait(&run->has_changed, &run->lock);
	worker->has_turn = !run->has_failed;
	pthread_mutex_unlock(&run->lock);
	return worker->has_turn;
}

/* The chunk has been written, or something has failed. */
static void pass_turn(struct worker *worker, bool has_failed)
{
	struct run *run = worker->run;
	pthread_mutex_lock(&run->lock);
	run->turn += worker->has_turn;
	run->has_failed |= has_failed;
	pthread_cond_broadcast(&run->has_changed);
	pthread_mutex_unlock(&run->lock);
	worker->has_turn = false;
}

static void drop_parts(struct worker *worker)
{
	pmill_ids_clear(worker->ids);
	worker->part_count = 0;
	if (worker->is_in_part)
		worker->parts[worker->part_count++] = (struct part){.first = 0};
}

/* Writes what the worker has of the chunk. */
static pmill_status write_parts(struct worker *worker, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	pmill_ids_view view = {.size = sizeof view};
	if (!wait_for_turn(worker)) {
		drop_parts(worker);
		return PMILL_OK;
	}
	pmill_ids_get(worker->ids, &view);
	for (size_t i = 0; i < worker->part_count && status == PMILL_OK; i++) {
		const struct part *part = &worker->parts[i];
		const size_t end = i + 1 < worker->part_count ? part[1].first : (size_t)view.count;
		const struct pmill_document_part written = {
			.ids = view.data == NULL ? NULL : (const uint32_t *)view.data + part->first,
			.places = view.offsets == NULL ? NULL : view.offsets + 2 * part->first,
			.count = end - part->first,
			.bytes = part->bytes,
			.is_cut = part->is_cut,
			.ends_document = part->ends_document};
		status = pmill_document_writer_put(&worker->run->writer, &written, error);
	}
	drop_parts(worker);
	return status;
}

static pmill_status take_ids(void *context, struct pmill_ids *ids, pmill_error *error)
{
	return ids->count < MOST_IDS_KEPT ? PMILL_OK : write_parts(context, error);
}

/* ---- In ---- */

static void set_sink(struct worker *worker)
{
	const struct pmill_document_writer *writer = &worker->run->writer;
	struct pmill_id_sink sink = {.is_limited = writer->most_text < UINT64_MAX,
		.most = writer->most_text,
		.ids = worker->ids};
	/* A document that is written whole is kept whole. */
	if (writer->format->append != NULL) {
		sink.take = take_ids;
		sink.context = worker;
	}
	pmill_encoder_set_sink(&worker->encoder, &sink);
}

/* A part of a document begins, unless it has. */
static pmill_status begin_part(struct worker *worker, pmill_error *error)
{
	void *parts = worker->parts;
	if (worker->is_in_part)
		return PMILL_OK;
	if (!pmill_array_reserve(
			&parts, &worker->part_capacity, worker->part_count + 1, sizeof *worker->parts))
		return pmill_fail_memory(error);
	worker->parts = parts;
	worker->parts[worker->part_count++] = (struct part){.first = worker->ids->count};
	worker->is_in_part = true;
	worker->part_bytes = 0;
	set_sink(worker);
	return PMILL_OK;
}

/* At the end of a document, or of the chunk. */
static void end_part(struct worker *worker, bool ends_document)
{
	if (!worker->is_in_part)
		return;
	struct part *part = &worker->parts[worker->part_count - 1];
	part->is_cut = worker->encoder.sink.is_full;
	part->ends_document = ends_document;
	worker->is_in_part = false;
}

static void add_bytes(struct worker *worker, size_t len)
{
	worker->parts[worker->part_count - 1].bytes += len;
	worker->part_bytes += len;
}

static pmill_status encode_text(
	struct worker *worker, const struct pmill_segment *segment, pmill_error *cause)
{
	struct pmill_encoder *encoder = &worker->encoder;
	encoder->text_begin = worker->part_bytes;
	if (encoder->sink.is_full || segment->len == 0)
		return PMILL_OK;
	if (!encoder->plan->needs_documents)
		return pmill_encoder_add_segment(
			encoder, segment->text, segment->len, segment->lookahead, segment->is_final, cause);
	pmill_span_list_clear(&encoder->own_spans);
	if (!pmill_span_list_add(&encoder->own_spans, segment->len, worker->run->policy))
		return pmill_fail_memory(cause);
	encoder->spans = &encoder->own_spans;
	return pmill_encoder_add_text(encoder, segment->text, segment->len, false, NULL, cause);
}

static pmill_status put_special(
	struct worker *worker, const struct pmill_segment *segment, pmill_error *cause)
{
	const struct run *run = worker->run;
	const uint32_t index = run->walked_specials[segment->special];
	const uint64_t begin = worker->part_bytes + segment->len;
	if (index == PMILL_NO_ADDED)
		return PMILL_OK;
	const struct pmill_special *special = &run->tokenizer->specials[index];
	const uint64_t place[2] = {begin, begin + special->content.len};
	if (run->policy->treatments[index] != PMILL_FORBIDDEN)
		return pmill_encoder_add_ids(&worker->encoder, &special->id, 1, place, cause);
	struct pmill_quote quote;
	return pmill_fail(cause, PMILL_BAD_INPUT, begin, "the text contains the special token %s",
		pmill_quote(&quote, special->content.data, special->content.len));
}

static size_t special_len(const struct run *run, size_t special)
{
	return special == SIZE_MAX ? 0 : pmill_special_finder_token(run->walked, special).len;
}

static pmill_status encode_segment(
	struct worker *worker, const struct pmill_segment *segment, pmill_error *error)
{
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	pmill_status status = begin_part(worker, error);
	if (status != PMILL_OK)
		return status;
	status = encode_text(worker, segment, &cause);
	if (status == PMILL_OK && segment->special != SIZE_MAX)
		status = put_special(worker, segment, &cause);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(&worker->encoder, &cause);
	if (status == PMILL_IO)
		return pmill_fail(error, status, cause.offset, "%s", cause.message);
	if (status != PMILL_OK) {
		cause.status = status;
		if (cause.offset != PMILL_NO_OFFSET)
			cause.offset -= worker->part_bytes;
		return pmill_segment_walk_fail(&worker->walk, segment, &cause, error);
	}
	add_bytes(worker, segment->len + special_len(worker->run, segment->special));
	if (segment->ends_document)
		end_part(worker, true);
	return PMILL_OK;
}

static pmill_status encode_segments(
	struct worker *worker, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct pmill_segment segment;
	pmill_segment_walk_start(&worker->walk, chunk);
	pmill_encoder_set_watch(&worker->encoder, chunk->watch);
	for (;;) {
		bool is_there = false;
		pmill_status status = pmill_segment_walk_next(&worker->walk, &segment, &is_there, error);
		if (status != PMILL_OK || !is_there)
			return status;
		status = encode_segment(worker, &segment, error);
		if (status != PMILL_OK)
			return status;
	}
}

static pmill_status encode_chunk(void *context, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct worker *worker = context;
	pmill_status status = encode_segments(worker, chunk, error);
	end_part(worker, false);
	if (status == PMILL_OK)
		status = write_parts(worker, error);
	pass_turn(worker, status != PMILL_OK);
	return status;
}

/* The document that was given instead of files. */
static pmill_status encode_given(struct run *run, pmill_error *error)
{
	const pmill_bytes text = run->file.text;
	struct worker *worker = &run->workers[0];
	struct pmill_encoder *encoder = &worker->encoder;
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	pmill_status status = begin_part(worker, &cause);
	if (status == PMILL_OK && !pmill_span_list_add(&encoder->own_spans, text.len, run->policy))
		status = pmill_fail_memory(&cause);
	encoder->spans = &encoder->own_spans;
	encoder->text_begin = 0;
	pmill_encoder_set_watch(encoder, &run->watch);
	if (status == PMILL_OK && text.len > 0)
		status = pmill_encoder_add_text(encoder, text.data, text.len, false, NULL, &cause);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, &cause);
	if (status != PMILL_OK)
		return pmill_encode_fail_at(status, &cause, error);
	add_bytes(worker, text.len);
	worker->walk.text_bytes = text.len;
	worker->walk.documents = 1;
	end_part(worker, true);
	return write_parts(worker, error);
}

static void run_given(void *context)
{
	struct run *run = context;
	run->outcome.status = encode_given(run, &run->outcome.error);
}

static void stop_given(void *context)
{
	struct run *run = context;
	atomic_store(&run->watch.is_stopped, true);
}

static uint64_t given_bytes_done(void *context)
{
	struct run *run = context;
	pmill_match_watch_note(&run->watch, &run->progress);
	return 0;
}

static pmill_status encode_chunks(struct run *run, pmill_error *error)
{
	const pmill_status status = pmill_chunk_workers_run(
		run->chunk_workers, run->worker_count, run->source, &run->progress, error);
	if (status != PMILL_OK)
		return status;
	pmill_progress_end(&run->progress, pmill_chunk_source_stored_bytes(run->source));
	return run->progress.is_cancelled
		? pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled")
		: PMILL_OK;
}

static pmill_status encode_watched(struct run *run, pmill_error *error)
{
	const struct pmill_watched_work given = {run_given, stop_given, given_bytes_done, run};
	pmill_progress_stage(&run->progress, "encode", "bytes", run->inputs.bytes);
	return run->source != NULL ? encode_chunks(run, error)
							   : pmill_watched_run(&given, &run->progress, &run->outcome, error);
}

/* ---- options ---- */

static pmill_status set_eot(struct run *run, pmill_error *error)
{
	pmill_bytes eot = run->file.eot;
	run->writer.eot = PMILL_NO_ID;
	if (eot.len == 0)
		return PMILL_OK;
	struct pmill_quote quote;
	const struct pmill_special *special = pmill_tokenizer_find_special(run->tokenizer, eot);
	if (special == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no special token %s to end documents with",
			pmill_quote(&quote, eot.data, eot.len));
	run->writer.eot = special->id;
	return PMILL_OK;
}

static pmill_status set_format(struct run *run, pmill_error *error)
{
	uint32_t vocab_size = pmill_tokenizer_vocab_size(run->tokenizer);
	pmill_status status = pmill_token_format_pick(
		run->file.format, run->out.path, vocab_size, &run->writer.format, error);
	if (status == PMILL_OK)
		status = pmill_token_format_check_width(run->writer.format, vocab_size, error);
	return status;
}

static pmill_status set_template(struct run *run, pmill_error *error)
{
	static const struct pmill_template none;
	struct pmill_document_writer *writer = &run->writer;
	writer->tokenizer = run->tokenizer;
	writer->template = run->policy->adds_template ? &run->tokenizer->template : &none;
	writer->most_text = UINT64_MAX;
	const size_t framed = writer->template->before_count + writer->template->after_count;
	if (run->file.add_offsets && writer->format->append != NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"token files in the format %s have no offsets: use jsonl", writer->format->name);
	if (run->file.most_ids > 0 && run->file.most_ids < framed)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the template alone has %zu ids, and there shall be at most %llu", framed,
			(unsigned long long)run->file.most_ids);
	if (run->file.most_ids > 0)
		writer->most_text = run->file.most_ids - framed;
	return PMILL_OK;
}

static pmill_status create_ids(const struct run *run, pmill_ids **ids, pmill_error *error)
{
	const pmill_ids_options options = {
		.size = sizeof options, .id_bytes = 4, .offsets = run->file.add_offsets ? "byte" : NULL};
	return pmill_ids_create(NULL, &options, ids, error);
}

/* ---- What divides the text ---- */

/* The separator comes last unless it is a token of the model; then it has that one's place. */
static size_t pick_tokens(struct run *run, pmill_bytes *contents)
{
	const pmill_bytes separator = run->file.doc_separator;
	size_t count = 0;
	run->separator_index = SIZE_MAX;
	for (uint32_t i = 0; i < run->tokenizer->special_count; i++) {
		const pmill_bytes content = run->tokenizer->specials[i].content;
		if (run->plan->needs_documents || run->policy->treatments[i] == PMILL_IGNORED ||
			pmill_bytes_are_equal(content, separator))
			continue;
		run->walked_specials[count] = i;
		contents[count++] = content;
	}
	if (separator.len > 0) {
		run->separator_index = count;
		run->walked_specials[count] = PMILL_NO_ADDED;
		contents[count++] = separator;
	}
	return count;
}

static pmill_status set_walked(struct run *run, pmill_error *error)
{
	const size_t room = run->tokenizer->special_count + 1;
	pmill_bytes *contents = pmill_array_allocate(room, sizeof *contents);
	run->walked_specials = pmill_array_allocate(room, sizeof *run->walked_specials);
	pmill_status status = PMILL_OK;
	if (contents == NULL || run->walked_specials == NULL) {
		status = pmill_fail_memory(error);
	} else {
		const size_t count = pick_tokens(run, contents);
		if (count > 0)
			status = pmill_special_finder_create(contents, count, &run->walked, error);
	}
	free(contents);
	return status;
}

static pmill_status open_source(
	struct run *run, const char *const *paths, size_t path_count, pmill_error *error)
{
	pmill_status status = pmill_inputs_add(&run->inputs, paths, path_count, &run->input, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_chunk_settings settings = {
		.pretokenizer = run->plan->needs_documents ? NULL : run->plan->pretokenizer,
		.specials = run->walked,
		.chunk_size = run->running.chunk_size,
		.sha256 = run->input.sha256};
	return pmill_chunk_source_open(&run->inputs, &settings, &run->source, error);
}

/* As many as there may be chunks, if that is known. */
static unsigned pick_worker_count(const struct run *run)
{
	enum { CHUNK = 1 << 19 };
	const unsigned threads = run->source == NULL ? 1 : pmill_thread_count(run->running.threads);
	const size_t chunk = run->running.chunk_size == 0 ? CHUNK : run->running.chunk_size;
	const uint64_t chunks = run->inputs.bytes / chunk + run->inputs.count;
	for (size_t i = 0; i < run->inputs.count; i++)
		if (run->inputs.files[i].bytes == 0)
			return threads;
	return run->source != NULL && chunks < threads ? (unsigned)chunks : threads;
}

static pmill_status set_worker(struct run *run, struct worker *worker, pmill_error *error)
{
	worker->chunks.work = encode_chunk;
	worker->chunks.context = worker;
	worker->run = run;
	worker->encoder.plan = pmill_encode_plan_share(run->plan);
	worker->walk.specials = run->walked;
	worker->walk.separator_index = run->separator_index;
	worker->walk.field = run->input.field;
	worker->walk.skip_bad_lines = run->input.skip_bad_lines;
	return create_ids(run, &worker->ids, error);
}

static pmill_status create_workers(struct run *run, pmill_error *error)
{
	const unsigned count = pick_worker_count(run);
	pmill_status status = PMILL_OK;
	run->workers = calloc(count, sizeof *run->workers);
	run->chunk_workers = calloc(count, sizeof(struct pmill_chunk_worker *));
	if (run->workers == NULL || run->chunk_workers == NULL)
		return pmill_fail_memory(error);
	for (; run->worker_count < count && status == PMILL_OK; run->worker_count++) {
		struct worker *worker = &run->workers[run->worker_count];
		run->chunk_workers[run->worker_count] = &worker->chunks;
		status = set_worker(run, worker, error);
	}
	return status;
}

static pmill_status prepare_plan(struct run *run, pmill_error *error)
{
	pmill_status status = pmill_encode_plan_create(
		run->tokenizer, run->running.scanner, &run->plan, error);
	if (status == PMILL_OK)
		status = pmill_encode_plan_check(run->plan, run->policy, error);
	if (status != PMILL_OK)
		return status;
	if (run->policy == NULL)
		run->policy = run->plan->default_policy;
	status = set_template(run, error);
	if (status == PMILL_OK && run->writer.format->append == NULL)
		status = create_ids(run, &run->writer.ids, error);
	return status == PMILL_OK ? set_walked(run, error) : status;
}

static pmill_status prepare(
	struct run *run, const char *const *paths, size_t path_count, pmill_error *error)
{
	run->progress = (struct pmill_progress_state){
		.callback = run->running.progress, .context = run->running.progress_context};
	pmill_status status = set_format(run, error);
	if (status == PMILL_OK)
		status = set_eot(run, error);
	if (status == PMILL_OK)
		status = prepare_plan(run, error);
	if (status == PMILL_OK && run->file.text.data == NULL)
		status = open_source(run, paths, path_count, error);
	if (status == PMILL_OK)
		status = create_workers(run, error);
	return status == PMILL_OK ? pmill_output_open(&run->writer.output, &run->out, error) : status;
}

static void release_worker(struct worker *worker)
{
	pmill_segment_walk_release(&worker->walk);
	pmill_chunk_release(&worker->chunks.chunk);
	pmill_ids_free(worker->ids);
	free(worker->parts);
	pmill_encoder_release(&worker->encoder);
	pmill_encode_plan_free(worker->encoder.plan);
}

static void release(struct run *run)
{
	pmill_output_release(&run->writer.output);
	for (unsigned i = 0; i < run->worker_count; i++)
		release_worker(&run->workers[i]);
	free(run->workers);
	free(run->chunk_workers);
	pmill_chunk_source_close(run->source);
	pmill_inputs_release(&run->inputs);
	pmill_special_finder_free(run->walked);
	free(run->walked_specials);
	pmill_ids_free(run->writer.ids);
	pmill_encode_plan_free(run->plan);
	pthread_cond_destroy(&run->has_changed);
	pthread_mutex_destroy(&run->lock);
	free(run);
}

/* Only for callers whose struct has the field: others could not release it. */
static pmill_status pack_bad_files(
	struct run *run, size_t known_size, pmill_encode_totals *sum, pmill_error *error)
{
	struct pmill_bad_line_log *log = &run->workers[0].walk.bad;
	for (unsigned i = 1; i < run->worker_count; i++)
		if (!pmill_bad_line_log_move(log, &run->workers[i].walk.bad))
			return pmill_fail_memory(error);
	if (log->count == 0 || known_size < sizeof *sum)
		return PMILL_OK;
	pmill_bad_line_log_settle(log);
	sum->bad_file_count = log->count;
	sum->bad_files = pmill_bad_line_log_pack(log);
	return sum->bad_files != NULL ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status encode_all(struct run *run, const char *const *paths, size_t path_count,
	pmill_encode_totals *totals, pmill_error *error)
{
	pmill_encode_totals sum = {0};
	pmill_status status = prepare(run, paths, path_count, error);
	if (status == PMILL_OK)
		status = encode_watched(run, error);
	if (status == PMILL_OK && totals != NULL)
		status = pack_bad_files(run, totals->size, &sum, error);
	if (status == PMILL_OK)
		status = pmill_output_commit(&run->writer.output, error);
	for (unsigned i = 0; i < run->worker_count; i++) {
		const struct pmill_segment_walk *walk = &run->workers[i].walk;
		sum.documents += walk->documents;
		sum.bytes += walk->text_bytes;
		sum.bad_lines += walk->bad_lines;
	}
	sum.tokens = run->writer.tokens;
	sum.truncated = run->writer.truncated;
	sum.skipped_inputs = run->inputs.notes.skipped;
	sum.repeated_inputs = run->inputs.notes.repeated;
	sum.hidden_inputs = run->inputs.notes.hidden;
	if (status == PMILL_OK && totals != NULL)
		return pmill_sized_struct_write(totals, &sum, sizeof sum, "pmill_encode_totals", error);
	pmill_memory_free(sum.bad_files);
	return status;
}

pmill_status pmill_encode_files(const pmill_tokenizer *tokenizer, const char *const *paths,
	size_t path_count, const pmill_input_options *input, const pmill_policy *policy,
	const pmill_encode_file_options *file_options, const pmill_run_options *run,
	const pmill_output_options *output, pmill_encode_totals *totals, pmill_error *error)
{
	struct run *all = calloc(1, sizeof *all);
	if (all == NULL)
		return pmill_fail_memory(error);
	all->tokenizer = tokenizer;
	all->policy = policy;
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->has_changed, NULL);
	pmill_status status = pmill_sized_struct_read(
		&all->input, sizeof all->input, input, "pmill_input_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&all->file, sizeof all->file, file_options, "pmill_encode_file_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&all->running, sizeof all->running, run, "pmill_run_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&all->out, sizeof all->out, output, "pmill_output_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_check(totals, sizeof *totals, "pmill_encode_totals", error);
	if (status == PMILL_OK)
		status = encode_all(all, paths, path_count, totals, error);
	release(all);
	return status;
}
