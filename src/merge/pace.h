/* Which of two ways to do the same work is faster, measured while it is done. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PACE_H
#define PMILL_MERGE_PACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether several threads pay in a short round depends on what else the machine is doing: threads
 * that wait for one that isn't running lose milliseconds. So rounds of about the same size are
 * timed, and the way that took less time per place is chosen, way 1 at first. The other one is
 * tried now and then, less often each time it loses. The choice never changes a result. All zero is
 * ready.
 */
struct pmill_pace {
	double costs[2]; /* nanoseconds per place, recently; 0: unknown */
	unsigned patience, waited;
};

/* The way to take next. */
unsigned pmill_pace_choose(struct pmill_pace *pace);

/* Records how long a round took. */
void pmill_pace_note(struct pmill_pace *pace, unsigned way, double nanoseconds, size_t place_count);

#endif
