/* Training rules: the options, checked and resolved. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_RULES_H
#define PMILL_TRAIN_RULES_H

#include "base/arena.h"
#include "counts/identity.h"
#include "merge/merger.h"
#include "model/layout.h"

/* Zeroed is empty. */
struct pmill_train_rules {
	pmill_train_options options; /* its strings are static, or NULL */
	const struct pmill_layout *layout;
	enum pmill_ties ties;
	bool is_hf;
	struct pmill_arena strings;
	pmill_bytes *special_tokens; /* those of the text, then the reserved ones */
	size_t special_token_count;
};

/*
 * Borrows the special tokens of `identity`. PMILL_BAD_OPTION if an option is bad, or the vocab too
 * small for the special tokens.
 */
pmill_status pmill_train_rules_init(struct pmill_train_rules *rules,
	const pmill_train_options *options, const struct pmill_counts_identity *identity,
	pmill_error *error);
void pmill_train_rules_release(struct pmill_train_rules *rules);

/* Entries that the vocab has before the first merge. */
uint64_t pmill_train_rules_base(const struct pmill_train_rules *rules);

#endif
