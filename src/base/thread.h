/* Threads: runs a function on several, and waits. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_THREAD_H
#define PMILL_BASE_THREAD_H

#include <pthread.h>

/* `asked`, or if it is 0, the number of processors that this process may use. At least 1. */
unsigned pmill_thread_count(unsigned asked);

/* pthread_create, with a stack that is large enough wherever it runs. */
int pmill_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

/*
 * Calls work(context, index) for each index below `threads`, all at once, index 0 on the calling
 * thread, and returns when all have finished. If the system grants fewer threads, the calling
 * thread runs the rest one after another: so `work` must not wait for another index.
 */
void pmill_threads_run(
	unsigned threads, void (*work)(void *context, unsigned index), void *context);

#endif
