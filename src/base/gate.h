/* A number that only grows, and threads that wait for it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_GATE_H
#define PMILL_BASE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * One thread raises it, another waits. Who waits looks some 200 µs long before it sleeps, and raising costs a store
 * where nobody sleeps: for hand-overs that are microseconds apart. What was written before raising can be
 * read after waiting.
 */
struct pmill_gate {
	_Alignas(64) atomic_uint_fast64_t value;
	atomic_uint sleepers;
	pthread_mutex_t lock; /* for those that sleep */
	pthread_cond_t raised;
};

void pmill_gate_init(struct pmill_gate *gate);
void pmill_gate_release(struct pmill_gate *gate);

/* To a higher number than before. */
void pmill_gate_raise(struct pmill_gate *gate, uint64_t value);
/* Until it is at least `wanted`; returns what it is. */
uint64_t pmill_gate_wait(struct pmill_gate *gate, uint64_t wanted);

#endif
