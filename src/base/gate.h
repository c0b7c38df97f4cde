/* A number that only grows, and a thread that waits for it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_GATE_H
#define PMILL_BASE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * One thread raises it, another waits. A waiter spins for about 200 µs before sleeping, and raising
 * costs a store if nobody sleeps: for hand-overs microseconds apart. What was written before
 * raising is visible after waiting.
 */
struct pmill_gate {
	_Alignas(64) atomic_uint_fast64_t value;
	atomic_uint sleepers;
	pthread_mutex_t lock; /* for the sleepers */
	pthread_cond_t raised;
};

void pmill_gate_init(struct pmill_gate *gate);
void pmill_gate_release(struct pmill_gate *gate);

/* Raises the number; `value` must be greater than before. */
void pmill_gate_raise(struct pmill_gate *gate, uint64_t value);
/* Waits until the number is at least `wanted`, and returns it. */
uint64_t pmill_gate_wait(struct pmill_gate *gate, uint64_t wanted);

#endif
