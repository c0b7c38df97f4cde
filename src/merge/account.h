/* Enters what a merge changes into the index and the queues. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_ACCOUNT_H
#define PMILL_MERGE_ACCOUNT_H

#include "merge/merge_state.h"
#include "merge/neighbours.h"

/* What a merge changes at some places and, unless `others` is NULL, at places after those. */
struct pmill_account {
	struct pmill_changes *changes, *others;
	struct pmill_neighbours *numbers; /* of the neighbours in `others`; cleared by entering */
};

/*
 * Lowers the pairs that overlapped `pair`, adds and offers those that `joined` now forms, and sets
 * in each change where its places are to be written. Reads no words. Returns false if out of
 * memory.
 */
bool pmill_account_enter(struct pmill_merge_state *state, const struct pmill_candidate *pair,
	uint32_t joined, const struct pmill_account *account);

/* The pair is merged: sets its count to 0 and frees its places. */
void pmill_account_merged(struct pmill_merge_state *state, const struct pmill_candidate *pair);

/* Writes the places to where pmill_account_enter() has set. */
void pmill_account_write(const struct pmill_account *account);

#endif
