/* The next batch: merges that can be applied together with the result of one at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_BATCH_H
#define PMILL_MERGE_BATCH_H

#include "merge/merge_state.h"

enum { PMILL_BATCH_LIMIT = 512 };

/*
 * Candidates are taken in order until one, q, can't be: its left token is the right one of a pair that was
 * taken, or the other way round; the pair before has two equal tokens; the batch or the vocab is full. Then
 * those that count as often as q, and that a new pair might come before, are put back.
 *
 * Why that is exact: pairs taken overlap in no word, since only "right of one is left of the other" does.
 * So applying one changes no count of another. It lowers pairs (x,a) and (b,y) and makes (x,z) and (z,y), which
 * count no more than those; and both conflict with (a,b), so they stand at q or behind it, or are refused by a
 * filter, and then so are the new ones. Hence no pair new or changed counts more than q, and each pair
 * taken that counts more than q would have been taken one by one too, in this order.
 *
 * Pairs t that count as often as q: a new pair comes before t only if it counts as much, so only if the old one that
 * it is made from does, which then stands behind t and was not taken. Let (a,b) be taken before t = (l,r).
 *   (b,y) → (z,y): ties by bytes take the greater left token first, so it comes before t where z = ab is
 *       greater than l; ties by ids take the smaller one first, and z is greater than all.
 *   (x,a) → (x,z): with ties by bytes, (x,a) behind t and (x,z) before it leave only x = l and a < r < ab, so r
 *       begins with a. With ties by ids none: x would have to be less than l, and (x,a) would come before t.
 * So ties by ids put nothing back, and those by bytes the first such t and what was taken behind it.
 */
struct pmill_batch {
	struct pmill_candidate pairs[PMILL_BATCH_LIMIT];
	size_t count;
	/* By token: the batch in which it was last a left (right) one. */
	uint32_t *last_left, *last_right;
	size_t left_capacity, right_capacity;
	uint32_t number;
	/*
	 * The level: all candidates of one count, in their order, off the queues. Those before `next` are done
	 * with; of the others the true count may have fallen since. By token: how many of those have it on the
	 * left (right).
	 */
	struct pmill_candidate *level;
	size_t level_count, level_capacity, next;
	uint32_t *level_left, *level_right;
	size_t level_left_capacity, level_right_capacity;
};

void pmill_batch_release(struct pmill_batch *batch);

/* Takes the next batch off the queues: count 0 where no candidate is left. False without memory. */
bool pmill_batch_take(struct pmill_batch *batch, struct pmill_merge_state *state);

/* Gives the queues back what is not in the batch, so that others can take it. False without memory. */
bool pmill_batch_put_back(struct pmill_batch *batch, struct pmill_merge_state *state);

#endif
