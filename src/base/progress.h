/* Progress: events for the caller, about ten a second at most, and requests to stop. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PROGRESS_H
#define PMILL_BASE_PROGRESS_H

#include <stdbool.h>

#include "pairmill.h"

/* One running operation. Used on the calling thread only; if all zero, events go nowhere. */
struct pmill_progress_state {
	pmill_progress_fn callback;
	void *context;
	const char *stage;
	const char *note; /* why the stage is slow, shown after its name in parentheses; may be NULL */
	const char *unit;
	uint64_t total;
	uint64_t stage_began_ns;
	uint64_t last_event_ns;
	bool is_cancelled;
};

uint64_t pmill_clock_ns(void); /* monotonic */

/* Begins a stage and sends its first event, so that no earlier stage seems to go on. */
void pmill_progress_stage(
	struct pmill_progress_state *state, const char *stage, const char *unit, uint64_t total);
/* Returns false once the caller has asked to stop. Cheap: reads the clock once. */
bool pmill_progress_step(struct pmill_progress_state *state, uint64_t done);
/*
 * The same for a stage that works through everything in `pass_count` passes of about the same
 * length: pass number `pass`, from 0, is done to done / total. Accepts NULL: never stops.
 */
bool pmill_progress_pass(struct pmill_progress_state *state, unsigned pass, unsigned pass_count,
	uint64_t done, uint64_t total);
/* Sends the last event of a stage, regardless of the time. */
bool pmill_progress_end(struct pmill_progress_state *state, uint64_t done);

#endif
