/* Patterns as Rust's engines read them, in tiktoken and mistral-common, and back. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NOTATION_RUST_EXPRESSION_H
#define PMILL_NOTATION_RUST_EXPRESSION_H

#include "base/arena.h"
#include "pairmill.h"

/*
 * Sets *expression to the spelling of a pattern (name or expression), borrowed from it or constant.
 * PMILL_UNSUPPORTED if Rust's engines would read it differently.
 */
pmill_status pmill_rust_expression_write(
	const char *pattern, const char **expression, pmill_error *error);

/* Checks whether it could be written. */
pmill_status pmill_rust_expression_check(const char *pattern, pmill_error *error);

/*
 * Sets *pattern to the name of a known pattern or an expression for PCRE2, constant or in the
 * arena.
 */
pmill_status pmill_rust_expression_read(
	struct pmill_arena *arena, const char *expression, const char **pattern, pmill_error *error);

#endif
