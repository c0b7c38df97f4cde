/* The next batch: merges that may be applied together, with the same result as one at a time. */
/* SPDX-License-Identifier: MIT */
#include "merge/batch.h"

#include <string.h>

enum { PREFETCH_AHEAD = 4 };

void pmill_batch_release(struct pmill_batch *batch)
{
	struct pmill_memory_account *account = batch->account;
	size_t size = sizeof(uint32_t);
	pmill_memory_account_free(account, batch->last_left, batch->left_capacity, size);
	pmill_memory_account_free(account, batch->last_right, batch->right_capacity, size);
	pmill_memory_account_free(account, batch->level_left, batch->level_left_capacity, size);
	pmill_memory_account_free(account, batch->level_right, batch->level_right_capacity, size);
	pmill_memory_account_free(account, batch->level, batch->level_capacity, sizeof *batch->level);
	*batch = (struct pmill_batch){.account = account};
}

static bool reserve_tokens(struct pmill_batch *batch, size_t count)
{
	struct pmill_memory_account *account = batch->account;
	return pmill_memory_account_reserve_numbers(
			   account, &batch->last_left, &batch->left_capacity, count) &&
		pmill_memory_account_reserve_numbers(
			account, &batch->last_right, &batch->right_capacity, count) &&
		pmill_memory_account_reserve_numbers(
			account, &batch->level_left, &batch->level_left_capacity, count) &&
		pmill_memory_account_reserve_numbers(
			account, &batch->level_right, &batch->level_right_capacity, count);
}

/* ---- The level ---- */

static bool reserve_level(struct pmill_batch *batch)
{
	void *level = batch->level;
	bool done = pmill_memory_account_reserve(batch->account, &level, &batch->level_capacity,
		batch->level_count + 1, sizeof *batch->level);
	batch->level = level;
	return done;
}

static void join_level(struct pmill_batch *batch, const struct pmill_candidate *pair)
{
	batch->level_left[pair->left]++;
	batch->level_right[pair->right]++;
}

static void leave_level(struct pmill_batch *batch, const struct pmill_candidate *pair)
{
	batch->level_left[pair->left]--;
	batch->level_right[pair->right]--;
}

static bool is_before(const struct pmill_merge_state *state, const struct pmill_candidate *a,
	const struct pmill_candidate *b)
{
	return pmill_pair_queue_is_before(&state->queues[0], a, b);
}

/* Inserts it in order: mostly at the end. */
static bool insert(
	struct pmill_batch *batch, struct pmill_merge_state *state, const struct pmill_candidate *pair)
{
	if (!reserve_level(batch))
		return false;
	size_t low = batch->next, high = batch->level_count;
	if (high > low && !is_before(state, pair, &batch->level[high - 1]))
		low = high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (is_before(state, pair, &batch->level[middle]))
			high = middle;
		else
			low = middle + 1;
	}
	memmove(&batch->level[low + 1], &batch->level[low],
		(batch->level_count - low) * sizeof *batch->level);
	batch->level[low] = *pair;
	batch->level_count++;
	join_level(batch, pair);
	return true;
}

/* Moves all candidates with this count from the queues to the level. */
static bool take_level(struct pmill_batch *batch, struct pmill_merge_state *state, int64_t count)
{
	struct pmill_candidate best;
	for (;;) {
		unsigned part = pmill_merge_state_find_best(state, &best);
		if (part == state->part_count || best.count != count)
			return true;
		if (!insert(batch, state, &best))
			return false;
		pmill_pair_queue_pop(&state->queues[part]);
	}
}

/* When the last level is used up: starts that of the highest count left, empty if there is none. */
static bool start_level(struct pmill_batch *batch, struct pmill_merge_state *state)
{
	struct pmill_candidate best;
	batch->level_count = batch->next = 0;
	return pmill_merge_state_find_best(state, &best) == state->part_count ||
		take_level(batch, state, best.count);
}

static bool put_back(struct pmill_merge_state *state, struct pmill_candidate pair)
{
	struct pmill_pair_queue *queue =
		&state->queues[pmill_pair_index_part(&state->index, pair.left, pair.right)];
	if (!pmill_pair_queue_reserve(queue, 1))
		return false;
	pmill_pair_queue_push(queue, pair);
	return true;
}

/* Returns what is left of the level to the queues. */
static bool put_level_back(struct pmill_batch *batch, struct pmill_merge_state *state)
{
	bool done = true;
	for (; batch->next < batch->level_count && done; batch->next++) {
		leave_level(batch, &batch->level[batch->next]);
		done = put_back(state, batch->level[batch->next]);
	}
	return done;
}

/*
 * Continues the level where the last batch stopped, with the new pairs of its count. A pair made by
 * merging two equal tokens may count more.
 */
static bool resume_level(struct pmill_batch *batch, struct pmill_merge_state *state)
{
	if (batch->next == batch->level_count)
		return true;
	struct pmill_candidate best;
	int64_t count = batch->level[batch->next].count;
	if (pmill_merge_state_find_best(state, &best) < state->part_count && best.count > count)
		return put_level_back(batch, state);
	return take_level(batch, state, count);
}

/*
 * Sets *next to the next candidate of the level whose count still holds, NULL if there is none.
 * Returns false if out of memory.
 */
static bool find_next(
	struct pmill_batch *batch, struct pmill_merge_state *state, const struct pmill_candidate **next)
{
	*next = NULL;
	for (; batch->next < batch->level_count; batch->next++) {
		struct pmill_candidate *candidate = &batch->level[batch->next];
		if (batch->next + PREFETCH_AHEAD < batch->level_count)
			pmill_pair_index_prefetch(
				&state->index, candidate[PREFETCH_AHEAD].left, candidate[PREFETCH_AHEAD].right);
		const struct pmill_pair *pair = pmill_merge_state_find_pair(
			state, candidate->left, candidate->right);
		if (pair != NULL && pair->count == candidate->count) {
			*next = candidate;
			return true;
		}
		leave_level(batch, candidate);
		if (pair != NULL &&
			!put_back(
				state, (struct pmill_candidate){pair->count, candidate->left, candidate->right})) {
			batch->next++;
			return false;
		}
	}
	return true;
}

/* ---- The batch ---- */

static bool is_conflict(const struct pmill_batch *batch, const struct pmill_candidate *pair)
{
	if (batch->count == 0)
		return false;
	const struct pmill_candidate *before = &batch->pairs[batch->count - 1];
	return before->left == before->right || batch->last_right[pair->left] == batch->number ||
		batch->last_left[pair->right] == batch->number;
}

static void take(struct pmill_batch *batch, const struct pmill_candidate *pair)
{
	batch->last_left[pair->left] = batch->number;
	batch->last_right[pair->right] = batch->number;
	batch->pairs[batch->count++] = *pair;
}

/*
 * Finds the first of the pairs [first, limit), which are in order and of one count, that a pair
 * made by merging `merged` might precede; `limit` if there is none.
 */
static size_t find_unsafe(const struct pmill_batch *batch, const struct pmill_merge_state *state,
	const struct pmill_candidate *merged, size_t first, size_t limit)
{
	const struct pmill_learned_tokens *tokens = &state->tokens;
	if (batch->level_left[merged->right] > 0) {
		size_t high = limit;
		for (size_t low = first; low < high;) {
			size_t middle = low + (high - low) / 2;
			if (pmill_learned_tokens_compare_joined(
					tokens, merged->left, merged->right, batch->pairs[middle].left) > 0)
				high = middle;
			else
				low = middle + 1;
		}
		limit = high;
	}
	if (batch->level_right[merged->left] > 0)
		for (size_t i = first; i < limit; i++)
			if (pmill_learned_tokens_begins_with(tokens, batch->pairs[i].right, merged->left))
				return i;
	return limit;
}

/*
 * Ties by bytes: of the pairs from `tied` on, which count as often as q, puts back the first unsafe
 * one and those after it.
 */
static void drop_unsafe(
	struct pmill_batch *batch, const struct pmill_merge_state *state, size_t tied)
{
	size_t safe = batch->count;
	for (size_t i = 0; i + 1 < safe; i++)
		safe = find_unsafe(batch, state, &batch->pairs[i], i + 1 > tied ? i + 1 : tied, safe);
	/* Right before q: the entries there are done. */
	while (batch->count > safe)
		batch->level[--batch->next] = batch->pairs[--batch->count];
}

/* The best candidate alone needs no level. */
static void take_best(struct pmill_batch *batch, struct pmill_merge_state *state)
{
	unsigned part = pmill_merge_state_find_best(state, &batch->pairs[0]);
	if (part == state->part_count)
		return;
	pmill_pair_queue_pop(&state->queues[part]);
	batch->count = 1;
}

/* Takes up to `limit`, by levels. */
static bool take_many(struct pmill_batch *batch, struct pmill_merge_state *state, size_t limit)
{
	batch->number++;
	if (!reserve_tokens(batch, state->tokens.count) || !resume_level(batch, state))
		return false;
	size_t tied = 0;
	for (;;) {
		const struct pmill_candidate *next;
		if (!find_next(batch, state, &next))
			return false;
		if (next == NULL) {
			for (; tied < batch->count; tied++)
				leave_level(batch, &batch->pairs[tied]);
			if (!start_level(batch, state))
				return false;
			if (batch->level_count == 0)
				return true;
			continue;
		}
		if (batch->count == limit || is_conflict(batch, next))
			break;
		take(batch, next);
		batch->next++;
	}
	if (state->settings->ties == PMILL_TIES_BYTES)
		drop_unsafe(batch, state, tied);
	for (; tied < batch->count; tied++)
		leave_level(batch, &batch->pairs[tied]);
	return true;
}

bool pmill_batch_take(struct pmill_batch *batch, struct pmill_merge_state *state, size_t limit)
{
	uint64_t room = state->settings->merge_limit - state->result->merge_count;
	batch->count = 0;
	if (limit > 1)
		return take_many(batch, state, room < limit ? (size_t)room : limit);
	take_best(batch, state);
	return true;
}

bool pmill_batch_record(struct pmill_batch *batch, struct pmill_merge_state *state)
{
	batch->first_joined = (uint32_t)state->tokens.count;
	for (size_t i = 0; i < batch->count; i++)
		if (!pmill_merge_state_record(state, &batch->pairs[i]))
			return false;
	return true;
}
