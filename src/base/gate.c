/* A number that only grows, and a thread that waits for it. */
/* SPDX-License-Identifier: MIT */
#include "base/gate.h"

#include "base/pause.h"

enum { SPINS = 5000 }; /* polls before sleeping: about 200 µs; waking takes about 50 */

void pmill_gate_init(struct pmill_gate *gate)
{
	atomic_init(&gate->value, 0);
	atomic_init(&gate->sleepers, 0);
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->raised, NULL);
}

void pmill_gate_release(struct pmill_gate *gate)
{
	pthread_cond_destroy(&gate->raised);
	pthread_mutex_destroy(&gate->lock);
}

/*
 * Either the sleeper sees the value or the raiser sees the sleeper: both accesses are sequentially
 * consistent, so they can't both miss.
 */
void pmill_gate_raise(struct pmill_gate *gate, uint64_t value)
{
	atomic_store(&gate->value, value);
	if (atomic_load(&gate->sleepers) == 0)
		return;
	pthread_mutex_lock(&gate->lock);
	pthread_cond_broadcast(&gate->raised);
	pthread_mutex_unlock(&gate->lock);
}

uint64_t pmill_gate_wait(struct pmill_gate *gate, uint64_t wanted)
{
	uint64_t value = atomic_load_explicit(&gate->value, memory_order_acquire);
	for (int i = 0; value < wanted && i < SPINS; i++) {
		pmill_pause(i);
		value = atomic_load_explicit(&gate->value, memory_order_acquire);
	}
	if (value >= wanted)
		return value;
	pthread_mutex_lock(&gate->lock);
	atomic_fetch_add(&gate->sleepers, 1);
	while ((value = atomic_load(&gate->value)) < wanted)
		pthread_cond_wait(&gate->raised, &gate->lock);
	atomic_fetch_sub(&gate->sleepers, 1);
	pthread_mutex_unlock(&gate->lock);
	return value;
}
