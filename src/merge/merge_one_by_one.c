/* Merging one pair at a time: the plain method, whose result all others must equal. */
/* SPDX-License-Identifier: MIT */
#include "merge/merge_one_by_one.h"

#include "base/error.h"
#include "merge/account.h"
#include "merge/merge_method.h"
#include "merge/pair_survey.h"
#include "merge/visit.h"

enum { MERGES_PER_CHECK = 16 }; /* between checks of the clock */

static bool take_best(struct pmill_merge_state *state, struct pmill_candidate *best)
{
	unsigned part = pmill_merge_state_find_best(state, best);
	if (part == state->part_count)
		return false;
	pmill_pair_queue_pop(&state->queues[part]);
	return true;
}

static bool visit(
	struct pmill_merge_one_by_one *alone, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_merge_state *state = alone->state;
	uint32_t single;
	size_t count;
	const uint32_t *places = pmill_pair_places(
		pmill_pair_index_find(&state->index, best->left, best->right), &single, &count);
	state->result->visits += count;
	return pmill_visit_places(&state->words, places, count, best->left, best->right, joined,
		&alone->neighbours, &alone->changes);
}

bool pmill_merge_one_by_one_apply(
	struct pmill_merge_one_by_one *alone, const struct pmill_candidate *best)
{
	struct pmill_merge_state *state = alone->state;
	uint32_t joined = (uint32_t)state->tokens.count;
	const struct pmill_account account = {.changes = &alone->changes};
	bool done = pmill_merge_state_record(state, best) &&
		pmill_neighbours_reserve(&alone->neighbours, state->tokens.count) &&
		visit(alone, best, joined) && pmill_account_enter(state, best, joined, &account);
	if (done)
		pmill_account_write(&account);
	pmill_account_merged(state, best);
	pmill_neighbours_clear(&alone->neighbours, &alone->changes);
	pmill_changes_clear(&alone->changes);
	return done;
}

void pmill_merge_one_by_one_release(struct pmill_merge_one_by_one *alone)
{
	pmill_neighbours_release(&alone->neighbours);
	pmill_changes_release(&alone->changes);
}

static pmill_status merge_all(struct pmill_merge_one_by_one *alone)
{
	struct pmill_merge_state *state = alone->state;
	struct pmill_merger_result *result = state->result;
	struct pmill_candidate best;
	while (result->merge_count < state->settings->merge_limit) {
		if (!take_best(state, &best)) {
			bool is_done;
			pmill_status status = pmill_pair_survey_lower_floor(state, &is_done);
			if (status == PMILL_OK && !is_done)
				continue;
			result->stopped = pmill_merge_state_why_empty(state);
			return status;
		}
		if (!pmill_merge_one_by_one_apply(alone, &best))
			return pmill_fail_memory(state->error);
		if (result->merge_count % MERGES_PER_CHECK == 0 && pmill_merge_state_is_cancelled(state))
			return PMILL_CANCELLED;
	}
	result->stopped = "full";
	return PMILL_OK;
}

static pmill_status merge_one_by_one(struct pmill_merge_state *state)
{
	struct pmill_merge_one_by_one alone = {.state = state};
	pmill_status status = merge_all(&alone);
	pmill_merge_one_by_one_release(&alone);
	return status;
}

const struct pmill_merge_method pmill_merge_method_one_by_one = {
	.name = "one-by-one", .merge = merge_one_by_one};
