/* Files of text → a file of ids: options, and the threads that do it. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "base/watched_run.h"
#include "encode/encode_document.h"
#include "encode/file_worker.h"
#include "encode/shard_identity.h"
#include "model/model_digest.h"
#include "unicode/quote.h"

/* The options are complete. */
struct run {
	struct pmill_file_job job;
	pmill_input_options input;
	pmill_encode_file_options file;
	pmill_run_options running;
	pmill_output_options out;
	struct pmill_encode_plan *plan;
	size_t separator_index; /* in what divides the text */
	struct pmill_inputs inputs;
	char sha256[65]; /* of the model, if it is written down */
	struct pmill_sidecar_model model;
	struct pmill_shards shards; /* if file.shard_tokens > 0 */
	struct pmill_chunk_source *source;
	struct pmill_file_worker *workers;
	struct pmill_chunk_worker **chunk_workers;
	unsigned worker_count;
	struct pmill_progress_state progress;
	struct pmill_match_watch watch; /* of a document that was given */
	struct pmill_outcome outcome;
};

/* ---- Running ---- */

static void run_given(void *context)
{
	struct run *run = context;
	run->outcome.status = pmill_file_worker_encode_text(
		&run->workers[0], run->file.text, &run->watch, &run->outcome.error);
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

/* The id of a special token that is put at an end of each document. */
static pmill_status find_mark(
	const struct run *run, pmill_bytes token, const char *end, uint32_t *id, pmill_error *error)
{
	*id = PMILL_NO_ID;
	if (token.len == 0)
		return PMILL_OK;
	struct pmill_quote quote;
	const struct pmill_special *special = pmill_tokenizer_find_special(run->job.tokenizer, token);
	if (special == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no special token %s to %s documents with",
			pmill_quote(&quote, token.data, token.len), end);
	*id = special->id;
	return PMILL_OK;
}

static pmill_status set_marks(struct run *run, pmill_error *error)
{
	struct pmill_document_writer *writer = &run->job.writer;
	const pmill_status status = find_mark(run, run->file.eot, "end", &writer->eot, error);
	return status == PMILL_OK ? find_mark(run, run->file.bos, "begin", &writer->bos, error)
							  : status;
}

static pmill_status set_format(struct run *run, pmill_error *error)
{
	uint32_t vocab_size = pmill_tokenizer_vocab_size(run->job.tokenizer);
	pmill_status status = pmill_token_format_pick(
		run->file.format, run->out.path, vocab_size, &run->job.writer.format, error);
	if (status == PMILL_OK)
		status = pmill_token_format_check_width(run->job.writer.format, vocab_size, error);
	return status;
}

static pmill_status set_template(struct run *run, pmill_error *error)
{
	static const struct pmill_template none;
	struct pmill_document_writer *writer = &run->job.writer;
	writer->tokenizer = run->job.tokenizer;
	writer->template = run->job.policy->adds_template ? &run->job.tokenizer->template : &none;
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
	for (uint32_t i = 0; i < run->job.tokenizer->special_count; i++) {
		const pmill_bytes content = run->job.tokenizer->specials[i].content;
		if (run->plan->needs_documents || run->job.policy->treatments[i] == PMILL_IGNORED ||
			pmill_bytes_are_equal(content, separator))
			continue;
		run->job.walked_specials[count] = i;
		contents[count++] = content;
	}
	if (separator.len > 0) {
		run->separator_index = count;
		run->job.walked_specials[count] = PMILL_NO_ADDED;
		contents[count++] = separator;
	}
	return count;
}

static pmill_status set_walked(struct run *run, pmill_error *error)
{
	const size_t room = run->job.tokenizer->special_count + 1;
	pmill_bytes *contents = pmill_array_allocate(room, sizeof *contents);
	run->job.walked_specials = pmill_array_allocate(room, sizeof *run->job.walked_specials);
	pmill_status status = PMILL_OK;
	if (contents == NULL || run->job.walked_specials == NULL) {
		status = pmill_fail_memory(error);
	} else {
		const size_t count = pick_tokens(run, contents);
		if (count > 0)
			status = pmill_special_finder_create(contents, count, &run->job.walked, error);
	}
	free(contents);
	return status;
}

/* ---- Where ids go ---- */

static pmill_status set_model(struct run *run, pmill_error *error)
{
	const struct pmill_document_writer *writer = &run->job.writer;
	const char *encoding = run->job.tokenizer->encoding;
	run->model = (struct pmill_sidecar_model){.sha256 = run->sha256,
		.name = encoding == NULL ? run->sha256 : encoding,
		.vocab_size = pmill_tokenizer_vocab_size(run->job.tokenizer),
		.eot = writer->eot,
		.bos = writer->bos};
	return run->out.path == NULL ? PMILL_OK
								 : pmill_model_digest(run->job.tokenizer, run->sha256, error);
}

static pmill_status open_shards(struct run *run, pmill_error *error)
{
	struct pmill_document_writer *writer = &run->job.writer;
	const struct pmill_shard_identity identity = {.writer = writer,
		.model = &run->model,
		.policy = run->job.policy,
		.input = &run->input,
		.file = &run->file,
		.inputs = &run->inputs};
	struct pmill_buffer lines = {0};
	run->shards = (struct pmill_shards){.folder = run->out.path,
		.format = writer->format,
		.model = &run->model,
		.inputs = &run->inputs,
		.least_tokens = run->file.shard_tokens};
	writer->shards = &run->shards;
	pmill_status status = pmill_shard_identity_write(&identity, &lines, error);
	if (status == PMILL_OK)
		status = pmill_shards_open(&run->shards, &lines, run->file.resume != 0,
			(run->out.flags & PMILL_OVERWRITE) != 0, error);
	pmill_buffer_release(&lines);
	return status;
}

static pmill_status check_shards(const struct run *run, pmill_error *error)
{
	if (run->file.shard_tokens == 0 && run->file.resume)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"only shards can be gone on with: how many tokens shall each have?");
	if (run->file.shard_tokens > 0 && (run->out.path == NULL || run->file.text.data != NULL))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"shards are made of files, and go to a folder");
	return PMILL_OK;
}

static pmill_status open_source(
	struct run *run, const char *const *paths, size_t path_count, pmill_error *error)
{
	pmill_status status = pmill_inputs_add(&run->inputs, paths, path_count, &run->input, error);
	if (status == PMILL_OK && run->file.shard_tokens > 0)
		status = open_shards(run, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_chunk_settings settings = {
		.pretokenizer = run->plan->needs_documents ? NULL : run->plan->pretokenizer,
		.specials = run->job.walked,
		.chunk_size = run->running.chunk_size,
		.sha256 = run->input.sha256,
		.start = run->shards.start};
	if (run->shards.is_complete)
		settings.start.file = run->inputs.count;
	return pmill_chunk_source_open(&run->inputs, &settings, &run->source, error);
}

/* As many as there may be chunks, if that is known. */
static unsigned pick_worker_count(const struct run *run)
{
	enum { CHUNK = 1 << 19 };
	const bool is_single = run->source == NULL || run->inputs.count == 0;
	const unsigned threads = is_single ? 1 : pmill_thread_count(run->running.threads);
	const size_t chunk = run->running.chunk_size == 0 ? CHUNK : run->running.chunk_size;
	const uint64_t chunks = run->inputs.bytes / chunk + run->inputs.count;
	for (size_t i = 0; i < run->inputs.count; i++)
		if (run->inputs.files[i].bytes == 0)
			return threads;
	return !is_single && chunks < threads ? (unsigned)chunks : threads;
}

static pmill_status set_worker(
	struct run *run, struct pmill_file_worker *worker, pmill_error *error)
{
	worker->chunks.work = pmill_file_worker_encode_chunk;
	worker->chunks.context = worker;
	worker->job = &run->job;
	worker->encoder.plan = pmill_encode_plan_share(run->plan);
	worker->walk.specials = run->job.walked;
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
		struct pmill_file_worker *worker = &run->workers[run->worker_count];
		run->chunk_workers[run->worker_count] = &worker->chunks;
		status = set_worker(run, worker, error);
	}
	return status;
}

static pmill_status prepare_plan(struct run *run, pmill_error *error)
{
	pmill_status status = pmill_encode_plan_create(
		run->job.tokenizer, run->running.scanner, &run->plan, error);
	if (status == PMILL_OK)
		status = pmill_encode_plan_check(run->plan, run->job.policy, error);
	if (status != PMILL_OK)
		return status;
	if (run->job.policy == NULL)
		run->job.policy = run->plan->default_policy;
	status = set_template(run, error);
	if (status == PMILL_OK && run->job.writer.format->append == NULL)
		status = create_ids(run, &run->job.writer.ids, error);
	return status == PMILL_OK ? set_walked(run, error) : status;
}

static pmill_status prepare(
	struct run *run, const char *const *paths, size_t path_count, pmill_error *error)
{
	run->progress = (struct pmill_progress_state){
		.callback = run->running.progress, .context = run->running.progress_context};
	pmill_status status = check_shards(run, error);
	if (status == PMILL_OK)
		status = set_format(run, error);
	if (status == PMILL_OK)
		status = set_marks(run, error);
	if (status == PMILL_OK)
		status = set_model(run, error);
	if (status == PMILL_OK)
		status = prepare_plan(run, error);
	if (status == PMILL_OK && run->file.text.data == NULL)
		status = open_source(run, paths, path_count, error);
	if (status == PMILL_OK)
		status = create_workers(run, error);
	struct pmill_document_writer *writer = &run->job.writer;
	return status == PMILL_OK && writer->shards == NULL
		? pmill_token_sink_open(&writer->sink, writer->format, &run->out, error)
		: status;
}

static void release(struct run *run)
{
	pmill_token_sink_release(&run->job.writer.sink);
	pmill_shards_release(&run->shards);
	for (unsigned i = 0; i < run->worker_count; i++)
		pmill_file_worker_release(&run->workers[i]);
	free(run->workers);
	free(run->chunk_workers);
	pmill_chunk_source_close(run->source);
	pmill_inputs_release(&run->inputs);
	pmill_special_finder_free(run->job.walked);
	free(run->job.walked_specials);
	pmill_ids_free(run->job.writer.ids);
	pmill_encode_plan_free(run->plan);
	pthread_cond_destroy(&run->job.has_changed);
	pthread_mutex_destroy(&run->job.lock);
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

/* After a failure: what a later run can go on with. */
static void name_whole_shards(const struct run *run, pmill_error *error)
{
	if (error == NULL || run->shards.count == 0)
		return;
	const size_t len = strlen(error->message);
	snprintf(error->message + len, sizeof error->message - len,
		"; the first %zu shards are whole: --resume goes on", run->shards.count);
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
		status = pmill_document_writer_commit(&run->job.writer, &run->model, error);
	if (status != PMILL_OK)
		name_whole_shards(run, error);
	for (unsigned i = 0; i < run->worker_count; i++) {
		const struct pmill_segment_walk *walk = &run->workers[i].walk;
		sum.documents += walk->documents;
		sum.bytes += walk->text_bytes;
		sum.bad_lines += walk->bad_lines;
	}
	sum.documents += run->shards.found.documents;
	sum.bytes += run->shards.found.bytes;
	sum.tokens = run->job.writer.tokens + run->shards.found.tokens;
	sum.truncated = run->job.writer.truncated;
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
	all->job.tokenizer = tokenizer;
	all->job.policy = policy;
	pthread_mutex_init(&all->job.lock, NULL);
	pthread_cond_init(&all->job.has_changed, NULL);
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
