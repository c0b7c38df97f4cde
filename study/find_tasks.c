/* Tasks through pipes: bpe_v4 (one pool) and bpe_v4_mp_spawn (new processes for each merge). */
/* SPDX-License-Identifier: MIT */
/*
 * A task is a chunk and the byte strings of all pairs, serialised again for each worker, as
 * Python's pool pickles the arguments of each call. The worker deserialises it, but not as part of
 * its `compute`.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/progress.h"
#include "search.h"

#define SPAWNED "search"

struct tasks {
	struct pmill_study_finding *findings; /* by chunk */
	struct pmill_study_item **trunks;     /* by chunk: its copy */
	unsigned *worker_of;                  /* by chunk */
	struct pmill_buffer message;
	uint64_t random;
};

/* ---- The worker ---- */

/* Returns false if there are no more tasks or one failed. */
static bool do_one(int in, int out, struct pmill_buffer *message, bool *has_failed)
{
	struct pmill_study_finding finding;
	*has_failed = false;
	if (pmill_study_receive(in, message, "the parent", NULL, NULL) != PMILL_OK)
		return false;
	*has_failed = !pmill_study_do_task(message, &finding) ||
		!pmill_study_put_finding(message, &finding) ||
		pmill_study_send(out, message, "the parent", NULL, NULL) != PMILL_OK;
	return !*has_failed;
}

/* The worker counts merges itself, from 1, so that a test can tell it when to die. */
static int serve(void *context, unsigned worker, int in, int out)
{
	struct pmill_study_search *search = context;
	struct pmill_buffer message = {0};
	bool has_failed = false;
	for (search->merge = 1;; search->merge++) {
		pmill_study_search_fault(search, worker);
		if (!do_one(in, out, &message, &has_failed))
			return has_failed;
	}
}

int pmill_study_spawned_worker(void)
{
	struct pmill_buffer message = {0};
	bool has_failed;
	bool done = do_one(STDIN_FILENO, STDOUT_FILENO, &message, &has_failed);
	pmill_buffer_release(&message);
	return done ? 0 : 1;
}

/* ---- The parent ---- */

static pmill_status start(struct pmill_study_search *search, pmill_error *error)
{
	struct tasks *tasks = calloc(1, sizeof *tasks);
	search->own = tasks;
	if (tasks == NULL)
		return pmill_fail_memory(error);
	tasks->random = 1;
	tasks->findings = calloc(search->workers, sizeof *tasks->findings);
	tasks->trunks = calloc(search->workers, sizeof(struct pmill_study_item *));
	tasks->worker_of = calloc(search->workers, sizeof *tasks->worker_of);
	if (tasks->findings == NULL || tasks->trunks == NULL || tasks->worker_of == NULL)
		return pmill_fail_memory(error);
	for (unsigned i = 0; i < search->workers; i++)
		tasks->worker_of[i] = i;
	return PMILL_OK;
}

static pmill_status start_pool(struct pmill_study_search *search, pmill_error *error)
{
	pmill_status status = start(search, error);
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++)
		status = pmill_study_crew_fork(
			&search->crew, serve, search, search->system->is_pinned ? (int)i : -1, error);
	return status;
}

static void free_trunks(struct pmill_study_search *search)
{
	struct tasks *tasks = search->own;
	for (unsigned i = 0; tasks->trunks != NULL && i < search->workers; i++) {
		free(tasks->trunks[i]);
		tasks->trunks[i] = NULL;
	}
}

/* Each chunk is a list of its own, like a slice of a Python list. */
static pmill_status cut(struct pmill_study_search *search, pmill_error *error)
{
	struct tasks *tasks = search->own;
	uint64_t began = pmill_clock_ns();
	free_trunks(search);
	for (unsigned i = 0; i < search->workers; i++) {
		struct pmill_study_range chunk = pmill_study_search_chunk(
			search->item_count, search->workers, i);
		size_t size = (chunk.end - chunk.begin) * sizeof *search->items;
		tasks->trunks[i] = malloc(size + 1);
		if (tasks->trunks[i] == NULL)
			return pmill_fail_memory(error);
		memcpy(tasks->trunks[i], search->items + chunk.begin, size);
	}
	pmill_study_search_note(search, PMILL_STUDY_COPY_TRUNKS, began);
	return PMILL_OK;
}

/* v4_shuffled: at each merge a chunk goes to a different worker. */
static void shuffle(struct pmill_study_search *search)
{
	struct tasks *tasks = search->own;
	if (search->system->sending != PMILL_STUDY_SHUFFLED)
		return;
	for (unsigned i = search->workers; i > 1; i--) {
		tasks->random = tasks->random * 6364136223846793005u + 1442695040888963407u;
		unsigned other = (unsigned)((tasks->random >> 33) % i), kept = tasks->worker_of[i - 1];
		tasks->worker_of[i - 1] = tasks->worker_of[other];
		tasks->worker_of[other] = kept;
	}
}

static pmill_status send_task(
	struct pmill_study_search *search, unsigned number, pmill_error *error)
{
	struct tasks *tasks = search->own;
	struct pmill_study_range chunk = pmill_study_search_chunk(
		search->item_count, search->workers, number);
	if (!pmill_study_put_task(
			&tasks->message, search, tasks->trunks[number], chunk.end - chunk.begin, chunk.begin))
		return pmill_fail_memory(error);
	return pmill_study_crew_send(&search->crew, tasks->worker_of[number], &tasks->message, error);
}

static pmill_status receive_all(struct pmill_study_search *search, pmill_error *error)
{
	struct tasks *tasks = search->own;
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++) {
		status = pmill_study_crew_receive(
			&search->crew, tasks->worker_of[i], &tasks->message, error);
		if (status == PMILL_OK)
			tasks->findings[i] = pmill_study_get_finding(&tasks->message);
	}
	return status;
}

static pmill_status prepare(struct pmill_study_search *search, pmill_error *error)
{
	pmill_status status = pmill_study_search_copy(search, error);
	if (status == PMILL_OK)
		status = cut(search, error);
	shuffle(search);
	return status;
}

static pmill_status find_in_pool(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	struct tasks *tasks = search->own;
	pmill_status status = prepare(search, error);
	uint64_t began = pmill_clock_ns();
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++)
		status = send_task(search, i, error);
	if (status == PMILL_OK)
		status = receive_all(search, error);
	if (status == PMILL_OK)
		*best = pmill_study_search_reduce(search, tasks->findings, search->workers);
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
	return status;
}

static pmill_status spawn_one(
	struct pmill_study_search *search, unsigned number, pmill_error *error)
{
	pmill_status status = pmill_study_crew_spawn(&search->crew, SPAWNED, error);
	if (status != PMILL_OK)
		return status;
	if (search->fault.worker == number + 1 && search->fault.merge == search->merge)
		pmill_study_crew_kill(&search->crew, number);
	return send_task(search, number, error);
}

static pmill_status find_spawned(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	struct tasks *tasks = search->own;
	pmill_status status = prepare(search, error);
	uint64_t began = pmill_clock_ns();
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++)
		status = spawn_one(search, i, error);
	if (status == PMILL_OK)
		status = receive_all(search, error);
	if (status == PMILL_OK)
		status = pmill_study_crew_join(&search->crew, error);
	if (status == PMILL_OK)
		*best = pmill_study_search_reduce(search, tasks->findings, search->workers);
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
	return status;
}

static pmill_status stop(struct pmill_study_search *search, pmill_error *error)
{
	struct tasks *tasks = search->own;
	pmill_status status = pmill_study_crew_join(&search->crew, error);
	if (tasks == NULL)
		return status;
	free_trunks(search);
	free(tasks->findings);
	free(tasks->trunks);
	free(tasks->worker_of);
	pmill_buffer_release(&tasks->message);
	free(tasks);
	search->own = NULL;
	return status;
}

const struct pmill_study_finder pmill_study_find_pool = {
	.start = start_pool, .find = find_in_pool, .stop = stop};
const struct pmill_study_finder pmill_study_find_spawned = {
	.start = start, .find = find_spawned, .stop = stop};
