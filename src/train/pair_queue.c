/* The best pair first: a lazy heap of candidates. */
/* SPDX-License-Identifier: MIT */
#include "train/pair_queue.h"

#include <stdlib.h>

void pmill_pair_queue_release(struct pmill_pair_queue *queue)
{
	free(queue->items);
	queue->items = NULL;
	queue->count = queue->capacity = 0;
}

bool pmill_pair_queue_reserve(struct pmill_pair_queue *queue, size_t more)
{
	void *items = queue->items;
	if (!pmill_array_reserve(&items, &queue->capacity, queue->count + more, sizeof *queue->items))
		return false;
	queue->items = items;
	return true;
}

bool pmill_pair_queue_is_before(const struct pmill_pair_queue *queue,
	const struct pmill_candidate *a, const struct pmill_candidate *b)
{
	if (a->count != b->count)
		return a->count > b->count;
	if (queue->ties == PMILL_TIES_IDS)
		return a->left != b->left ? a->left < b->left : a->right < b->right;
	int order = pmill_learned_tokens_compare(queue->tokens, a->left, b->left);
	if (order == 0)
		order = pmill_learned_tokens_compare(queue->tokens, a->right, b->right);
	return order > 0;
}

void pmill_pair_queue_push(struct pmill_pair_queue *queue, struct pmill_candidate candidate)
{
	size_t at = queue->count++;
	while (at > 0) {
		size_t parent = (at - 1) / 2;
		if (!pmill_pair_queue_is_before(queue, &candidate, &queue->items[parent]))
			break;
		queue->items[at] = queue->items[parent];
		at = parent;
	}
	queue->items[at] = candidate;
}

/* Lets `candidate` sink from the top, which is free. */
static void sink(struct pmill_pair_queue *queue, struct pmill_candidate candidate)
{
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= queue->count)
			break;
		if (child + 1 < queue->count &&
			pmill_pair_queue_is_before(queue, &queue->items[child + 1], &queue->items[child]))
			child++;
		if (!pmill_pair_queue_is_before(queue, &queue->items[child], &candidate))
			break;
		queue->items[at] = queue->items[child];
		at = child;
	}
	queue->items[at] = candidate;
}

struct pmill_candidate pmill_pair_queue_pop(struct pmill_pair_queue *queue)
{
	struct pmill_candidate first = queue->items[0];
	struct pmill_candidate last = queue->items[--queue->count];
	if (queue->count > 0)
		sink(queue, last);
	return first;
}

void pmill_pair_queue_lower_first(struct pmill_pair_queue *queue, int64_t count)
{
	struct pmill_candidate first = queue->items[0];
	first.count = count;
	sink(queue, first);
}
