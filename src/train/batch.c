/* The next batch: merges that can be applied together with the result of one at a time. */
/* SPDX-License-Identifier: MIT */
#include "train/batch.h"

#include <stdlib.h>

void pmill_batch_release(struct pmill_batch *batch)
{
	free(batch->last_left);
	free(batch->last_right);
	*batch = (struct pmill_batch){0};
}

static bool reserve(uint32_t **marks, size_t *capacity, size_t count)
{
	size_t before = *capacity;
	void *grown = *marks;
	bool done = pmill_array_reserve(&grown, capacity, count, sizeof **marks);
	*marks = grown;
	if (*capacity > before)
		memset(*marks + before, 0, (*capacity - before) * sizeof **marks);
	return done;
}

static bool is_conflict(const struct pmill_batch *batch, const struct pmill_candidate *pair)
{
	if (batch->count == 0)
		return false;
	const struct pmill_candidate *before = &batch->pairs[batch->count - 1];
	return before->left == before->right || batch->last_right[pair->left] == batch->number ||
		batch->last_left[pair->right] == batch->number;
}

static void put_back(struct pmill_merge_run *run, struct pmill_candidate pair)
{
	unsigned part = pmill_pair_index_part(&run->index, pair.left, pair.right);
	pmill_pair_queue_push(&run->queues[part], pair);
}

bool pmill_batch_take(struct pmill_batch *batch, struct pmill_merge_run *run)
{
	if (!reserve(&batch->last_left, &batch->left_capacity, run->tokens.count) ||
		!reserve(&batch->last_right, &batch->right_capacity, run->tokens.count))
		return false;
	uint64_t room = run->settings->merge_limit - run->result->merge_count;
	size_t limit = room < PMILL_BATCH_LIMIT ? (size_t)room : PMILL_BATCH_LIMIT;
	struct pmill_candidate best;
	batch->count = 0;
	batch->number++;
	for (;;) {
		unsigned part = pmill_merge_run_find_best(run, &best);
		if (part == run->part_count)
			return true;
		if (batch->count == limit || is_conflict(batch, &best))
			break;
		pmill_pair_queue_pop(&run->queues[part]);
		batch->last_left[best.left] = batch->number;
		batch->last_right[best.right] = batch->number;
		batch->pairs[batch->count++] = best;
	}
	while (batch->count > 1 && batch->pairs[batch->count - 1].count == best.count)
		put_back(run, batch->pairs[--batch->count]);
	return true;
}
