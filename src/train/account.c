/* What a merge changes, entered into the index and the queues. */
/* SPDX-License-Identifier: MIT */
#include "train/account.h"

enum { PREFETCH_AHEAD = 8 };

/* Takes what the merge used up from a pair that was there before. False where that is below the floor already. */
static bool lower_pair(struct pmill_merge_run *run, uint32_t left, uint32_t right, int64_t count)
{
	struct pmill_pair *pair = pmill_merge_run_find_pair(run, left, right);
	if (pair == NULL)
		return false;
	pair->count -= count;
	if (pair->count < run->index.floor)
		pmill_pair_index_free_places(
			&run->index, pmill_pair_index_part(&run->index, left, right), pair);
	return true;
}

static bool add_pair(
	struct pmill_merge_run *run, uint32_t left, uint32_t right, struct pmill_change *change)
{
	if (!pmill_merge_run_is_candidate(run, left, right, change->count))
		return true;
	struct pmill_pair *pair = pmill_pair_index_add(&run->index, left, right);
	unsigned part = pmill_pair_index_part(&run->index, left, right);
	pair->count = change->count;
	change->fill = pmill_pair_index_allocate_places(&run->index, part, pair, change->words);
	pmill_pair_queue_push(&run->queues[part], (struct pmill_candidate){change->count, left, right});
	return change->fill != NULL;
}

/* (before) becomes (after), for one neighbour. */
static bool change_pair(struct pmill_merge_run *run, const uint32_t before[2],
	const uint32_t after[2], struct pmill_change *change)
{
	return !lower_pair(run, before[0], before[1], change->count) ||
		add_pair(run, after[0], after[1], change);
}

/* Room for all new pairs at once: what a pair holds itself must not move until it is filled. */
static bool reserve(struct pmill_merge_run *run, const struct pmill_changes *changes)
{
	size_t more = changes->left.count + changes->right.count + changes->both.count;
	for (unsigned part = 0; part < run->part_count; part++)
		if (!pmill_pair_index_reserve(&run->index, part, more) ||
			!pmill_pair_queue_reserve(&run->queues[part], more))
			return false;
	return true;
}

static bool change_left(struct pmill_merge_run *run, const struct pmill_candidate *merged,
	uint32_t joined, struct pmill_change_side *side)
{
	for (size_t i = 0; i < PREFETCH_AHEAD && i < side->count; i++)
		pmill_pair_index_prefetch(&run->index, side->items[i].token, merged->left);
	for (size_t i = 0; i < side->count; i++) {
		uint32_t token = side->items[i].token;
		if (i + PREFETCH_AHEAD < side->count)
			pmill_pair_index_prefetch(
				&run->index, side->items[i + PREFETCH_AHEAD].token, merged->left);
		if (!change_pair(run, (uint32_t[]){token, merged->left}, (uint32_t[]){token, joined},
				&side->items[i]))
			return false;
	}
	return true;
}

static bool change_right(struct pmill_merge_run *run, const struct pmill_candidate *merged,
	uint32_t joined, struct pmill_change_side *side)
{
	for (size_t i = 0; i < PREFETCH_AHEAD && i < side->count; i++)
		pmill_pair_index_prefetch(&run->index, merged->right, side->items[i].token);
	for (size_t i = 0; i < side->count; i++) {
		uint32_t token = side->items[i].token;
		if (i + PREFETCH_AHEAD < side->count)
			pmill_pair_index_prefetch(
				&run->index, merged->right, side->items[i + PREFETCH_AHEAD].token);
		if (!change_pair(run, (uint32_t[]){merged->right, token}, (uint32_t[]){joined, token},
				&side->items[i]))
			return false;
	}
	return true;
}

static bool change_both(struct pmill_merge_run *run, const struct pmill_candidate *merged,
	uint32_t joined, struct pmill_change_side *side)
{
	return side->count == 0 ||
		change_pair(run, (uint32_t[]){merged->right, merged->left}, (uint32_t[]){joined, joined},
			&side->items[0]);
}

bool pmill_account_changes(struct pmill_merge_run *run, const struct pmill_candidate *pair,
	uint32_t joined, struct pmill_changes *changes)
{
	return reserve(run, changes) && change_left(run, pair, joined, &changes->left) &&
		change_right(run, pair, joined, &changes->right) &&
		change_both(run, pair, joined, &changes->both);
}

/*
 * A pair of equal tokens lowers itself while its runs are visited (aaaa → zz takes the pair in the middle):
 * setting the count to 0 covers that, none is left.
 */
void pmill_account_merged(struct pmill_merge_run *run, const struct pmill_candidate *pair)
{
	struct pmill_pair *merged = pmill_pair_index_find(&run->index, pair->left, pair->right);
	pmill_pair_index_free_places(
		&run->index, pmill_pair_index_part(&run->index, pair->left, pair->right), merged);
	merged->count = 0;
}
