/* What must agree for counts to add up: pattern, Unicode version, special tokens. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_IDENTITY_H
#define PMILL_COUNTS_IDENTITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "pairmill.h"

/* How words were cut. All of it must agree, even the order of the special tokens. */
struct pmill_counts_identity {
	const char *pattern; /* the name of a known pattern, else the expression */
	const char *unicode_version;
	const pmill_bytes *special_tokens;
	size_t special_token_count;
};

/*
 * Resolves `options` into `identity`, whose strings are copied to `strings`. Unset options are
 * taken from `fallback`, or get defaults if that is NULL. The document separator joins the special
 * tokens, and the expression of a known pattern becomes its name.
 */
pmill_status pmill_counts_identity_resolve(const pmill_text_options *options,
	const struct pmill_counts_identity *fallback, struct pmill_arena *strings,
	struct pmill_counts_identity *identity, pmill_error *error);

/* Copies `from`, its strings to `strings`. Returns false if out of memory. */
bool pmill_counts_identity_copy(const struct pmill_counts_identity *from,
	struct pmill_arena *strings, struct pmill_counts_identity *to);

/* PMILL_BAD_OPTION if they differ, with a message that says in what and names both. */
pmill_status pmill_counts_identity_compare(const struct pmill_counts_identity *a,
	const char *a_name, const struct pmill_counts_identity *b, const char *b_name,
	pmill_error *error);

/* PMILL_BAD_OPTION if `expected` contradicts the identity, which is that of the file `name`. */
pmill_status pmill_counts_identity_check(const struct pmill_counts_identity *identity,
	const char *name, const pmill_text_options *expected, pmill_error *error);

#endif
