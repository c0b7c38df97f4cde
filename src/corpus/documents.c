/* One chunk → its segments (text between hard borders), with document ends marked. */
/* SPDX-License-Identifier: MIT */
/*
 * A chunk is a sequence of pieces: the whole chunk (text), its lines, or the values of its JSON
 * lines. A piece is cut into segments at special tokens.
 */
#include "corpus/documents.h"

#include "base/error.h"
#include "corpus/json_line.h"

void pmill_segment_walk_start(struct pmill_segment_walk *walk, const struct pmill_chunk *chunk)
{
	walk->chunk = chunk;
	walk->next = 0;
	walk->line = chunk->first_line;
	walk->is_in_piece = false;
}

void pmill_segment_walk_release(struct pmill_segment_walk *walk)
{
	pmill_buffer_release(&walk->text);
	pmill_special_cursor_release(&walk->special_cursor);
	pmill_bad_line_log_release(&walk->bad);
}

/* ---- Pieces ---- */

static void start_piece(struct pmill_segment_walk *walk, const uint8_t *begin, size_t len)
{
	walk->is_in_piece = true;
	walk->begin = begin;
	walk->end = begin + len;
	walk->lookahead = 0;
	walk->is_final = true;
	walk->ends_document = true;
	/* No special token crosses the end of a chunk, line or value, so the search is final. */
	walk->special_cursor.finder = walk->specials;
	pmill_special_cursor_start(&walk->special_cursor, begin, len, true);
}

/* A piece that ends with the chunk and may continue in the next one. */
static void start_last_piece(struct pmill_segment_walk *walk, const uint8_t *begin, size_t len)
{
	start_piece(walk, begin, len);
	walk->lookahead = walk->chunk->lookahead;
	walk->is_final = walk->chunk->is_segment_end;
	walk->ends_document = walk->chunk->is_file_end;
}

/* The length of the line at `next`, including its LF if it has one. */
static size_t line_len(const struct pmill_segment_walk *walk)
{
	const uint8_t *begin = walk->chunk->data + walk->next;
	size_t left = walk->chunk->len - walk->next;
	const uint8_t *end = memchr(begin, '\n', left);
	return end != NULL ? (size_t)(end - begin) + 1 : left;
}

static void take_line(struct pmill_segment_walk *walk)
{
	const uint8_t *begin = walk->chunk->data + walk->next;
	size_t len = line_len(walk);
	if (begin[len - 1] == '\n')
		start_piece(walk, begin, len);
	else
		start_last_piece(walk, begin, len);
	walk->next += len;
}

static bool is_blank(const uint8_t *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

/* A byte-order mark may begin a file, but not a later line. */
static size_t mark_len(const struct pmill_segment_walk *walk, const uint8_t *line, size_t len)
{
	bool is_first = walk->chunk->offset == 0 && walk->next == 0;
	return is_first && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* Skips the bad line, or fails with its place. */
static pmill_status take_bad_line(
	struct pmill_segment_walk *walk, size_t mark, const pmill_error *cause, pmill_error *error)
{
	uint64_t offset = walk->chunk->offset + walk->next + mark + cause->offset;
	if (walk->skip_bad_lines) {
		walk->bad_lines++;
		return pmill_bad_line_log_add(&walk->bad, walk->chunk, walk->line, offset, cause->message)
			? PMILL_OK
			: pmill_fail_memory(error);
	}
	return pmill_fail(error, PMILL_BAD_INPUT, offset, "%.500s: line %llu: byte %llu: %.400s",
		walk->chunk->name, (unsigned long long)walk->line, (unsigned long long)offset,
		cause->message);
}

/* Unescapes the value of the line at `next`; a blank or skipped line is not a piece. */
static pmill_status take_json_line(struct pmill_segment_walk *walk, pmill_error *error)
{
	const uint8_t *line = walk->chunk->data + walk->next;
	size_t whole = line_len(walk);
	size_t len = line[whole - 1] == '\n' ? whole - 1 : whole;
	size_t mark = mark_len(walk, line, len);
	if (!is_blank(line + mark, len - mark)) {
		const char *field = walk->field != NULL ? walk->field : "text";
		pmill_error cause;
		walk->text.len = 0;
		pmill_status status = pmill_json_line_field(
			line + mark, len - mark, field, strlen(field), &walk->text, &cause);
		if (status == PMILL_OK)
			start_piece(walk, walk->text.len > 0 ? walk->text.data : line, walk->text.len);
		else
			status = status == PMILL_BAD_INPUT ? take_bad_line(walk, mark, &cause, error)
											   : pmill_fail_memory(error);
		if (status != PMILL_OK)
			return status;
	}
	walk->next += whole;
	walk->line++;
	return PMILL_OK;
}

static pmill_status take_piece(struct pmill_segment_walk *walk, pmill_error *error)
{
	switch (walk->chunk->format->kind) {
	case PMILL_CORPUS_LINES: take_line(walk); return PMILL_OK;
	case PMILL_CORPUS_JSONL: return take_json_line(walk, error);
	case PMILL_CORPUS_TEXT: break;
	}
	start_last_piece(walk, walk->chunk->data, walk->chunk->len);
	walk->next = walk->chunk->len;
	return PMILL_OK;
}

/* ---- Segments ---- */

static pmill_status take_segment(
	struct pmill_segment_walk *walk, struct pmill_segment *segment, pmill_error *error)
{
	size_t begin = walk->special_cursor.position;
	struct pmill_special_match match;
	pmill_status status = pmill_special_cursor_next(&walk->special_cursor, &match, error);
	if (status != PMILL_OK)
		return status;
	bool is_special = match.end > match.begin;
	size_t taken = match.end - begin;
	bool is_last = walk->begin + taken == walk->end;
	bool is_separator = is_special && match.index == walk->separator_index;
	*segment = (struct pmill_segment){.text = walk->begin,
		.len = match.begin - begin,
		.lookahead = is_special ? 0 : walk->lookahead,
		.is_final = is_special || walk->is_final,
		.special = is_special ? match.index : SIZE_MAX,
		.ends_document = is_separator || (is_last && walk->ends_document)};
	walk->text_bytes += taken;
	walk->documents += segment->ends_document;
	walk->begin += taken;
	walk->is_in_piece = !is_last;
	return PMILL_OK;
}

pmill_status pmill_segment_walk_next(struct pmill_segment_walk *walk, struct pmill_segment *segment,
	bool *is_there, pmill_error *error)
{
	while (!walk->is_in_piece && walk->next < walk->chunk->len) {
		pmill_status status = take_piece(walk, error);
		if (status != PMILL_OK)
			return status;
	}
	*is_there = walk->is_in_piece;
	return walk->is_in_piece ? take_segment(walk, segment, error) : PMILL_OK;
}

bool pmill_segment_walk_place(const struct pmill_segment_walk *walk, struct pmill_place *place)
{
	const struct pmill_chunk *chunk = walk->chunk;
	const bool is_json = chunk->format->kind == PMILL_CORPUS_JSONL;
	const bool is_text = chunk->format->kind == PMILL_CORPUS_TEXT;
	const size_t next = walk->is_in_piece && !is_json ? (size_t)(walk->begin - chunk->data)
													  : walk->next;
	*place = (struct pmill_place){chunk->file, chunk->offset + next, walk->line};
	/* The last chunk of lines may be empty: whether this one is depends on where it was cut. */
	if (is_text && !walk->is_in_piece && walk->next == chunk->len && chunk->is_file_end)
		*place = (struct pmill_place){chunk->file + 1, 0, 1};
	return !walk->is_in_piece || !is_json;
}

pmill_status pmill_segment_walk_fail(const struct pmill_segment_walk *walk,
	const struct pmill_segment *segment, const pmill_error *cause, pmill_error *error)
{
	const struct pmill_chunk *chunk = walk->chunk;
	const pmill_status status = cause->status;
	if (cause->offset == PMILL_NO_OFFSET)
		return pmill_fail(
			error, status, PMILL_NO_OFFSET, "%.500s: %.400s", chunk->name, cause->message);
	if (chunk->format->kind == PMILL_CORPUS_JSONL) {
		/* The walk is already at the next line. */
		const uint64_t line = walk->line - 1;
		const uint64_t offset = (uint64_t)(segment->text - walk->text.data) + cause->offset;
		return pmill_fail(error, status, offset, "%.500s: line %llu: byte %llu of the text: %.400s",
			chunk->name, (unsigned long long)line, (unsigned long long)offset, cause->message);
	}
	const uint64_t offset = chunk->offset + (uint64_t)(segment->text - chunk->data) + cause->offset;
	return pmill_fail(error, status, offset, "%.500s: byte %llu: %.400s", chunk->name,
		(unsigned long long)offset, cause->message);
}
