/* The best pair first: a lazy heap of candidates. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_PAIR_QUEUE_H
#define PMILL_TRAIN_PAIR_QUEUE_H

#include "train/learned_tokens.h"

struct pmill_candidate {
	int64_t count;
	uint32_t left, right; /* token numbers, see learned_tokens.h */
};

/*
 * Lazy: counts in it may be too high, never too low, because the count of a pair only falls after the merge
 * that made it. So the first candidate whose count is true is the best pair.
 */
struct pmill_pair_queue {
	struct pmill_candidate *items;
	size_t count;
	size_t capacity;
	const struct pmill_learned_tokens *tokens;
	enum pmill_ties ties;
};

void pmill_pair_queue_release(struct pmill_pair_queue *queue);
bool pmill_pair_queue_reserve(struct pmill_pair_queue *queue, size_t more);

/* Whether `a` is taken before `b`. */
bool pmill_pair_queue_is_before(const struct pmill_pair_queue *queue,
	const struct pmill_candidate *a, const struct pmill_candidate *b);

/* Needs room. */
void pmill_pair_queue_push(struct pmill_pair_queue *queue, struct pmill_candidate candidate);
/* Not to be called on an empty queue. */
struct pmill_candidate pmill_pair_queue_pop(struct pmill_pair_queue *queue);
/* The first candidate's count was too high: puts it where the true one belongs. */
void pmill_pair_queue_lower_first(struct pmill_pair_queue *queue, int64_t count);

#endif
