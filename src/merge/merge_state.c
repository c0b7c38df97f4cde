/* The state of one training: what all methods of merging share. */
/* SPDX-License-Identifier: MIT */
#include "merge/merge_state.h"

#include <stdlib.h>

enum { OPENED_AT_ONCE = 16 }; /* candidates whose pairs are prefetched */

/*
 * Filters look only at lengths, and refuse a longer token wherever they refuse a shorter one: a
 * pair that is refused stays refused, whatever its tokens grow into. Exact batches depend on that.
 */
bool pmill_merge_state_is_allowed(
	const struct pmill_merge_state *state, uint32_t left, uint32_t right)
{
	const struct pmill_merger_settings *settings = state->settings;
	if (settings->max_token_length == 0)
		return true;
	uint64_t len = (uint64_t)state->tokens.items[left].len + state->tokens.items[right].len;
	if (settings->is_hf_length)
		return (left | right) < 256 || len < settings->max_token_length;
	return len <= settings->max_token_length;
}

bool pmill_merge_state_is_candidate(
	const struct pmill_merge_state *state, uint32_t left, uint32_t right, int64_t count)
{
	return count >= state->index.floor && pmill_merge_state_is_allowed(state, left, right);
}

struct pmill_pair *pmill_merge_state_find_pair(
	const struct pmill_merge_state *state, uint32_t left, uint32_t right)
{
	struct pmill_pair *pair = pmill_pair_index_find(&state->index, left, right);
	return pair != NULL && pair->count >= state->index.floor ? pair : NULL;
}

void pmill_merge_state_set_floor(struct pmill_merge_state *state, int64_t floor)
{
	int64_t least = state->settings->min_count;
	state->index.floor = floor > least ? floor : least;
}

static bool init_queues(struct pmill_merge_state *state)
{
	state->queues = calloc(state->part_count, sizeof *state->queues);
	for (unsigned part = 0; state->queues != NULL && part < state->part_count; part++)
		pmill_pair_queue_init(&state->queues[part], &state->tokens, state->settings->ties,
			pmill_page_pool_account(state->settings->pool));
	return state->queues != NULL;
}

bool pmill_merge_state_init(struct pmill_merge_state *state)
{
	return pmill_learned_tokens_init(&state->tokens, state->settings) && init_queues(state) &&
		pmill_pair_index_init(&state->index, state->part_count, state->settings->pool);
}

void pmill_merge_state_release(struct pmill_merge_state *state)
{
	for (unsigned part = 0; state->queues != NULL && part < state->part_count; part++)
		pmill_pair_queue_release(&state->queues[part]);
	free(state->queues);
	pmill_pair_index_release(&state->index);
	pmill_packed_words_release(&state->words);
	pmill_learned_tokens_release(&state->tokens);
}

/* ---- Merging ---- */

/* Pushes the candidates of the class just opened again, with their true counts. */
static void open_class(struct pmill_merge_state *state, struct pmill_pair_queue *queue)
{
	struct pmill_candidate candidates[OPENED_AT_ONCE];
	size_t count;
	do {
		count = 0;
		while (count < OPENED_AT_ONCE && pmill_pair_queue_take_waiting(queue, &candidates[count])) {
			pmill_pair_index_prefetch(
				&state->index, candidates[count].left, candidates[count].right);
			count++;
		}
		for (size_t i = 0; i < count; i++) {
			const struct pmill_pair *pair = pmill_merge_state_find_pair(
				state, candidates[i].left, candidates[i].right);
			if (pair == NULL)
				continue;
			candidates[i].count = pair->count;
			pmill_pair_queue_push(queue, candidates[i]);
		}
	} while (count == OPENED_AT_ONCE);
}

/* Drops dead candidates and corrects counts until the first in the queue is true; NULL: empty. */
static const struct pmill_candidate *find_first(struct pmill_merge_state *state, unsigned part)
{
	struct pmill_pair_queue *queue = &state->queues[part];
	for (;;) {
		while (queue->count > 0) {
			const struct pmill_candidate *first = &queue->items[0];
			const struct pmill_pair *pair = pmill_merge_state_find_pair(
				state, first->left, first->right);
			if (pair == NULL)
				pmill_pair_queue_pop(queue);
			else if (pair->count == first->count)
				return first;
			else
				pmill_pair_queue_lower_first(queue, pair->count);
		}
		if (!pmill_pair_queue_open_class(queue))
			return NULL;
		open_class(state, queue);
	}
}

unsigned pmill_merge_state_find_best(struct pmill_merge_state *state, struct pmill_candidate *best)
{
	unsigned from = state->part_count;
	for (unsigned part = 0; part < state->part_count; part++) {
		const struct pmill_candidate *first = find_first(state, part);
		if (first == NULL ||
			(from < state->part_count &&
				pmill_pair_queue_is_before(&state->queues[0], best, first)))
			continue;
		*best = *first;
		from = part;
	}
	return from;
}

bool pmill_merge_state_record(struct pmill_merge_state *state, const struct pmill_candidate *pair)
{
	struct pmill_merger_result *result = state->result;
	void *merges = result->merges;
	if (!pmill_memory_account_reserve(result->account, &merges, &result->merge_capacity,
			result->merge_count + 1, sizeof *result->merges))
		return false;
	result->merges = merges;
	result->merges[result->merge_count++] = (struct pmill_learned_merge){
		pair->left, pair->right, pair->count};
	return pmill_learned_tokens_join(&state->tokens, pair->left, pair->right);
}

struct search {
	const struct pmill_merge_state *state;
	bool is_found;
};

static void find_allowed(
	void *context, uint32_t left, uint32_t right, uint32_t place, int64_t count)
{
	struct search *search = context;
	(void)place;
	(void)count;
	search->is_found |= pmill_merge_state_is_allowed(search->state, left, right);
}

const char *pmill_merge_state_why_empty(const struct pmill_merge_state *state)
{
	struct search search = {.state = state};
	for (unsigned s = 0; s < state->words.share_count && !search.is_found; s++)
		pmill_packed_words_walk(&state->words, &state->words.shares[s], find_allowed, &search);
	return search.is_found ? "min-count" : "no-pairs";
}

bool pmill_merge_state_is_cancelled(struct pmill_merge_state *state)
{
	struct pmill_progress_state *progress = state->settings->progress;
	const struct pmill_work_estimate_point now = {
		state->result->merge_count, state->result->visits};
	if (progress == NULL)
		return false;
	pmill_work_estimate_note(&state->estimate, now);
	progress->total = pmill_work_estimate_total(&state->estimate, now, state->most_merges);
	return !pmill_progress_step(progress, now.work);
}
