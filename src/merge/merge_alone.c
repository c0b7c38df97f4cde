/* Merging one pair at a time: the plain method, whose result all others must equal. */
/* SPDX-License-Identifier: MIT */
#include "merge/merge_alone.h"

#include <stdlib.h>

#include "merge/merge_method.h"
#include "merge/visit.h"

enum { PREFETCH_AHEAD = 8 };

/* ---- What a merge changes in the index ---- */

/* Subtracts what the merge consumed. Returns false if the pair was below the floor already. */
static bool lower_pair(
	struct pmill_merge_state *state, struct pmill_two_tokens before, int64_t count)
{
	struct pmill_pair *pair = pmill_merge_state_find_pair(state, before.left, before.right);
	if (pair == NULL)
		return false;
	pair->count -= count;
	if (pair->count < state->index.floor)
		pmill_pair_index_free_places(
			&state->index, pmill_pair_index_part(&state->index, before.left, before.right), pair);
	return true;
}

/* Adds and offers the new pair, and sets in the change where its places are to be written. */
static bool add_pair(
	struct pmill_merge_state *state, struct pmill_two_tokens after, struct pmill_change *change)
{
	if (!pmill_merge_state_is_candidate(state, after.left, after.right, change->count))
		return true;
	struct pmill_pair *pair = pmill_pair_index_add(&state->index, after.left, after.right);
	unsigned part = pmill_pair_index_part(&state->index, after.left, after.right);
	pair->count = change->count;
	change->fill = pmill_pair_index_allocate_places(&state->index, part, pair, change->place_count);
	if (change->fill == NULL)
		return false;
	pmill_pair_queue_push(
		&state->queues[part], (struct pmill_candidate){change->count, after.left, after.right});
	return true;
}

static inline void prefetch(const struct pmill_merge_state *state,
	const struct pmill_token_merge *merge, enum pmill_side side, const struct pmill_change *change)
{
	struct pmill_two_tokens before = pmill_pair_before(merge, side, change->token);
	pmill_pair_index_prefetch(&state->index, before.left, before.right);
}

static inline bool change_side(struct pmill_merge_state *state,
	const struct pmill_token_merge *merge, enum pmill_side side,
	const struct pmill_change_side *changes)
{
	struct pmill_change *items = changes->items;
	for (size_t i = 0; i < PREFETCH_AHEAD && i < changes->count; i++)
		prefetch(state, merge, side, &items[i]);
	for (size_t i = 0; i < changes->count; i++) {
		if (i + PREFETCH_AHEAD < changes->count)
			prefetch(state, merge, side, &items[i + PREFETCH_AHEAD]);
		struct pmill_change *change = &items[i];
		if (lower_pair(state, pmill_pair_before(merge, side, change->token), change->count) &&
			!add_pair(state, pmill_pair_after(merge, side, change->token), change))
			return false;
	}
	return true;
}

/*
 * Makes room for all new pairs at once: a pair that keeps its only place inside itself must not
 * move until that is written.
 */
static bool reserve(struct pmill_merge_state *state, const struct pmill_changes *changes)
{
	size_t more = 0;
	for (int side = 0; side < PMILL_SIDES; side++)
		more += changes->sides[side].count;
	for (unsigned part = 0; part < state->part_count; part++)
		if (!pmill_pair_index_reserve(&state->index, part, more) ||
			!pmill_pair_queue_reserve(&state->queues[part], more))
			return false;
	return true;
}

static bool change_index(struct pmill_merge_state *state, const struct pmill_token_merge *merge,
	struct pmill_changes *changes)
{
	struct pmill_change_side *sides = changes->sides;
	bool done = reserve(state, changes) &&
		change_side(state, merge, PMILL_LEFT, &sides[PMILL_LEFT]) &&
		change_side(state, merge, PMILL_RIGHT, &sides[PMILL_RIGHT]) &&
		change_side(state, merge, PMILL_BETWEEN, &sides[PMILL_BETWEEN]);
	for (int side = 0; side < PMILL_SIDES && done; side++)
		pmill_change_side_fill(&sides[side]);
	return done;
}

/* ---- One merge ---- */

static bool visit(struct pmill_merge_alone *alone, const struct pmill_token_merge *merge)
{
	struct pmill_merge_state *state = alone->state;
	uint32_t single;
	size_t count;
	const uint32_t *places = pmill_pair_places(
		pmill_pair_index_find(&state->index, merge->left, merge->right), &single, &count);
	state->result->visits += count;
	return pmill_visit_places(
		&state->words, places, count, merge, &alone->neighbours, &alone->changes);
}

static bool apply(struct pmill_merge_alone *alone, const struct pmill_token_merge *merge)
{
	struct pmill_merge_state *state = alone->state;
	bool done = visit(alone, merge) && change_index(state, merge, &alone->changes);
	pmill_pair_index_remove(&state->index, merge->left, merge->right);
	pmill_neighbours_clear(&alone->neighbours, &alone->changes);
	pmill_changes_clear(&alone->changes);
	return done;
}

bool pmill_merge_alone_apply(struct pmill_merge_alone *alone, const struct pmill_batch *batch)
{
	bool done = pmill_neighbours_reserve(&alone->neighbours, alone->state->tokens.count);
	for (size_t i = 0; i < batch->count && done; i++) {
		struct pmill_token_merge merge = pmill_batch_merge(batch, i);
		done = apply(alone, &merge);
	}
	return done;
}

void pmill_merge_alone_init(struct pmill_merge_alone *alone, struct pmill_merge_state *state)
{
	struct pmill_memory_account *account = pmill_page_pool_account(state->settings->pool);
	*alone = (struct pmill_merge_alone){
		.state = state, .neighbours.account = account, .changes.account = account};
}

void pmill_merge_alone_release(struct pmill_merge_alone *alone)
{
	pmill_neighbours_release(&alone->neighbours);
	pmill_changes_release(&alone->changes);
}

/* ---- The method ---- */

static void *create_alone(struct pmill_merge_state *state)
{
	struct pmill_merge_alone *alone = calloc(1, sizeof *alone);
	if (alone != NULL)
		pmill_merge_alone_init(alone, state);
	return alone;
}

static bool apply_alone(void *alone, const struct pmill_batch *batch)
{
	return pmill_merge_alone_apply(alone, batch);
}

static void free_alone(void *alone)
{
	if (alone != NULL)
		pmill_merge_alone_release(alone);
	free(alone);
}

const struct pmill_merge_method pmill_merge_method_one_by_one = {
	.name = "one-by-one",
	.batch_limit = 1,
	.create = create_alone,
	.apply = apply_alone,
	.free = free_alone,
};
