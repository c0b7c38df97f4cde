/* Files of text → files of ids, chunk by chunk. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "base/watched_run.h"
#include "corpus/chunk_source.h"
#include "corpus/documents.h"
#include "encode/encoder.h"
#include "tokens/output.h"
#include "tokens/token_file.h"
#include "unicode/quote.h"

/* Ids written together: bounds the buffer of their bytes. */
enum { IDS_AT_A_TIME = 4096 };

/* The options are complete. */
struct run {
	const pmill_tokenizer *tokenizer;
	pmill_input_options input;
	pmill_encode_options encode;
	pmill_encode_file_options file;
	pmill_run_options running;
	pmill_output_options out;
	struct pmill_encode_plan *plan;
	struct pmill_encoder encoder;
	struct pmill_inputs inputs;
	struct pmill_chunk_source *source;
	struct pmill_chunk chunk;
	struct pmill_segment_walk walk;
	const struct pmill_token_format *format;
	struct pmill_output output;
	uint32_t eot;          /* PMILL_NO_ID: none */
	uint64_t document_ids; /* written to the current document */
	bool is_in_document;   /* its template has begun */
	uint64_t tokens;
	struct pmill_progress_state progress;
	struct pmill_match_watch watch;
	struct pmill_outcome outcome;
};

/* ---- out ---- */

static pmill_status put_ids(struct run *run, const uint32_t *ids, size_t count, pmill_error *error)
{
	run->tokens += count;
	if (!pmill_output_is_open(&run->output))
		return PMILL_OK;
	while (count > 0) {
		size_t part = count < IDS_AT_A_TIME ? count : IDS_AT_A_TIME;
		if (!run->format->append(&run->output.pending, run->document_ids, ids, part))
			return pmill_fail_memory(error);
		run->document_ids += part;
		pmill_status status = pmill_output_flush_if_large(&run->output, error);
		if (status != PMILL_OK)
			return status;
		ids += part;
		count -= part;
	}
	return PMILL_OK;
}

static pmill_status begin_document(struct run *run, pmill_error *error)
{
	const struct pmill_template *template = &run->tokenizer->template;
	if (run->is_in_document || !run->plan->adds_template)
		return PMILL_OK;
	run->is_in_document = true;
	return put_ids(run, template->before, template->before_count, error);
}

static pmill_status end_document(struct run *run, pmill_error *error)
{
	const struct pmill_template *template = &run->tokenizer->template;
	pmill_status status = PMILL_OK;
	if (run->plan->adds_template)
		status = put_ids(run, template->after, template->after_count, error);
	run->is_in_document = false;
	if (status == PMILL_OK && run->eot != PMILL_NO_ID)
		status = put_ids(run, &run->eot, 1, error);
	if (status != PMILL_OK || !pmill_output_is_open(&run->output))
		return status;
	run->document_ids = 0;
	if (!run->format->end_document(&run->output.pending))
		return pmill_fail_memory(error);
	return pmill_output_flush_if_large(&run->output, error);
}

/* ---- in ---- */

/* Prefixes a message about a byte of the segment with the place in the file. */
static pmill_status fail_in_segment(const struct run *run, const struct pmill_segment *segment,
	pmill_status status, const pmill_error *cause, pmill_error *error)
{
	const struct pmill_chunk *chunk = &run->chunk;
	if (cause->offset == PMILL_NO_OFFSET)
		return pmill_fail(
			error, status, PMILL_NO_OFFSET, "%.500s: %.400s", chunk->name, cause->message);
	if (chunk->format->kind == PMILL_CORPUS_JSONL) {
		/* The walk is already at the next line. */
		uint64_t line = run->walk.line - 1;
		uint64_t offset = (uint64_t)(segment->text - run->walk.text.data) + cause->offset;
		return pmill_fail(error, status, offset, "%.500s: line %llu: byte %llu of the text: %.400s",
			chunk->name, (unsigned long long)line, (unsigned long long)offset, cause->message);
	}
	uint64_t offset = chunk->offset + (uint64_t)(segment->text - chunk->data) + cause->offset;
	return pmill_fail(error, status, offset, "%.500s: byte %llu: %.400s", chunk->name,
		(unsigned long long)offset, cause->message);
}

static pmill_status encode_part(
	struct run *run, const struct pmill_segment *segment, pmill_error *cause, pmill_error *error)
{
	bool is_more = true;
	cause->status = pmill_encoder_start(
		&run->encoder, segment->text, segment->len, segment->lookahead, segment->is_final, cause);
	while (cause->status == PMILL_OK && is_more) {
		run->encoder.id_count = 0;
		cause->status = pmill_encoder_step(&run->encoder, &is_more, cause);
		if (cause->status != PMILL_OK)
			break;
		pmill_status status = put_ids(run, run->encoder.ids, run->encoder.id_count, error);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

static pmill_status encode_document(
	struct run *run, const struct pmill_segment *segment, pmill_error *cause, pmill_error *error)
{
	run->encoder.id_count = 0;
	cause->status = pmill_encoder_add_document(&run->encoder, segment->text, segment->len, cause);
	return cause->status == PMILL_OK ? put_ids(run, run->encoder.ids, run->encoder.id_count, error)
									 : PMILL_OK;
}

/* Of its two errors, *cause is about the text and `error` about writing. */
static pmill_status encode_text(
	struct run *run, const struct pmill_segment *segment, pmill_error *error)
{
	pmill_error cause;
	pmill_status status = run->plan->needs_documents ? encode_document(run, segment, &cause, error)
													 : encode_part(run, segment, &cause, error);
	if (status == PMILL_OK && cause.status != PMILL_OK)
		return fail_in_segment(run, segment, cause.status, &cause, error);
	return status;
}

static pmill_status put_special(
	struct run *run, const struct pmill_segment *segment, pmill_error *error)
{
	const struct pmill_encode_plan *plan = run->plan;
	if (segment->special == plan->separator_index)
		return PMILL_OK;
	const struct pmill_added_rule *rule = &plan->added.rules[segment->special];
	if (!rule->is_forbidden)
		return put_ids(run, &rule->id, 1, error);
	pmill_error cause;
	struct pmill_quote quote;
	pmill_bytes token = pmill_special_finder_token(plan->walked, segment->special);
	pmill_fail(&cause, PMILL_BAD_INPUT, segment->len, "the text contains the special token %s",
		pmill_quote(&quote, token.data, token.len));
	return fail_in_segment(run, segment, PMILL_BAD_INPUT, &cause, error);
}

static pmill_status encode_segment(
	struct run *run, const struct pmill_segment *segment, pmill_error *error)
{
	pmill_status status = begin_document(run, error);
	if (status == PMILL_OK)
		status = encode_text(run, segment, error);
	if (status == PMILL_OK && segment->special != SIZE_MAX)
		status = put_special(run, segment, error);
	if (status == PMILL_OK && segment->ends_document)
		status = end_document(run, error);
	return status;
}

static pmill_status encode_chunk(struct run *run, pmill_error *error)
{
	struct pmill_segment segment;
	pmill_segment_walk_start(&run->walk, &run->chunk);
	pmill_encoder_set_watch(&run->encoder, &run->watch);
	for (;;) {
		bool is_there = false;
		pmill_status status = pmill_segment_walk_next(&run->walk, &segment, &is_there, error);
		if (status != PMILL_OK || !is_there)
			return status;
		status = encode_segment(run, &segment, error);
		if (status != PMILL_OK)
			return status;
	}
}

static void encode_source(void *context)
{
	struct run *run = context;
	struct pmill_outcome *outcome = &run->outcome;
	while (outcome->status == PMILL_OK) {
		outcome->status = pmill_chunk_source_next(run->source, &run->chunk, &outcome->error);
		if (outcome->status != PMILL_OK || run->chunk.data == NULL)
			return;
		outcome->status = encode_chunk(run, &outcome->error);
	}
}

static void stop_source(void *context)
{
	struct run *run = context;
	atomic_store(&run->watch.is_stopped, true);
	pmill_chunk_source_stop(run->source);
}

static uint64_t bytes_done(void *context)
{
	struct run *run = context;
	pmill_match_watch_note(&run->watch, &run->progress);
	return pmill_chunk_source_stored_bytes(run->source);
}

static pmill_status encode_watched(struct run *run, pmill_error *error)
{
	const struct pmill_watched_work watched = {encode_source, stop_source, bytes_done, run};
	pmill_progress_stage(&run->progress, "encode", "bytes", run->inputs.bytes);
	return pmill_watched_run(&watched, &run->progress, &run->outcome, error);
}

/* ---- options ---- */

static pmill_status set_eot(struct run *run, pmill_error *error)
{
	pmill_bytes eot = run->file.eot;
	run->eot = PMILL_NO_ID;
	if (eot.len == 0)
		return PMILL_OK;
	struct pmill_quote quote;
	const struct pmill_special *special = pmill_tokenizer_find_special(run->tokenizer, eot);
	if (special == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no special token %s to end documents with",
			pmill_quote(&quote, eot.data, eot.len));
	run->eot = special->id;
	return PMILL_OK;
}

static pmill_status set_format(struct run *run, pmill_error *error)
{
	uint32_t vocab_size = pmill_tokenizer_vocab_size(run->tokenizer);
	pmill_status status = pmill_token_format_pick(
		run->file.format, run->out.path, vocab_size, &run->format, error);
	if (status == PMILL_OK)
		status = pmill_token_format_check_width(run->format, vocab_size, error);
	return status;
}

static pmill_status open_source(
	struct run *run, const char *const *paths, size_t path_count, pmill_error *error)
{
	pmill_status status = pmill_inputs_add(&run->inputs, paths, path_count, &run->input, error);
	if (status != PMILL_OK)
		return status;
	run->walk.specials = run->plan->walked;
	run->walk.separator_index = run->plan->separator_index;
	run->walk.field = run->input.field;
	run->walk.skip_bad_lines = run->input.skip_bad_lines;
	const bool is_whole = run->plan->needs_documents;
	struct pmill_chunk_settings settings = {
		.pretokenizer = is_whole ? NULL : run->plan->pretokenizer,
		.specials = run->plan->walked,
		.chunk_size = run->running.chunk_size,
		.sha256 = run->input.sha256};
	return pmill_chunk_source_open(&run->inputs, &settings, &run->source, error);
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
		status = pmill_encode_plan_create(run->tokenizer, &run->encode, run->file.doc_separator,
			run->running.scanner, &run->plan, error);
	if (status != PMILL_OK)
		return status;
	run->encoder.plan = run->plan;
	status = open_source(run, paths, path_count, error);
	return status == PMILL_OK ? pmill_output_open(&run->output, &run->out, error) : status;
}

static void release(struct run *run)
{
	pmill_output_release(&run->output);
	pmill_segment_walk_release(&run->walk);
	pmill_chunk_release(&run->chunk);
	pmill_chunk_source_close(run->source);
	pmill_inputs_release(&run->inputs);
	pmill_encoder_release(&run->encoder);
	pmill_encode_plan_free(run->plan);
	free(run);
}

/* Only for callers whose struct has the field: others could not release it. */
static pmill_status pack_bad_files(
	struct run *run, size_t known_size, pmill_encode_totals *sum, pmill_error *error)
{
	struct pmill_bad_line_log *log = &run->walk.bad;
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
		status = pmill_output_commit(&run->output, error);
	sum.documents = run->walk.documents;
	sum.bytes = run->walk.text_bytes;
	sum.tokens = run->tokens;
	sum.bad_lines = run->walk.bad_lines;
	sum.skipped_inputs = run->inputs.notes.skipped;
	sum.repeated_inputs = run->inputs.notes.repeated;
	sum.hidden_inputs = run->inputs.notes.hidden;
	if (status == PMILL_OK && totals != NULL)
		return pmill_sized_struct_write(totals, &sum, sizeof sum, "pmill_encode_totals", error);
	pmill_memory_free(sum.bad_files);
	return status;
}

pmill_status pmill_encode_files(const pmill_tokenizer *tokenizer, const char *const *paths,
	size_t path_count, const pmill_input_options *input, const pmill_encode_options *options,
	const pmill_encode_file_options *file_options, const pmill_run_options *run,
	const pmill_output_options *output, pmill_encode_totals *totals, pmill_error *error)
{
	struct run *all = calloc(1, sizeof *all);
	if (all == NULL)
		return pmill_fail_memory(error);
	all->tokenizer = tokenizer;
	pmill_status status = pmill_sized_struct_read(
		&all->input, sizeof all->input, input, "pmill_input_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&all->encode, sizeof all->encode, options, "pmill_encode_options", error);
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
