/* Text → pretokens: known patterns on our own scanners, any other expression on PCRE2. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_PRETOKENIZER_H
#define PMILL_PRETOKENIZE_PRETOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"
#include "regex/match_watch.h"
#include "unicode/class.h"

/* Immutable once created; may be shared by threads. */
struct pmill_pretokenizer;

/*
 * `pattern`: the name of a known pattern, one of its recognised spellings, or an expression; NULL
 * means "gpt2". `unicode_version`: NULL means "16.0". `scanner`: a name that pmill_scanner_name
 * lists; NULL means the fastest. "regex" runs a known pattern on PCRE2 with its classes written
 * out.
 */
pmill_status pmill_pretokenizer_create(const char *pattern, const char *unicode_version,
	const char *scanner, struct pmill_pretokenizer **pretokenizer, pmill_error *error);
/* The same, but text between the matches of an expression is PMILL_BAD_INPUT at its offset. */
pmill_status pmill_pretokenizer_create_without_gaps(const char *pattern,
	const char *unicode_version, const char *scanner, struct pmill_pretokenizer **pretokenizer,
	pmill_error *error);
void pmill_pretokenizer_free(struct pmill_pretokenizer *pretokenizer);

/* The name of a known pattern, otherwise the expression as given. */
const char *pmill_pretokenizer_pattern(const struct pmill_pretokenizer *pretokenizer);
const struct pmill_unicode *pmill_pretokenizer_unicode(
	const struct pmill_pretokenizer *pretokenizer);

/*
 * Whether text may be cut before its document ends: true for known patterns, false for expressions,
 * which may look at any part of it.
 */
bool pmill_pretokenizer_is_local(const struct pmill_pretokenizer *pretokenizer);

/*
 * Whether a pretoken ends at `offset` (0 < offset < len) whatever surrounds the bytes of `text`,
 * and each side is cut the same without the other. May miss such a place. Looks at a few bytes
 * around `offset`. Always false unless is_local.
 */
bool pmill_pretokenizer_is_sure_cut(
	const struct pmill_pretokenizer *pretokenizer, const uint8_t *text, size_t len, size_t offset);

/*
 * Walks the pretokens of one segment (text between hard borders). One per thread, reusable; ready
 * if all zero except for `pretokenizer`.
 */
struct pmill_pretoken_cursor {
	const struct pmill_pretokenizer *pretokenizer;
	const uint8_t *text;
	size_t len;
	size_t position; /* where the next pretoken begins */
	bool is_final;   /* the segment ends at `len`; otherwise more text may follow */
	void *scratch;   /* the regex engine's match data and its clean copy of the text */
	struct pmill_match_watch *watch; /* see pmill_pretoken_cursor_set_watch */
};

void pmill_pretoken_cursor_release(struct pmill_pretoken_cursor *cursor);

/*
 * Lets another thread stop the walks that follow: `next` is then PMILL_CANCELLED. `watch` may be
 * NULL. To be called anew after the thread did anything that may take long, such as reading: time
 * is measured from here.
 */
void pmill_pretoken_cursor_set_watch(
	struct pmill_pretoken_cursor *cursor, struct pmill_match_watch *watch);

/*
 * Begins a segment. If `is_final` is false, the walk ends before the first pretoken whose end could
 * depend on what follows `len`; `position` is then its beginning. Only local patterns allow that.
 */
pmill_status pmill_pretoken_cursor_start(struct pmill_pretoken_cursor *cursor, const uint8_t *text,
	size_t len, bool is_final, pmill_error *error);

/*
 * Writes the ends of the next pretokens (offsets into `text`, strictly ascending), up to `capacity`
 * > 0, and stores their number in `*count`; 0 at the end of the walk. Each pretoken begins where
 * the previous one ends.
 */
pmill_status pmill_pretoken_cursor_next(struct pmill_pretoken_cursor *cursor, size_t *ends,
	size_t capacity, size_t *count, pmill_error *error);

#endif
