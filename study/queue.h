/* A bounded queue between processes, as Python's multiprocessing.Queue is made. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_QUEUE_H
#define PMILL_STUDY_QUEUE_H

#include <pthread.h>

#include "wire.h"

struct pmill_study_queue_board;
struct pmill_study_queue_item;

/*
 * A pipe; in shared memory a semaphore that counts the free places, a lock for who reads and one for who
 * writes. In each process that puts, a thread of its own feeds the pipe, which holds 64 KiB only: so `capacity`
 * items may wait, the most of them in the processes that have put them. Made before the processes are forked.
 */
struct pmill_study_queue {
	const char *name; /* for messages */
	struct pmill_study_queue_board *board;
	int files[2]; /* the pipe's end to read and its end to write; -1: closed in this process */
	/* Of this process: what the feeder still has to write. */
	bool has_feeder;
	pthread_t feeder;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t changed;
	struct pmill_study_queue_item *first, **last;
	bool is_ending;
	pmill_status status; /* of the feeder */
	pmill_error error;
};

pmill_status pmill_study_queue_init(
	struct pmill_study_queue *queue, const char *name, unsigned capacity, pmill_error *error);
/* Not in a process that still has a feeder: see flush. */
void pmill_study_queue_release(struct pmill_study_queue *queue);

/* This process will only put, only get, or neither: so that an end is noticed when all others are gone. */
void pmill_study_queue_keep_putting(struct pmill_study_queue *queue);
void pmill_study_queue_keep_getting(struct pmill_study_queue *queue);
void pmill_study_queue_close(struct pmill_study_queue *queue);

/* Waits for a free place. A copy of the item is put. PMILL_IO where the others are gone. */
pmill_status pmill_study_queue_put(
	struct pmill_study_queue *queue, const struct pmill_buffer *item, pmill_error *error);
/* What this process has put is in the pipe when it returns, and its feeder has ended; putting starts a new one. */
pmill_status pmill_study_queue_flush(struct pmill_study_queue *queue, pmill_error *error);
/* Waits for an item. */
pmill_status pmill_study_queue_get(
	struct pmill_study_queue *queue, struct pmill_buffer *item, pmill_error *error);

/* Items that were put and not got: now, and at most so far. Bytes that went through the pipe. */
unsigned pmill_study_queue_length(const struct pmill_study_queue *queue);
unsigned pmill_study_queue_most(const struct pmill_study_queue *queue);
uint64_t pmill_study_queue_bytes(const struct pmill_study_queue *queue);

#endif
