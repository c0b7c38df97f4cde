/* Sorts several arrays of words on threads that share their parts. */
/* SPDX-License-Identifier: MIT */
#include "words/sort_ranges.h"

#include <stdlib.h>

bool pmill_sort_ranges_init(
	struct pmill_sort_ranges *ranges, size_t array_count, size_t entry_count)
{
	size_t capacity = array_count + 2 * (entry_count / PMILL_SHARED_ENTRIES);
	*ranges = (struct pmill_sort_ranges){.capacity = capacity};
	pthread_mutex_init(&ranges->lock, NULL);
	pthread_cond_init(&ranges->changed, NULL);
	ranges->items = malloc(capacity * sizeof *ranges->items);
	return ranges->items != NULL;
}

void pmill_sort_ranges_release(struct pmill_sort_ranges *ranges)
{
	free(ranges->items);
	pthread_cond_destroy(&ranges->changed);
	pthread_mutex_destroy(&ranges->lock);
}

void pmill_sort_ranges_add(
	struct pmill_sort_ranges *ranges, struct pmill_word_entry *entries, size_t count)
{
	unsigned bits = count > 0 ? 64 - (unsigned)__builtin_clzll(count) : 0;
	if (count > 0)
		ranges->items[ranges->count++] = (struct pmill_sort_range){entries, count, 2 * bits};
	ranges->unsorted += count;
}

/* Returns false if the queue is full: then the thread sorts the range itself. */
static bool push(struct pmill_sort_ranges *ranges, struct pmill_sort_range range)
{
	pthread_mutex_lock(&ranges->lock);
	bool has_room = ranges->count < ranges->capacity;
	if (has_room)
		ranges->items[ranges->count++] = range;
	pthread_cond_signal(&ranges->changed);
	pthread_mutex_unlock(&ranges->lock);
	return has_room;
}

bool pmill_sort_ranges_next(struct pmill_sort_ranges *ranges, struct pmill_sort_range *range)
{
	pthread_mutex_lock(&ranges->lock);
	while (ranges->count == 0 && ranges->unsorted > 0)
		pthread_cond_wait(&ranges->changed, &ranges->lock);
	bool is_any = ranges->count > 0;
	if (is_any)
		*range = ranges->items[--ranges->count];
	pthread_mutex_unlock(&ranges->lock);
	return is_any;
}

static void note_sorted(struct pmill_sort_ranges *ranges, size_t count)
{
	pthread_mutex_lock(&ranges->lock);
	ranges->unsorted -= count;
	if (ranges->unsorted == 0)
		pthread_cond_broadcast(&ranges->changed);
	pthread_mutex_unlock(&ranges->lock);
}

void pmill_sort_ranges_sort(struct pmill_sort_ranges *ranges, struct pmill_sort_range range)
{
	size_t sorted = 0;
	while (range.count > PMILL_SHARED_ENTRIES && range.allowance-- > 0) {
		size_t left = pmill_word_entries_partition(range.entries, range.count);
		struct pmill_sort_range rest = {
			range.entries + left + 1, range.count - left - 1, range.allowance};
		range.count = left;
		sorted++;
		if (!push(ranges, rest)) {
			pmill_word_entries_sort(rest.entries, rest.count);
			sorted += rest.count;
		}
	}
	pmill_word_entries_sort(range.entries, range.count);
	note_sorted(ranges, sorted + range.count);
}

void pmill_sort_ranges_skip(struct pmill_sort_ranges *ranges, struct pmill_sort_range range)
{
	note_sorted(ranges, range.count);
}

size_t pmill_sort_ranges_left(struct pmill_sort_ranges *ranges)
{
	pthread_mutex_lock(&ranges->lock);
	size_t left = ranges->unsorted;
	pthread_mutex_unlock(&ranges->lock);
	return left;
}
