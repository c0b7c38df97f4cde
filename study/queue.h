/* A bounded queue between processes, built like Python's multiprocessing.Queue. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_QUEUE_H
#define PMILL_STUDY_QUEUE_H

#include <pthread.h>

#include "wire.h"

struct pmill_study_queue_board;
struct pmill_study_queue_item;

/*
 * A pipe, and in shared memory a semaphore that counts the free places, a lock for readers and one
 * for writers. In each process that puts, a thread feeds the pipe. Since a pipe holds only 64 KiB,
 * most of the up to `capacity` waiting items are in the processes that put them. Create the queue
 * before forking.
 */
struct pmill_study_queue {
	const char *name; /* for messages */
	struct pmill_study_queue_board *board;
	int files[2]; /* the pipe's read and write ends; -1: closed in this process */
	/* In this process: what the feeder still has to write. */
	bool has_feeder;
	pthread_t feeder;
	pthread_mutex_t lock; /* protects the rest */
	pthread_cond_t changed;
	struct pmill_study_queue_item *first, **last;
	bool is_ending;
	pmill_status status; /* the feeder's */
	pmill_error error;
};

pmill_status pmill_study_queue_init(
	struct pmill_study_queue *queue, const char *name, unsigned capacity, pmill_error *error);
/* Don't call it in a process that still has a feeder: see flush. */
void pmill_study_queue_release(struct pmill_study_queue *queue);

/* This process will only put, only get, or neither: so the others notice when the last one ends. */
void pmill_study_queue_keep_putting(struct pmill_study_queue *queue);
void pmill_study_queue_keep_getting(struct pmill_study_queue *queue);
void pmill_study_queue_close(struct pmill_study_queue *queue);

/* Waits for a free place, then puts a copy of the item. PMILL_IO if the others are gone. */
pmill_status pmill_study_queue_put(
	struct pmill_study_queue *queue, const struct pmill_buffer *item, pmill_error *error);
/* Waits until all of this process's items are in the pipe, and ends its feeder. */
pmill_status pmill_study_queue_flush(struct pmill_study_queue *queue, pmill_error *error);
/* Waits for an item. */
pmill_status pmill_study_queue_get(
	struct pmill_study_queue *queue, struct pmill_buffer *item, pmill_error *error);

/* Items put but not yet got: now, and at most so far. Bytes that went through the pipe. */
unsigned pmill_study_queue_length(const struct pmill_study_queue *queue);
unsigned pmill_study_queue_most(const struct pmill_study_queue *queue);
uint64_t pmill_study_queue_bytes(const struct pmill_study_queue *queue);

#endif
