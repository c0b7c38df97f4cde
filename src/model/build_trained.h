/* What training learned → a tokenizer. The layout gives every token its id. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_BUILD_TRAINED_H
#define PMILL_MODEL_BUILD_TRAINED_H

#include "model/layout.h"
#include "model/tokenizer.h"

/* Everything is borrowed for the call. */
struct pmill_tokenizer_plan {
	const struct pmill_layout *layout;
	const pmill_bytes *special_tokens; /* by id, including reserved ones */
	size_t special_token_count;
	const pmill_pair_ids *merges; /* by rank */
	size_t merge_count;
	/*
	 * Special tokens <|reserved_N|> at the very end of the vocab, N from first_pad on. Numbers
	 * whose name is among special_tokens are skipped.
	 */
	uint32_t pad_count;
	uint32_t first_pad;
	const char *pattern;            /* NULL: "gpt2" */
	const char *unicode_version;    /* NULL: "16.0" */
	const pmill_training *training; /* copied; NULL: none */
};

/* PMILL_BAD_INPUT if a merge uses an id that does not exist yet, or makes a token again. */
pmill_status pmill_tokenizer_build(const struct pmill_tokenizer_plan *plan,
	struct pmill_tokenizer **tokenizer, pmill_error *error);

#endif
