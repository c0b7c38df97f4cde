/* The best pair first: a lazy heap of candidates. */
/* SPDX-License-Identifier: MIT */
#include "merge/pair_queue.h"

#include <string.h>

void pmill_pair_queue_init(struct pmill_pair_queue *queue,
	const struct pmill_learned_tokens *tokens, enum pmill_ties ties,
	struct pmill_memory_account *account)
{
	*queue = (struct pmill_pair_queue){
		.closed = PMILL_QUEUE_CLASSES, .tokens = tokens, .ties = ties, .account = account};
}

void pmill_pair_queue_clear(struct pmill_pair_queue *queue)
{
	queue->count = queue->waiting_count = queue->block_count = 0;
	queue->free = 0;
	memset(queue->first, 0, sizeof queue->first);
	queue->closed = PMILL_QUEUE_CLASSES;
}

void pmill_pair_queue_release(struct pmill_pair_queue *queue)
{
	pmill_memory_account_free(queue->account, queue->items, queue->capacity, sizeof *queue->items);
	pmill_memory_account_free(
		queue->account, queue->blocks, queue->block_capacity, sizeof *queue->blocks);
	*queue = (struct pmill_pair_queue){0};
}

/* Each class has at most one block that is not full. */
bool pmill_pair_queue_reserve(struct pmill_pair_queue *queue, size_t more)
{
	void *items = queue->items, *blocks = queue->blocks;
	size_t needed = queue->count + queue->waiting_count + more;
	size_t needed_blocks = needed / PMILL_WAITING_BLOCK + PMILL_QUEUE_CLASSES;
	bool done = needed < UINT32_MAX &&
		pmill_memory_account_reserve(
			queue->account, &items, &queue->capacity, needed, sizeof *queue->items) &&
		pmill_memory_account_reserve(
			queue->account, &blocks, &queue->block_capacity, needed_blocks, sizeof *queue->blocks);
	queue->items = items;
	queue->blocks = blocks;
	return done;
}

/* Counts 1 to 3, then 4, 5, 6, 7, 8 to 9, 10 to 11, …: by the highest bit and the two below it. */
static unsigned class_of(int64_t count)
{
	if (count < 4)
		return (unsigned)count;
	unsigned log = 63u - (unsigned)__builtin_clzll((uint64_t)count);
	return 4 * (log - 1) + ((unsigned)(count >> (log - 2)) & 3);
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

static struct pmill_waiting *add_block(struct pmill_pair_queue *queue, unsigned class)
{
	uint32_t at = queue->free;
	if (at != 0)
		queue->free = queue->blocks[at - 1].next;
	else
		at = (uint32_t)++queue->block_count;
	struct pmill_waiting *block = &queue->blocks[at - 1];
	block->count = 0;
	block->next = queue->first[class];
	queue->first[class] = at;
	return block;
}

static void add_waiting(
	struct pmill_pair_queue *queue, unsigned class, struct pmill_candidate candidate)
{
	uint32_t at = queue->first[class];
	struct pmill_waiting *block = at != 0 ? &queue->blocks[at - 1] : NULL;
	if (block == NULL || block->count == PMILL_WAITING_BLOCK)
		block = add_block(queue, class);
	block->candidates[block->count++] = candidate;
	queue->waiting_count++;
}

bool pmill_pair_queue_open_class(struct pmill_pair_queue *queue)
{
	while (queue->closed > 0)
		if (queue->first[--queue->closed] != 0)
			return true;
	return false;
}

bool pmill_pair_queue_take_waiting(
	struct pmill_pair_queue *queue, struct pmill_candidate *candidate)
{
	uint32_t at = queue->first[queue->closed];
	if (at == 0)
		return false;
	struct pmill_waiting *block = &queue->blocks[at - 1];
	*candidate = block->candidates[--block->count];
	queue->waiting_count--;
	if (block->count == 0) {
		queue->first[queue->closed] = block->next;
		block->next = queue->free;
		queue->free = at;
	}
	return true;
}

void pmill_pair_queue_push(struct pmill_pair_queue *queue, struct pmill_candidate candidate)
{
	unsigned class = class_of(candidate.count);
	if (class < queue->closed) {
		add_waiting(queue, class, candidate);
		return;
	}
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

/* Sifts `candidate` down from the top, which is free. */
static void sift_down(struct pmill_pair_queue *queue, struct pmill_candidate candidate)
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
		sift_down(queue, last);
	return first;
}

void pmill_pair_queue_lower_first(struct pmill_pair_queue *queue, int64_t count)
{
	struct pmill_candidate first = queue->items[0];
	first.count = count;
	if (class_of(count) >= queue->closed) {
		sift_down(queue, first);
		return;
	}
	pmill_pair_queue_pop(queue);
	add_waiting(queue, class_of(count), first);
}
