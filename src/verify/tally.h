/* Figures of chunks that many threads work through, added up in the order of the input. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_VERIFY_TALLY_H
#define PMILL_VERIFY_TALLY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmill_tally {
	uint64_t documents, bytes, ids, bad_lines;
};

/*
 * Adds up the chunks before the first that isn't done: whatever the threads do after that, the sum
 * stays the same.
 */
struct pmill_tally_sum {
	pthread_mutex_t lock;
	struct pmill_tally sum;
	uint64_t next; /* the sequence of the first chunk that isn't in the sum */
	struct pmill_waiting_tally *waiting;
	size_t count, capacity;
};

void pmill_tally_sum_init(struct pmill_tally_sum *sum);
void pmill_tally_sum_release(struct pmill_tally_sum *sum);

void pmill_tally_add(struct pmill_tally *to, const struct pmill_tally *more);

/* A chunk is done. Any thread. Returns false if out of memory. */
bool pmill_tally_sum_add(
	struct pmill_tally_sum *sum, uint64_t sequence, const struct pmill_tally *tally);

#endif
