/* The scalar scanner's view of a text: single characters, as far as they are certain. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SCAN_VIEW_H
#define PMILL_PRETOKENIZE_SCAN_VIEW_H

#include "pretokenize/scanner.h"
#include "unicode/utf8.h"

struct view {
	const uint8_t *text;
	size_t len;
	size_t limit; /* end of the characters that more text can't change */
	const struct pmill_unicode *unicode;
	bool touched; /* something at or past the limit was needed */
};

/* A character: the bit of its class (0 at the limit), and its bytes. */
struct character {
	unsigned bit;
	size_t len;
};

/* A multi-byte character or an invalid byte. Not inlined, to keep the callers' loops small. */
static struct character peek_beyond_ascii(const struct view *view, size_t position)
{
	uint32_t code_point;
	size_t len = pmill_utf8_decode(view->text + position, view->len - position, &code_point);
	return (struct character){1u << pmill_unicode_class(view->unicode, code_point), len};
}

static inline struct character peek(struct view *view, size_t position)
{
	if (position >= view->limit) {
		view->touched = true;
		return (struct character){0, 0};
	}
	unsigned bit = pmill_ascii_class_bits[view->text[position]];
	if (bit != 0)
		return (struct character){bit, 1};
	return peek_beyond_ascii(view, position);
}

/* The byte at a position, 0 at the limit: for comparisons with ASCII characters other than NUL. */
static inline uint8_t peek_byte(struct view *view, size_t position)
{
	if (position >= view->limit) {
		view->touched = true;
		return 0;
	}
	return view->text[position];
}

/* The end of the run of characters from `position` whose classes are in `set`. */
static inline size_t skip(struct view *view, size_t position, unsigned set)
{
	for (;;) {
		while (position < view->limit && (pmill_ascii_class_bits[view->text[position]] & set) != 0)
			position++;
		if (position < view->limit && view->text[position] < 0x80)
			return position;
		struct character next = peek(view, position);
		if ((next.bit & set) == 0)
			return position;
		position += next.len;
	}
}

/* If more text may follow, the limit is before a UTF-8 sequence that the end cuts short. */
static inline struct view open_view(const struct pmill_scan *scan)
{
	size_t limit = scan->len;
	for (size_t cut = 1; !scan->is_final && cut <= 3 && cut <= scan->len - scan->begin; cut++) {
		if (pmill_utf8_is_cut(scan->text + scan->len - cut, cut))
			limit = scan->len - cut;
	}
	return (struct view){scan->text, scan->len, limit, scan->unicode, false};
}

#endif
