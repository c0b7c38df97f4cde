/* What a merge changes, entered into the index and the queues. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_ACCOUNT_H
#define PMILL_TRAIN_ACCOUNT_H

#include "train/merge_run.h"
#include "train/neighbours.h"

/*
 * Lowers the pairs that (left, right) stood beside, adds those that `joined` stands beside now, offers them,
 * and says in each change where its words are to be written. No words are read. False without memory.
 */
bool pmill_account_changes(struct pmill_merge_run *run, const struct pmill_candidate *pair,
	uint32_t joined, struct pmill_changes *changes);

/* The pair is merged: it has no count and no places any more. */
void pmill_account_merged(struct pmill_merge_run *run, const struct pmill_candidate *pair);

/* Writes the words to where pmill_account_changes said. */
static inline void pmill_account_places(struct pmill_changes *changes)
{
	pmill_changes_fill(&changes->left);
	pmill_changes_fill(&changes->right);
	pmill_changes_fill(&changes->both);
}

#endif
