/* Threads that count what a source of chunks gives, each into a shard of its own. */
/* SPDX-License-Identifier: MIT */
#include "train/crew.h"

#include "base/error.h"
#include "base/thread.h"
#include "base/watch.h"

struct crew {
	struct pmill_chunk_source *source;
	struct pmill_shard *const *shards;
	unsigned threads;
};

static void count_chunks(void *context, unsigned index)
{
	struct crew *crew = context;
	struct pmill_shard *shard = crew->shards[index];
	pmill_shard_count_source(shard, crew->source);
	if (shard->status != PMILL_OK)
		pmill_chunk_source_stop(crew->source);
}

static void run(void *context)
{
	struct crew *crew = context;
	pmill_threads_run(crew->threads, count_chunks, crew);
}

static void stop(void *context)
{
	struct crew *crew = context;
	pmill_chunk_source_stop(crew->source);
}

static uint64_t bytes_done(void *context)
{
	struct crew *crew = context;
	return pmill_chunk_source_stored_bytes(crew->source);
}

/* Of several errors the one first in the input wins, so that messages do not depend on timing. */
static pmill_status first_error(const struct crew *crew, bool is_cancelled, pmill_error *error)
{
	struct pmill_shard *first = NULL;
	for (unsigned i = 0; i < crew->threads; i++) {
		struct pmill_shard *shard = crew->shards[i];
		if (shard->status != PMILL_OK && (first == NULL || shard->sequence < first->sequence))
			first = shard;
	}
	if (first == NULL && is_cancelled)
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	if (first == NULL)
		return PMILL_OK;
	if (error != NULL)
		*error = first->error;
	return first->status;
}

pmill_status pmill_crew_count(struct pmill_shard *const *shards, unsigned count,
	struct pmill_chunk_source *source, struct pmill_progress_state *progress, pmill_error *error)
{
	struct crew crew = {.source = source, .shards = shards, .threads = count};
	const struct pmill_watched_work watched = {run, stop, bytes_done, &crew};
	pmill_watch_run(&watched, progress);
	return first_error(&crew, progress->is_cancelled, error);
}
