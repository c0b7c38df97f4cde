/* Progress: events for the caller, about ten a second at most, and requests to stop. */
/* SPDX-License-Identifier: MIT */
#include "base/progress.h"

#include <stdio.h>
#include <time.h>

#define EVENT_INTERVAL_NS 100000000u

uint64_t pmill_clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool send_event(struct pmill_progress_state *state, uint64_t done, uint64_t now)
{
	state->last_event_ns = now;
	char stage[100];
	if (state->note != NULL)
		snprintf(stage, sizeof stage, "%s (%s)", state->stage, state->note);
	pmill_progress event = {.stage = state->note != NULL ? stage : state->stage,
		.done = done,
		.total = state->total,
		.unit = state->unit,
		.elapsed_s = (double)(now - state->stage_began_ns) * 1e-9};
	if (state->callback(state->context, &event) != 0)
		state->is_cancelled = true;
	return !state->is_cancelled;
}

void pmill_progress_stage(
	struct pmill_progress_state *state, const char *stage, const char *unit, uint64_t total)
{
	state->stage = stage;
	state->note = NULL;
	state->unit = unit;
	state->total = total;
	state->stage_began_ns = pmill_clock_ns();
	state->last_event_ns = state->stage_began_ns;
	if (state->callback != NULL && !state->is_cancelled)
		send_event(state, 0, state->stage_began_ns);
}

bool pmill_progress_step(struct pmill_progress_state *state, uint64_t done)
{
	if (state->callback == NULL || state->is_cancelled)
		return !state->is_cancelled;
	uint64_t now = pmill_clock_ns();
	return now - state->last_event_ns < EVENT_INTERVAL_NS || send_event(state, done, now);
}

bool pmill_progress_pass(struct pmill_progress_state *state, unsigned pass, unsigned pass_count,
	uint64_t done, uint64_t total)
{
	if (state == NULL)
		return true;
	double part = total > 0 && done < total ? (double)done / (double)total : 1;
	return pmill_progress_step(
		state, (uint64_t)((double)state->total * (pass + part) / pass_count));
}

bool pmill_progress_end(struct pmill_progress_state *state, uint64_t done)
{
	if (state->callback == NULL || state->is_cancelled)
		return !state->is_cancelled;
	return send_event(state, done, pmill_clock_ns());
}
