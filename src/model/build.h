/* From what was learned to a tokenizer: every token gets its id by the layout. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_BUILD_H
#define PMILL_MODEL_BUILD_H

#include "model/layout.h"
#include "model/tokenizer.h"

/* Two tokens by their ids in the layout that they were learned for. */
struct pmill_id_pair {
	uint32_t left, right;
};

/* All is borrowed for the call. */
struct pmill_tokenizer_plan {
	const struct pmill_layout *layout;
	const pmill_bytes *special_tokens; /* in the order of their ids; reserved ones included */
	size_t special_token_count;
	const struct pmill_id_pair *merges; /* by rank */
	size_t merge_count;
	/* Special tokens <|reserved_N|> at the very end of the vocab, N from first_pad on. A name that
	 * is among special_tokens is left out, and the next number taken. */
	uint32_t pad_count;
	uint32_t first_pad;
	const char *pattern;            /* NULL: "gpt2" */
	const char *unicode_version;    /* NULL: "16.0" */
	const pmill_training *training; /* copied; NULL: none */
};

/*
 * PMILL_BAD_INPUT where a merge names an id that is not there yet, or makes a token a second time.
 */
pmill_status pmill_tokenizer_build(const struct pmill_tokenizer_plan *plan,
	struct pmill_tokenizer **tokenizer, pmill_error *error);

#endif
