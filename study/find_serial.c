/* Searches in one process: max over the table, bpe_v4_time2's four walks, a lazy heap. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"
#include "search.h"

static pmill_status find_serial(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	(void)error;
	uint64_t began = pmill_clock_ns();
	*best = pmill_study_state_best(&search->state, 0, search->state.slot_count);
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
	return PMILL_OK;
}

const struct pmill_study_finder pmill_study_find_serial = {.find = find_serial};

/* ---- bpe_v4_time2 ---- */

static int64_t highest_count(const struct pmill_study_state *state)
{
	int64_t highest = 0;
	for (size_t i = 0; i < state->slot_count; i++)
		if (state->slots[i].count > highest)
			highest = state->slots[i].count;
	return highest;
}

static bool copy_strings(const struct pmill_study_search *search, struct pmill_buffer *strings)
{
	strings->len = 0;
	return pmill_study_put_strings(
		strings, &search->state.tokens, search->items, search->item_count);
}

static pmill_status start_time2(struct pmill_study_search *search, pmill_error *error)
{
	search->own = calloc(1, sizeof(struct pmill_buffer));
	return search->own == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

static pmill_status find_time2(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	pmill_status status = find_serial(search, best, error);
	uint64_t began = pmill_clock_ns();
	int64_t highest = highest_count(&search->state);
	pmill_study_search_note(search, PMILL_STUDY_MAX_BY_COUNT, began);
	if (highest != best->count)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"%s: the highest count is not the best pair's", search->system->name);
	if (status == PMILL_OK)
		status = pmill_study_search_copy(search, error);
	began = pmill_clock_ns();
	if (status == PMILL_OK && !copy_strings(search, search->own))
		status = pmill_fail_memory(error);
	pmill_study_search_note(search, PMILL_STUDY_COPY_STRINGS, began);
	return status;
}

static pmill_status stop_time2(struct pmill_study_search *search, pmill_error *error)
{
	(void)error;
	if (search->own != NULL)
		pmill_buffer_release(search->own);
	free(search->own);
	search->own = NULL;
	return PMILL_OK;
}

const struct pmill_study_finder pmill_study_find_time2 = {
	.start = start_time2, .find = find_time2, .stop = stop_time2};

/* ---- A lazy heap ---- */

/*
 * Counts in the heap may be too high but never too low: a pair's count only falls after the merge
 * that created it. So the first one whose count is correct is the best.
 */
struct heap {
	struct pmill_study_item *items;
	size_t count, capacity;
};

static void sift_up(const struct pmill_study_tokens *tokens, struct heap *heap, size_t at)
{
	struct pmill_study_item item = heap->items[at];
	for (; at > 0; at = (at - 1) / 2) {
		if (!pmill_study_item_is_better(tokens, &item, &heap->items[(at - 1) / 2]))
			break;
		heap->items[at] = heap->items[(at - 1) / 2];
	}
	heap->items[at] = item;
}

static void sift_down(const struct pmill_study_tokens *tokens, struct heap *heap, size_t at)
{
	struct pmill_study_item item = heap->items[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
			pmill_study_item_is_better(tokens, &heap->items[child + 1], &heap->items[child]))
			child++;
		if (!pmill_study_item_is_better(tokens, &heap->items[child], &item))
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	heap->items[at] = item;
}

static pmill_status start_heap(struct pmill_study_search *search, pmill_error *error)
{
	search->own = calloc(1, sizeof(struct heap));
	return search->own == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

/* Adds the pairs that the last merge created. */
static bool push_created(struct pmill_study_search *search, struct heap *heap)
{
	const struct pmill_study_state *state = &search->state;
	void *items = heap->items;
	if (!pmill_array_reserve(
			&items, &heap->capacity, heap->count + state->created_count, sizeof *heap->items))
		return false;
	heap->items = items;
	for (size_t i = 0; i < state->created_count; i++) {
		if (state->created[i].count == 0)
			continue;
		heap->items[heap->count] = state->created[i];
		sift_up(&state->tokens, heap, heap->count++);
	}
	return true;
}

static void drop_first(const struct pmill_study_tokens *tokens, struct heap *heap)
{
	heap->items[0] = heap->items[--heap->count];
	if (heap->count > 0)
		sift_down(tokens, heap, 0);
}

static pmill_status find_in_heap(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	struct heap *heap = search->own;
	const struct pmill_study_state *state = &search->state;
	if (!push_created(search, heap))
		return pmill_fail_memory(error);
	*best = (struct pmill_study_item){0};
	while (heap->count > 0 && best->count == 0) {
		struct pmill_study_item *first = &heap->items[0];
		const struct pmill_study_slot *slot = pmill_study_state_find(
			state, first->left, first->right);
		int64_t count = slot == NULL ? 0 : slot->count;
		if (count == first->count)
			*best = *first;
		if (count == first->count || count == 0) {
			drop_first(&state->tokens, heap);
		} else {
			first->count = count;
			sift_down(&state->tokens, heap, 0);
		}
	}
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
	return PMILL_OK;
}

static pmill_status stop_heap(struct pmill_study_search *search, pmill_error *error)
{
	(void)error;
	struct heap *heap = search->own;
	if (heap != NULL)
		free(heap->items);
	free(heap);
	search->own = NULL;
	return PMILL_OK;
}

const struct pmill_study_finder pmill_study_find_heap = {
	.start = start_heap, .find = find_in_heap, .stop = stop_heap};
