/* Where the text in a buffer may be cut while more of it is still to be read. */
/* SPDX-License-Identifier: MIT */
/*
 * There are two ways, each correct by itself:
 *
 * - A sure cut, searched for backwards from the end: a place where a pretoken ends whatever
 *   surrounds it, in text that no special token touches. Most text has one within a few bytes of
 *   its end.
 * - The serial walk, from the start of the buffer over special tokens and pretokens to the last
 *   border that is decided. A pretoken that ends there may depend on the text that follows, so the
 *   chunk carries that text as lookahead: the worker repeats the walk on the same bytes and finds
 *   the same ends.
 *
 * If neither finds a place, the caller doubles its buffer and tries again. A cut by the serial walk
 * leaves one undecided pretoken, which a later cut hands out whole, so the total cost of all calls
 * is linear in the text.
 */
#include "corpus/chunk_cut.h"

#include <string.h>

#include "base/bytes.h"

enum {
	/*
	 * Sure cuts are searched for in this many bytes at the end. Text that has none for so long (no
	 * pattern, base64) is rare, and the serial walk is then no slower than a longer search.
	 */
	SEARCH_LEN = 1 << 16,
	/* A sure cut depends on one or two characters on each side, none in a special token. */
	CONTEXT_LEN = 8,
	ENDS = 512,
};

void pmill_chunk_cutter_release(struct pmill_chunk_cutter *cutter)
{
	pmill_pretoken_cursor_release(&cutter->cursor);
	pmill_special_cursor_release(&cutter->special_cursor);
}

/* Whether a special token may share bytes with [begin, end). */
static bool touches_special(const struct pmill_chunk_cutter *cutter, const uint8_t *text,
	size_t len, size_t begin, size_t end)
{
	return cutter->specials != NULL &&
		!pmill_special_finder_is_clear(cutter->specials, text, len, begin, end, false);
}

/*
 * How often that may be asked before the serial walk is as good: together, the questions may visit
 * as many bytes as the text has.
 */
static size_t most_tries(const struct pmill_chunk_cutter *cutter, size_t len)
{
	size_t longest = cutter->specials != NULL ? pmill_special_finder_longest(cutter->specials) : 0;
	return longest < len ? 1 + len / (2 * (longest + CONTEXT_LEN)) : 1;
}

bool pmill_chunk_cutter_is_local(const struct pmill_chunk_cutter *cutter)
{
	return cutter->pretokenizer != NULL && pmill_pretokenizer_is_local(cutter->pretokenizer);
}

static struct pmill_chunk_cut find_sure_cut(
	const struct pmill_chunk_cutter *cutter, const uint8_t *text, size_t len)
{
	size_t least = len > SEARCH_LEN ? len - SEARCH_LEN : 1;
	size_t tries = most_tries(cutter, len);
	for (size_t offset = len - 1; offset >= least && tries > 0; offset--) {
		size_t begin = offset > CONTEXT_LEN ? offset - CONTEXT_LEN : 0;
		size_t end = len - offset > CONTEXT_LEN ? offset + CONTEXT_LEN : len;
		if (!pmill_pretokenizer_is_sure_cut(
				cutter->pretokenizer, text + begin, end - begin, offset - begin))
			continue;
		if (!touches_special(cutter, text, len, begin, end))
			return (struct pmill_chunk_cut){.len = offset, .is_segment_end = true};
		tries--;
	}
	return (struct pmill_chunk_cut){0};
}

/* Finds the last decided end of a pretoken in the segment [begin, limit); more may follow. */
static pmill_status find_last_end(struct pmill_chunk_cutter *cutter, const uint8_t *text,
	size_t len, size_t begin, size_t limit, struct pmill_chunk_cut *cut, pmill_error *error)
{
	size_t ends[ENDS], count, last = 0;
	cutter->cursor.pretokenizer = cutter->pretokenizer;
	pmill_status status = pmill_pretoken_cursor_start(
		&cutter->cursor, text + begin, limit - begin, false, error);
	while (status == PMILL_OK) {
		status = pmill_pretoken_cursor_next(&cutter->cursor, ends, ENDS, &count, error);
		if (status != PMILL_OK || count == 0)
			break;
		if (begin + ends[count - 1] == len)
			count--;
		if (count > 0)
			last = ends[count - 1];
	}
	if (status == PMILL_OK && last > 0)
		*cut = (struct pmill_chunk_cut){.len = begin + last, .lookahead = limit - begin - last};
	return status;
}

static pmill_status find_serially(struct pmill_chunk_cutter *cutter, const uint8_t *text,
	size_t len, struct pmill_chunk_cut *cut, pmill_error *error)
{
	size_t begin = 0; /* of the current segment */
	struct pmill_special_cursor *specials = &cutter->special_cursor;
	struct pmill_special_match match;
	specials->finder = cutter->specials;
	pmill_special_cursor_start(specials, text, len, false);
	pmill_status status = pmill_special_cursor_next(specials, &match, error);
	while (status == PMILL_OK && match.end > match.begin) {
		size_t border = match.end < len ? match.end : match.begin;
		if (border > 0)
			*cut = (struct pmill_chunk_cut){.len = border, .is_segment_end = true};
		begin = match.end;
		status = pmill_special_cursor_next(specials, &match, error);
	}
	if (status != PMILL_OK || match.begin == begin || !pmill_chunk_cutter_is_local(cutter))
		return status;
	return find_last_end(cutter, text, len, begin, match.begin, cut, error);
}

pmill_status pmill_chunk_cutter_find(struct pmill_chunk_cutter *cutter, enum pmill_corpus_kind kind,
	const uint8_t *text, size_t len, struct pmill_chunk_cut *cut, pmill_error *error)
{
	*cut = (struct pmill_chunk_cut){0};
	if (len == 0)
		return PMILL_OK;
	if (kind != PMILL_CORPUS_TEXT) {
		const uint8_t *line_end = pmill_bytes_find_last(text, len, '\n');
		if (line_end != NULL)
			*cut = (struct pmill_chunk_cut){
				.len = (size_t)(line_end - text) + 1, .is_segment_end = true};
		if (line_end != NULL || kind == PMILL_CORPUS_JSONL)
			return PMILL_OK;
	}
	if (pmill_chunk_cutter_is_local(cutter))
		*cut = find_sure_cut(cutter, text, len);
	return cut->len > 0 ? PMILL_OK : find_serially(cutter, text, len, cut, error);
}
