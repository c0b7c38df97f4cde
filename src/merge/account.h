/* What a merge changes, entered into the index and the queues. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_ACCOUNT_H
#define PMILL_MERGE_ACCOUNT_H

#include "merge/merge_state.h"
#include "merge/neighbours.h"

/* What a merge changes at some places, and, where `others` is not NULL, at places behind those. */
struct pmill_account {
	struct pmill_changes *changes, *others;
	struct pmill_neighbours *numbers; /* of the neighbours in `others`; forgotten afterwards */
};

/*
 * Lowers the pairs that (left, right) stood beside, adds those that `joined` stands beside now, offers them,
 * and says in each change where its words are to be written. No words are read. False without memory.
 */
bool pmill_account_enter(struct pmill_merge_state *state, const struct pmill_candidate *pair,
	uint32_t joined, const struct pmill_account *account);

/* The pair is merged: it has no count and no places any more. */
void pmill_account_merged(struct pmill_merge_state *state, const struct pmill_candidate *pair);

/* Writes the words to where pmill_account_enter said. */
void pmill_account_write(const struct pmill_account *account);

#endif
