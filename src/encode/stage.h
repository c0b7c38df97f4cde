/* A stage of work on files: on a thread of its own, watched, with one outcome. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_STAGE_H
#define PMILL_ENCODE_STAGE_H

#include "base/watch.h"

/* What the work ends with. */
struct pmill_outcome {
	pmill_status status;
	pmill_error error; /* where status is not PMILL_OK */
};

/* Runs the work, which fills `outcome`. A wish to stop is PMILL_CANCELLED, whatever came of it. */
pmill_status pmill_stage_run(const struct pmill_watched_work *watched,
	struct pmill_progress_state *progress, const struct pmill_outcome *outcome, pmill_error *error);

#endif
