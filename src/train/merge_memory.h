/* What merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_MERGE_MEMORY_H
#define PMILL_TRAIN_MERGE_MEMORY_H

#include <stdint.h>

struct pmill_merge_size {
	uint64_t words;
	uint64_t bytes;      /* of all words */
	uint64_t long_bytes; /* of these, in words that are visited by position (packed_words.h) */
	uint64_t merges;     /* at most */
	unsigned threads;
};

/*
 * An upper estimate, in bytes, of the most that the list of words and merging take at any time.
 * merge_memory.c says how it was made; it is a model of text, and no proof for every input.
 */
uint64_t pmill_merge_memory(const struct pmill_merge_size *size);

#endif
