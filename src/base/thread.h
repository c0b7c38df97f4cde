/* Threads: runs a function on several, and waits. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_THREAD_H
#define PMILL_BASE_THREAD_H

/* `asked`, or if it is 0, the number of processors that this process may use. At least 1. */
unsigned pmill_thread_count(unsigned asked);

/*
 * Calls work(context, index) for each index below `threads`, all at once, index 0 on the calling
 * thread, and returns when all have finished. If the system grants fewer threads, the calling
 * thread runs the rest one after another: so `work` must not wait for another index.
 */
void pmill_threads_run(
	unsigned threads, void (*work)(void *context, unsigned index), void *context);

#endif
