/* Splits a token: a linked list of parts, and a heap of possible joins. */
/* SPDX-License-Identifier: MIT */
/*
 * Why the two parts are the only ones that ever become the token, in any text: with ranks by id the
 * lowest pair is joined first, so what happens within the token's bytes, as long as nothing joins
 * across their ends, happens in the same order as if they stood alone. So if two neighbours have
 * its bytes together, they are the two that are left when its bytes are merged alone. Whatever its
 * parts' ids are: a token may have a lower id than its parts.
 *
 * parts[i] is the part that begins at byte i of the token, if any. A candidate (id, begin, end)
 * says that the bytes [begin, end) are a token and were two neighbouring parts when it was made; it
 * is still valid if a part begins at `begin` and the next one ends at `end`. Stale candidates are
 * dropped when they are popped.
 */
#include "model/splitter.h"

#include <stdlib.h>

#include "base/error.h"

struct pmill_split_part {
	uint32_t end;    /* 0: no part begins here */
	uint32_t before; /* where the previous part begins; for the first, where it begins itself */
	uint32_t id;
};

struct pmill_split_candidate {
	uint32_t id, begin, end;
};

struct task {
	struct pmill_splitter *splitter;
	const struct pmill_vocab *vocab;
	const uint8_t *bytes;
	uint32_t len;
	uint32_t id; /* of the token itself, which is never a candidate */
};

void pmill_splitter_release(struct pmill_splitter *splitter)
{
	free(splitter->parts);
	free(splitter->heap);
	*splitter = (struct pmill_splitter){0};
}

/* Lowest id first, then leftmost. */
static bool is_before(struct pmill_split_candidate a, struct pmill_split_candidate b)
{
	return a.id != b.id ? a.id < b.id : a.begin < b.begin;
}

static void push(struct pmill_splitter *splitter, struct pmill_split_candidate candidate)
{
	struct pmill_split_candidate *heap = splitter->heap;
	size_t i = splitter->heap_count++;
	while (i > 0 && is_before(candidate, heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = candidate;
}

static struct pmill_split_candidate pop(struct pmill_splitter *splitter)
{
	struct pmill_split_candidate *heap = splitter->heap;
	const struct pmill_split_candidate top = heap[0];
	const struct pmill_split_candidate last = heap[--splitter->heap_count];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= splitter->heap_count)
			break;
		if (child + 1 < splitter->heap_count && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return top;
}

/* Each part is made once and adds at most two candidates: room for 3n is enough. */
static bool reserve(struct pmill_splitter *splitter, size_t len)
{
	void *parts = splitter->parts, *heap = splitter->heap;
	const bool has_parts = pmill_array_reserve(
		&parts, &splitter->part_capacity, len, sizeof *splitter->parts);
	splitter->parts = parts;
	const bool has_heap = len <= SIZE_MAX / 3 &&
		pmill_array_reserve(&heap, &splitter->heap_capacity, 3 * len, sizeof *splitter->heap);
	splitter->heap = heap;
	return has_parts && has_heap;
}

/* Offers the join of the part at `begin` with the next one. */
static void offer(struct task *task, uint32_t begin)
{
	const struct pmill_split_part *parts = task->splitter->parts;
	const uint32_t middle = parts[begin].end;
	if (middle == task->len)
		return;
	const uint32_t end = parts[middle].end;
	const uint32_t id = pmill_vocab_find(task->vocab, task->bytes + begin, end - begin);
	if (id != PMILL_NO_ID && id != task->id)
		push(task->splitter, (struct pmill_split_candidate){id, begin, end});
}

/* Returns false if the vocab lacks one of the bytes. */
static bool start(struct task *task)
{
	struct pmill_split_part *parts = task->splitter->parts;
	for (uint32_t i = 0; i < task->len; i++) {
		parts[i] = (struct pmill_split_part){
			i + 1, i == 0 ? 0 : i - 1, pmill_vocab_find(task->vocab, task->bytes + i, 1)};
		if (parts[i].id == PMILL_NO_ID)
			return false;
	}
	task->splitter->heap_count = 0;
	for (uint32_t i = 0; i < task->len; i++)
		offer(task, i);
	return true;
}

static void join(struct task *task, struct pmill_split_candidate candidate)
{
	struct pmill_split_part *parts = task->splitter->parts;
	const uint32_t begin = candidate.begin, middle = parts[begin].end;
	if (middle == 0 || middle == task->len || parts[middle].end != candidate.end)
		return;
	parts[middle].end = 0;
	parts[begin].end = candidate.end;
	parts[begin].id = candidate.id;
	if (candidate.end < task->len)
		parts[candidate.end].before = begin;
	offer(task, begin);
	if (begin > 0)
		offer(task, parts[begin].before);
}

pmill_status pmill_splitter_split(struct pmill_splitter *splitter, const struct pmill_vocab *vocab,
	uint32_t id, uint32_t *left, uint32_t *right, pmill_error *error)
{
	*left = *right = PMILL_NO_ID;
	const pmill_bytes token = pmill_vocab_token(vocab, id);
	struct task task = {splitter, vocab, token.data, (uint32_t)token.len, id};
	if (!reserve(splitter, token.len))
		return pmill_fail_memory(error);
	if (token.len < 2 || !start(&task))
		return PMILL_OK;
	while (splitter->heap_count > 0)
		join(&task, pop(splitter));
	const uint32_t middle = splitter->parts[0].end;
	if (middle < task.len && splitter->parts[middle].end == task.len) {
		*left = splitter->parts[0].id;
		*right = splitter->parts[middle].id;
	}
	return PMILL_OK;
}
