/* Pretokens by regular expression, on PCRE2. */
/* SPDX-License-Identifier: MIT */
/*
 * PCRE2 may only see well-formed UTF-8: its JIT trusts that, and it treats anything else
 * differently from us. A segment with invalid bytes is copied, with U+FFFD for each of them. Ends
 * come in ascending order, so they are mapped back by walking the segment alongside: no list of
 * offsets is kept.
 */
#include "regex/regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "regex/class_sets.h"
#include "regex/matcher.h"
#include "regex/rewrite.h"
#include "unicode/utf8.h"

#if PMILL_HAVE_PCRE2

struct pmill_regex {
	struct pmill_regex_code code;
	char *expression; /* the caller's own, rewritten; NULL: a known pattern's */
	bool has_windows; /* see pmill_matcher */
};

struct pmill_regex_walk {
	struct pmill_matcher matcher;
	const uint8_t *text;
	size_t len;
	bool is_final;
	bool is_done;
	bool refuses_gaps;
	struct pmill_buffer copy;
	const uint8_t *subject; /* the text, or its copy with U+FFFD */
	size_t subject_len;
	size_t subject_position; /* where the next pretoken begins, in the subject */
	size_t position;         /* the same in the text */
	size_t match_end;        /* of a non-empty match that begins here; 0: search for one */
	size_t search_begin;     /* where the next match may begin, in the subject */
};

/* ---- Compiling ---- */

/*
 * \G matches where a search begins, and verbs such as (*COMMIT) can end it: then it can't be cut
 * into windows.
 */
static bool may_have_windows(const char *expression)
{
	return strstr(expression, "\\G") == NULL && strstr(expression, "(*") == NULL;
}

typedef pmill_status compile_function(struct pmill_regex *regex, const char *expression,
	const struct pmill_unicode *unicode, pmill_error *error);

static pmill_status compile_known(struct pmill_regex *regex, const char *expression,
	const struct pmill_unicode *unicode, pmill_error *error)
{
	struct pmill_buffer expanded = {0};
	pmill_status status;
	if (pmill_class_sets_expand(expression, unicode, &expanded) &&
		pmill_buffer_terminate(&expanded))
		status = pmill_regex_code_compile(
			&regex->code, (const char *)expanded.data, 0, PCRE2_JIT_PARTIAL_HARD, error);
	else
		status = pmill_fail_memory(error);
	pmill_buffer_release(&expanded);
	return status;
}

static pmill_status compile_own(struct pmill_regex *regex, const char *expression,
	const struct pmill_unicode *unicode, pmill_error *error)
{
	struct pmill_buffer text = {0};
	bool knows_properties;
	pmill_status status = pmill_regex_code_check(expression, &knows_properties, error);
	if (status == PMILL_OK)
		status = pmill_regex_rewrite(
			expression, pmill_regex_code_versions(unicode), knows_properties, &text, error);
	if (status != PMILL_OK)
		goto out;
	regex->has_windows = may_have_windows(expression);
	if (pmill_buffer_terminate(&text))
		regex->expression = pmill_copy_text(text.data, text.len);
	status = regex->expression == NULL ? pmill_fail_memory(error)
									   : pmill_regex_code_compile(&regex->code, regex->expression,
											 PCRE2_USE_OFFSET_LIMIT, 0, error);
out:
	pmill_buffer_release(&text);
	return status;
}

static pmill_status create(compile_function *compile, const char *expression,
	const struct pmill_unicode *unicode, struct pmill_regex **regex, pmill_error *error)
{
	struct pmill_regex *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = compile(made, expression, unicode, error);
	if (status == PMILL_OK)
		*regex = made;
	else
		pmill_regex_free(made);
	return status;
}

pmill_status pmill_regex_create(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error)
{
	return create(compile_own, expression, unicode, regex, error);
}

pmill_status pmill_regex_create_known(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error)
{
	return create(compile_known, expression, unicode, regex, error);
}

void pmill_regex_free(struct pmill_regex *regex)
{
	if (regex == NULL)
		return;
	pmill_regex_code_release(&regex->code);
	free(regex->expression);
	free(regex);
}

/* ---- Walking ---- */

pmill_status pmill_regex_walk_create(const struct pmill_regex *regex, bool refuses_gaps,
	struct pmill_regex_walk **walk, pmill_error *error)
{
	struct pmill_regex_walk *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->is_done = true;
	made->refuses_gaps = refuses_gaps;
	if (!pmill_matcher_init(&made->matcher, &regex->code, regex->expression)) {
		pmill_regex_walk_free(made);
		return pmill_fail_memory(error);
	}
	made->matcher.has_windows = regex->has_windows;
	*walk = made;
	return PMILL_OK;
}

void pmill_regex_walk_free(struct pmill_regex_walk *walk)
{
	if (walk == NULL)
		return;
	pmill_matcher_release(&walk->matcher);
	pmill_buffer_release(&walk->copy);
	free(walk);
}

void pmill_regex_walk_set_watch(struct pmill_regex_walk *walk, struct pmill_match_watch *watch)
{
	walk->matcher.watch = watch;
	pmill_matcher_forget_time(&walk->matcher);
}

/* The first invalid byte at or after `position`, or `len`. */
static size_t find_invalid(const uint8_t *text, size_t len, size_t position)
{
	while (position < len) {
		if (text[position] < 0x80) {
			position++;
			continue;
		}
		uint32_t code_point;
		size_t character_len = pmill_utf8_decode(text + position, len - position, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			return position;
		position += character_len;
	}
	return len;
}

static bool copy_well_formed(
	const uint8_t *text, size_t len, size_t first_invalid, struct pmill_buffer *copy)
{
	copy->len = 0;
	size_t position = 0, invalid = first_invalid;
	while (position < len) {
		if (!pmill_buffer_append(copy, text + position, invalid - position))
			return false;
		if (invalid == len)
			return true;
		if (!pmill_buffer_append(copy, "\xEF\xBF\xBD", 3))
			return false;
		position = invalid + 1;
		invalid = find_invalid(text, len, position);
	}
	return true;
}

/* If more text may follow, a sequence cut short by the end does not count yet. */
static size_t find_limit(const uint8_t *text, size_t len)
{
	for (size_t cut = 1; cut <= 3 && cut <= len; cut++) {
		if (pmill_utf8_is_cut(text + len - cut, cut))
			return len - cut;
	}
	return len;
}

pmill_status pmill_regex_walk_start(struct pmill_regex_walk *walk, const uint8_t *text, size_t len,
	bool is_final, pmill_error *error)
{
	walk->text = text;
	walk->len = is_final ? len : find_limit(text, len);
	walk->is_final = is_final;
	walk->is_done = walk->len == 0;
	walk->subject = text;
	walk->subject_len = walk->len;
	walk->subject_position = walk->position = 0;
	walk->match_end = walk->search_begin = 0;
	pmill_matcher_set_text(&walk->matcher, text, walk->len);
	size_t invalid = find_invalid(text, walk->len, 0);
	if (invalid == walk->len)
		return PMILL_OK;
	if (!copy_well_formed(text, walk->len, invalid, &walk->copy)) {
		walk->is_done = true;
		return pmill_fail_memory(error);
	}
	walk->subject = walk->copy.data;
	walk->subject_len = walk->copy.len;
	pmill_matcher_set_text(&walk->matcher, walk->subject, walk->subject_len);
	return PMILL_OK;
}

static pmill_status fail_match(const struct pmill_regex_walk *walk, int code, pmill_error *error)
{
	if (code == PCRE2_ERROR_NOMEMORY)
		return pmill_fail_memory(error);
	if (code == PCRE2_ERROR_CALLOUT)
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	PCRE2_UCHAR message[256];
	pcre2_get_error_message(code, message, sizeof message);
	return pmill_fail(error, PMILL_BAD_INPUT, walk->position,
		"the pattern cannot be matched from here: %s. It backtracks too far (a match may take %d "
		"steps back and 1 GiB): write possessive quantifiers (a++), or end documents sooner",
		(const char *)message, PMILL_MATCH_LIMIT);
}

static size_t skip_character(const struct pmill_regex_walk *walk, size_t position)
{
	do
		position++;
	while (position < walk->subject_len && (walk->subject[position] & 0xC0) == 0x80);
	return position;
}

/*
 * Searches for the next match in the subject. A \K reached indirectly (by a subroutine call in a
 * lookaround) can put the beginning anywhere.
 */
static pmill_status search(
	struct pmill_regex_walk *walk, struct pmill_regex_match *match, bool *found, pmill_error *error)
{
	*found = false;
	const uint32_t options = walk->is_final ? 0 : PCRE2_PARTIAL_HARD;
	const int result = pmill_matcher_find(&walk->matcher, walk->search_begin, options);
	if (result == PCRE2_ERROR_PARTIAL)
		walk->is_done = true;
	if (result == PCRE2_ERROR_PARTIAL || result == PCRE2_ERROR_NOMATCH)
		return PMILL_OK;
	if (result < 0)
		return fail_match(walk, result, error);
	const PCRE2_SIZE *offsets = walk->matcher.offsets;
	if (offsets[0] < walk->search_begin || offsets[1] < offsets[0])
		return pmill_fail(
			error, PMILL_BAD_INPUT, walk->position, "the pattern's \\K moves a match out of order");
	*match = (struct pmill_regex_match){offsets[0], offsets[1]};
	*found = true;
	walk->search_begin = match->end > match->begin ? match->end
												   : skip_character(walk, match->begin);
	return PMILL_OK;
}

/* Both offsets are subject_len if there is no match, or an empty one at the end. */
static pmill_status find_match(
	struct pmill_regex_walk *walk, struct pmill_regex_match *match, pmill_error *error)
{
	bool found = false;
	pmill_status status = PMILL_OK;
	if (walk->search_begin < walk->subject_len)
		status = search(walk, match, &found, error);
	if (!found)
		match->begin = match->end = walk->subject_len;
	return status;
}

/* Moves to a position in the subject, and to the corresponding one in the text. */
static void move_to(struct pmill_regex_walk *walk, size_t subject_position)
{
	if (walk->subject == walk->text) {
		walk->position = subject_position;
	} else {
		for (size_t at = walk->subject_position; at < subject_position;) {
			uint32_t code_point;
			size_t len = pmill_utf8_decode(
				walk->text + walk->position, walk->len - walk->position, &code_point);
			walk->position += len;
			at += code_point == PMILL_INVALID_CODE_POINT ? 3 : len;
		}
	}
	walk->subject_position = subject_position;
}

/* Moves past the next pretoken; stores false in `*found` at the end of the walk. */
static pmill_status take_next(struct pmill_regex_walk *walk, bool *found, pmill_error *error)
{
	struct pmill_regex_match match = {walk->subject_position, walk->match_end};
	while (match.end == 0 && !walk->is_done && match.begin < walk->subject_len) {
		pmill_status status = find_match(walk, &match, error);
		if (status != PMILL_OK)
			return status;
		/* An empty match at the beginning of the pretoken cuts nothing. */
		if (match.end == walk->subject_position)
			match.end = 0;
	}
	*found = match.end > 0 && !walk->is_done;
	if (!*found)
		return PMILL_OK;
	bool is_between = match.begin > walk->subject_position;
	if (is_between && walk->refuses_gaps)
		return pmill_fail(error, PMILL_BAD_INPUT, walk->position,
			"the model's pre_tokenizer drops the text from here up to the next match of its "
			"expression, which is not supported");
	walk->match_end = is_between && match.end > match.begin ? match.end : 0;
	move_to(walk, is_between ? match.begin : match.end);
	return PMILL_OK;
}

pmill_status pmill_regex_walk_next(
	struct pmill_regex_walk *walk, size_t *ends, size_t capacity, size_t *count, pmill_error *error)
{
	size_t taken = 0;
	while (taken < capacity) {
		bool found;
		pmill_status status = take_next(walk, &found, error);
		if (status != PMILL_OK) {
			walk->is_done = true;
			return status;
		}
		if (!found)
			break;
		ends[taken++] = walk->position;
	}
	*count = taken;
	return PMILL_OK;
}

/* `match_end` is here the end of the last match, and subject_position is there, too. */
static bool follows_last(const struct pmill_regex_walk *walk, const struct pmill_regex_match *match)
{
	return match->begin == match->end && match->end == walk->match_end && match->end > 0;
}

pmill_status pmill_regex_walk_next_match(
	struct pmill_regex_walk *walk, struct pmill_regex_match *match, bool *found, pmill_error *error)
{
	*found = false;
	while (!*found) {
		if (walk->is_done || walk->search_begin > walk->subject_len)
			return PMILL_OK;
		pmill_status status = search(walk, match, found, error);
		walk->is_done = !*found;
		if (status != PMILL_OK)
			return status;
		*found = *found && !follows_last(walk, match);
	}
	walk->match_end = match->end;
	move_to(walk, match->begin);
	const size_t begin = walk->position;
	move_to(walk, match->end);
	*match = (struct pmill_regex_match){begin, walk->position};
	return PMILL_OK;
}

#else

pmill_status pmill_regex_create(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error)
{
	(void)expression;
	(void)unicode;
	(void)regex;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"pattern: regular expressions need a build with PCRE2");
}

pmill_status pmill_regex_create_known(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error)
{
	return pmill_regex_create(expression, unicode, regex, error);
}

void pmill_regex_free(struct pmill_regex *regex)
{
	(void)regex;
}

pmill_status pmill_regex_walk_create(const struct pmill_regex *regex, bool refuses_gaps,
	struct pmill_regex_walk **walk, pmill_error *error)
{
	(void)regex;
	(void)refuses_gaps;
	(void)walk;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"pattern: regular expressions need a build with PCRE2");
}

void pmill_regex_walk_free(struct pmill_regex_walk *walk)
{
	(void)walk;
}

void pmill_regex_walk_set_watch(struct pmill_regex_walk *walk, struct pmill_match_watch *watch)
{
	(void)walk;
	(void)watch;
}

pmill_status pmill_regex_walk_start(struct pmill_regex_walk *walk, const uint8_t *text, size_t len,
	bool is_final, pmill_error *error)
{
	(void)walk;
	(void)text;
	(void)len;
	(void)is_final;
	(void)error;
	return PMILL_UNSUPPORTED;
}

pmill_status pmill_regex_walk_next(
	struct pmill_regex_walk *walk, size_t *ends, size_t capacity, size_t *count, pmill_error *error)
{
	(void)walk;
	(void)ends;
	(void)capacity;
	(void)count;
	(void)error;
	return PMILL_UNSUPPORTED;
}

pmill_status pmill_regex_walk_next_match(
	struct pmill_regex_walk *walk, struct pmill_regex_match *match, bool *found, pmill_error *error)
{
	(void)walk;
	(void)match;
	(void)found;
	(void)error;
	return PMILL_UNSUPPORTED;
}

#endif
