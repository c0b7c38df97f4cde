/* Where a pretoken ends: the known patterns, one character at a time. */
/* SPDX-License-Identifier: MIT */
/*
 * The patterns are regular expressions in which backtracking could matter only in a few places.
 * Each function below is its pattern with those places worked out by hand; the comments say how.
 * All take linear time: a character is looked at a bounded number of times, whatever the text.
 *
 * What must not be decided before more text is there: whoever looks at or behind view->limit sets
 * `touched`, and an end found after that counts only where the segment is final. The functions look
 * no further than they must, so what they hold back is just what could change.
 */
#ifndef PMILL_PRETOKENIZE_SCAN_SCALAR_PATTERNS_H
#define PMILL_PRETOKENIZE_SCAN_SCALAR_PATTERNS_H

#include "pretokenize/scan_view.h"

enum {
	SPACE_SET = 1 << PMILL_CLASS_SPACE,
	NUMBER_SET = 1 << PMILL_CLASS_NUMBER,
	MARK_SET = 1 << PMILL_CLASS_MARK,
	LETTER_SET = 1 << PMILL_CLASS_UPPER | 1 << PMILL_CLASS_LOWER | 1 << PMILL_CLASS_OTHER_LETTER,
	SYMBOL_SET = 1 << PMILL_CLASS_OTHER | MARK_SET, /* [^\s\p{L}\p{N}] */
	UPPER_SET = 1 << PMILL_CLASS_UPPER | 1 << PMILL_CLASS_OTHER_LETTER | MARK_SET,
	LOWER_SET = 1 << PMILL_CLASS_LOWER | 1 << PMILL_CLASS_OTHER_LETTER | MARK_SET,
	/* Of both: where an upper-lower run may be split by backtracking. */
	SHARED_SET = UPPER_SET & LOWER_SET,
	CASED_SET = UPPER_SET | LOWER_SET,
};

static inline bool is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

/* 0, or the length of 's 't 're 've 'm 'll 'd at an apostrophe. */
static inline size_t match_contraction(struct view *view, size_t position)
{
	uint8_t first = look_byte(view, position + 1);
	if (first == 's' || first == 'd' || first == 'm' || first == 't')
		return 2;
	if (first != 'l' && first != 'v' && first != 'r')
		return 0;
	return look_byte(view, position + 2) == (first == 'l' ? 'l' : 'e') ? 3 : 0;
}

/* The same, in any case. U+017F, the long s (C5 BF), is an s by Unicode's simple case folding. */
static inline size_t match_contraction_any_case(struct view *view, size_t position)
{
	uint8_t first = look_byte(view, position + 1);
	if (first == 0xC5)
		return look_byte(view, position + 2) == 0xBF ? 3 : 0;
	first |= 0x20;
	if (first == 's' || first == 'd' || first == 'm' || first == 't')
		return 2;
	if (first != 'l' && first != 'v' && first != 'r')
		return 0;
	return (look_byte(view, position + 2) | 0x20) == (first == 'l' ? 'l' : 'e') ? 3 : 0;
}

/* The start of the last character of [begin, end): well-formed, as white space is. */
static inline size_t find_last_character(const struct view *view, size_t end)
{
	size_t last = end - 1;
	while ((view->text[last] & 0xC0) == 0x80)
		last--;
	return last;
}

/*
 * \s+(?!\S)|\s+ from white space on: the whole run at the end of the text; before another character
 * all but the last, which goes with what follows, or stands alone where it is the only one.
 */
static inline size_t split_spaces(struct view *view, size_t position, size_t run_end)
{
	if (run_end == view->limit)
		return run_end;
	size_t last = find_last_character(view, run_end);
	return last > position ? last : run_end;
}

/*
 * The patterns with a rule for line ends: \s*[\r\n]+ takes the run up to behind its last line end.
 */
static inline size_t split_lines(struct view *view, size_t position, bool has_whole_run_rule)
{
	size_t run_end = skip(view, position, SPACE_SET);
	if (has_whole_run_rule && run_end == view->limit)
		return run_end;
	for (size_t end = run_end; end > position; end--) {
		if (is_line_end(view->text[end - 1]))
			return end;
	}
	return split_spaces(view, position, run_end);
}

static inline size_t end_gpt2(struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	(void)rules;
	if (view->text[position] == '\'') {
		size_t contraction = match_contraction(view, position);
		if (contraction > 0)
			return position + contraction;
	}
	struct character first = look(view, position);
	size_t next = position + first.len;
	if (first.bit == SPACE_SET) {
		struct character second = {0, 0};
		if (view->text[position] == ' ')
			second = look(view, next);
		if (second.bit == 0 || second.bit == SPACE_SET)
			return split_spaces(view, position, skip(view, position, SPACE_SET));
		first = second;
		next += second.len;
	}
	if (first.bit & LETTER_SET)
		return skip(view, next, LETTER_SET);
	return skip(view, next, first.bit == NUMBER_SET ? NUMBER_SET : SYMBOL_SET);
}

/* \p{N}{1,most} from behind its first character. */
static inline size_t skip_numbers(struct view *view, size_t position, unsigned most)
{
	for (unsigned count = 1; count < most; count++) {
		struct character next = look(view, position);
		if (next.bit != NUMBER_SET)
			break;
		position += next.len;
	}
	return position;
}

/* [^\s\p{L}\p{N}]+[\r\n]* from behind its first character; o200k's ends in [\r\n/]*. */
static inline size_t skip_symbols(struct view *view, size_t position, bool takes_slashes)
{
	position = skip(view, position, SYMBOL_SET);
	for (;; position++) {
		uint8_t byte = look_byte(view, position);
		if (!is_line_end(byte) && !(takes_slashes && byte == '/'))
			return position;
	}
}

/*
 * The alternatives that all but gpt2 have in common, once those with letters have failed:
 * \p{N}{1,most}| ?[^\s\p{L}\p{N}]+[\r\n]*| and white space.
 */
static inline size_t end_without_letters(
	struct view *view, size_t position, struct character first, struct pmill_pattern_rules rules)
{
	size_t next = position + first.len;
	if (first.bit == NUMBER_SET)
		return skip_numbers(view, next, rules.most_numbers);
	if (first.bit & SYMBOL_SET)
		return skip_symbols(view, next, rules.has_slash_rule);
	if (view->text[position] == ' ') {
		struct character second = look(view, next);
		if (second.bit & SYMBOL_SET)
			return skip_symbols(view, next + second.len, rules.has_slash_rule);
	}
	return split_lines(view, position, rules.has_whole_run_rule);
}

/* cl100k and its kin. They differ in how many digits go together, and in \s++$. */
static inline size_t end_cl100k(
	struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	uint8_t byte = view->text[position];
	if (byte == '\'') {
		size_t contraction = match_contraction_any_case(view, position);
		if (contraction > 0)
			return position + contraction;
	}
	struct character first = look(view, position);
	if (first.bit & LETTER_SET)
		return skip(view, position + first.len, LETTER_SET);
	/* [^\r\n\p{L}\p{N}]?\p{L}+ with a first character that is no letter. */
	if (first.bit != NUMBER_SET && !is_line_end(byte)) {
		struct character second = look(view, position + first.len);
		if (second.bit & LETTER_SET)
			return skip(view, position + first.len + second.len, LETTER_SET);
	}
	return end_without_letters(view, position, first, rules);
}

/*
 * The end behind the last character of SHARED_SET in [begin, end), a run of UPPER_SET; 0: there is
 * none.
 */
static size_t find_last_shared(struct view *view, size_t begin, size_t end)
{
	while (end > begin) {
		size_t last = find_last_character(view, end);
		if (look(view, last).bit & SHARED_SET)
			return end;
		end = last;
	}
	return 0;
}

/*
 * U*W+ of o200k (U: upper, W: lower, both with shared characters), from `position` on; 0: no match.
 * U* takes the whole run. If a lower-case letter follows, W+ has it and the rest of its run. Else
 * U* gives back as much as W+ needs for one character: up to the last shared one, and what followed
 * that one is upper case, so W+ ends there. `*upper_end` is where the run of U ends.
 */
static inline size_t match_upper_lower(struct view *view, size_t position, size_t *upper_end)
{
	*upper_end = skip(view, position, UPPER_SET);
	if (look(view, *upper_end).bit & LOWER_SET)
		return skip(view, *upper_end, LOWER_SET);
	return find_last_shared(view, position, *upper_end);
}

/*
 * The end of [^\r\n\p{L}\p{N}]?U*W+ or else of [^\r\n\p{L}\p{N}]?U+W*; 0: neither matches. Where
 * the first fails, no W follows the run of U, and the second ends with the run. A mark may be the
 * character before as well as a letter: where nothing after it matches the first alternative, it
 * does so alone.
 */
static inline size_t match_cased(struct view *view, size_t position, struct character first)
{
	size_t upper_end, end;
	if (first.bit & LETTER_SET) {
		end = match_upper_lower(view, position, &upper_end);
		return end > 0 ? end : upper_end;
	}
	if (first.bit == NUMBER_SET || is_line_end(view->text[position]))
		return 0;
	size_t next = position + first.len;
	if (!(look(view, next).bit & CASED_SET))
		return first.bit == MARK_SET ? next : 0;
	end = match_upper_lower(view, next, &upper_end);
	if (end > 0)
		return end;
	return first.bit == MARK_SET ? next : upper_end;
}

static inline size_t end_o200k(struct view *view, size_t position, struct pmill_pattern_rules rules)
{
	struct character first = look(view, position);
	size_t end = match_cased(view, position, first);
	if (end == 0)
		return end_without_letters(view, position, first, rules);
	if (look_byte(view, end) == '\'')
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
