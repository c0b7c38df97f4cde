/* Threads that walk the table itself: started for each merge, or once with a barrier. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/team.h"
#include "search.h"

struct thread {
	struct pmill_study_search *search;
	unsigned worker;
	pthread_t thread;
	struct pmill_study_finding finding;
};

struct threads {
	struct thread *threads;
	struct pmill_study_finding *findings;
	struct pmill_team *team; /* NULL: started for each merge */
};

/* Searches a range of the table's slots: nothing is copied. */
static void search_range(struct thread *thread)
{
	const struct pmill_study_state *state = &thread->search->state;
	struct pmill_study_range range = pmill_study_search_chunk(
		state->slot_count, thread->search->workers, thread->worker);
	uint64_t began = pmill_clock_ns();
	struct pmill_study_item best = pmill_study_state_best(state, range.begin, range.end);
	thread->finding = (struct pmill_study_finding){best, pmill_clock_ns() - began};
}

static pmill_status start(struct pmill_study_search *search, pmill_error *error)
{
	struct threads *threads = calloc(1, sizeof *threads);
	search->own = threads;
	if (threads == NULL)
		return pmill_fail_memory(error);
	threads->threads = calloc(search->workers, sizeof *threads->threads);
	threads->findings = calloc(search->workers, sizeof *threads->findings);
	if (threads->threads == NULL || threads->findings == NULL)
		return pmill_fail_memory(error);
	for (unsigned i = 0; i < search->workers; i++)
		threads->threads[i] = (struct thread){.search = search, .worker = i};
	return PMILL_OK;
}

static void reduce(struct pmill_study_search *search, struct pmill_study_item *best, uint64_t began)
{
	struct threads *threads = search->own;
	for (unsigned i = 0; i < search->workers; i++)
		threads->findings[i] = threads->threads[i].finding;
	*best = pmill_study_search_reduce(search, threads->findings, search->workers);
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
}

static void *run_thread(void *argument)
{
	search_range(argument);
	return NULL;
}

static pmill_status find(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	struct threads *threads = search->own;
	uint64_t began = pmill_clock_ns();
	unsigned started = 0;
	int reason = 0;
	for (; started < search->workers && reason == 0; started += reason == 0) {
		struct thread *thread = &threads->threads[started];
		reason = pthread_create(&thread->thread, NULL, run_thread, thread);
	}
	search->times.counters.start_ns += pmill_clock_ns() - began;
	search->times.counters.threads += started;
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads->threads[i].thread, NULL);
	if (reason != 0)
		return pmill_fail_errno(error, search->system->name, "cannot start a thread", reason);
	reduce(search, best, began);
	return PMILL_OK;
}

static pmill_status start_team(struct pmill_study_search *search, pmill_error *error)
{
	pmill_status status = start(search, error);
	if (status != PMILL_OK)
		return status;
	struct threads *threads = search->own;
	uint64_t began = pmill_clock_ns();
	threads->team = pmill_team_create(search->workers);
	if (threads->team == NULL)
		return pmill_fail_memory(error);
	search->times.counters.start_ns += pmill_clock_ns() - began;
	search->times.counters.threads += search->workers - 1;
	return pmill_team_size(threads->team) == search->workers
		? PMILL_OK
		: pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET, "%s: the system provides only %u threads",
			  search->system->name, pmill_team_size(threads->team));
}

static void run_member(void *context, unsigned index)
{
	struct threads *threads = context;
	search_range(&threads->threads[index]);
}

static pmill_status find_with_team(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	(void)error;
	struct threads *threads = search->own;
	uint64_t began = pmill_clock_ns();
	pmill_team_run(threads->team, run_member, threads);
	reduce(search, best, began);
	return PMILL_OK;
}

static pmill_status stop(struct pmill_study_search *search, pmill_error *error)
{
	(void)error;
	struct threads *threads = search->own;
	if (threads != NULL) {
		pmill_team_free(threads->team);
		free(threads->threads);
		free(threads->findings);
	}
	free(threads);
	search->own = NULL;
	return PMILL_OK;
}

const struct pmill_study_finder pmill_study_find_threads = {
	.start = start, .find = find, .stop = stop};
const struct pmill_study_finder pmill_study_find_team = {
	.start = start_team, .find = find_with_team, .stop = stop};
