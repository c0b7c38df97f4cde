/* The state of training, shared by all systems: words as tokens, the table of pairs, the merges. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_STATE_H
#define PMILL_STUDY_STATE_H

#include "pairs.h"

/*
 * A slot of the open-addressing table. Python's trainer has one dictionary of counts and one of
 * sets of words; this table has both. left == UINT32_MAX: a free slot, with count 0. A pair that
 * is gone also has count 0, and stays until the table grows.
 */
struct pmill_study_slot {
	int64_t count;
	uint32_t left, right;
	uint32_t *words; /* that held it when it was counted; some may no longer */
	uint32_t word_count, word_capacity;
};

struct pmill_study_word {
	uint32_t begin, len; /* in the array of tokens; merging shortens the word */
	int64_t count;
};

struct pmill_study_state {
	struct pmill_study_tokens tokens; /* the 256 bytes come first */
	uint32_t *word_tokens;
	struct pmill_study_word *words;
	size_t word_count;
	struct pmill_study_slot *slots;
	size_t slot_count; /* a power of two */
	size_t used;       /* slots that are not free */
	/* The pairs created by the last merge (before the first: all), for a queue of candidates. */
	struct pmill_study_item *created;
	size_t created_count, created_capacity;
};

/* With all words of `counts`, pairs counted. PMILL_NO_MEMORY; PMILL_OVERFLOW: over 2^32 bytes. */
pmill_status pmill_study_state_init(
	struct pmill_study_state *state, const pmill_counts *counts, pmill_error *error);
/* With no words, and these pairs, which must be distinct. PMILL_NO_MEMORY. */
pmill_status pmill_study_state_init_with_pairs(struct pmill_study_state *state,
	const struct pmill_study_item *items, size_t count, pmill_error *error);
void pmill_study_state_release(struct pmill_study_state *state);

/* The pair in the table; NULL: it was never there. */
const struct pmill_study_slot *pmill_study_state_find(
	const struct pmill_study_state *state, uint32_t left, uint32_t right);

/* The best pair in the slots [begin, end), as pmill_study_best_of finds it: count 0 if none. */
struct pmill_study_item pmill_study_state_best(
	const struct pmill_study_state *state, size_t begin, size_t end);

/* Copies the pairs that occur to `items`, which needs room for one more; returns their number. */
size_t pmill_study_state_copy(
	const struct pmill_study_state *state, struct pmill_study_item *items);

/* Merges the pair in the words that hold it, and updates the table. The new token is the last. */
pmill_status pmill_study_state_apply(
	struct pmill_study_state *state, uint32_t left, uint32_t right, pmill_error *error);

#endif
