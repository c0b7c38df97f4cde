/* Patterns as Hugging Face's tokenizers reads them, and back. */
/* SPDX-License-Identifier: MIT */
#include "notation/hf_expression.h"

#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "notation/regex_portable.h"
#include "pretokenize/pattern.h"
#include "unicode/quote.h"

/*
 * Spellings for Oniguruma of patterns whose own spelling it would read differently. The first of
 * each name is written, all are read. cl100k: \p{N}{1,3}+ would be a run of digits of any length,
 * and nothing after it makes the possessive form differ from the plain one. The end of the text is
 * (?![\s\S]), the only spelling of it that Oniguruma, PCRE2, Python, Rust and JavaScript all read
 * alike. \s++$ means the same: no line end can follow \s++.
 */
static const struct spelling {
	const char *name;
	const char *expression;
} spellings[] = {
	{"cl100k",
		"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
		"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+(?![\\s\\S])|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"},
	{"cl100k",
		"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}"
		"| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"},
};

enum { SPELLING_COUNT = sizeof spellings / sizeof spellings[0] };

static pmill_status check_portable(const char *expression, const char *advice, pmill_error *error)
{
	size_t offset;
	const char *reason = pmill_regex_find_unportable(expression, &offset);
	if (reason == NULL)
		return PMILL_OK;
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"the expression %s contains, at byte %zu, %s: PCRE2 and Hugging Face's Oniguruma "
		"may read it differently%s",
		pmill_quote(&quote, expression, strlen(expression)), offset, reason, advice);
}

pmill_status pmill_hf_expression_write(
	const char *pattern, const char **expression, pmill_error *error)
{
	const struct pmill_pattern *known = pmill_pattern_find(pattern);
	if (known != NULL && known->expression == NULL) {
		*expression = NULL;
		return PMILL_OK;
	}
	for (int i = 0; known != NULL && i < SPELLING_COUNT; i++) {
		if (strcmp(spellings[i].name, known->name) == 0) {
			*expression = spellings[i].expression;
			return PMILL_OK;
		}
	}
	const char *spelling = known == NULL ? pattern : known->expression;
	const pmill_status status = check_portable(
		spelling, "; save it as .tiktoken or vocab.json instead", error);
	if (status == PMILL_OK)
		*expression = spelling;
	return status;
}

/* The only part of a known pattern's PCRE2 spelling that Oniguruma may read differently. */
static bool has_possessive_braces(const char *expression)
{
	return strstr(expression, "{1,3}+") != NULL;
}

/* An expression without operators would be taken for the name of a pattern. */
pmill_status pmill_expression_copy(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error)
{
	const bool is_name = pmill_pattern_is_name(expression);
	struct pmill_buffer text = {0};
	const char *copy = NULL;
	if (pmill_buffer_append_format(&text, is_name ? "(?:%s)" : "%s", expression))
		copy = pmill_arena_copy(arena, text.data, text.len);
	pmill_buffer_release(&text);
	if (copy == NULL)
		return pmill_fail_memory(error);
	*pattern = copy;
	return PMILL_OK;
}

pmill_status pmill_hf_expression_check(const char *pattern, pmill_error *error)
{
	const char *expression;
	return pmill_hf_expression_write(pattern, &expression, error);
}

pmill_status pmill_hf_expression_read(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error)
{
	for (int i = 0; i < SPELLING_COUNT; i++) {
		if (strcmp(spellings[i].expression, expression) == 0) {
			*pattern = spellings[i].name;
			return PMILL_OK;
		}
	}
	const struct pmill_pattern *known = pmill_pattern_find(expression);
	const bool is_name = pmill_pattern_is_name(expression);
	if (known != NULL && !is_name && !has_possessive_braces(expression)) {
		*pattern = known->name;
		return PMILL_OK;
	}
	const pmill_status status = check_portable(expression, "", error);
	return status == PMILL_OK ? pmill_expression_copy(arena, expression, pattern, error) : status;
}
