/* Where a pretoken ends, for the patterns that know more than the common classes. */
/* SPDX-License-Identifier: MIT */
/*
 * The view has the fine classes, which tell characters of the script Han from others, and signs
 * (punctuation and symbols) from characters that are neither.
 */
#ifndef PMILL_PRETOKENIZE_SCAN_SCALAR_FINE_H
#define PMILL_PRETOKENIZE_SCAN_SCALAR_FINE_H

#include "pretokenize/scan_scalar_patterns.h"

/* ---- kimi ---- */

enum {
	HAN_SET = 1 << PMILL_CLASS_HAN_LETTER | 1 << PMILL_CLASS_HAN_NUMBER |
		1 << PMILL_CLASS_HAN_MARK | 1 << PMILL_CLASS_HAN_SIGN,
};

/*
 * [\p{Han}]+ comes first. After that o200k's rules hold, but for the slashes; Han letters and marks
 * are in none of their sets of letters, and Han's numbers, signs and marks are numbers and symbols
 * like others if a run of these has begun before them.
 */
static inline size_t end_kimi(struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	struct character first = peek(view, position);
	if (first.bit & HAN_SET)
		return skip(view, position + first.len, HAN_SET);
	return end_o200k(view, position, rules);
}

/* ---- deepseek-v3 ---- */

/*
 * Three splits, each of which sees only the pieces of the one before: \p{N}{1,3}; runs of
 * [一-龥぀-ゟ゠-ヿ], here CJK; and an expression for the rest. So a number, and the border between CJK
 * and anything else, is the end of the text for what precedes it. CJK characters are letters,
 * marks, signs and others (unassigned), but neither numbers nor white space.
 */
enum {
	WORD_SET = LETTER_SET | MARK_SET | 1 << PMILL_CLASS_HAN_LETTER | 1 << PMILL_CLASS_HAN_MARK,
	OTHER_SET = 1 << PMILL_CLASS_OTHER,
};

/* U+3040 to U+30FF, U+4E00 to U+9FA5; `bytes` are a character of three bytes. */
static inline bool is_cjk(const uint8_t *bytes)
{
	const uint8_t first = bytes[0], second = bytes[1];
	if (first == 0xE3)
		return second >= 0x81 && second <= 0x83;
	if (first == 0xE4 || first == 0xE9)
		return first == 0xE4 ? second >= 0xB8
							 : second < 0xBE || (second == 0xBE && bytes[2] <= 0xA5);
	return first > 0xE4 && first < 0xE9;
}

/* Whether the character at a position before the limit is CJK. */
static inline bool sees_cjk(const struct view *view, size_t position, struct character character)
{
	return character.len == 3 && is_cjk(view->text + position);
}

/* As peek, but signs in ASCII are SIGN, and so are invalid bytes, which are like U+FFFD. */
static inline struct character peek_sign(struct view *view, size_t position)
{
	struct character character = peek(view, position);
	if (character.bit == OTHER_SET && character.len == 1 && view->text[position] > ' ' &&
		view->text[position] != 0x7F)
		character.bit = 1 << PMILL_CLASS_SIGN;
	return character;
}

/* As peek_sign; the bit is 0 at the end of the piece. */
static inline struct character peek_piece(struct view *view, size_t position, bool is_in_cjk)
{
	struct character character = peek_sign(view, position);
	if (character.bit & NUMBER_SET || sees_cjk(view, position, character) != is_in_cjk)
		character.bit = 0;
	return character;
}

static inline size_t skip_piece(struct view *view, size_t position, unsigned set, bool is_in_cjk)
{
	for (;;) {
		const struct character next = peek_piece(view, position, is_in_cjk);
		if ((next.bit & set) == 0)
			return position;
		position += next.len;
	}
}

/* ?[\p{P}\p{S}]+[\r\n]* after its first sign. */
static inline size_t skip_signs(struct view *view, size_t position, bool is_in_cjk)
{
	position = skip_piece(view, position, SIGN_SET, is_in_cjk);
	while (!is_in_cjk && is_line_end(peek_byte(view, position)))
		position++;
	return position;
}

static inline bool is_ascii_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* [!-/:-@\[-`{-~][A-Za-z]+, or else a run of signs. */
static inline size_t end_after_sign(
	struct view *view, size_t position, struct character first, bool is_in_cjk)
{
	size_t next = position + first.len;
	if (view->text[position] >= 0x80 || !is_ascii_letter(peek_byte(view, next)))
		return skip_signs(view, next, is_in_cjk);
	while (is_ascii_letter(peek_byte(view, next)))
		next++;
	return next;
}

/* White space, which no letter follows; \s+(?!\S) sees the end of the piece. */
static inline size_t end_spaces(struct view *view, size_t position)
{
	const size_t run_end = skip(view, position, SPACE_SET);
	const size_t line_end = find_line_end(view, position, run_end);
	if (line_end > position)
		return line_end;
	return peek_piece(view, run_end, false).bit == 0 ? run_end
													 : split_spaces(view, position, run_end);
}

/*
 * Characters that no alternative takes, up to one that does: the last of them before a letter is
 * the letter's first character.
 */
static inline size_t end_others(struct view *view, size_t position, bool is_in_cjk)
{
	size_t last = position;
	struct character next = peek_piece(view, position, is_in_cjk);
	while (next.bit == OTHER_SET) {
		last = position;
		position += next.len;
		next = peek_piece(view, position, is_in_cjk);
	}
	return next.bit & WORD_SET ? last : position;
}

static inline size_t end_deepseek_v3(
	struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	const struct character first = peek_sign(view, position);
	const size_t next = position + first.len;
	if (first.bit & NUMBER_SET)
		return skip_numbers(view, next, rules.max_numbers);
	const bool is_in_cjk = sees_cjk(view, position, first);
	if (first.bit & WORD_SET)
		return skip_piece(view, next, WORD_SET, is_in_cjk);
	if (first.bit & SIGN_SET)
		return end_after_sign(view, position, first, is_in_cjk);
	if (!is_line_end(view->text[position])) {
		const struct character second = peek_piece(view, next, is_in_cjk);
		if (second.bit & WORD_SET)
			return skip_piece(view, next + second.len, WORD_SET, is_in_cjk);
		if (view->text[position] == ' ' && second.bit & SIGN_SET)
			return skip_signs(view, next + second.len, is_in_cjk);
	}
	return first.bit == SPACE_SET ? end_spaces(view, position)
								  : end_others(view, position, is_in_cjk);
}

#endif
