/* What a thread does between polls of a number that another thread will change. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PAUSE_H
#define PMILL_BASE_PAUSE_H

#include <sched.h>

/*
 * `poll` counts the polls from 0. The other thread may be waiting for this very processor: it must
 * get to run, or both lose a time slice at each hand-over.
 */
static inline void pmill_pause(int poll)
{
	enum { POLLS_PER_YIELD = 64 }; /* about 2 µs */
	if (poll % POLLS_PER_YIELD == POLLS_PER_YIELD - 1) {
		sched_yield();
		return;
	}
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
