/* Every way to split a token into two symbols. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_TOKEN_SPLITS_H
#define PMILL_BPE_TOKEN_SPLITS_H

#include "bpe/pair_table.h"
#include "model/vocab.h"

/*
 * Adds all pairs of symbols that are an ordinary token when joined, with its id as their rank, to
 * both tables.
 * `symbols` are those of single bytes; other symbols are ids. Returns false if out of memory.
 */
bool pmill_token_splits_add(struct pmill_pair_table *table, struct pmill_byte_pair *byte_pairs,
	const struct pmill_vocab *vocab, const uint32_t symbols[256]);

#endif
