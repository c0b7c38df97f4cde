/* Where a pretoken ends: the known patterns, one character at a time. */
/* SPDX-License-Identifier: MIT */
/*
 * The patterns are regular expressions in which backtracking matters only in a few places. Each
 * function below is its pattern with those places worked out by hand; the comments say how. All
 * take linear time: no character is looked at more than a bounded number of times.
 *
 * If more text may follow, some ends can't be decided yet: looking at or past view->limit sets
 * `touched`, and an end found after that only counts if the segment is final. The functions look no
 * further than they must, so they hold back only what could change.
 */
#ifndef PMILL_PRETOKENIZE_SCAN_SCALAR_PATTERNS_H
#define PMILL_PRETOKENIZE_SCAN_SCALAR_PATTERNS_H

#include "pretokenize/scan_view.h"

enum {
	SPACE_SET = 1 << PMILL_CLASS_SPACE,
	/* The fine classes count only where a pattern has them: see scan_scalar_fine.h. */
	NUMBER_SET = 1 << PMILL_CLASS_NUMBER | 1 << PMILL_CLASS_HAN_NUMBER,
	MARK_SET = 1 << PMILL_CLASS_MARK,
	LETTER_SET = 1 << PMILL_CLASS_UPPER | 1 << PMILL_CLASS_LOWER | 1 << PMILL_CLASS_OTHER_LETTER,
	SIGN_SET = 1 << PMILL_CLASS_SIGN | 1 << PMILL_CLASS_HAN_SIGN,
	SYMBOL_SET = 1 << PMILL_CLASS_OTHER | MARK_SET | 1 << PMILL_CLASS_HAN_MARK |
		SIGN_SET, /* [^\s\p{L}\p{N}] */
	UPPER_SET = 1 << PMILL_CLASS_UPPER | 1 << PMILL_CLASS_OTHER_LETTER | MARK_SET,
	LOWER_SET = 1 << PMILL_CLASS_LOWER | 1 << PMILL_CLASS_OTHER_LETTER | MARK_SET,
	/* In both: where backtracking may split an upper-lower run. */
	SHARED_SET = UPPER_SET & LOWER_SET,
	CASED_SET = UPPER_SET | LOWER_SET,
};

static inline bool is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

/* The length of 's 't 're 've 'm 'll 'd at an apostrophe, or 0. */
static inline size_t match_contraction(struct view *view, size_t position)
{
	uint8_t first = peek_byte(view, position + 1);
	if (first == 's' || first == 'd' || first == 'm' || first == 't')
		return 2;
	if (first != 'l' && first != 'v' && first != 'r')
		return 0;
	return peek_byte(view, position + 2) == (first == 'l' ? 'l' : 'e') ? 3 : 0;
}

/* The same in any case. U+017F, the long s (C5 BF), is an s by Unicode's simple case folding. */
static inline size_t match_contraction_any_case(struct view *view, size_t position)
{
	uint8_t first = peek_byte(view, position + 1);
	if (first == 0xC5) /* before the limit, so its character is certain: it ends there, too */
		return position + 2 < view->limit && view->text[position + 2] == 0xBF ? 3 : 0;
	first |= 0x20;
	if (first == 's' || first == 'd' || first == 'm' || first == 't')
		return 2;
	if (first != 'l' && first != 'v' && first != 'r')
		return 0;
	return (peek_byte(view, position + 2) | 0x20) == (first == 'l' ? 'l' : 'e') ? 3 : 0;
}

/* The start of the last character before `end`, which is well-formed, as white space always is. */
static inline size_t find_last_character(const struct view *view, size_t end)
{
	size_t last = end - 1;
	while ((view->text[last] & 0xC0) == 0x80)
		last--;
	return last;
}

/*
 * \s+(?!\S)|\s+ from the start of white space: the whole run at the end of the text; before another
 * character all but the last one, which joins what follows, or stands alone if it is the only one.
 */
static inline size_t split_spaces(struct view *view, size_t position, size_t run_end)
{
	if (run_end == view->limit)
		return run_end;
	size_t last = find_last_character(view, run_end);
	return last > position ? last : run_end;
}

/* The end of the last line end in a run of white space; its beginning if there is none. */
static inline size_t find_line_end(const struct view *view, size_t position, size_t run_end)
{
	size_t end = run_end;
	while (end > position && !is_line_end(view->text[end - 1]))
		end--;
	return end;
}

/*
 * For patterns with rules for line ends: \s*[\r\n]+ takes the run up to and including its last line
 * end.
 */
static inline size_t split_lines(struct view *view, size_t position, bool has_whole_run_rule)
{
	size_t run_end = skip(view, position, SPACE_SET);
	if (has_whole_run_rule && run_end == view->limit)
		return run_end;
	const size_t end = find_line_end(view, position, run_end);
	return end > position ? end : split_spaces(view, position, run_end);
}

static inline size_t end_gpt2(struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	(void)rules;
	if (view->text[position] == '\'') {
		size_t contraction = match_contraction(view, position);
		if (contraction > 0)
			return position + contraction;
	}
	struct character first = peek(view, position);
	size_t next = position + first.len;
	if (first.bit == SPACE_SET) {
		struct character second = {0, 0};
		if (view->text[position] == ' ')
			second = peek(view, next);
		if (second.bit == 0 || second.bit == SPACE_SET)
			return split_spaces(view, position, skip(view, position, SPACE_SET));
		first = second;
		next += second.len;
	}
	if (first.bit & LETTER_SET)
		return skip(view, next, LETTER_SET);
	return skip(view, next, first.bit & NUMBER_SET ? NUMBER_SET : SYMBOL_SET);
}

/* \p{N}{1,max} after its first character. */
static inline size_t skip_numbers(struct view *view, size_t position, unsigned max)
{
	for (unsigned count = 1; count < max; count++) {
		struct character next = peek(view, position);
		if (!(next.bit & NUMBER_SET))
			break;
		position += next.len;
	}
	return position;
}

/*
 * [^\s\p{L}\p{N}]+[\r\n]* after its first character; o200k's ends in [\r\n/]*. Marks are no symbols
 * if they are letters.
 */
static inline size_t skip_symbols(
	struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	position = skip(view, position, rules.has_marks ? SYMBOL_SET & ~MARK_SET : SYMBOL_SET);
	for (;; position++) {
		uint8_t byte = peek_byte(view, position);
		if (!is_line_end(byte) && !(rules.has_slash_rule && byte == '/'))
			return position;
	}
}

/*
 * The alternatives that all patterns but gpt2 share, once those with letters have failed:
 * \p{N}{1,max}| ?[^\s\p{L}\p{N}]+[\r\n]*| and white space.
 */
static inline size_t end_without_letters(
	struct view *view, size_t position, struct character first, struct pmill_pattern_rules rules)
{
	size_t next = position + first.len;
	if (first.bit & NUMBER_SET)
		return skip_numbers(view, next, rules.max_numbers);
	if (first.bit & SYMBOL_SET)
		return skip_symbols(view, next, rules);
	if (view->text[position] == ' ') {
		struct character second = peek(view, next);
		if (second.bit & SYMBOL_SET)
			return skip_symbols(view, next + second.len, rules);
	}
	return split_lines(view, position, rules.has_whole_run_rule);
}

/*
 * cl100k and its relatives, which differ in how many digits form a group, in \s++$, and in whether
 * marks are letters. Such a mark is never an optional first character: it joins the run anyway.
 */
static inline size_t end_cl100k(
	struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	uint8_t byte = view->text[position];
	if (byte == '\'') {
		size_t contraction = match_contraction_any_case(view, position);
		if (contraction > 0)
			return position + contraction;
	}
	const unsigned letters = rules.has_marks ? LETTER_SET | MARK_SET : LETTER_SET;
	struct character first = peek(view, position);
	if (first.bit & letters)
		return skip(view, position + first.len, letters);
	/* [^\r\n\p{L}\p{N}]?\p{L}+ with a first character that is not a letter. */
	if (!(first.bit & NUMBER_SET) && !is_line_end(byte)) {
		struct character second = peek(view, position + first.len);
		if (second.bit & letters)
			return skip(view, position + first.len + second.len, letters);
	}
	return end_without_letters(view, position, first, rules);
}

/*
 * The end of the last character of SHARED_SET in [begin, end), a run of UPPER_SET; 0 if there is
 * none.
 */
static size_t find_last_shared(struct view *view, size_t begin, size_t end)
{
	while (end > begin) {
		size_t last = find_last_character(view, end);
		if (peek(view, last).bit & SHARED_SET)
			return end;
		end = last;
	}
	return 0;
}

/*
 * o200k's U*W+ from `position` (U: upper, W: lower, both with shared characters); 0 if no match. U*
 * takes the whole run. If a lower-case letter follows, W+ takes it and the rest of its run.
 * Otherwise U* gives back as much as W+ needs for one character: up to the last shared one, and as
 * what follows it is upper case, W+ ends there. `*upper_end` is the end of the run of U.
 */
static inline size_t match_upper_lower(struct view *view, size_t position, size_t *upper_end)
{
	*upper_end = skip(view, position, UPPER_SET);
	if (peek(view, *upper_end).bit & LOWER_SET)
		return skip(view, *upper_end, LOWER_SET);
	return find_last_shared(view, position, *upper_end);
}

/*
 * The end of [^\r\n\p{L}\p{N}]?U*W+ or else of [^\r\n\p{L}\p{N}]?U+W*; 0 if neither matches. If the
 * first fails, no W follows the run of U, and the second ends with the run. A mark may be the
 * optional first character or a letter: if nothing after it matches the first alternative, it
 * matches alone.
 */
static inline size_t match_cased(struct view *view, size_t position, struct character first)
{
	size_t upper_end, end;
	if (first.bit & LETTER_SET) {
		end = match_upper_lower(view, position, &upper_end);
		return end > 0 ? end : upper_end;
	}
	if (first.bit & NUMBER_SET || is_line_end(view->text[position]))
		return 0;
	size_t next = position + first.len;
	if (!(peek(view, next).bit & CASED_SET))
		return first.bit == MARK_SET ? next : 0;
	end = match_upper_lower(view, next, &upper_end);
	if (end > 0)
		return end;
	return first.bit == MARK_SET ? next : upper_end;
}

static inline size_t end_o200k(struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	struct character first = peek(view, position);
	size_t end = match_cased(view, position, first);
	if (end == 0)
		return end_without_letters(view, position, first, rules);
	if (peek_byte(view, end) == '\'')
		end += match_contraction_any_case(view, end);
	return end;
}

static inline size_t end_none(struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	(void)position;
	(void)rules;
	view->touched = true;
	return view->limit;
}

#endif
