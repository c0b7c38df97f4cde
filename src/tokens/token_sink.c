/* Documents' ids, in order → a token file with all that belongs to it. */
/* SPDX-License-Identifier: MIT */
#include "tokens/token_sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* ---- Opening ---- */

/* OUT without what the format puts after it, in case the caller named the file of the ids. */
static char *find_stem(const struct pmill_token_format *format, const char *path)
{
	const char *suffix = format->ids_suffix;
	const size_t len = strlen(path);
	const bool has_suffix = suffix != NULL && pmill_path_has_suffix(path, suffix);
	return pmill_copy_text(path, has_suffix ? len - strlen(suffix) : len);
}

static pmill_status open_ids(struct pmill_token_sink *sink, const char *path,
	const pmill_output_options *options, pmill_error *error)
{
	pmill_output_options ids = *options;
	ids.path = path;
	const pmill_status status = pmill_output_open(&sink->output, &ids, error);
	if (status != PMILL_OK || sink->format->header == NULL)
		return status;
	void *header = calloc(1, sink->format->header->len);
	const bool done = header != NULL &&
		pmill_buffer_append(&sink->output.pending, header, sink->format->header->len);
	free(header);
	return done ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status open_sidecar(
	struct pmill_token_sink *sink, const char *ids, unsigned flags, pmill_error *error)
{
	char *path = pmill_path_extend(ids, ".json");
	if (path == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = pmill_file_writer_open(&sink->sidecar, path, flags, error);
	sink->has_sidecar = status == PMILL_OK;
	free(path);
	return status;
}

static pmill_status open_files(struct pmill_token_sink *sink, const char *stem,
	const pmill_output_options *options, pmill_error *error)
{
	const struct pmill_token_format *format = sink->format;
	const bool needs_file = format->header != NULL || format->index_format != NULL;
	char *ids = pmill_path_extend(stem, format->ids_suffix == NULL ? "" : format->ids_suffix);
	if (ids == NULL)
		return pmill_fail_memory(error);
	pmill_status status = open_ids(sink, ids, options, error);
	const bool is_placed = status == PMILL_OK && pmill_file_writer_is_placed(&sink->output.file);
	if (status == PMILL_OK && needs_file && !is_placed)
		status = pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: the format %s can only be written to a file", ids, format->name);
	if (status == PMILL_OK && format->index_format != NULL)
		status = pmill_index_writer_open(
			&sink->index, format->index_format, format->width, stem, options->flags, error);
	if (status == PMILL_OK && is_placed)
		status = open_sidecar(sink, ids, options->flags, error);
	free(ids);
	return status;
}

pmill_status pmill_token_sink_open(struct pmill_token_sink *sink,
	const struct pmill_token_format *format, const pmill_output_options *options,
	pmill_error *error)
{
	*sink = (struct pmill_token_sink){.format = format};
	if (options->path == NULL) {
		if (options->write != NULL && (format->header != NULL || format->index_format != NULL))
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"the format %s can only be written to a file", format->name);
		return pmill_output_open(&sink->output, options, error);
	}
	char *stem = find_stem(format, options->path);
	if (stem == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = open_files(sink, stem, options, error);
	free(stem);
	return status;
}

bool pmill_token_sink_is_open(const struct pmill_token_sink *sink)
{
	return pmill_output_is_open(&sink->output);
}

/* ---- Writing ---- */

pmill_status pmill_token_sink_put(struct pmill_token_sink *sink, uint64_t before,
	const uint32_t *ids, size_t count, pmill_error *error)
{
	const struct pmill_token_header *header = sink->format->header;
	sink->tokens += count;
	if (header != NULL && sink->tokens > header->most_tokens)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"there are more than %" PRIu64 " ids, which is the most that a file in the format %s "
			"can have",
			header->most_tokens, sink->format->name);
	return sink->format->append(&sink->output.pending, before, ids, count)
		? pmill_output_flush_if_large(&sink->output, error)
		: pmill_fail_memory(error);
}

pmill_status pmill_token_sink_end_document(struct pmill_token_sink *sink, uint64_t count,
	const pmill_tokenizer *tokenizer, const struct pmill_ids *ids, pmill_error *error)
{
	const struct pmill_token_format *format = sink->format;
	pmill_status status = PMILL_OK;
	sink->documents++;
	if (format->append == NULL) {
		sink->tokens += count;
		status = format->write_document(&sink->output, tokenizer, ids, error);
	} else if (!format->end_document(&sink->output.pending)) {
		status = pmill_fail_memory(error);
	}
	if (status == PMILL_OK && format->index_format != NULL)
		status = format->index_format->end_document(&sink->index, count, error);
	return status == PMILL_OK ? pmill_output_flush_if_large(&sink->output, error) : status;
}

/* ---- The end ---- */

static pmill_status patch_header(struct pmill_token_sink *sink, pmill_error *error)
{
	const struct pmill_token_header *header = sink->format->header;
	uint8_t *bytes = calloc(1, header->len);
	if (bytes == NULL)
		return pmill_fail_memory(error);
	header->fill(bytes, sink->tokens, sink->format->width);
	const pmill_status status = pmill_file_writer_patch(
		&sink->output.file, 0, bytes, header->len, error);
	free(bytes);
	return status;
}

static pmill_status fill_sidecar(struct pmill_token_sink *sink,
	const struct pmill_sidecar_model *model, uint64_t bytes, const struct pmill_place *next,
	pmill_error *error)
{
	const struct pmill_sidecar_counts counts = {sink->documents, sink->tokens, bytes};
	struct pmill_buffer json = {0};
	pmill_status status = PMILL_OK;
	if (!pmill_sidecar_write(&json, sink->format, model, &counts, next))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(&sink->sidecar, json.data, json.len, error);
	pmill_buffer_release(&json);
	return status;
}

enum { MOST_FILES = PMILL_INDEX_FILES + 2 };

/* All files, the ids last. */
static size_t list_files(struct pmill_token_sink *sink, struct pmill_file_writer **files)
{
	size_t count = 0;
	for (size_t i = 0; sink->index.format != NULL && i < PMILL_INDEX_FILES; i++)
		if (sink->index.format->suffixes[i] != NULL)
			files[count++] = &sink->index.files[i];
	if (sink->has_sidecar)
		files[count++] = &sink->sidecar;
	files[count++] = &sink->output.file;
	return count;
}

/* If one can't get its name, those that are new are removed again. */
static pmill_status place(struct pmill_file_writer **files, size_t count, pmill_error *error)
{
	bool is_new[MOST_FILES];
	for (size_t i = 0; i < count; i++)
		is_new[i] = pmill_file_writer_is_placed(files[i]) && !pmill_path_exists(files[i]->path);
	for (size_t i = 0; i < count; i++) {
		if (pmill_file_writer_place(files[i]) == 0)
			continue;
		const int number = errno;
		for (size_t k = 0; k < i; k++)
			if (is_new[k])
				unlink(files[k]->path);
		return pmill_file_fail_place(files[i]->path, number, error);
	}
	return PMILL_OK;
}

pmill_status pmill_token_sink_commit(struct pmill_token_sink *sink,
	const struct pmill_sidecar_model *model, uint64_t bytes, const struct pmill_place *next,
	pmill_error *error)
{
	struct pmill_file_writer *files[MOST_FILES];
	pmill_status status = pmill_output_flush(&sink->output, error);
	if (status != PMILL_OK || !sink->output.is_file)
		return status;
	if (sink->format->header != NULL)
		status = patch_header(sink, error);
	if (status == PMILL_OK && sink->index.format != NULL)
		status = sink->index.format->finish(&sink->index, model->name, error);
	if (status == PMILL_OK && sink->has_sidecar)
		status = fill_sidecar(sink, model, bytes, next, error);
	const size_t count = list_files(sink, files);
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = pmill_file_writer_flush(files[i], error);
	return status == PMILL_OK ? place(files, count, error) : status;
}

void pmill_token_sink_release(struct pmill_token_sink *sink)
{
	pmill_output_release(&sink->output);
	pmill_index_writer_release(&sink->index);
	pmill_file_writer_release(&sink->sidecar);
	*sink = (struct pmill_token_sink){0};
}
