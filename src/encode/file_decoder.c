/* Files of ids → text, a block at a time. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "base/watched_run.h"
#include "corpus/inputs.h"
#include "encode/decode_rule.h"
#include "tokens/output.h"
#include "tokens/sidecar.h"
#include "tokens/token_file.h"

struct decoding {
	struct pmill_decode_rule rule;
	const char *format; /* NULL: by suffix */
	struct pmill_inputs inputs;
	/* The current file. */
	struct pmill_lookahead bytes;
	struct pmill_token_reader reader;
	struct pmill_token_batch batch;
	struct pmill_output output;
	uint64_t document; /* counted from 0 */
	bool is_line_open; /* the line needs an LF: it has bytes, or is a document without any */
	pmill_encode_totals totals;
	struct pmill_outcome outcome;
	/* Shared by the caller's thread and the work's. */
	atomic_bool is_stopped;
	_Atomic uint64_t stored; /* bytes read of all files */
};

static pmill_status pick_format(const struct decoding *decoding, const char *path,
	const struct pmill_token_format **format, pmill_error *error)
{
	const uint32_t vocab_size = pmill_tokenizer_vocab_size(decoding->rule.tokenizer);
	return pmill_sidecar_pick_format(decoding->format, path, vocab_size, format, error);
}

/* ---- one file ---- */

/*
 * Ids with one document a line become text with one document a line: a document that does not end
 * in LF gets one. But a file of a single document is that document, byte for byte.
 */
static pmill_status end_documents(struct decoding *decoding, uint64_t ended, pmill_error *error)
{
	for (; decoding->document < ended; decoding->document++) {
		if (decoding->is_line_open && !pmill_buffer_append(&decoding->output.pending, "\n", 1))
			return pmill_fail_memory(error);
		decoding->totals.bytes += decoding->is_line_open;
		decoding->is_line_open = true;
	}
	return PMILL_OK;
}

static pmill_status decode_batch(struct decoding *decoding, pmill_error *error)
{
	for (size_t i = 0; i < decoding->batch.count; i++) {
		pmill_status status = end_documents(decoding, decoding->batch.documents[i], error);
		if (status != PMILL_OK)
			return status;
		uint32_t id = decoding->batch.ids[i];
		pmill_bytes token = pmill_vocab_token(&decoding->rule.tokenizer->vocab, id);
		if (token.data == NULL)
			return pmill_fail_input(error, decoding->bytes.name, decoding->batch.offsets[i],
				"id %u is not in the vocab", (unsigned)id);
		if (pmill_decode_skips(&decoding->rule, id))
			continue;
		if (!pmill_buffer_append(&decoding->output.pending, token.data, token.len))
			return pmill_fail_memory(error);
		decoding->is_line_open = ((const uint8_t *)token.data)[token.len - 1] != '\n';
		status = pmill_output_flush_if_large(&decoding->output, error);
		if (status != PMILL_OK)
			return status;
		decoding->totals.bytes += token.len;
	}
	decoding->totals.tokens += decoding->batch.count;
	return PMILL_OK;
}

static pmill_status decode_bytes(struct decoding *decoding, pmill_error *error)
{
	const uint64_t stored_before = atomic_load(&decoding->stored);
	decoding->document = 0;
	decoding->is_line_open = true;
	pmill_status status;
	do {
		if (atomic_load(&decoding->is_stopped))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
		status = pmill_token_reader_next(&decoding->reader, &decoding->batch, error);
		atomic_store(
			&decoding->stored, stored_before + pmill_reader_stored_bytes(decoding->bytes.reader));
		if (status == PMILL_OK)
			status = decode_batch(decoding, error);
	} while (status == PMILL_OK && decoding->batch.count > 0);
	uint64_t documents = decoding->reader.documents;
	if (status == PMILL_OK && documents > 1 && decoding->reader.format->width == 0)
		status = end_documents(decoding, documents, error);
	decoding->totals.documents += documents;
	return status;
}

static pmill_status decode_file(struct decoding *decoding, const char *path, pmill_error *error)
{
	const struct pmill_token_format *format;
	pmill_status status = pick_format(decoding, path, &format, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_reader *stored;
	status = pmill_reader_open(path, format->may_be_compressed ? 0 : PMILL_READER_AS_STORED,
		&decoding->is_stopped, &stored, error);
	if (status != PMILL_OK)
		return status;
	pmill_lookahead_open_reader(&decoding->bytes, stored);
	decoding->reader = (struct pmill_token_reader){.format = format, .bytes = &decoding->bytes};
	status = pmill_token_reader_open(&decoding->reader, path, error);
	if (status == PMILL_OK)
		status = decode_bytes(decoding, error);
	pmill_lookahead_release(&decoding->bytes);
	return status;
}

/* ---- all files ---- */

static void decode_inputs(void *context)
{
	struct decoding *decoding = context;
	struct pmill_outcome *outcome = &decoding->outcome;
	for (size_t i = 0; i < decoding->inputs.count && outcome->status == PMILL_OK; i++)
		outcome->status = decode_file(decoding, decoding->inputs.files[i].path, &outcome->error);
}

static void stop(void *context)
{
	struct decoding *decoding = context;
	atomic_store(&decoding->is_stopped, true);
}

static uint64_t bytes_done(void *context)
{
	struct decoding *decoding = context;
	return atomic_load(&decoding->stored);
}

static pmill_status decode_watched(
	struct decoding *decoding, const pmill_run_options *run, pmill_error *error)
{
	const struct pmill_watched_work watched = {decode_inputs, stop, bytes_done, decoding};
	struct pmill_progress_state progress = {
		.callback = run->progress, .context = run->progress_context};
	pmill_progress_stage(&progress, "decode", "bytes", decoding->inputs.bytes);
	return pmill_watched_run(&watched, &progress, &decoding->outcome, error);
}

static bool is_named(const char *path, const char *const *paths, size_t path_count)
{
	bool is = false;
	for (size_t i = 0; i < path_count && !is; i++)
		is = strcmp(path, paths[i]) == 0;
	return is;
}

/* In a folder, ids have files beside them. */
static void leave_out_companions(
	struct pmill_inputs *inputs, const char *const *paths, size_t path_count)
{
	size_t kept = 0;
	for (size_t i = 0; i < inputs->count; i++) {
		const char *path = inputs->files[i].path;
		if (is_named(path, paths, path_count) || !pmill_sidecar_is_companion(path))
			inputs->files[kept++] = inputs->files[i];
	}
	inputs->count = kept;
}

/* A name that does not tell the format is an error before any work. */
static pmill_status add_inputs(
	struct decoding *decoding, const char *const *paths, size_t path_count, pmill_error *error)
{
	pmill_status status = pmill_inputs_add(&decoding->inputs, paths, path_count, NULL, error);
	leave_out_companions(&decoding->inputs, paths, path_count);
	for (size_t i = 0; i < decoding->inputs.count && status == PMILL_OK; i++) {
		const struct pmill_token_format *format;
		status = pick_format(decoding, decoding->inputs.files[i].path, &format, error);
	}
	return status;
}

/* The caller may name OUT, as when the ids were written. */
static pmill_status add_named_inputs(
	struct decoding *decoding, const char *const *paths, size_t path_count, pmill_error *error)
{
	const char **names = calloc(path_count + 1, sizeof *names);
	pmill_status status = names == NULL ? pmill_fail_memory(error) : PMILL_OK;
	for (size_t i = 0; i < path_count && status == PMILL_OK; i++) {
		names[i] = pmill_token_format_find_ids(decoding->format, paths[i]);
		if (names[i] == NULL)
			status = pmill_fail_memory(error);
	}
	if (status == PMILL_OK)
		status = add_inputs(decoding, names, path_count, error);
	for (size_t i = 0; names != NULL && i < path_count; i++)
		free((void *)names[i]);
	free(names);
	return status;
}

static pmill_status decode_all(struct decoding *decoding, const char *const *paths,
	size_t path_count, const pmill_run_options *run, const pmill_output_options *output,
	pmill_error *error)
{
	pmill_status status = add_named_inputs(decoding, paths, path_count, error);
	if (status == PMILL_OK)
		status = pmill_output_open(&decoding->output, output, error);
	if (status == PMILL_OK)
		status = decode_watched(decoding, run, error);
	if (status == PMILL_OK)
		status = pmill_output_commit(&decoding->output, error);
	return status;
}

pmill_status pmill_decode_files(const pmill_tokenizer *tokenizer, const char *const *paths,
	size_t path_count, const pmill_decode_file_options *file_options, const pmill_run_options *run,
	const pmill_output_options *output, pmill_encode_totals *totals, pmill_error *error)
{
	pmill_decode_file_options file;
	pmill_run_options running;
	pmill_output_options out;
	pmill_status status = pmill_sized_struct_read(
		&file, sizeof file, file_options, "pmill_decode_file_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(&running, sizeof running, run, "pmill_run_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(&out, sizeof out, output, "pmill_output_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_check(totals, sizeof *totals, "pmill_encode_totals", error);
	if (status != PMILL_OK)
		return status;
	struct decoding *decoding = calloc(1, sizeof *decoding);
	if (decoding == NULL)
		return pmill_fail_memory(error);
	decoding->rule = (struct pmill_decode_rule){tokenizer, file.skip_special_tokens};
	decoding->format = file.format;
	status = decode_all(decoding, paths, path_count, &running, &out, error);
	if (status == PMILL_OK && totals != NULL)
		status = pmill_sized_struct_write(
			totals, &decoding->totals, sizeof decoding->totals, "pmill_encode_totals", error);
	pmill_output_release(&decoding->output);
	pmill_inputs_release(&decoding->inputs);
	free(decoding);
	return status;
}
