/*
 * Runs work on a thread of its own, while the caller's reports progress and relays requests to
 * stop.
 */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_WATCH_H
#define PMILL_BASE_WATCH_H

#include "base/progress.h"

struct pmill_watched_work {
	void (*work)(void *context);
	void (*stop)(void *context);     /* asks `work` to end early; runs on the caller's thread */
	uint64_t (*done)(void *context); /* the progress so far; runs on the caller's thread */
	void *context;
};

/*
 * Returns when `work` has ended. Without a progress callback, `work` runs on the caller's thread.
 * progress->is_cancelled says whether it was asked to stop.
 */
void pmill_watch_run(
	const struct pmill_watched_work *watched, struct pmill_progress_state *progress);

#endif
