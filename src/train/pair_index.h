/* Pairs: how often each occurs, and in which words. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_PAIR_INDEX_H
#define PMILL_TRAIN_PAIR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pair and the words that held it when it came to be. Words are named by their packed offset. */
struct pmill_pair {
	uint64_t key; /* 0: a free slot */
	int64_t count;
	union {
		uint32_t *many;  /* malloc; word_count of them */
		uint32_t few[2]; /* where there are at most two */
	} words;
	uint32_t word_count;
};

enum { PMILL_PAIR_FEW = 2 };

/*
 * Two levels: pairs of bytes, which nearly all words hold, in a dense table of 256 × 256; all others in an
 * open-addressing table. Nothing is ever deleted: a pair that is gone has count 0 and no words.
 */
struct pmill_pair_index {
	struct pmill_pair *dense;
	struct pmill_pair *slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t used;
};

bool pmill_pair_index_init(struct pmill_pair_index *index);
void pmill_pair_index_release(struct pmill_pair_index *index);

/* Room for `more` pairs beyond those there. False without memory. Moves what find and add gave. */
bool pmill_pair_index_reserve(struct pmill_pair_index *index, size_t more);

/* A pair that is there. */
struct pmill_pair *pmill_pair_index_find(
	const struct pmill_pair_index *index, uint32_t left, uint32_t right);
void pmill_pair_index_prefetch(const struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* A new pair with count 0; needs room. */
struct pmill_pair *pmill_pair_index_add(
	struct pmill_pair_index *index, uint32_t left, uint32_t right);

/* Gives the pair room for its words; false without memory. */
bool pmill_pair_allocate_words(struct pmill_pair *pair, uint32_t count);
void pmill_pair_free_words(struct pmill_pair *pair);

static inline uint32_t *pmill_pair_words(struct pmill_pair *pair)
{
	return pair->word_count <= PMILL_PAIR_FEW ? pair->words.few : pair->words.many;
}

#endif
