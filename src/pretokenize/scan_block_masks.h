/* 64 bytes as bit masks: the class of every byte, multi-byte characters included. */
/* SPDX-License-Identifier: MIT */
/*
 * Bit i of a mask is byte i of a block of 64. The including file defines
 *
 *     struct vector64                   64 bytes
 *     load64(bytes)                     loads them
 *     match_range64(vector, low, high)  the mask of the bytes in [low, high]
 *     match64(vector, byte)             the mask of the bytes equal to `byte`
 *     look_up64(vector, row)            row[byte % 64] for each byte
 *
 * ASCII bytes are classified by comparisons. All bytes of a multi-byte character get the
 * character's class ("painted"), so the patterns need not know about lengths; `inner` marks all its
 * bytes except the first. A byte that is not part of a well-formed character has no class and is
 * not inner, which is how the patterns treat it.
 *
 * Text has few kinds of characters at a time: they are painted row by row, where a row is the 64
 * characters that differ in their last byte only. Han, Hangul and emoji span too many rows, but
 * nearly all of one class (scan_plain_rows.h). Only ill-formed text is decoded character by
 * character.
 */
#ifndef PMILL_PRETOKENIZE_SCAN_BLOCK_MASKS_H
#define PMILL_PRETOKENIZE_SCAN_BLOCK_MASKS_H

#include <string.h>

#include "pretokenize/scan_plain_rows.h"
#include "unicode/utf8.h"

enum { BLOCK_SIZE = 64 };

struct block {
	uint64_t letter, number, space; /* anything else is a symbol or a mark */
	uint64_t upper, lower;          /* only valid if requested: see read_block */
	uint64_t mark;
	uint64_t inner;
	uint64_t blank, line_end, apostrophe, slash; /* ' ', [\r\n], ['], [/] */
};

/* What a character that crosses the end of a block leaves to the next one. */
struct straddler {
	unsigned len; /* bytes still to come: 0 to 3 */
	enum pmill_class class;
};

/* Masks by class while a block is decoded. */
struct painting {
	uint64_t classes[PMILL_CLASS_OTHER_LETTER + 1];
	uint64_t inner;
};

struct leads {
	uint64_t two, three, four; /* the first bytes of characters of that many bytes */
};

INLINE uint64_t lowest_bits(size_t count)
{
	return ((uint64_t)1 << count) - 1;
}

/* The positions after those of `mask`; one bit comes from the previous block. */
INLINE uint64_t following(uint64_t mask, uint64_t mask_before)
{
	return mask << 1 | mask_before >> 63;
}

/* The positions before those of `mask`; one bit comes from the next block. */
INLINE uint64_t preceding(uint64_t mask, uint64_t mask_after)
{
	return mask >> 1 | mask_after << 63;
}

/*
 * Paints the character of `len` bytes at bit `at`; what lies beyond bit 63 becomes the straddler.
 */
INLINE void paint(struct painting *painting, unsigned at, size_t len, enum pmill_class class,
	struct straddler *straddler)
{
	painting->classes[class] |= lowest_bits(len) << at;
	if (at + len > BLOCK_SIZE)
		*straddler = (struct straddler){(unsigned)(at + len - BLOCK_SIZE), class};
}

INLINE void paint_straddler(struct painting *painting, struct straddler straddler)
{
	painting->classes[straddler.class] |= lowest_bits(straddler.len);
}

/* The slow path for any input: character by character, fully checked. */
static struct straddler paint_carefully(struct painting *painting,
	const struct pmill_unicode *unicode, const uint8_t *bytes, size_t readable, uint64_t high,
	struct straddler before)
{
	struct straddler straddler = {0, PMILL_CLASS_OTHER};
	*painting = (struct painting){{0}, 0};
	paint_straddler(painting, before);
	painting->inner = lowest_bits(before.len);
	uint64_t left = high & ~lowest_bits(before.len);
	while (left != 0) {
		unsigned at = (unsigned)__builtin_ctzll(left);
		uint32_t code_point;
		size_t len = pmill_utf8_decode(bytes + at, readable - at, &code_point);
		paint(painting, at, len, pmill_unicode_class(unicode, code_point), &straddler);
		painting->inner |= lowest_bits(len - 1) << at << 1;
		left &= ~(lowest_bits(len) << at);
	}
	return straddler;
}

/*
 * Whether the block consists of lead bytes, each followed by as many continuation bytes as it
 * needs. The narrower ranges of some second bytes are not checked yet.
 */
INLINE bool is_in_order(struct leads leads, uint64_t further, uint64_t high, unsigned straddling)
{
	uint64_t wide = leads.three | leads.four, all = leads.two | wide;
	uint64_t wanted = all << 1 | wide << 2 | leads.four << 3 | lowest_bits(straddling);
	return wanted == further && (all | further) == high;
}

/* As pmill_utf8_decode, for a multi-byte character; avoids a call for the most common ones. */
INLINE size_t decode_inline(const uint8_t *bytes, size_t readable, uint32_t *code_point)
{
	bool is_two = bytes[0] < 0xE0 && (bytes[1] & 0xC0) == 0x80;
	if (is_two) {
		*code_point = (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
		return 2;
	}
	bool is_three = bytes[0] > 0xE0 && bytes[0] < 0xED && (bytes[1] & 0xC0) == 0x80 &&
		(bytes[2] & 0xC0) == 0x80;
	if (!is_three)
		return pmill_utf8_decode(bytes, readable, code_point);
	*code_point = (bytes[0] & 0xFu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu);
	return 3;
}

/*
 * Paints the character that ends in the next block, if there is one. Returns false if it is
 * ill-formed.
 */
INLINE bool paint_cut(struct painting *painting, const struct pmill_unicode *unicode,
	const uint8_t *bytes, size_t readable, struct leads *leads, struct straddler *straddler)
{
	uint64_t cut = leads->two >> 63 << 63 | leads->three >> 62 << 62 | leads->four >> 61 << 61;
	if (cut == 0)
		return true;
	unsigned at = (unsigned)__builtin_ctzll(cut);
	uint32_t code_point;
	size_t len = decode_inline(bytes + at, readable - at, &code_point);
	if (len == 1)
		return false;
	paint(painting, at, len, pmill_unicode_class(unicode, code_point), straddler);
	leads->two &= ~cut;
	leads->three &= ~cut;
	leads->four &= ~cut;
	return true;
}

/* Caseless letters that need no table: Han and Hangul syllables. */
INLINE void paint_plain_rows(struct painting *painting, struct vector64 vector, struct leads *leads)
{
	uint64_t han = match_range64(vector, PLAIN_HAN_LOW, PLAIN_HAN_HIGH) |
		(match64(vector, PLAIN_MOST_HAN) & ~(match64(vector, PLAIN_MOST_HAN_BUT) >> 1));
	uint64_t hangul = match_range64(vector, PLAIN_HANGUL_LOW, PLAIN_HANGUL_HIGH) |
		(match64(vector, PLAIN_FIRST_HANGUL) &
			match_range64(vector, PLAIN_FIRST_HANGUL_FROM, 0xBF) >> 1) |
		(match64(vector, PLAIN_LAST_HANGUL) &
			match_range64(vector, 0x80, PLAIN_LAST_HANGUL_TO) >> 1);
	uint64_t plain = (han | hangul) & leads->three;
	painting->classes[PMILL_CLASS_OTHER_LETTER] |= plain | plain << 1 | plain << 2;
	leads->three ^= plain;
}

/* Symbols that need neither table nor paint, as they have no class. */
INLINE uint64_t find_pictures(struct vector64 vector)
{
	uint64_t third = match_range64(vector, PLAIN_PICTURE_THIRD_LOW, PLAIN_PICTURE_THIRD_HIGH);
	return match64(vector, PLAIN_PICTURE_FIRST) & match64(vector, PLAIN_PICTURE_SECOND) >> 1 &
		third >> 2;
}

/* All bytes of the characters of `len` bytes whose last bytes are `last`. */
INLINE uint64_t fill_back(uint64_t last, unsigned len)
{
	uint64_t all = last | last >> 1;
	return len == 2 ? all : all | all >> (len - 2);
}

/*
 * A row is the 64 characters that differ in their last byte only; their classes are adjacent in the
 * table. `heads`: the first bytes of characters of `len` bytes, all of one row.
 */
INLINE void paint_row(struct painting *painting, struct vector64 vector, const uint8_t *row,
	uint64_t heads, unsigned len, bool is_cased)
{
	struct vector64 classes = look_up64(vector, row);
	uint64_t *painted = painting->classes, last = heads << (len - 1);
	uint64_t letter = last & match_range64(classes, PMILL_CLASS_UPPER, PMILL_CLASS_OTHER_LETTER);
	painted[PMILL_CLASS_OTHER_LETTER] |= fill_back(letter, len);
	if (letter != last) {
		painted[PMILL_CLASS_NUMBER] |= fill_back(last & match64(classes, PMILL_CLASS_NUMBER), len);
		painted[PMILL_CLASS_SPACE] |= fill_back(last & match64(classes, PMILL_CLASS_SPACE), len);
		painted[PMILL_CLASS_MARK] |= fill_back(last & match64(classes, PMILL_CLASS_MARK), len);
	}
	if (is_cased) {
		painted[PMILL_CLASS_UPPER] |= fill_back(last & match64(classes, PMILL_CLASS_UPPER), len);
		painted[PMILL_CLASS_LOWER] |= fill_back(last & match64(classes, PMILL_CLASS_LOWER), len);
	}
}

/* The classes of the row that contains a code point. */
INLINE const uint8_t *find_row(const struct pmill_unicode *unicode, uint32_t code_point)
{
	return unicode->second + unicode->first[code_point >> 8] * 256u + (code_point & 0xC0u);
}

INLINE void paint_two(struct painting *painting, struct vector64 vector,
	const struct pmill_unicode *unicode, const uint8_t *bytes, uint64_t leads, bool is_cased)
{
	while (leads != 0) {
		uint8_t first = bytes[__builtin_ctzll(leads)];
		uint64_t heads = leads & match64(vector, first);
		const uint8_t *row = find_row(unicode, (first & 0x1Fu) << 6);
		paint_row(painting, vector, row, heads, 2, is_cased);
		leads ^= heads;
	}
}

/* Returns false on an overlong form or a surrogate. */
INLINE bool paint_three(struct painting *painting, struct vector64 vector,
	const struct pmill_unicode *unicode, const uint8_t *bytes, uint64_t leads, bool is_cased)
{
	while (leads != 0) {
		const uint8_t *head = bytes + __builtin_ctzll(leads);
		uint32_t code_point = (head[0] & 0xFu) << 12 | (head[1] & 0x3Fu) << 6;
		if (code_point < 0x800 || (code_point >= 0xD800 && code_point < 0xE000))
			return false;
		uint64_t heads = leads & match64(vector, head[0]) & match64(vector, head[1]) >> 1;
		paint_row(painting, vector, find_row(unicode, code_point), heads, 3, is_cased);
		leads ^= heads;
	}
	return true;
}

/* Returns false on an overlong form or a value above U+10FFFF. */
INLINE bool paint_four(struct painting *painting, struct vector64 vector,
	const struct pmill_unicode *unicode, const uint8_t *bytes, uint64_t leads, bool is_cased)
{
	while (leads != 0) {
		const uint8_t *head = bytes + __builtin_ctzll(leads);
		uint32_t code_point = (head[0] & 7u) << 18 | (head[1] & 0x3Fu) << 12 |
			(head[2] & 0x3Fu) << 6;
		if (code_point < 0x10000 || code_point > 0x10FFFF)
			return false;
		uint64_t heads = leads & match64(vector, head[0]) & match64(vector, head[1]) >> 1 &
			match64(vector, head[2]) >> 2;
		paint_row(painting, vector, find_row(unicode, code_point), heads, 4, is_cased);
		leads ^= heads;
	}
	return true;
}

INLINE bool paint_in_order(struct painting *painting, struct vector64 vector,
	const struct pmill_unicode *unicode, const uint8_t *bytes, size_t readable, uint64_t high,
	bool is_cased, struct straddler *straddler)
{
	struct leads leads = {
		.two = match_range64(vector, 0xC2, 0xDF),
		.three = match_range64(vector, 0xE0, 0xEF),
		.four = match_range64(vector, 0xF0, 0xF4),
	};
	struct straddler before = *straddler;
	painting->inner = match_range64(vector, 0x80, 0xBF);
	if (!is_in_order(leads, painting->inner, high, before.len))
		return false;
	paint_straddler(painting, before);
	*straddler = (struct straddler){0, PMILL_CLASS_OTHER};
	if (!paint_cut(painting, unicode, bytes, readable, &leads, straddler))
		return false;
	paint_plain_rows(painting, vector, &leads);
	if (leads.four != 0)
		leads.four &= ~find_pictures(vector);
	paint_two(painting, vector, unicode, bytes, leads.two, is_cased);
	return paint_three(painting, vector, unicode, bytes, leads.three, is_cased) &&
		paint_four(painting, vector, unicode, bytes, leads.four, is_cased);
}

INLINE void add_painting(struct block *block, const struct painting *painting)
{
	const uint64_t *classes = painting->classes;
	block->upper |= classes[PMILL_CLASS_UPPER];
	block->lower |= classes[PMILL_CLASS_LOWER];
	block->mark = classes[PMILL_CLASS_MARK];
	block->letter |= classes[PMILL_CLASS_UPPER] | classes[PMILL_CLASS_LOWER] |
		classes[PMILL_CLASS_OTHER_LETTER];
	block->number |= classes[PMILL_CLASS_NUMBER];
	block->space |= classes[PMILL_CLASS_SPACE];
	block->inner = painting->inner;
}

/*
 * Reads the block at `bytes`, where more than 64 bytes are readable. `upper` and `lower` are only
 * valid if `is_cased`. `*straddler` carries over from block to block.
 */
INLINE struct block read_block(const struct pmill_unicode *unicode, const uint8_t *bytes,
	size_t readable, bool is_cased, struct straddler *straddler)
{
	struct vector64 vector = load64(bytes);
	struct block block = {
		.number = match_range64(vector, '0', '9'),
		.upper = match_range64(vector, 'A', 'Z'),
		.lower = match_range64(vector, 'a', 'z'),
		.blank = match64(vector, ' '),
		.line_end = match64(vector, '\n') | match64(vector, '\r'),
		.apostrophe = match64(vector, '\''),
		.slash = match64(vector, '/'),
	};
	block.letter = block.upper | block.lower;
	block.space = block.blank | match_range64(vector, '\t', '\r');
	uint64_t high = match_range64(vector, 0x80, 0xFF);
	if (high == 0)
		return block;
	struct painting painting = {{0}, 0};
	struct straddler before = *straddler;
	if (!paint_in_order(&painting, vector, unicode, bytes, readable, high, is_cased, straddler))
		*straddler = paint_carefully(&painting, unicode, bytes, readable, high, before);
	add_painting(&block, &painting);
	return block;
}

#endif
