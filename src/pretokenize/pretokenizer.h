/* From text to pretokens: a known pattern on our own scanner, or any expression on PCRE2. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_PRETOKENIZER_H
#define PMILL_PRETOKENIZE_PRETOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"
#include "unicode/class.h"

/* Never changes once created; shared by threads. */
struct pmill_pretokenizer;

/*
 * `pattern`: the name of a known pattern, one of its recognised spellings, or an expression; NULL
 * "gpt2". `unicode_version`: NULL "16.0". `scanner`: NULL the fastest, a name of the table in
 * scanner_table.c, or "regex", which runs a known pattern on PCRE2 with its classes written out.
 */
pmill_status pmill_pretokenizer_create(const char *pattern, const char *unicode_version,
	const char *scanner, struct pmill_pretokenizer **pretokenizer, pmill_error *error);
void pmill_pretokenizer_free(struct pmill_pretokenizer *pretokenizer);

/*
 * The names that `scanner` may have in this build and on this processor, the fastest first; NULL at
 * the end of the list.
 */
const char *pmill_scanner_name(size_t index);

/* The name of a known pattern, else the expression as it was given. */
const char *pmill_pretokenizer_pattern(const struct pmill_pretokenizer *pretokenizer);
const struct pmill_unicode *pmill_pretokenizer_unicode(
	const struct pmill_pretokenizer *pretokenizer);

/*
 * Whether text may be cut before its document ends: true for the known patterns, false for
 * expressions, which may look anywhere.
 */
bool pmill_pretokenizer_is_local(const struct pmill_pretokenizer *pretokenizer);

/*
 * Whether a pretoken ends at `offset` (0 < offset < len) whatever comes before and after the bytes
 * of `text`, and the text on each side is cut the same when the other is not there. May say false
 * of a place where one does. Looks at a few bytes around `offset`. Always false unless is_local.
 */
bool pmill_pretokenizer_is_sure_cut(
	const struct pmill_pretokenizer *pretokenizer, const uint8_t *text, size_t len, size_t offset);

/*
 * Walks through the pretokens of one segment (text between hard borders). One per thread, used
 * again and again; all zero but for `pretokenizer` is ready.
 */
struct pmill_pretoken_cursor {
	const struct pmill_pretokenizer *pretokenizer;
	const uint8_t *text;
	size_t len;
	size_t position; /* where the next pretoken begins */
	bool is_final;   /* the segment ends at `len`; else more text may follow */
	void *scratch;   /* the regex engine's match data and clean copy of the text */
};

void pmill_pretoken_cursor_release(struct pmill_pretoken_cursor *cursor);

/*
 * Begins a segment. With `is_final` false the walk ends before the first pretoken whose end could
 * change with what follows `len`; `position` then says where it begins. Only local patterns can be
 * walked so.
 */
pmill_status pmill_pretoken_cursor_start(struct pmill_pretoken_cursor *cursor, const uint8_t *text,
	size_t len, bool is_final, pmill_error *error);

/*
 * Writes the ends (offsets into `text`, ascending, each beyond the one before) of the next
 * pretokens, up to `capacity` > 0, and their number to `*count`; 0 at the end of the walk.
 * Pretokens touch each other: each begins where the one before ends.
 */
pmill_status pmill_pretoken_cursor_next(struct pmill_pretoken_cursor *cursor, size_t *ends,
	size_t capacity, size_t *count, pmill_error *error);

#endif
