/* bpe_v4_mp: each merge copies the table and forks processes that search a chunk each. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"
#include "search.h"

struct forked {
	struct pmill_study_finding *findings; /* by worker */
	struct pmill_buffer message;
};

static pmill_status start(struct pmill_study_search *search, pmill_error *error)
{
	struct forked *forked = calloc(1, sizeof *forked);
	search->own = forked;
	if (forked == NULL)
		return pmill_fail_memory(error);
	forked->findings = calloc(search->workers, sizeof *forked->findings);
	return forked->findings == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

/* Runs in the child, which sees the array as it was at the fork. */
static int search_chunk(void *context, unsigned worker, int in, int out)
{
	const struct pmill_study_search *search = context;
	struct pmill_buffer message = {0};
	(void)in;
	pmill_study_search_fault(search, worker);
	struct pmill_study_range chunk = pmill_study_search_chunk(
		search->item_count, search->workers, worker);
	uint64_t began = pmill_clock_ns();
	struct pmill_study_finding finding = {
		.best = pmill_study_best_of(
			&search->state.tokens, search->items + chunk.begin, chunk.end - chunk.begin)};
	finding.compute_ns = pmill_clock_ns() - began;
	bool done = pmill_study_put_finding(&message, &finding) &&
		pmill_study_send(out, &message, "the parent", NULL, NULL) == PMILL_OK;
	return done ? 0 : 1;
}

/* bpe_v4_mp_deepcopy: serialises the array and reads it back: is a compact copy faster to read? */
static pmill_status copy_deeply(struct pmill_study_search *search, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	struct forked *forked = search->own;
	forked->message.len = 0;
	if (!pmill_study_put_items(&forked->message, search->items, search->item_count))
		return pmill_fail_memory(error);
	struct pmill_study_reader reader = {.data = forked->message.data, .len = forked->message.len};
	size_t count;
	struct pmill_study_item *items = pmill_study_get_items(&reader, &count);
	if (items == NULL)
		return pmill_fail_memory(error);
	free(search->items);
	search->items = items;
	search->item_capacity = count;
	pmill_study_search_note(search, PMILL_STUDY_COPY, began);
	return PMILL_OK;
}

static pmill_status fork_all(struct pmill_study_search *search, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++)
		status = pmill_study_crew_fork(
			&search->crew, search_chunk, search, search->system->is_pinned ? (int)i : -1, error);
	return status;
}

static pmill_status receive_all(struct pmill_study_search *search, pmill_error *error)
{
	struct forked *forked = search->own;
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++) {
		status = pmill_study_crew_receive(&search->crew, i, &forked->message, error);
		if (status == PMILL_OK)
			forked->findings[i] = pmill_study_get_finding(&forked->message);
	}
	return status;
}

static pmill_status find(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	struct forked *forked = search->own;
	pmill_status status = pmill_study_search_copy(search, error);
	if (status == PMILL_OK && search->system->is_deep_copy)
		status = copy_deeply(search, error);
	uint64_t began = pmill_clock_ns();
	if (status == PMILL_OK)
		status = fork_all(search, error);
	if (status == PMILL_OK)
		status = receive_all(search, error);
	if (status == PMILL_OK)
		status = pmill_study_crew_join(&search->crew, error);
	if (status == PMILL_OK)
		*best = pmill_study_search_reduce(search, forked->findings, search->workers);
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
	return status;
}

static pmill_status stop(struct pmill_study_search *search, pmill_error *error)
{
	(void)error;
	struct forked *forked = search->own;
	if (forked != NULL) {
		free(forked->findings);
		pmill_buffer_release(&forked->message);
	}
	free(forked);
	search->own = NULL;
	return PMILL_OK;
}

const struct pmill_study_finder pmill_study_find_forked = {
	.start = start, .find = find, .stop = stop};
