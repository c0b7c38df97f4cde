/* One merge, applied to all words by one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_MERGE_ALONE_H
#define PMILL_TRAIN_MERGE_ALONE_H

#include "train/merge_run.h"
#include "train/neighbours.h"

struct pmill_merge_alone {
	struct pmill_merge_run *run;
	struct pmill_neighbours neighbours; /* all zero to begin with */
};

/* Notes and applies the merge of a pair that was taken off its queue. False without memory. */
bool pmill_merge_alone_apply(struct pmill_merge_alone *alone, const struct pmill_candidate *best);

#endif
