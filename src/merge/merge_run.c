/* One run of merging: what the ways of choosing the next merges share. */
/* SPDX-License-Identifier: MIT */
#include "merge/merge_run.h"

#include <stdlib.h>

enum { OPENED_AT_ONCE = 16 }; /* candidates whose pairs are prefetched */

/*
 * Filters only look at lengths, and a longer token is refused wherever a shorter one is: a pair that is
 * refused stays so, whatever its parts grow into. The exact batches rest on that.
 */
bool pmill_merge_run_is_allowed(const struct pmill_merge_run *run, uint32_t left, uint32_t right)
{
	const struct pmill_merger_settings *settings = run->settings;
	if (settings->max_token_length == 0)
		return true;
	uint64_t len = (uint64_t)run->tokens.items[left].len + run->tokens.items[right].len;
	if (settings->is_hf_length)
		return (left | right) < 256 || len < settings->max_token_length;
	return len <= settings->max_token_length;
}

bool pmill_merge_run_is_candidate(
	const struct pmill_merge_run *run, uint32_t left, uint32_t right, int64_t count)
{
	return count >= run->index.floor && pmill_merge_run_is_allowed(run, left, right);
}

struct pmill_pair *pmill_merge_run_find_pair(
	const struct pmill_merge_run *run, uint32_t left, uint32_t right)
{
	struct pmill_pair *pair = pmill_pair_index_find(&run->index, left, right);
	return pair != NULL && pair->count >= run->index.floor ? pair : NULL;
}

void pmill_merge_run_set_floor(struct pmill_merge_run *run, int64_t floor)
{
	int64_t least = run->settings->min_count;
	run->index.floor = floor > least ? floor : least;
}

static bool init_queues(struct pmill_merge_run *run)
{
	run->queues = calloc(run->part_count, sizeof *run->queues);
	for (unsigned part = 0; run->queues != NULL && part < run->part_count; part++)
		pmill_pair_queue_init(&run->queues[part], &run->tokens, run->settings->ties);
	return run->queues != NULL;
}

bool pmill_merge_run_init(struct pmill_merge_run *run)
{
	return pmill_learned_tokens_init(&run->tokens, run->settings) && init_queues(run) &&
		pmill_pair_index_init(&run->index, run->part_count, run->settings->pool);
}

void pmill_merge_run_release(struct pmill_merge_run *run)
{
	for (unsigned part = 0; run->queues != NULL && part < run->part_count; part++)
		pmill_pair_queue_release(&run->queues[part]);
	free(run->queues);
	pmill_pair_index_release(&run->index);
	pmill_packed_words_release(&run->words);
	pmill_learned_tokens_release(&run->tokens);
}

/* ---- Merging ---- */

/* Candidates below the heap: with their true counts, to where these belong. */
static void open_class(struct pmill_merge_run *run, struct pmill_pair_queue *queue)
{
	struct pmill_candidate candidates[OPENED_AT_ONCE];
	size_t count;
	do {
		count = 0;
		while (count < OPENED_AT_ONCE && pmill_pair_queue_take_waiting(queue, &candidates[count])) {
			pmill_pair_index_prefetch(&run->index, candidates[count].left, candidates[count].right);
			count++;
		}
		for (size_t i = 0; i < count; i++) {
			const struct pmill_pair *pair = pmill_merge_run_find_pair(
				run, candidates[i].left, candidates[i].right);
			if (pair == NULL)
				continue;
			candidates[i].count = pair->count;
			pmill_pair_queue_push(queue, candidates[i]);
		}
	} while (count == OPENED_AT_ONCE);
}

/* Drops candidates that are gone and corrects counts until the first of the queue is true; NULL: empty. */
static const struct pmill_candidate *find_first(struct pmill_merge_run *run, unsigned part)
{
	struct pmill_pair_queue *queue = &run->queues[part];
	for (;;) {
		while (queue->count > 0) {
			const struct pmill_candidate *first = &queue->items[0];
			const struct pmill_pair *pair = pmill_merge_run_find_pair(
				run, first->left, first->right);
			if (pair == NULL)
				pmill_pair_queue_pop(queue);
			else if (pair->count == first->count)
				return first;
			else
				pmill_pair_queue_lower_first(queue, pair->count);
		}
		if (!pmill_pair_queue_open_class(queue))
			return NULL;
		open_class(run, queue);
	}
}

unsigned pmill_merge_run_find_best(struct pmill_merge_run *run, struct pmill_candidate *best)
{
	unsigned from = run->part_count;
	for (unsigned part = 0; part < run->part_count; part++) {
		const struct pmill_candidate *first = find_first(run, part);
		if (first == NULL ||
			(from < run->part_count && pmill_pair_queue_is_before(&run->queues[0], best, first)))
			continue;
		*best = *first;
		from = part;
	}
	return from;
}

bool pmill_merge_run_record(struct pmill_merge_run *run, const struct pmill_candidate *pair)
{
	struct pmill_merger_result *result = run->result;
	void *merges = result->merges;
	if (!pmill_array_reserve(
			&merges, &run->merge_capacity, result->merge_count + 1, sizeof *result->merges))
		return false;
	result->merges = merges;
	result->merges[result->merge_count++] = (struct pmill_learned_merge){
		pair->left, pair->right, pair->count};
	return pmill_learned_tokens_join(&run->tokens, pair->left, pair->right);
}

struct rest {
	const struct pmill_merge_run *run;
	bool is_any;
};

static void look_for_rest(
	void *context, uint32_t left, uint32_t right, uint32_t name, int64_t count)
{
	struct rest *rest = context;
	(void)name;
	(void)count;
	rest->is_any |= pmill_merge_run_is_allowed(rest->run, left, right);
}

const char *pmill_merge_run_why_empty(const struct pmill_merge_run *run)
{
	struct rest rest = {.run = run};
	for (unsigned s = 0; s < run->words.share_count && !rest.is_any; s++)
		pmill_packed_words_walk(&run->words, &run->words.shares[s], look_for_rest, &rest);
	return rest.is_any ? "min-count" : "no-pairs";
}

bool pmill_merge_run_is_cancelled(struct pmill_merge_run *run)
{
	struct pmill_progress_state *progress = run->settings->progress;
	return progress != NULL && !pmill_progress_step(progress, run->result->merge_count);
}
