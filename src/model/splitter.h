/* Splits a token: the two parts that become it where ids are ranks. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_SPLITTER_H
#define PMILL_MODEL_SPLITTER_H

#include "model/tokenizer.h"

/* Working memory, reused from token to token. All zero is ready. */
struct pmill_splitter {
	struct pmill_split_part *parts;
	struct pmill_split_candidate *heap;
	size_t part_capacity, heap_capacity, heap_count;
};

void pmill_splitter_release(struct pmill_splitter *splitter);

/*
 * Splits the ordinary token `id`, of two bytes or more: sets *left and *right to the two ordinary
 * tokens that its bytes merge into before they become it, or both to PMILL_NO_ID if merging leaves
 * more, or a byte is missing. No other pair ever becomes the token. Takes O(n log n) in its length.
 */
pmill_status pmill_splitter_split(struct pmill_splitter *splitter, const struct pmill_vocab *vocab,
	uint32_t id, uint32_t *left, uint32_t *right, pmill_error *error);

#endif
