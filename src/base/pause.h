/* What a thread does between two looks at a number that another one will change. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PAUSE_H
#define PMILL_BASE_PAUSE_H

#include <sched.h>

/*
 * `look` counts the looks, from 0. The other thread may wait for this very processor: then it has to be let
 * in, or both lose a slice of time at each hand-over.
 */
static inline void pmill_pause(int look)
{
	enum { LOOKS_A_YIELD = 64 }; /* some 2 µs */
	if (look % LOOKS_A_YIELD == LOOKS_A_YIELD - 1) {
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
