/* Patterns as Oniguruma, in Hugging Face's tokenizers, must read them, and back. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_HF_EXPRESSION_H
#define PMILL_FORMATS_HF_EXPRESSION_H

#include "base/arena.h"
#include "pairmill.h"

/*
 * `*expression` is the spelling for a tokenizer.json of a pattern (a name or an expression),
 * borrowed from it or constant; NULL for "none". PMILL_UNSUPPORTED where Oniguruma would read it
 * in another way.
 */
pmill_status pmill_hf_expression_write(
	const char *pattern, const char **expression, pmill_error *error);

/* Whether it could be written. */
pmill_status pmill_hf_expression_check(const char *pattern, pmill_error *error);

/*
 * `*pattern` is the name of a known pattern, or an expression for PCRE2, constant or in the arena.
 */
pmill_status pmill_hf_expression_read(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error);

#endif
