/* Watched work that can fail: runs it and returns its one outcome. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_WATCHED_RUN_H
#define PMILL_BASE_WATCHED_RUN_H

#include "base/watch.h"

/* How the work ended. */
struct pmill_outcome {
	pmill_status status;
	pmill_error error; /* if status is not PMILL_OK */
};

/*
 * Runs the work, which fills in `outcome`, and reports the end of its stage. If the caller asked to
 * stop, the result is PMILL_CANCELLED whatever the outcome, unless memory ran out.
 */
pmill_status pmill_watched_run(const struct pmill_watched_work *watched,
	struct pmill_progress_state *progress, const struct pmill_outcome *outcome, pmill_error *error);

#endif
