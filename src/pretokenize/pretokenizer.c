/* Text → pretokens: chooses the engine for a pattern, and knows where text may be cut. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/pretokenizer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "pretokenize/pattern.h"
#include "pretokenize/scanner_table.h"
#include "regex/regex.h"
#include "unicode/utf8.h"

#define DEFAULT_PATTERN "gpt2"
#define REGEX_SCANNER "regex"

struct pmill_pretokenizer {
	const struct pmill_pattern *known; /* NULL: an expression */
	char *expression;                  /* the caller's, if the pattern is not known */
	const struct pmill_unicode *unicode;
	pmill_scan_function scan; /* NULL if `regex` is used */
	struct pmill_regex *regex;
	bool refuses_gaps; /* known patterns leave none */
};

/* ---- Names ---- */

const char *pmill_scanner_name(size_t index)
{
	size_t count = 0;
	while (pmill_scanner_at(count) != NULL)
		count++;
	if (index < count)
		return pmill_scanner_at(index)->name;
	return PMILL_HAVE_PCRE2 && index == count ? REGEX_SCANNER : NULL;
}

/* ---- Creating ---- */

static pmill_status find_unicode(
	const char *version, const struct pmill_unicode **unicode, pmill_error *error)
{
	*unicode = pmill_unicode_find(version);
	if (*unicode != NULL)
		return PMILL_OK;
	return pmill_fail_unknown(error, "Unicode version", version, pmill_unicode_name);
}

static bool is_scanner(const char *name)
{
	size_t i = 0;
	while (pmill_scanner_at(i) != NULL && strcmp(pmill_scanner_at(i)->name, name) != 0)
		i++;
	return pmill_scanner_at(i) != NULL;
}

static pmill_status pick_scanner(
	struct pmill_pretokenizer *pretokenizer, const char *scanner_name, pmill_error *error)
{
	const struct pmill_scanner *scanner = pmill_scanner_find(scanner_name);
	if (scanner == NULL && is_scanner(scanner_name))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"scanner \"%s\": this processor lacks the instructions", scanner_name);
	if (scanner == NULL)
		return pmill_fail_unknown(error, "scanner", scanner_name, pmill_scanner_name);
	pretokenizer->scan = scanner->functions[pretokenizer->known->id];
	return PMILL_OK;
}

static pmill_status pick_known(
	struct pmill_pretokenizer *pretokenizer, const char *scanner_name, pmill_error *error)
{
	bool wants_regex = scanner_name != NULL && strcmp(scanner_name, REGEX_SCANNER) == 0;
	const char *expression = pretokenizer->known->expression;
	if (!wants_regex)
		return pick_scanner(pretokenizer, scanner_name, error);
	if (expression == NULL)
		return pick_scanner(pretokenizer, NULL, error);
	return pmill_regex_create_known(expression, pretokenizer->unicode, &pretokenizer->regex, error);
}

static pmill_status pick_expression(struct pmill_pretokenizer *pretokenizer, const char *expression,
	const char *scanner_name, pmill_error *error)
{
	if (scanner_name != NULL && strcmp(scanner_name, REGEX_SCANNER) != 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"scanner \"%s\" runs known patterns only, and this pattern is an expression",
			scanner_name);
	pretokenizer->expression = pmill_copy_text(expression, strlen(expression));
	if (pretokenizer->expression == NULL)
		return pmill_fail_memory(error);
	return pmill_regex_create(expression, pretokenizer->unicode, &pretokenizer->regex, error);
}

pmill_status pmill_pretokenizer_create(const char *pattern, const char *unicode_version,
	const char *scanner, struct pmill_pretokenizer **pretokenizer, pmill_error *error)
{
	if (pattern == NULL)
		pattern = DEFAULT_PATTERN;
	const struct pmill_unicode *unicode;
	const struct pmill_pattern *known;
	pmill_status status = find_unicode(unicode_version, &unicode, error);
	if (status == PMILL_OK)
		status = pmill_pattern_resolve(pattern, &known, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_pretokenizer *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->unicode = unicode;
	made->known = known;
	status = made->known != NULL ? pick_known(made, scanner, error)
								 : pick_expression(made, pattern, scanner, error);
	if (status != PMILL_OK) {
		pmill_pretokenizer_free(made);
		return status;
	}
	*pretokenizer = made;
	return PMILL_OK;
}

pmill_status pmill_pretokenizer_create_without_gaps(const char *pattern,
	const char *unicode_version, const char *scanner, struct pmill_pretokenizer **pretokenizer,
	pmill_error *error)
{
	const pmill_status status = pmill_pretokenizer_create(
		pattern, unicode_version, scanner, pretokenizer, error);
	if (status == PMILL_OK)
		(*pretokenizer)->refuses_gaps = (*pretokenizer)->known == NULL;
	return status;
}

void pmill_pretokenizer_free(struct pmill_pretokenizer *pretokenizer)
{
	if (pretokenizer == NULL)
		return;
	pmill_regex_free(pretokenizer->regex);
	free(pretokenizer->expression);
	free(pretokenizer);
}

const char *pmill_pretokenizer_pattern(const struct pmill_pretokenizer *pretokenizer)
{
	return pretokenizer->known != NULL ? pretokenizer->known->name : pretokenizer->expression;
}

const struct pmill_unicode *pmill_pretokenizer_unicode(
	const struct pmill_pretokenizer *pretokenizer)
{
	return pretokenizer->unicode;
}

bool pmill_pretokenizer_is_local(const struct pmill_pretokenizer *pretokenizer)
{
	return pretokenizer->known != NULL;
}

/* ---- Sure cuts ---- */

struct neighbour {
	uint32_t code_point;
	enum pmill_class class;
};

/*
 * Reads the character that ends at `offset`; false if the bytes before it may be part of an invalid
 * sequence.
 */
static bool read_before(const struct pmill_unicode *unicode, const uint8_t *text, size_t offset,
	struct neighbour *before)
{
	size_t begin = offset - 1;
	while (begin > 0 && offset - begin < 4 && (text[begin] & 0xC0) == 0x80)
		begin--;
	size_t len = pmill_utf8_decode(text + begin, offset - begin, &before->code_point);
	before->class = pmill_unicode_class(unicode, before->code_point);
	return before->code_point != PMILL_INVALID_CODE_POINT && len == offset - begin;
}

static bool read_after(
	const struct pmill_unicode *unicode, const uint8_t *text, size_t len, struct neighbour *after)
{
	pmill_utf8_decode(text, len, &after->code_point);
	after->class = pmill_unicode_class(unicode, after->code_point);
	return after->code_point != PMILL_INVALID_CODE_POINT;
}

static bool is_line_end(struct neighbour character)
{
	return character.code_point == '\n' || character.code_point == '\r';
}

static bool is_letter(struct pmill_pattern_rules rules, struct neighbour character)
{
	const bool is_mark = character.class == PMILL_CLASS_MARK;
	return (character.class >= PMILL_CLASS_UPPER && character.class <= PMILL_CLASS_OTHER_LETTER) ||
		(rules.has_marks && is_mark);
}

/* o200k's letters include marks, and an apostrophe after them may begin the suffix. */
static bool may_follow_letters(struct pmill_pattern_rules rules, struct neighbour after)
{
	return is_letter(rules, after) || (rules.is_cased && after.class == PMILL_CLASS_MARK) ||
		(rules.has_suffix && after.code_point == '\'');
}

/* For symbols, and for marks that no other rule covers. `after` is not a symbol. */
static bool is_sure_after_symbol(
	struct pmill_pattern_rules rules, struct neighbour before, struct neighbour after)
{
	if (after.class == PMILL_CLASS_NUMBER)
		return true;
	if (after.class == PMILL_CLASS_SPACE)
		return !rules.has_line_rules || !is_line_end(after);
	return !rules.has_prefix && is_letter(rules, after) && before.code_point != '\'';
}

/*
 * Whether a pretoken always ends between two characters, and the one before would end there too if
 * the text did. No pattern looks behind the start of a pretoken, so only the left side matters:
 *
 * - A letter is the last of a run \p{L}+ or of a contraction; neither continues with anything but
 *   letters. o200k's letters also take marks, then a contraction.
 * - A number is the last of a run, and whatever takes numbers takes nothing else.
 * - A symbol is the last of a run that takes neither white space nor numbers. Except in gpt2, it
 *   does take line ends, and letters if it begins a pretoken. A mark is a symbol, or in o200k a
 *   letter, and the same holds. gpt2's symbols take no letters, except for the apostrophe of a
 *   contraction.
 * - How a run of white space is cut depends on all of it, so no cut after one is sure, except after
 *   a line end in the patterns that always cut there.
 *
 * So in any script there is a sure cut at nearly every punctuation mark and space. A run of letters
 * has none: it is one pretoken.
 */
static bool is_sure_between(
	struct pmill_pattern_rules rules, struct neighbour before, struct neighbour after)
{
	if (is_letter(rules, before))
		return !may_follow_letters(rules, after);
	if (before.class == PMILL_CLASS_NUMBER)
		return after.class != PMILL_CLASS_NUMBER;
	if (before.class != PMILL_CLASS_SPACE)
		return is_sure_after_symbol(rules, before, after);
	if (!rules.has_line_rules || !is_line_end(before) || after.class == PMILL_CLASS_SPACE)
		return false;
	return !rules.has_slash_rule || after.code_point != '/';
}

static bool is_han_but_no_letter(struct neighbour character)
{
	return character.class == PMILL_CLASS_HAN_NUMBER || character.class == PMILL_CLASS_HAN_MARK ||
		character.class == PMILL_CLASS_HAN_SIGN;
}

/*
 * kimi: a Han letter is the last of a run of Han only, and only such a run takes one. Numbers,
 * marks and signs of Han may also belong to other runs, so nothing next to them is sure.
 */
static bool is_sure_near_han(
	struct pmill_pattern_rules rules, struct neighbour before, struct neighbour after)
{
	if (is_han_but_no_letter(before) || is_han_but_no_letter(after))
		return false;
	const bool is_after_han = before.class == PMILL_CLASS_HAN_LETTER;
	const bool is_before_han = after.class == PMILL_CLASS_HAN_LETTER;
	if (is_after_han)
		return !is_before_han;
	if (is_before_han)
		return before.class != PMILL_CLASS_SPACE || is_line_end(before);
	return is_sure_between(rules, before, after);
}

/* ---- Sure cuts of deepseek-v3: see scan_scalar_fine.h ---- */

enum kind { WORD, NUMBER, SIGN, SPACE, OTHER };

static enum kind kind_of(struct neighbour character)
{
	const uint32_t c = character.code_point;
	switch (character.class) {
	case PMILL_CLASS_SPACE: return SPACE;
	case PMILL_CLASS_NUMBER:
	case PMILL_CLASS_HAN_NUMBER: return NUMBER;
	case PMILL_CLASS_SIGN:
	case PMILL_CLASS_HAN_SIGN: return SIGN;
	case PMILL_CLASS_OTHER: return c > ' ' && c < 0x7F ? SIGN : OTHER;
	default: return WORD;
	}
}

static bool is_cjk(struct neighbour character)
{
	const uint32_t c = character.code_point;
	return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x4E00 && c <= 0x9FA5);
}

/*
 * What precedes a number or a border of CJK is cut as if the text ended there. Words take only
 * words; signs take signs, line ends, and in ASCII letters; and a character that nothing takes
 * belongs to a run of such, or to the word after it.
 */
static bool is_sure_in_pieces(struct neighbour before, struct neighbour after)
{
	const enum kind left = kind_of(before), right = kind_of(after);
	if ((left == NUMBER) != (right == NUMBER) || is_cjk(before) != is_cjk(after))
		return true;
	if (left == right)
		return false;
	switch (left) {
	case WORD: return true;
	case SIGN:
		return !is_line_end(after) &&
			(right != WORD || before.code_point >= 0x80 || after.code_point >= 0x80);
	case OTHER: return right != WORD;
	default: return is_line_end(before);
	}
}

bool pmill_pretokenizer_is_sure_cut(
	const struct pmill_pretokenizer *pretokenizer, const uint8_t *text, size_t len, size_t offset)
{
	assert(offset > 0 && offset < len);
	const struct pmill_pattern *known = pretokenizer->known;
	if (known == NULL || pmill_pattern_rules[known->id].is_uncut)
		return false;
	const struct pmill_pattern_rules rules = pmill_pattern_rules[known->id];
	const struct pmill_unicode *unicode = rules.has_fine_classes
		? pmill_unicode_fine(pretokenizer->unicode)
		: pretokenizer->unicode;
	struct neighbour before, after;
	if (!read_before(unicode, text, offset, &before) ||
		!read_after(unicode, text + offset, len - offset, &after))
		return false;
	if (!rules.has_fine_classes)
		return is_sure_between(rules, before, after);
	return rules.is_cased ? is_sure_near_han(rules, before, after)
						  : is_sure_in_pieces(before, after);
}

/* ---- The cursor ---- */

void pmill_pretoken_cursor_release(struct pmill_pretoken_cursor *cursor)
{
	pmill_regex_walk_free(cursor->scratch);
	cursor->scratch = NULL;
}

void pmill_pretoken_cursor_set_watch(
	struct pmill_pretoken_cursor *cursor, struct pmill_match_watch *watch)
{
	cursor->watch = watch;
	if (cursor->scratch != NULL)
		pmill_regex_walk_set_watch(cursor->scratch, watch);
}

static pmill_status start_regex(struct pmill_pretoken_cursor *cursor, pmill_error *error)
{
	if (cursor->scratch == NULL) {
		struct pmill_regex_walk *walk;
		pmill_status status = pmill_regex_walk_create(
			cursor->pretokenizer->regex, cursor->pretokenizer->refuses_gaps, &walk, error);
		if (status != PMILL_OK)
			return status;
		pmill_regex_walk_set_watch(walk, cursor->watch);
		cursor->scratch = walk;
	}
	return pmill_regex_walk_start(
		cursor->scratch, cursor->text, cursor->len, cursor->is_final, error);
}

pmill_status pmill_pretoken_cursor_start(struct pmill_pretoken_cursor *cursor, const uint8_t *text,
	size_t len, bool is_final, pmill_error *error)
{
	assert(is_final || pmill_pretokenizer_is_local(cursor->pretokenizer));
	cursor->text = text;
	cursor->len = len;
	cursor->position = 0;
	cursor->is_final = is_final;
	return cursor->pretokenizer->regex != NULL ? start_regex(cursor, error) : PMILL_OK;
}

static size_t scan_on(struct pmill_pretoken_cursor *cursor, size_t *ends, size_t capacity)
{
	struct pmill_scan scan = {
		.unicode = cursor->pretokenizer->unicode,
		.text = cursor->text,
		.len = cursor->len,
		.begin = cursor->position,
		.is_final = cursor->is_final,
	};
	return cursor->pretokenizer->scan(&scan, ends, capacity);
}

pmill_status pmill_pretoken_cursor_next(struct pmill_pretoken_cursor *cursor, size_t *ends,
	size_t capacity, size_t *count, pmill_error *error)
{
	size_t taken = 0;
	if (cursor->pretokenizer->regex == NULL) {
		taken = scan_on(cursor, ends, capacity);
	} else {
		pmill_status status = pmill_regex_walk_next(cursor->scratch, ends, capacity, &taken, error);
		if (status != PMILL_OK)
			return status;
	}
	if (taken > 0)
		cursor->position = ends[taken - 1];
	*count = taken;
	return PMILL_OK;
}
