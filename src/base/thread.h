/* Threads: run one function on several, and wait. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_THREAD_H
#define PMILL_BASE_THREAD_H

/* `asked`, or the processors that this process may use where it is 0. At least 1. */
unsigned pmill_thread_count(unsigned asked);

/*
 * Calls work(context, index) for each index below `threads`, all at once, index 0 on the calling
 * thread, and returns when all have ended. Where the system gives fewer threads, the calling thread
 * does the rest one after another: so `work` must not wait for another index.
 */
void pmill_threads_run(
	unsigned threads, void (*work)(void *context, unsigned index), void *context);

#endif
