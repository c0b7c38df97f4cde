/* The merges of a tokenizer: those of its list, or those that its ranks imply. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_MERGES_H
#define PMILL_MODEL_MERGES_H

#include "model/tokenizer.h"

/*
 * By rank; they belong to the tokenizer. With ranks by id the first call splits every token, which
 * takes about a microsecond for each; a token that does not come out as exactly two parts has no
 * merge. Any number of threads may ask at once. Fails only if out of memory.
 */
pmill_status pmill_tokenizer_find_merges(const struct pmill_tokenizer *tokenizer,
	const struct pmill_merge **merges, size_t *count, pmill_error *error);

#endif
