/* Patterns as Rust's engines read them, in tiktoken and mistral-common, and back. */
/* SPDX-License-Identifier: MIT */
/*
 * tiktoken compiles with fancy_regex, which hands what it can to the crate regex. The spellings of
 * our known patterns mean the same there (pretokenize/pattern). Of other expressions we take those
 * that Oniguruma and PCRE2 read alike, since they avoid whatever engines disagree on, without what
 * only Rust reads in another way:
 *   [a--b] [a~~b]   differences of sets
 *   \< \>           the beginning and the end of a word
 */
#include "notation/rust_expression.h"

#include <string.h>

#include "base/error.h"
#include "notation/hf_expression.h"
#include "notation/regex_portable.h"
#include "pretokenize/pattern.h"
#include "unicode/quote.h"

#define WHOLE_TEXT "[\\s\\S]+" /* "none" */

static pmill_status fail(const char *expression, const char *reason, pmill_error *error)
{
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"the expression %s contains %s: PCRE2 and Rust's regular expressions may read it "
		"differently",
		pmill_quote(&quote, expression, strlen(expression)), reason);
}

static pmill_status check_portable(const char *expression, pmill_error *error)
{
	static const char *const others[] = {"--", "~~", "\\<", "\\>", NULL};
	size_t offset;
	const char *reason = pmill_regex_find_unportable(expression, &offset);
	for (size_t i = 0; others[i] != NULL && reason == NULL; i++)
		if (strstr(expression, others[i]) != NULL)
			reason = others[i];
	return reason == NULL ? PMILL_OK : fail(expression, reason, error);
}

pmill_status pmill_rust_expression_write(
	const char *pattern, const char **expression, pmill_error *error)
{
	const struct pmill_pattern *known = pmill_pattern_find(pattern);
	const pmill_status status = known == NULL ? check_portable(pattern, error) : PMILL_OK;
	if (status != PMILL_OK)
		return status;
	*expression = pattern;
	if (known != NULL)
		*expression = known->expression != NULL ? known->expression : WHOLE_TEXT;
	return PMILL_OK;
}

pmill_status pmill_rust_expression_check(const char *pattern, pmill_error *error)
{
	const char *expression;
	return pmill_rust_expression_write(pattern, &expression, error);
}

pmill_status pmill_rust_expression_read(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error)
{
	if (strcmp(expression, WHOLE_TEXT) == 0) {
		*pattern = "none";
		return PMILL_OK;
	}
	const struct pmill_pattern *known = pmill_pattern_find(expression);
	if (known != NULL && !pmill_pattern_is_name(expression)) {
		*pattern = known->name;
		return PMILL_OK;
	}
	const pmill_status status = check_portable(expression, error);
	return status == PMILL_OK ? pmill_expression_copy(arena, expression, pattern, error) : status;
}
