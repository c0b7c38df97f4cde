/* Text → pretokens, step by step: each level cuts the pieces of the level before. */
/* SPDX-License-Identifier: MIT */
#include "encode/cutter.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "pretokenize/pattern.h"
#include "unicode/printable.h"

enum { PIECES = 64 }; /* cut at a time */

struct pmill_cutter {
	struct cut_rule {
		struct pmill_pretokenizer *pretokenizer;
		bool adds_space, on_printable;
	} * rules;
	size_t count;
	bool is_plain; /* a single plain step */
};

/* The piece that one step cuts. */
struct pmill_cut_level {
	struct pmill_pretoken_cursor cursor;
	struct pmill_buffer spaced, printable;
	const uint8_t *bytes; /* of the piece, with its space */
	const uint8_t *text;  /* what is cut: the bytes, or their printable form */
	size_t begin;         /* of the piece in the segment */
	size_t added;         /* bytes at its beginning that aren't in the segment: a space, or none */
	size_t text_at, byte_at;
	size_t ends[PIECES], count, next; /* in `text` */
};

/* ---- Creating ---- */

static pmill_status make_rule(const struct pmill_cut_step *step, const char *unicode_version,
	const char *scanner, struct cut_rule *rule, pmill_error *error)
{
	rule->adds_space = step->adds_space;
	rule->on_printable = step->on_printable;
	return (step->drops_gaps ? pmill_pretokenizer_create_without_gaps : pmill_pretokenizer_create)(
		step->pattern, unicode_version, scanner, &rule->pretokenizer, error);
}

static pmill_status make_rules(struct pmill_cutter *cutter, const struct pmill_cut_step *steps,
	size_t count, const char *unicode_version, const char *scanner, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++) {
		bool is_for_scanner = cutter->is_plain || pmill_pattern_find(steps[i].pattern) != NULL;
		status = make_rule(&steps[i], unicode_version, is_for_scanner ? scanner : NULL,
			&cutter->rules[cutter->count], error);
		cutter->count += status == PMILL_OK;
	}
	return status;
}

pmill_status pmill_cutter_create(const struct pmill_cut_step *steps, size_t count,
	const char *unicode_version, const char *scanner, struct pmill_cutter **cutter,
	pmill_error *error)
{
	struct pmill_cutter *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->is_plain = count == 1 && pmill_cut_step_is_plain(steps);
	made->rules = calloc(count, sizeof *made->rules);
	pmill_status status = made->rules == NULL
		? pmill_fail_memory(error)
		: make_rules(made, steps, count, unicode_version, scanner, error);
	if (status == PMILL_OK)
		*cutter = made;
	else
		pmill_cutter_free(made);
	return status;
}

void pmill_cutter_free(struct pmill_cutter *cutter)
{
	if (cutter == NULL)
		return;
	for (size_t i = 0; i < cutter->count; i++)
		pmill_pretokenizer_free(cutter->rules[i].pretokenizer);
	free(cutter->rules);
	free(cutter);
}

const struct pmill_pretokenizer *pmill_cutter_pretokenizer(const struct pmill_cutter *cutter)
{
	return cutter->is_plain ? cutter->rules[0].pretokenizer : NULL;
}

/* ---- Walking ---- */

void pmill_cut_cursor_release(struct pmill_cut_cursor *cursor)
{
	for (size_t i = 0; cursor->levels != NULL && i < cursor->cutter->count; i++) {
		pmill_pretoken_cursor_release(&cursor->levels[i].cursor);
		pmill_buffer_release(&cursor->levels[i].spaced);
		pmill_buffer_release(&cursor->levels[i].printable);
	}
	free(cursor->levels);
	cursor->levels = NULL;
}

static bool add_space(struct pmill_cut_level *level, pmill_bytes *piece)
{
	level->spaced.len = 0;
	if (*(const uint8_t *)piece->data == ' ')
		return true;
	if (!pmill_buffer_append(&level->spaced, " ", 1) ||
		!pmill_buffer_append(&level->spaced, piece->data, piece->len))
		return false;
	*piece = (pmill_bytes){level->spaced.data, level->spaced.len};
	return true;
}

static bool make_printable(struct pmill_cut_level *level, pmill_bytes *text)
{
	level->printable.len = 0;
	if (!pmill_printable_append(&level->printable, text->data, text->len))
		return false;
	*text = (pmill_bytes){level->printable.data, level->printable.len};
	return true;
}

/* The offset in the segment of a byte of the piece. */
static size_t find_in_segment(const struct pmill_cut_level *level, size_t offset)
{
	return level->begin + (offset > level->added ? offset - level->added : 0);
}

/* `piece` isn't empty. */
static pmill_status open_level(
	struct pmill_cut_cursor *cursor, pmill_bytes piece, pmill_error *error)
{
	const struct cut_rule *rule = &cursor->cutter->rules[cursor->depth];
	struct pmill_cut_level *level = &cursor->levels[cursor->depth++];
	const uint8_t *data = piece.data;
	level->begin = level->added = 0;
	if (cursor->depth > 1) {
		const size_t offset = (size_t)(data - level[-1].bytes);
		level->begin = find_in_segment(level - 1, offset);
		level->added = offset < level[-1].added;
	}
	if (rule->adds_space && !add_space(level, &piece))
		return pmill_fail_memory(error);
	level->bytes = piece.data;
	level->added += level->bytes != data;
	if (rule->on_printable && !make_printable(level, &piece))
		return pmill_fail_memory(error);
	level->text = piece.data;
	level->text_at = level->byte_at = level->count = level->next = 0;
	level->cursor.pretokenizer = rule->pretokenizer;
	pmill_pretoken_cursor_set_watch(&level->cursor, cursor->watch);
	return pmill_pretoken_cursor_start(&level->cursor, piece.data, piece.len, true, error);
}

pmill_status pmill_cut_cursor_start(
	struct pmill_cut_cursor *cursor, const uint8_t *text, size_t len, pmill_error *error)
{
	cursor->depth = 0;
	if (cursor->levels == NULL)
		cursor->levels = calloc(cursor->cutter->count, sizeof *cursor->levels);
	if (cursor->levels == NULL)
		return pmill_fail_memory(error);
	return len == 0 ? PMILL_OK : open_level(cursor, (pmill_bytes){text, len}, error);
}

/* Each byte is one character of its printable form. */
static size_t count_characters(const uint8_t *text, size_t begin, size_t end)
{
	size_t count = 0;
	for (size_t i = begin; i < end; i++)
		count += (text[i] & 0xC0) != 0x80;
	return count;
}

/* The error's offset is in the text that this level cuts. */
static pmill_status correct_offset(
	const struct pmill_cut_level *level, bool is_printable, pmill_status status, pmill_error *error)
{
	if (error == NULL || error->offset == PMILL_NO_OFFSET)
		return status;
	const size_t offset = (size_t)error->offset;
	error->offset = find_in_segment(
		level, is_printable ? count_characters(level->text, 0, offset) : offset);
	return status;
}

/* The next piece of the deepest level; len 0: it is done. */
static pmill_status next_piece(
	struct pmill_cut_level *level, bool is_printable, pmill_bytes *piece, pmill_error *error)
{
	if (level->next == level->count) {
		level->next = 0;
		pmill_status status = pmill_pretoken_cursor_next(
			&level->cursor, level->ends, PIECES, &level->count, error);
		if (status != PMILL_OK)
			return correct_offset(level, is_printable, status, error);
	}
	*piece = (pmill_bytes){level->bytes + level->byte_at, 0};
	if (level->count == 0)
		return PMILL_OK;
	size_t end = level->ends[level->next++];
	piece->len = is_printable ? count_characters(level->text, level->text_at, end)
							  : end - level->text_at;
	level->text_at = end;
	level->byte_at += piece->len;
	return PMILL_OK;
}

static void set_place(struct pmill_cut_cursor *cursor, pmill_bytes pretoken)
{
	const struct pmill_cut_level *level = &cursor->levels[cursor->depth - 1];
	const size_t offset = (size_t)((const uint8_t *)pretoken.data - level->bytes);
	cursor->begin = find_in_segment(level, offset);
	cursor->added = offset < level->added;
}

pmill_status pmill_cut_cursor_next(
	struct pmill_cut_cursor *cursor, pmill_bytes *pretoken, pmill_error *error)
{
	*pretoken = (pmill_bytes){NULL, 0};
	while (cursor->depth > 0) {
		size_t deepest = cursor->depth - 1;
		pmill_bytes piece;
		pmill_status status = next_piece(
			&cursor->levels[deepest], cursor->cutter->rules[deepest].on_printable, &piece, error);
		if (status == PMILL_OK && piece.len > 0 && cursor->depth == cursor->cutter->count) {
			set_place(cursor, piece);
			*pretoken = piece;
			return PMILL_OK;
		}
		if (status == PMILL_OK && piece.len > 0)
			status = open_level(cursor, piece, error);
		else
			cursor->depth--;
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}
