/* Threads that work through the chunks of a source, and the first error among theirs. */
/* SPDX-License-Identifier: MIT */
#include "corpus/chunk_workers.h"

#include "base/error.h"
#include "base/thread.h"
#include "base/watch.h"

struct crew {
	struct pmill_chunk_source *source;
	struct pmill_chunk_worker *const *workers;
	unsigned count;
	struct pmill_progress_state *progress;
	struct pmill_match_watch watch;
	_Atomic uint64_t done; /* stored bytes of the chunks that are worked through */
};

static void work_through(struct pmill_chunk_worker *worker, struct crew *crew)
{
	for (;;) {
		/* A failure to read comes after all chunks that were handed out. */
		worker->sequence = UINT64_MAX;
		worker->status = pmill_chunk_source_next(crew->source, &worker->chunk, &worker->error);
		if (worker->status != PMILL_OK || worker->chunk.data == NULL)
			return;
		worker->sequence = worker->chunk.sequence;
		worker->chunk.watch = &crew->watch;
		worker->status = worker->work(worker->context, &worker->chunk, &worker->error);
		if (worker->status != PMILL_OK)
			return;
		atomic_fetch_add_explicit(&crew->done, worker->chunk.stored, memory_order_relaxed);
	}
}

static void run_worker(void *context, unsigned index)
{
	struct crew *crew = context;
	work_through(crew->workers[index], crew);
	if (crew->workers[index]->status != PMILL_OK)
		pmill_chunk_source_stop(crew->source);
}

static void run(void *context)
{
	struct crew *crew = context;
	pmill_threads_run(crew->count, run_worker, crew);
}

static void stop(void *context)
{
	struct crew *crew = context;
	atomic_store(&crew->watch.is_stopped, true);
	pmill_chunk_source_stop(crew->source);
}

static uint64_t bytes_done(void *context)
{
	struct crew *crew = context;
	pmill_match_watch_note(&crew->watch, crew->progress);
	return atomic_load_explicit(&crew->done, memory_order_relaxed);
}

static pmill_status first_error(const struct crew *crew, bool is_cancelled, pmill_error *error)
{
	const struct pmill_chunk_worker *first = NULL;
	for (unsigned i = 0; i < crew->count; i++) {
		const struct pmill_chunk_worker *worker = crew->workers[i];
		if (worker->status != PMILL_OK && (first == NULL || worker->sequence < first->sequence))
			first = worker;
	}
	if (first == NULL && is_cancelled)
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	if (first == NULL)
		return PMILL_OK;
	if (error != NULL)
		*error = first->error;
	return first->status;
}

pmill_status pmill_chunk_workers_run(struct pmill_chunk_worker *const *workers, unsigned count,
	struct pmill_chunk_source *source, struct pmill_progress_state *progress, pmill_error *error)
{
	struct crew crew = {.source = source, .workers = workers, .count = count, .progress = progress};
	const struct pmill_watched_work watched = {run, stop, bytes_done, &crew};
	pmill_watch_run(&watched, progress);
	progress->note = NULL;
	return first_error(&crew, progress->is_cancelled, error);
}
