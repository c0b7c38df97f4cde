/* Watched work that can fail: runs it and returns its one outcome. */
/* SPDX-License-Identifier: MIT */
#include "base/watched_run.h"

#include "base/error.h"

pmill_status pmill_watched_run(const struct pmill_watched_work *watched,
	struct pmill_progress_state *progress, const struct pmill_outcome *outcome, pmill_error *error)
{
	pmill_watch_run(watched, progress);
	if (outcome->status == PMILL_OK)
		pmill_progress_end(progress, watched->done(watched->context));
	if (progress->is_cancelled && outcome->status != PMILL_NO_MEMORY)
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	if (outcome->status != PMILL_OK && error != NULL)
		*error = outcome->error;
	return outcome->status;
}
