/* Counts: words, and what must agree for counts to add up. The inside of pmill_counts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNTS_H
#define PMILL_COUNTS_COUNTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "pairmill.h"
#include "words/word_list.h"

/*
 * How words were cut. Two counts add up only if all of it is equal (the order of special tokens
 * too).
 */
struct pmill_counts_identity {
	const char *pattern; /* the name of a known pattern, else the expression */
	const char *unicode_version;
	const pmill_bytes *special_tokens;
	size_t special_token_count;
};

struct pmill_counts {
	struct pmill_arena names; /* what the identity points to */
	struct pmill_counts_identity identity;
	pmill_totals totals;
	struct pmill_word_list words;
};

/*
 * What `options` say, copied to `names`; what they leave open is that of `fallback`, or the default
 * where that is NULL. The document separator joins the special tokens; a spelled-out known pattern
 * gets its name.
 */
pmill_status pmill_counts_identity_resolve(const pmill_text_options *options,
	const struct pmill_counts_identity *fallback, struct pmill_arena *names,
	struct pmill_counts_identity *identity, pmill_error *error);

/* Copies to `names`. False without memory. */
bool pmill_counts_identity_copy(const struct pmill_counts_identity *from, struct pmill_arena *names,
	struct pmill_counts_identity *to);

/* PMILL_BAD_OPTION with what differs; the names of both stand in the message. */
pmill_status pmill_counts_identity_compare(const struct pmill_counts_identity *a,
	const char *a_name, const struct pmill_counts_identity *b, const char *b_name,
	pmill_error *error);

/*
 * PMILL_BAD_OPTION where `expected` (may be NULL) sets something else than the file `name` was made
 * with.
 */
pmill_status pmill_counts_identity_check(const struct pmill_counts_identity *identity,
	const char *name, const pmill_text_options *expected, pmill_error *error);

/* Empty counts with a copy of `identity`. */
pmill_status pmill_counts_create(
	const struct pmill_counts_identity *identity, pmill_counts **counts, pmill_error *error);

#endif
