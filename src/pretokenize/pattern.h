/* The table of known patterns: their names, expressions and other spellings. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_PATTERN_H
#define PMILL_PRETOKENIZE_PATTERN_H

#include <stdbool.h>

#include "pairmill.h"
#include "pretokenize/pattern_list.h"

/* A known pattern under one name. Its spellings are equal on every text, ends included. */
struct pmill_pattern {
	const char *name;
	const char *expression; /* the canonical spelling, for PCRE2 and for files; NULL for "none" */
	const char *const *spellings; /* other recognised spellings, NULL at the end; may be NULL */
	/*
	 * If model files spell it as several expressions in a row, each of which sees only the pieces
	 * of the one before: these, NULL at the end, and another spelling. Otherwise both are NULL. The
	 * `expression` cuts alike by itself.
	 */
	const char *const *steps, *const *other_steps;
	enum pmill_pattern_id id;
};

/*
 * Finds a pattern by its name, canonical expression or other spelling; NULL if unknown. Names are
 * compared without regard to case and surrounding blanks, except "none", which must be exact.
 */
const struct pmill_pattern *pmill_pattern_find(const char *name_or_expression);

/*
 * Finds the pattern of expressions in a row, each of which cuts the pieces of the one before and
 * sees their edges as the ends of the text; NULL if unknown.
 */
const struct pmill_pattern *pmill_pattern_find_steps(const char *const *expressions, size_t count);

/*
 * The same for what a caller wrote: stores NULL for an expression. PMILL_BAD_OPTION for a name that
 * is not known.
 */
pmill_status pmill_pattern_resolve(
	const char *name_or_expression, const struct pmill_pattern **known, pmill_error *error);

/* Whether a text can only be a name: it holds no operator of regular expressions, or only dots. */
bool pmill_pattern_is_name(const char *text);

/* Whether two patterns cut alike: equal, or names and spellings of one known pattern. */
bool pmill_pattern_is_same(const char *a, const char *b);

const struct pmill_pattern *pmill_pattern_at(size_t index); /* NULL at the end */

#endif
