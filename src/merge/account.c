/* Enters what a merge changes into the index and the queues. */
/* SPDX-License-Identifier: MIT */
#include "merge/account.h"

enum { PREFETCH_AHEAD = 8 };

/* Subtracts what the merge consumed. Returns false if the pair was below the floor already. */
static bool lower_pair(
	struct pmill_merge_state *state, uint32_t left, uint32_t right, int64_t count)
{
	struct pmill_pair *pair = pmill_merge_state_find_pair(state, left, right);
	if (pair == NULL)
		return false;
	pair->count -= count;
	if (pair->count < state->index.floor)
		pmill_pair_index_free_places(
			&state->index, pmill_pair_index_part(&state->index, left, right), pair);
	return true;
}

/* The places of `other`, which may be NULL, follow those of `change`. */
static bool add_pair(struct pmill_merge_state *state, const uint32_t after[2],
	struct pmill_change *change, struct pmill_change *other)
{
	uint32_t left = after[0], right = after[1];
	int64_t count = change->count + (other == NULL ? 0 : other->count);
	if (!pmill_merge_state_is_candidate(state, left, right, count))
		return true;
	struct pmill_pair *pair = pmill_pair_index_add(&state->index, left, right);
	unsigned part = pmill_pair_index_part(&state->index, left, right);
	uint32_t place_count = change->place_count + (other == NULL ? 0 : other->place_count);
	pair->count = count;
	change->fill = pmill_pair_index_allocate_places(&state->index, part, pair, place_count);
	if (change->fill == NULL)
		return false;
	if (other != NULL)
		other->fill = change->fill + change->place_count;
	pmill_pair_queue_push(&state->queues[part], (struct pmill_candidate){count, left, right});
	return true;
}

/* For one neighbour, the pair `before` becomes `after`. */
static bool change_pair(struct pmill_merge_state *state, const uint32_t before[2],
	const uint32_t after[2], struct pmill_change *change, struct pmill_change *other)
{
	int64_t count = change->count + (other == NULL ? 0 : other->count);
	return !lower_pair(state, before[0], before[1], count) || add_pair(state, after, change, other);
}

/*
 * Makes room for all new pairs at once: a pair that keeps its only place inside itself must not
 * move until that is written.
 */
static bool reserve(struct pmill_merge_state *state, const struct pmill_changes *changes)
{
	size_t more = changes->left.count + changes->right.count + changes->both.count;
	for (unsigned part = 0; part < state->part_count; part++)
		if (!pmill_pair_index_reserve(&state->index, part, more) ||
			!pmill_pair_queue_reserve(&state->queues[part], more))
			return false;
	return true;
}

/* One side: its changes, and those of the others, which `numbers` finds by neighbour. */
struct side {
	struct pmill_change_side *changes, *others; /* `others` may be NULL */
	uint32_t *numbers;
};

/* Returns the others' change for this neighbour, only once; NULL if there is none. */
static struct pmill_change *take_other(const struct side *side, uint32_t token)
{
	if (side->others == NULL || side->numbers[token] == 0)
		return NULL;
	struct pmill_change *other = &side->others->items[side->numbers[token] - 1];
	side->numbers[token] = 0;
	return other;
}

static bool change_left(struct pmill_merge_state *state, const struct pmill_candidate *merged,
	uint32_t joined, struct pmill_change *change, struct pmill_change *other)
{
	return change_pair(state, (uint32_t[]){change->token, merged->left},
		(uint32_t[]){change->token, joined}, change, other);
}

static bool change_right(struct pmill_merge_state *state, const struct pmill_candidate *merged,
	uint32_t joined, struct pmill_change *change, struct pmill_change *other)
{
	return change_pair(state, (uint32_t[]){merged->right, change->token},
		(uint32_t[]){joined, change->token}, change, other);
}

static bool enter_left(struct pmill_merge_state *state, const struct pmill_candidate *merged,
	uint32_t joined, const struct side *side)
{
	const struct pmill_change_side *changes = side->changes;
	for (size_t i = 0; i < PREFETCH_AHEAD && i < changes->count; i++)
		pmill_pair_index_prefetch(&state->index, changes->items[i].token, merged->left);
	for (size_t i = 0; i < changes->count; i++) {
		struct pmill_change *change = &changes->items[i];
		if (i + PREFETCH_AHEAD < changes->count)
			pmill_pair_index_prefetch(&state->index, change[PREFETCH_AHEAD].token, merged->left);
		if (!change_left(state, merged, joined, change, take_other(side, change->token)))
			return false;
	}
	for (size_t i = 0; side->others != NULL && i < side->others->count; i++) {
		struct pmill_change *other = take_other(side, side->others->items[i].token);
		if (other != NULL && !change_left(state, merged, joined, other, NULL))
			return false;
	}
	return true;
}

static bool enter_right(struct pmill_merge_state *state, const struct pmill_candidate *merged,
	uint32_t joined, const struct side *side)
{
	const struct pmill_change_side *changes = side->changes;
	for (size_t i = 0; i < PREFETCH_AHEAD && i < changes->count; i++)
		pmill_pair_index_prefetch(&state->index, merged->right, changes->items[i].token);
	for (size_t i = 0; i < changes->count; i++) {
		struct pmill_change *change = &changes->items[i];
		if (i + PREFETCH_AHEAD < changes->count)
			pmill_pair_index_prefetch(&state->index, merged->right, change[PREFETCH_AHEAD].token);
		if (!change_right(state, merged, joined, change, take_other(side, change->token)))
			return false;
	}
	for (size_t i = 0; side->others != NULL && i < side->others->count; i++) {
		struct pmill_change *other = take_other(side, side->others->items[i].token);
		if (other != NULL && !change_right(state, merged, joined, other, NULL))
			return false;
	}
	return true;
}

/* The only neighbour is `joined` itself. */
static bool enter_both(struct pmill_merge_state *state, const struct pmill_candidate *merged,
	uint32_t joined, struct pmill_change_side *side, struct pmill_change_side *others)
{
	bool has_others = others != NULL && others->count > 0;
	if (side->count == 0 && !has_others)
		return true;
	struct pmill_change *change = side->count > 0 ? &side->items[0] : &others->items[0];
	struct pmill_change *other = side->count > 0 && has_others ? &others->items[0] : NULL;
	return change_pair(state, (uint32_t[]){merged->right, merged->left},
		(uint32_t[]){joined, joined}, change, other);
}

bool pmill_account_enter(struct pmill_merge_state *state, const struct pmill_candidate *pair,
	uint32_t joined, const struct pmill_account *account)
{
	struct pmill_changes *changes = account->changes, *others = account->others;
	struct side left = {.changes = &changes->left}, right = {.changes = &changes->right};
	if (!reserve(state, changes))
		return false;
	if (others != NULL) {
		if (!reserve(state, others))
			return false;
		left.others = &others->left;
		left.numbers = account->numbers->left;
		right.others = &others->right;
		right.numbers = account->numbers->right;
	}
	bool done = enter_left(state, pair, joined, &left) &&
		enter_right(state, pair, joined, &right) &&
		enter_both(state, pair, joined, &changes->both, others == NULL ? NULL : &others->both);
	if (others != NULL)
		pmill_neighbours_clear(account->numbers, others);
	return done;
}

void pmill_account_write(const struct pmill_account *account)
{
	struct pmill_changes *all[] = {account->changes, account->others};
	for (int i = 0; i < 2 && all[i] != NULL; i++) {
		pmill_changes_fill(&all[i]->left);
		pmill_changes_fill(&all[i]->right);
		pmill_changes_fill(&all[i]->both);
	}
}

/*
 * Visiting aaaa → zz lowers the pair (a,a) itself, by the one in the middle. Setting its count to 0
 * covers that: none is left.
 */
void pmill_account_merged(struct pmill_merge_state *state, const struct pmill_candidate *pair)
{
	struct pmill_pair *merged = pmill_pair_index_find(&state->index, pair->left, pair->right);
	pmill_pair_index_free_places(
		&state->index, pmill_pair_index_part(&state->index, pair->left, pair->right), merged);
	merged->count = 0;
}
