/* Figures of chunks, added up in the order of the input. */
/* SPDX-License-Identifier: MIT */
#include "verify/tally.h"

#include <stdlib.h>

#include "base/array.h"

/* Of a chunk that was done before an earlier one. There are few, unless a chunk takes long. */
struct pmill_waiting_tally {
	uint64_t sequence;
	struct pmill_tally tally;
};

void pmill_tally_sum_init(struct pmill_tally_sum *sum)
{
	*sum = (struct pmill_tally_sum){.next = 0};
	pthread_mutex_init(&sum->lock, NULL);
}

void pmill_tally_sum_release(struct pmill_tally_sum *sum)
{
	free(sum->waiting);
	pthread_mutex_destroy(&sum->lock);
}

void pmill_tally_add(struct pmill_tally *to, const struct pmill_tally *more)
{
	to->documents += more->documents;
	to->bytes += more->bytes;
	to->ids += more->ids;
	to->bad_lines += more->bad_lines;
}

static bool wait_for_others(
	struct pmill_tally_sum *sum, uint64_t sequence, const struct pmill_tally *tally)
{
	void *waiting = sum->waiting;
	if (!pmill_array_reserve(&waiting, &sum->capacity, sum->count + 1, sizeof *sum->waiting))
		return false;
	sum->waiting = waiting;
	sum->waiting[sum->count++] = (struct pmill_waiting_tally){sequence, *tally};
	return true;
}

/* Moves the next chunk from those that wait to the sum. Returns false if it isn't among them. */
static bool take_next(struct pmill_tally_sum *sum)
{
	for (size_t i = 0; i < sum->count; i++) {
		if (sum->waiting[i].sequence != sum->next)
			continue;
		pmill_tally_add(&sum->sum, &sum->waiting[i].tally);
		sum->waiting[i] = sum->waiting[--sum->count];
		sum->next++;
		return true;
	}
	return false;
}

bool pmill_tally_sum_add(
	struct pmill_tally_sum *sum, uint64_t sequence, const struct pmill_tally *tally)
{
	pthread_mutex_lock(&sum->lock);
	const bool is_added = wait_for_others(sum, sequence, tally);
	while (take_next(sum))
		;
	pthread_mutex_unlock(&sum->lock);
	return is_added;
}
