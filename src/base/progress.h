/* Progress: events to the caller, at most some ten a second, and the wish to stop. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PROGRESS_H
#define PMILL_BASE_PROGRESS_H

#include <stdbool.h>

#include "pairmill.h"

/* One running operation. Used on the calling thread only; all zero is one that nobody listens to. */
struct pmill_progress_state {
	pmill_progress_fn callback;
	void *context;
	const char *stage;
	const char *unit;
	uint64_t total;
	uint64_t stage_began_ns;
	uint64_t last_event_ns;
	bool is_cancelled;
};

uint64_t pmill_clock_ns(void);    /* monotonic */
uint64_t pmill_peak_memory(void); /* largest resident size of this process so far, in bytes */

void pmill_progress_stage(
	struct pmill_progress_state *state, const char *stage, const char *unit, uint64_t total);
/* False once the caller has asked to stop. Cheap: one look at the clock. */
bool pmill_progress_step(struct pmill_progress_state *state, uint64_t done);
/* The last event of a stage, whatever the time. */
bool pmill_progress_end(struct pmill_progress_state *state, uint64_t done);

#endif
