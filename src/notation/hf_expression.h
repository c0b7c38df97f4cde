/* Patterns as Oniguruma, in Hugging Face's tokenizers, reads them, and back. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_HF_EXPRESSION_H
#define PMILL_FORMATS_HF_EXPRESSION_H

#include "base/arena.h"
#include "pairmill.h"

/*
 * Sets *expression to the spelling of a pattern (name or expression) in a tokenizer.json, borrowed
 * from it or constant; NULL for "none". PMILL_UNSUPPORTED if Oniguruma would read it differently.
 */
pmill_status pmill_hf_expression_write(
	const char *pattern, const char **expression, pmill_error *error);

/* Checks whether it could be written. */
pmill_status pmill_hf_expression_check(const char *pattern, pmill_error *error);

/*
 * Sets *pattern to the name of a known pattern or an expression for PCRE2, constant or in the
 * arena.
 */
pmill_status pmill_hf_expression_read(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error);

/* Copies an expression as a pattern: in parentheses if it could be a name. */
pmill_status pmill_expression_copy(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error);

#endif
