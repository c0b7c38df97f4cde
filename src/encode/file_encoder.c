/* Files of text → files of ids, chunk by chunk. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/bytes.h"
#include "base/sized_struct.h"
#include "base/watched_run.h"
#include "corpus/chunk_source.h"
#include "corpus/documents.h"
#include "encode/encode_document.h"
#include "tokens/output.h"
#include "tokens/token_file.h"
#include "unicode/quote.h"

/* The options are complete. */
struct run {
	const pmill_tokenizer *tokenizer;
	const pmill_policy *policy;
	pmill_input_options input;
	pmill_encode_file_options file;
	pmill_run_options running;
	pmill_output_options out;
	struct pmill_encoder encoder;
	/* What divides the text: the tokens that the policy doesn't ignore, and the separator. */
	struct pmill_special_finder *walked; /* NULL: nothing */
	uint32_t *walked_specials; /* their indexes among the tokenizer's; PMILL_NO_ADDED: separator */
	size_t separator_index;
	struct pmill_inputs inputs;
	struct pmill_chunk_source *source;
	struct pmill_chunk chunk;
	struct pmill_segment_walk walk;
	const struct pmill_token_format *format;
	struct pmill_output output;
	pmill_ids *ids;
	uint32_t eot;            /* PMILL_NO_ID: none */
	bool is_in_document;     /* it has begun */
	uint64_t document_bytes; /* read of it */
	uint64_t written;        /* ids of it */
	uint64_t tokens, truncated;
	struct pmill_progress_state progress;
	struct pmill_match_watch watch;
	struct pmill_outcome outcome;
};

/* ---- out ---- */

static pmill_status write_ids(void *context, struct pmill_ids *ids, pmill_error *error)
{
	struct run *run = context;
	if (!run->format->append(&run->output.pending, run->written, ids->data, ids->count))
		return pmill_fail_memory(error);
	run->written += ids->count;
	pmill_ids_clear(ids);
	return pmill_output_flush_if_large(&run->output, error);
}

/* Whether a document can't be written in parts. */
static bool is_written_whole(const struct run *run)
{
	return run->format->append == NULL;
}

static pmill_status write_end(struct run *run, pmill_error *error)
{
	if (!is_written_whole(run))
		return run->format->end_document(&run->output.pending) ? PMILL_OK
															   : pmill_fail_memory(error);
	const pmill_status status = run->format->write_document(
		&run->output, run->tokenizer, run->ids, error);
	pmill_ids_clear(run->ids);
	return status;
}

static const struct pmill_template *template_of(const struct run *run)
{
	static const struct pmill_template none;
	return run->policy->adds_template ? &run->tokenizer->template : &none;
}

static void set_sink(struct run *run)
{
	const struct pmill_template *template = template_of(run);
	struct pmill_id_sink sink = {
		.is_limited = run->file.most_ids > 0, .most = run->file.most_ids - template->after_count};
	if (pmill_output_is_open(&run->output)) {
		sink.ids = run->ids;
		sink.take = is_written_whole(run) ? NULL : write_ids;
		sink.context = run;
	}
	pmill_encoder_set_sink(&run->encoder, &sink);
}

/* Ids that stand for no text. */
static pmill_status put_ids(struct run *run, const uint32_t *ids, size_t count, pmill_error *error)
{
	const uint64_t place[2] = {run->document_bytes, run->document_bytes};
	return pmill_encoder_add_ids(&run->encoder, ids, count, place, error);
}

static pmill_status begin_document(struct run *run, pmill_error *error)
{
	const struct pmill_template *template = template_of(run);
	if (run->is_in_document)
		return PMILL_OK;
	run->is_in_document = true;
	run->document_bytes = run->written = 0;
	set_sink(run);
	return put_ids(run, template->before, template->before_count, error);
}

/* What comes after the text has room in any case. */
static pmill_status put_end(struct run *run, pmill_error *error)
{
	const struct pmill_template *template = template_of(run);
	struct pmill_id_sink *sink = &run->encoder.sink;
	const size_t eot_count = run->eot != PMILL_NO_ID;
	pmill_status status = pmill_encoder_flush(&run->encoder, error);
	sink->most += template->after_count + eot_count;
	if (status == PMILL_OK)
		status = put_ids(run, template->after, template->after_count, error);
	if (status == PMILL_OK)
		status = put_ids(run, &run->eot, eot_count, error);
	return status == PMILL_OK ? pmill_encoder_flush(&run->encoder, error) : status;
}

static pmill_status end_document(struct run *run, pmill_error *error)
{
	pmill_status status = put_end(run, error);
	run->is_in_document = false;
	run->tokens += run->encoder.sink.count;
	run->truncated += run->encoder.sink.is_full;
	if (status != PMILL_OK || !pmill_output_is_open(&run->output))
		return status;
	status = write_end(run, error);
	return status == PMILL_OK ? pmill_output_flush_if_large(&run->output, error) : status;
}

/* ---- in ---- */

static pmill_status encode_text(
	struct run *run, const struct pmill_segment *segment, pmill_error *cause)
{
	struct pmill_encoder *encoder = &run->encoder;
	encoder->text_begin = run->document_bytes;
	if (encoder->sink.is_full || segment->len == 0)
		return PMILL_OK;
	if (!encoder->plan->needs_documents)
		return pmill_encoder_add_segment(
			encoder, segment->text, segment->len, segment->lookahead, segment->is_final, cause);
	pmill_span_list_clear(&encoder->own_spans);
	if (!pmill_span_list_add(&encoder->own_spans, segment->len, run->policy))
		return pmill_fail_memory(cause);
	encoder->spans = &encoder->own_spans;
	return pmill_encoder_add_text(encoder, segment->text, segment->len, false, NULL, cause);
}

static pmill_status put_special(
	struct run *run, const struct pmill_segment *segment, pmill_error *cause)
{
	const uint32_t index = run->walked_specials[segment->special];
	const uint64_t begin = run->document_bytes + segment->len;
	if (index == PMILL_NO_ADDED)
		return PMILL_OK;
	const struct pmill_special *special = &run->tokenizer->specials[index];
	const uint64_t place[2] = {begin, begin + special->content.len};
	if (run->policy->treatments[index] != PMILL_FORBIDDEN)
		return pmill_encoder_add_ids(&run->encoder, &special->id, 1, place, cause);
	struct pmill_quote quote;
	return pmill_fail(cause, PMILL_BAD_INPUT, begin, "the text contains the special token %s",
		pmill_quote(&quote, special->content.data, special->content.len));
}

static size_t special_len(const struct run *run, size_t special)
{
	return special == SIZE_MAX ? 0 : pmill_special_finder_token(run->walked, special).len;
}

static pmill_status encode_segment(
	struct run *run, const struct pmill_segment *segment, pmill_error *error)
{
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	pmill_status status = begin_document(run, error);
	if (status != PMILL_OK)
		return status;
	status = encode_text(run, segment, &cause);
	if (status == PMILL_OK && segment->special != SIZE_MAX)
		status = put_special(run, segment, &cause);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(&run->encoder, &cause);
	if (status == PMILL_IO)
		return pmill_fail(error, status, cause.offset, "%s", cause.message);
	if (status != PMILL_OK) {
		cause.status = status;
		if (cause.offset != PMILL_NO_OFFSET)
			cause.offset -= run->document_bytes;
		return pmill_segment_walk_fail(&run->walk, segment, &cause, error);
	}
	run->document_bytes += segment->len + special_len(run, segment->special);
	return segment->ends_document ? end_document(run, error) : PMILL_OK;
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

/* The document that was given instead of files. */
static pmill_status encode_given(struct run *run, pmill_error *error)
{
	const pmill_bytes text = run->file.text;
	struct pmill_encoder *encoder = &run->encoder;
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	pmill_status status = begin_document(run, &cause);
	if (status == PMILL_OK && !pmill_span_list_add(&encoder->own_spans, text.len, run->policy))
		status = pmill_fail_memory(&cause);
	encoder->spans = &encoder->own_spans;
	encoder->text_begin = 0;
	pmill_encoder_set_watch(encoder, &run->watch);
	if (status == PMILL_OK && text.len > 0)
		status = pmill_encoder_add_text(encoder, text.data, text.len, false, NULL, &cause);
	if (status != PMILL_OK)
		return pmill_encode_fail_at(status, &cause, error);
	run->document_bytes = run->walk.text_bytes = text.len;
	run->walk.documents = 1;
	return end_document(run, error);
}

static void encode_source(void *context)
{
	struct run *run = context;
	struct pmill_outcome *outcome = &run->outcome;
	if (run->file.text.data != NULL) {
		outcome->status = encode_given(run, &outcome->error);
		return;
	}
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
	if (run->source != NULL)
		pmill_chunk_source_stop(run->source);
}

static uint64_t bytes_done(void *context)
{
	struct run *run = context;
	pmill_match_watch_note(&run->watch, &run->progress);
	return run->source == NULL ? 0 : pmill_chunk_source_stored_bytes(run->source);
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

static pmill_status set_ids(struct run *run, pmill_error *error)
{
	const struct pmill_template *template = template_of(run);
	const pmill_ids_options options = {
		.size = sizeof options, .id_bytes = 4, .offsets = run->file.add_offsets ? "byte" : NULL};
	const size_t framed = template->before_count + template->after_count;
	if (run->file.add_offsets && !is_written_whole(run))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"token files in the format %s have no offsets: use jsonl", run->format->name);
	if (run->file.most_ids > 0 && run->file.most_ids < framed)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the template alone has %zu ids, and there shall be at most %llu", framed,
			(unsigned long long)run->file.most_ids);
	return pmill_ids_create(NULL, &options, &run->ids, error);
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
		if (run->encoder.plan->needs_documents || run->policy->treatments[i] == PMILL_IGNORED ||
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
	run->walk.specials = run->walked;
	run->walk.separator_index = run->separator_index;
	run->walk.field = run->input.field;
	run->walk.skip_bad_lines = run->input.skip_bad_lines;
	const struct pmill_encode_plan *plan = run->encoder.plan;
	struct pmill_chunk_settings settings = {
		.pretokenizer = plan->needs_documents ? NULL : plan->pretokenizer,
		.specials = run->walked,
		.chunk_size = run->running.chunk_size,
		.sha256 = run->input.sha256};
	return pmill_chunk_source_open(&run->inputs, &settings, &run->source, error);
}

static pmill_status prepare_encoder(struct run *run, pmill_error *error)
{
	pmill_status status = pmill_encode_plan_create(
		run->tokenizer, run->running.scanner, &run->encoder.plan, error);
	if (status == PMILL_OK)
		status = pmill_encode_plan_check(run->encoder.plan, run->policy, error);
	if (status != PMILL_OK)
		return status;
	run->policy = pmill_encoder_policy(&run->encoder, run->policy);
	status = set_ids(run, error);
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
		status = prepare_encoder(run, error);
	if (status == PMILL_OK && run->file.text.data == NULL)
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
	pmill_special_finder_free(run->walked);
	free(run->walked_specials);
	pmill_ids_free(run->ids);
	pmill_encoder_release(&run->encoder);
	pmill_encode_plan_free(run->encoder.plan);
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
	sum.truncated = run->truncated;
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
	size_t path_count, const pmill_input_options *input, const pmill_policy *policy,
	const pmill_encode_file_options *file_options, const pmill_run_options *run,
	const pmill_output_options *output, pmill_encode_totals *totals, pmill_error *error)
{
	struct run *all = calloc(1, sizeof *all);
	if (all == NULL)
		return pmill_fail_memory(error);
	all->tokenizer = tokenizer;
	all->policy = policy;
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
