/* Applies one merge at a time to all words, on one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_ALONE_H
#define PMILL_MERGE_MERGE_ALONE_H

#include "merge/batch.h"
#include "merge/neighbours.h"

struct pmill_merge_alone {
	struct pmill_merge_state *state;
	struct pmill_neighbours neighbours;
	struct pmill_changes changes;
};

void pmill_merge_alone_init(struct pmill_merge_alone *alone, struct pmill_merge_state *state);
void pmill_merge_alone_release(struct pmill_merge_alone *alone);

/* Applies the merges of a batch that is recorded already. Returns false if out of memory. */
bool pmill_merge_alone_apply(struct pmill_merge_alone *alone, const struct pmill_batch *batch);

#endif
