/* Threads that count what a source of chunks gives, each into a shard of its own. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_CREW_H
#define PMILL_TRAIN_CREW_H

#include "base/progress.h"
#include "train/shard.h"

/* One thread for each of `count` shards. Progress is reported on the calling thread. */
pmill_status pmill_crew_count(struct pmill_shard *const *shards, unsigned count,
	struct pmill_chunk_source *source, struct pmill_progress_state *progress, pmill_error *error);

#endif
