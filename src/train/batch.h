/* The next batch: merges that can be applied together with the result of one at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_BATCH_H
#define PMILL_TRAIN_BATCH_H

#include "train/merge_run.h"

enum { PMILL_BATCH_LIMIT = 512 };

/*
 * Candidates are taken in order until one, q, can't be: its left token is the right one of a pair that was
 * taken, or the other way round; the pair before has two equal tokens; the batch or the vocab is full. Then all
 * but the first that count as often as q are put back.
 *
 * Why that is exact: pairs taken overlap in no word, since only "right of one is left of the other" does.
 * So applying one changes no count of another. It lowers pairs (x,a) and (b,y) and makes (x,z) and (z,y), which
 * count no more than those; and both conflict with (a,b), so they stand at q or behind it, or are refused by a
 * filter, and then so are the new ones. Hence no pair new or changed counts more than q, and each pair
 * taken that counts more than q would have been taken one by one too, in this order. Pairs that count as
 * often as q are left out, since a new pair may win the tie. The first is the best of all whatever follows.
 */
struct pmill_batch {
	struct pmill_candidate pairs[PMILL_BATCH_LIMIT];
	size_t count;
	/* By token: the batch in which it was last a left (right) one. */
	uint32_t *last_left, *last_right;
	size_t left_capacity, right_capacity;
	uint32_t number;
};

void pmill_batch_release(struct pmill_batch *batch);

/* Takes the next batch off the queues: count 0 where no candidate is left. False without memory. */
bool pmill_batch_take(struct pmill_batch *batch, struct pmill_merge_run *run);

#endif
