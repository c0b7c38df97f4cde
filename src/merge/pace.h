/* Which of two ways of doing the same is faster: found out while it is done. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PACE_H
#define PMILL_MERGE_PACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether several threads pay for a short round depends on what else the machine does: threads that wait for
 * one that is not running lose milliseconds. So rounds of about the same size are timed, and the way that took
 * less time for each place is taken, first way 1; the other is tried now and then, less often each time it loses.
 * What is chosen never changes a result. All zero is ready.
 */
struct pmill_pace {
	double costs[2]; /* nanoseconds for each place, lately; 0: not known */
	unsigned patience, waited;
};

/* The way to take next. */
unsigned pmill_pace_choose(struct pmill_pace *pace);

/* It took so long. */
void pmill_pace_note(struct pmill_pace *pace, unsigned way, double nanoseconds, size_t place_count);

#endif
