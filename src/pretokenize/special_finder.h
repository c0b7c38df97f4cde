/* Finds special tokens: left to right, longest match at each position. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SPECIAL_FINDER_H
#define PMILL_PRETOKENIZE_SPECIAL_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/*
 * Immutable once created; may be shared by threads. Copies the tokens. Takes at most 45 bytes of
 * memory for each of their bytes, 32 for each token, and 1 MiB; creating it takes twice that
 * for a moment.
 */
struct pmill_special_finder;

/* PMILL_BAD_OPTION, with its name, for an empty or repeated token. */
pmill_status pmill_special_finder_create(const pmill_bytes *tokens, size_t count,
	struct pmill_special_finder **finder, pmill_error *error);
void pmill_special_finder_free(struct pmill_special_finder *finder);

size_t pmill_special_finder_count(const struct pmill_special_finder *finder);
pmill_bytes pmill_special_finder_token(const struct pmill_special_finder *finder, size_t index);
size_t pmill_special_finder_longest(const struct pmill_special_finder *finder); /* 0: no tokens */

/*
 * The longest other token that the token begins with, or SIZE_MAX. From the token of a match, this
 * gives all tokens that match there, longest first.
 */
size_t pmill_special_finder_shorter(const struct pmill_special_finder *finder, size_t index);

/*
 * Whether no token, whatever was matched before, shares a byte with [begin, end) or, if that is
 * empty, begins before it and ends after it. If `is_final` is false, returns false also where one
 * might once more text follows. Takes time linear in end - begin and the longest token.
 */
bool pmill_special_finder_is_clear(const struct pmill_special_finder *finder, const uint8_t *text,
	size_t len, size_t begin, size_t end, bool is_final);

/* ---- Searching ---- */

struct pmill_special_match {
	size_t begin;
	size_t end;   /* begin == end: no match */
	size_t index; /* of the token, in the order given to create */
};

/*
 * Finds the tokens of one text after another, in time linear in the text, whatever the tokens. Set
 * `finder`; all else zero is ready. One per thread.
 */
struct pmill_special_cursor {
	const struct pmill_special_finder *finder; /* NULL: finds none */
	/*
	 * Where the next search begins: the end of the last match. May be moved forward, for instance
	 * to one byte after the beginning of a match that is not wanted.
	 */
	size_t position;
	/* private */
	const uint8_t *text;
	size_t len;
	bool is_final;
	bool has_end_node;
	uint32_t end_node; /* of the automaton, at the end of the text */
	uint32_t *window;  /* the longest token at each place of [window_begin, window_end) */
	size_t window_begin, window_end, window_capacity;
	size_t debt;      /* bytes visited in excess of a multiple of those passed */
	uint64_t visited; /* bytes visited so far, other than passing over where no token begins */
};

/*
 * The text must not change while it is searched. If `is_final` is false, more text may follow it:
 * when that could change or lengthen a match, the search ends before it.
 */
void pmill_special_cursor_start(
	struct pmill_special_cursor *cursor, const uint8_t *text, size_t len, bool is_final);

/*
 * The first match at or after `position`. If there is none, begin = end = `len`, or, if `is_final`
 * is false, the offset from which to search again once there is more text. Can only fail with
 * PMILL_NO_MEMORY: the cursor takes up to 4 bytes for each byte of the longest token, at least
 * 64 KiB, but only if matches that fail late would cost too much time otherwise.
 */
pmill_status pmill_special_cursor_next(
	struct pmill_special_cursor *cursor, struct pmill_special_match *match, pmill_error *error);

void pmill_special_cursor_release(struct pmill_special_cursor *cursor);

#endif
