/* Sorts several arrays of words on threads that share their parts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_WORDS_SORT_RANGES_H
#define PMILL_WORDS_SORT_RANGES_H

#include <pthread.h>

#include "words/word_sort.h"

enum { PMILL_SHARED_ENTRIES = 1 << 14 }; /* a thread sorts smaller ranges on its own */

/*
 * Entries to sort. `allowance`: how many more times they may be partitioned before heapsort takes
 * over.
 */
struct pmill_sort_range {
	struct pmill_word_entry *entries;
	size_t count;
	unsigned allowance;
};

/* Ranges that wait for a thread. */
struct pmill_sort_ranges {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pmill_sort_range *items;
	size_t count, capacity;
	size_t unsorted; /* entries */
};

/*
 * Makes room for `array_count` arrays that have `entry_count` entries in all. Returns false if out
 * of memory; release in any case.
 */
bool pmill_sort_ranges_init(
	struct pmill_sort_ranges *ranges, size_t array_count, size_t entry_count);
void pmill_sort_ranges_release(struct pmill_sort_ranges *ranges);
/* Adds an array. Not while threads are sorting. */
void pmill_sort_ranges_add(
	struct pmill_sort_ranges *ranges, struct pmill_word_entry *entries, size_t count);

/*
 * On each thread: while this returns true, sort the range with pmill_sort_ranges_sort(). Waits
 * while other threads may still split theirs; returns false once everything is sorted.
 */
bool pmill_sort_ranges_next(struct pmill_sort_ranges *ranges, struct pmill_sort_range *range);
void pmill_sort_ranges_sort(struct pmill_sort_ranges *ranges, struct pmill_sort_range range);
/* Instead of sorting a range: to end early. */
void pmill_sort_ranges_skip(struct pmill_sort_ranges *ranges, struct pmill_sort_range range);

/* How many entries are unsorted at the moment. */
size_t pmill_sort_ranges_left(struct pmill_sort_ranges *ranges);

#endif
