/* The next batch: merges that may be applied together, with the same result as one at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_BATCH_H
#define PMILL_MERGE_BATCH_H

#include "merge/merge_state.h"
#include "merge/neighbours.h"

enum { PMILL_BATCH_LIMIT = 512 };

/*
 * Candidates are taken in order until one, q, can't be: its left token is the right token of a pair
 * already taken, or the other way round; the last pair taken has two equal tokens; or the batch or
 * the vocab is full. Then those taken that count as often as q, and that a new pair might precede,
 * are put back.
 *
 * Why that is exact: two pairs overlap in a word only if the right token of one is the left token
 * of the other, so the pairs of a batch never overlap, and applying one changes the count of no
 * other. Applying (a,b) lowers pairs (x,a) and (b,y), and makes (x,z) and (z,y), which count no
 * more than those. Both (x,a) and (b,y) conflict with (a,b), so they rank at or after q, or a
 * filter refuses them, and then it refuses the new ones, too. Hence no new or changed pair counts
 * more than q, and every pair taken that counts more than q would have been taken one by one as
 * well, in this order.
 *
 * Now let t = (l,r) be a pair taken that counts as often as q. A new pair precedes t only if it
 * counts as much, so only if the pair it is made from does, which then ranks after t and was not
 * taken. Let (a,b) be taken before t.
 *
 *   (b,y) → (z,y): ties by bytes take the greater left token first, so it precedes t if z = ab is
 *       greater than l. Ties by ids take the smaller one first, and z is greater than all others.
 *   (x,a) → (x,z): with ties by bytes, (x,a) after t and (x,z) before it leave only x = l and
 *       a < r < ab, so r begins with a. Ties by ids leave none: x would have to be less than l, and
 *       then (x,a) would precede t.
 *
 * So ties by ids put nothing back; ties by bytes put back the first such t and all taken after it.
 */
struct pmill_batch {
	struct pmill_memory_account *account;
	struct pmill_candidate pairs[PMILL_BATCH_LIMIT];
	size_t count;
	uint32_t first_joined; /* the token that the first merge makes; set by recording */
	/* By token: the number of the last batch in which it was a left (right) token. */
	uint32_t *last_left, *last_right;
	size_t left_capacity, right_capacity;
	uint32_t number;
	/*
	 * The level: all candidates of one count, in order, off the queues. Those before `next` are
	 * done; the true counts of the others may have fallen since. By token: how many of the others
	 * have it on the left (right).
	 */
	struct pmill_candidate *level;
	size_t level_count, level_capacity, next;
	uint32_t *level_left, *level_right;
	size_t level_left_capacity, level_right_capacity;
};

void pmill_batch_release(struct pmill_batch *batch);

/*
 * Takes the next batch of at most `limit` merges off the queues, an empty one if no candidate is
 * left. The limit is always the same. Returns false if out of memory.
 */
bool pmill_batch_take(struct pmill_batch *batch, struct pmill_merge_state *state, size_t limit);

/* Records the merges of the batch and their tokens. Returns false if out of memory. */
bool pmill_batch_record(struct pmill_batch *batch, struct pmill_merge_state *state);

static inline struct pmill_token_merge pmill_batch_merge(
	const struct pmill_batch *batch, size_t index)
{
	const struct pmill_candidate *pair = &batch->pairs[index];
	return (struct pmill_token_merge){
		.left = pair->left,
		.right = pair->right,
		.joined = batch->first_joined + (uint32_t)index,
	};
}

#endif
