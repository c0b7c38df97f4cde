/* One merge, applied to all words by one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_ALONE_H
#define PMILL_MERGE_MERGE_ALONE_H

#include "merge/merge_run.h"
#include "merge/neighbours.h"

/* All zero to begin with, but for the run. */
struct pmill_merge_alone {
	struct pmill_merge_run *run;
	struct pmill_neighbours neighbours;
	struct pmill_changes changes;
};

void pmill_merge_alone_release(struct pmill_merge_alone *alone);

/* Notes and applies the merge of a pair that was taken off its queue. False without memory. */
bool pmill_merge_alone_apply(struct pmill_merge_alone *alone, const struct pmill_candidate *best);

#endif
