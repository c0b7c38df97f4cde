/* The table of known patterns: their names, expressions and other spellings. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_PATTERN_H
#define PMILL_PRETOKENIZE_PATTERN_H

#include "pairmill.h"
#include "pretokenize/pattern_list.h"

/* A known pattern under one name. Its spellings are equal on every text, ends included. */
struct pmill_pattern {
	const char *name;
	const char *expression; /* the canonical spelling, for PCRE2 and for files; NULL for "none" */
	const char *const *spellings; /* other recognised spellings, NULL at the end; may be NULL */
	enum pmill_pattern_id id;
};

/* Finds a pattern by its name, canonical expression or other spelling; NULL if unknown. */
const struct pmill_pattern *pmill_pattern_find(const char *name_or_expression);
const struct pmill_pattern *pmill_pattern_at(size_t index); /* NULL at the end */

#endif
