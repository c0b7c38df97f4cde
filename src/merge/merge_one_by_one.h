/* Applies one merge at a time to all words, on one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_ONE_BY_ONE_H
#define PMILL_MERGE_MERGE_ONE_BY_ONE_H

#include "merge/merge_state.h"
#include "merge/neighbours.h"

/* Starts as all zero, except for the state. */
struct pmill_merge_one_by_one {
	struct pmill_merge_state *state;
	struct pmill_neighbours neighbours;
	struct pmill_changes changes;
};

void pmill_merge_one_by_one_release(struct pmill_merge_one_by_one *alone);

/* Records and applies the merge of a pair taken off its queue. Returns false if out of memory. */
bool pmill_merge_one_by_one_apply(
	struct pmill_merge_one_by_one *alone, const struct pmill_candidate *best);

#endif
