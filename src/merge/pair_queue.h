/* The best pair first: a lazy heap of candidates. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PAIR_QUEUE_H
#define PMILL_MERGE_PAIR_QUEUE_H

#include "merge/learned_tokens.h"

struct pmill_candidate {
	int64_t count;
	uint32_t left, right; /* token numbers, see learned_tokens.h */
};

enum { PMILL_QUEUE_CLASSES = 252, PMILL_WAITING_BLOCK = 16 };

/* Waiting candidates of one class: a list of single ones would cost a cache miss for each. */
struct pmill_waiting {
	struct pmill_candidate candidates[PMILL_WAITING_BLOCK];
	uint32_t count;
	uint32_t next; /* block of its class, from 1; 0: none. Only the first may be partly full */
};

/*
 * Lazy: a count in it may be too high, never too low, because the count of a pair only falls after
 * the merge that made it. So the first candidate whose count is true is the best pair.
 *
 * Only candidates with high counts are in a heap. The others wait, unsorted, in classes of counts,
 * four for each doubling; a class is opened when all above it are used up. So the heap is small,
 * and candidates that are never merged cost next to nothing.
 */
struct pmill_pair_queue {
	struct pmill_candidate *items; /* the heap */
	size_t count;
	size_t capacity;
	struct pmill_waiting *blocks;
	size_t waiting_count; /* candidates */
	size_t block_count;   /* used so far; some may be free again */
	size_t block_capacity;
	uint32_t free;                       /* block, as `next` */
	uint32_t first[PMILL_QUEUE_CLASSES]; /* block, as `next` */
	unsigned closed;                     /* classes below this one wait */
	const struct pmill_learned_tokens *tokens;
	enum pmill_ties ties;
	struct pmill_memory_account *account;
};

void pmill_pair_queue_init(struct pmill_pair_queue *queue,
	const struct pmill_learned_tokens *tokens, enum pmill_ties ties,
	struct pmill_memory_account *account);
void pmill_pair_queue_clear(struct pmill_pair_queue *queue);
void pmill_pair_queue_release(struct pmill_pair_queue *queue);
bool pmill_pair_queue_reserve(struct pmill_pair_queue *queue, size_t more);

/* Whether `a` is taken before `b`. */
bool pmill_pair_queue_is_before(const struct pmill_pair_queue *queue,
	const struct pmill_candidate *a, const struct pmill_candidate *b);

/* Needs room. */
void pmill_pair_queue_push(struct pmill_pair_queue *queue, struct pmill_candidate candidate);

/*
 * Opens the highest class that has candidates; returns false if none has. Call it when the heap is
 * empty. These candidates are then taken one by one, and pushed again with their true counts.
 */
bool pmill_pair_queue_open_class(struct pmill_pair_queue *queue);
bool pmill_pair_queue_take_waiting(
	struct pmill_pair_queue *queue, struct pmill_candidate *candidate);

/* The heap must not be empty. */
struct pmill_candidate pmill_pair_queue_pop(struct pmill_pair_queue *queue);
/* Lowers the first candidate's count, which was too high, and moves it where it belongs. */
void pmill_pair_queue_lower_first(struct pmill_pair_queue *queue, int64_t count);

#endif
