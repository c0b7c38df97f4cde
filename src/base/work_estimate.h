/* How much work many steps, each less than the ones before, will be: an estimate, for progress. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_WORK_ESTIMATE_H
#define PMILL_BASE_WORK_ESTIMATE_H

#include <stdint.h>

/* How far the work was. */
struct pmill_work_estimate_point {
	uint64_t steps, work;
};

/* `past` has at most half of the steps that `recent` has. */
struct pmill_work_estimate {
	struct pmill_work_estimate_point past, recent;
};

/* Notes how far the work is. Cheap: to be called often. */
void pmill_work_estimate_note(
	struct pmill_work_estimate *estimate, struct pmill_work_estimate_point now);

/* The work in all, if there will be `limit` steps; at least now.work; 0: too early to say. */
uint64_t pmill_work_estimate_total(const struct pmill_work_estimate *estimate,
	struct pmill_work_estimate_point now, uint64_t limit);

#endif
