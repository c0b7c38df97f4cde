/* Threads that work through the chunks of a source, and the first error among theirs. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CHUNK_WORKERS_H
#define PMILL_CORPUS_CHUNK_WORKERS_H

#include "base/progress.h"
#include "corpus/chunk_source.h"

/* What one thread does with a chunk. `context` is the worker's own. */
typedef pmill_status pmill_chunk_work(
	void *context, const struct pmill_chunk *chunk, pmill_error *error);

/*
 * One thread's part. The caller sets the first two; the buffer of `chunk` is kept for the next run.
 */
struct pmill_chunk_worker {
	pmill_chunk_work *work;
	void *context;
	struct pmill_chunk chunk;
	/* Of the last run: how it went, and at which chunk. */
	pmill_status status;
	uint64_t sequence;
	pmill_error error;
};

/*
 * Runs `count` workers, a thread each, until the source has no more chunks or one of them fails;
 * the chunks that a worker gets come in order. Reports progress on the calling thread, in stored
 * bytes. Of several errors the one first in the input is returned, so that messages do not depend
 * on timing.
 */
pmill_status pmill_chunk_workers_run(struct pmill_chunk_worker *const *workers, unsigned count,
	struct pmill_chunk_source *source, struct pmill_progress_state *progress, pmill_error *error);

#endif
