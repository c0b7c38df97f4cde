/* Files → chunks of a requested size that end where documents end. */
/* SPDX-License-Identifier: MIT */
#include "chunker.h"

#include "base/error.h"

enum {
	READ_STEP = 1 << 16,
	/*
	 * The article reads on to the next special token, however far: a text without any would be a
	 * single chunk. With its 50 kB, this is a document of 800 kB.
	 */
	LONGEST_FACTOR = 16,
};

void pmill_study_chunker_release(struct pmill_study_chunker *chunker)
{
	pmill_reader_close(chunker->reader);
	pmill_chunk_cutter_release(&chunker->cutter);
	pmill_special_cursor_release(&chunker->special_cursor);
	pmill_buffer_release(&chunker->buffer);
	*chunker = (struct pmill_study_chunker){0};
}

/* ---- The current file ---- */

static const struct pmill_input_file *current_file(const struct pmill_study_chunker *chunker)
{
	return &chunker->inputs->files[chunker->file];
}

static pmill_status open_file(struct pmill_study_chunker *chunker, pmill_error *error)
{
	chunker->is_read = false;
	chunker->buffer.len = chunker->begin = chunker->clear = 0;
	chunker->offset = 0;
	chunker->line = 1;
	return pmill_reader_open(current_file(chunker)->path, 0, NULL, &chunker->reader, error);
}

static const uint8_t *text_of(const struct pmill_study_chunker *chunker)
{
	return chunker->buffer.data + chunker->begin;
}

static size_t len_of(const struct pmill_study_chunker *chunker)
{
	return chunker->buffer.len - chunker->begin;
}

/* Moves fewer bytes than were handed out since the last move. */
static void move_to_front(struct pmill_study_chunker *chunker)
{
	size_t len = len_of(chunker);
	if (chunker->begin < len || chunker->begin == 0)
		return;
	memcpy(chunker->buffer.data, text_of(chunker), len);
	chunker->buffer.len = len;
	chunker->begin = 0;
}

/* Reads until `len` bytes are buffered or the file ends. */
static pmill_status fill(struct pmill_study_chunker *chunker, size_t len, pmill_error *error)
{
	struct pmill_buffer *buffer = &chunker->buffer;
	while (len_of(chunker) < len && !chunker->is_read) {
		size_t got;
		move_to_front(chunker);
		if (!pmill_buffer_reserve(buffer, READ_STEP))
			return pmill_fail_memory(error);
		pmill_status status = pmill_reader_read(
			chunker->reader, buffer->data + buffer->len, READ_STEP, &got, error);
		if (status != PMILL_OK)
			return status;
		buffer->len += got;
		chunker->is_read = got == 0;
	}
	return PMILL_OK;
}

/* ---- Cuts ---- */

static size_t multiply(size_t len, size_t factor)
{
	return len < SIZE_MAX / factor ? len * factor : SIZE_MAX;
}

/* Cuts where the library would, too. */
static pmill_status cut_at_sure_place(
	struct pmill_study_chunker *chunker, struct pmill_chunk_cut *cut, pmill_error *error)
{
	for (size_t len = chunker->chunk_size;; len = multiply(len, 2)) {
		pmill_status status = fill(chunker, len, error);
		if (status != PMILL_OK)
			return status;
		if (chunker->is_read && len >= len_of(chunker)) {
			*cut = (struct pmill_chunk_cut){.len = len_of(chunker), .is_segment_end = true};
			return PMILL_OK;
		}
		status = pmill_chunk_cutter_find(&chunker->cutter, current_file(chunker)->format->kind,
			text_of(chunker), len, cut, error);
		if (status != PMILL_OK || cut->len > 0)
			return status;
	}
}

/*
 * *end: after the last special token that ends within chunk_size, or else after the next one; 0:
 * none so far. *clear: where the search ended. *wanted: how many bytes it needs to go on, or 0.
 */
static pmill_status find_document_end(struct pmill_study_chunker *chunker, size_t *end,
	size_t *clear, size_t *wanted, pmill_error *error)
{
	size_t len = len_of(chunker), size = chunker->chunk_size;
	struct pmill_special_cursor *specials = &chunker->special_cursor;
	specials->finder = chunker->specials;
	pmill_special_cursor_start(specials, text_of(chunker), len, chunker->is_read);
	specials->position = *clear;
	*wanted = 0;
	while (*clear < len) {
		struct pmill_special_match match;
		pmill_status status = pmill_special_cursor_next(specials, &match, error);
		if (status != PMILL_OK)
			return status;
		*clear = match.end;
		if (match.begin == match.end || (*end > 0 && match.end > size))
			break;
		*end = match.end;
		if (match.end >= size)
			break;
	}
	if (chunker->is_read || (*end > 0 && len >= size) || len >= multiply(size, LONGEST_FACTOR))
		return PMILL_OK;
	*wanted = len < size ? size : multiply(len, 2);
	return PMILL_OK;
}

static pmill_status cut_at_document(
	struct pmill_study_chunker *chunker, struct pmill_chunk_cut *cut, pmill_error *error)
{
	size_t end = 0, clear = 0, wanted = chunker->chunk_size;
	while (wanted > 0) {
		pmill_status status = fill(chunker, wanted, error);
		if (status == PMILL_OK)
			status = find_document_end(chunker, &end, &clear, &wanted, error);
		if (status != PMILL_OK)
			return status;
	}
	/* The end of a file ends a document, too. */
	if (chunker->is_read && len_of(chunker) <= chunker->chunk_size)
		end = len_of(chunker);
	*cut = (struct pmill_chunk_cut){.len = end, .is_segment_end = true};
	chunker->clear = end > 0 ? 0 : clear;
	return PMILL_OK;
}

static pmill_status find_cut(
	struct pmill_study_chunker *chunker, struct pmill_chunk_cut *cut, pmill_error *error)
{
	bool has_ends = chunker->specials != NULL &&
		current_file(chunker)->format->kind == PMILL_CORPUS_TEXT;
	*cut = (struct pmill_chunk_cut){0};
	pmill_status status = PMILL_OK;
	if (has_ends && chunker->clear < chunker->chunk_size)
		status = cut_at_document(chunker, cut, error);
	if (status == PMILL_OK && cut->len == 0)
		status = cut_at_sure_place(chunker, cut, error);
	return status;
}

/* ---- Chunks ---- */

static uint64_t count_lines(const uint8_t *text, size_t len)
{
	uint64_t count = 0;
	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	return count;
}

static void hand_out(struct pmill_study_chunker *chunker, const struct pmill_chunk_cut *cut,
	struct pmill_chunk *chunk)
{
	const struct pmill_input_file *file = current_file(chunker);
	*chunk = (struct pmill_chunk){.data = text_of(chunker),
		.len = cut->len,
		.lookahead = cut->lookahead,
		.is_segment_end = cut->is_segment_end,
		.is_file_end = chunker->is_read && cut->len == len_of(chunker),
		.format = file->format,
		.name = file->path,
		.offset = chunker->offset,
		.first_line = chunker->line,
		.sequence = chunker->sequence++};
	chunker->begin += cut->len;
	chunker->clear -= cut->len < chunker->clear ? cut->len : chunker->clear;
	chunker->offset += cut->len;
	if (file->format->kind == PMILL_CORPUS_JSONL)
		chunker->line += count_lines(chunk->data, cut->len);
	if (!chunk->is_file_end)
		return;
	pmill_reader_close(chunker->reader);
	chunker->reader = NULL;
	chunker->file++;
}

pmill_status pmill_study_chunker_next(
	struct pmill_study_chunker *chunker, struct pmill_chunk *chunk, pmill_error *error)
{
	*chunk = (struct pmill_chunk){0};
	if (chunker->reader == NULL && chunker->file == chunker->inputs->count)
		return PMILL_OK;
	chunker->cutter.pretokenizer = chunker->pretokenizer;
	chunker->cutter.specials = chunker->specials;
	struct pmill_chunk_cut cut;
	pmill_status status = chunker->reader == NULL ? open_file(chunker, error) : PMILL_OK;
	if (status == PMILL_OK)
		status = find_cut(chunker, &cut, error);
	if (status == PMILL_OK)
		hand_out(chunker, &cut, chunk);
	return status;
}
