/* The ways to find the best pair: what they share. */
/* SPDX-License-Identifier: MIT */
#include "search.h"

#include <signal.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"

void pmill_study_search_note(
	struct pmill_study_search *search, enum pmill_study_section section, uint64_t began)
{
	search->times.ns[section] += pmill_clock_ns() - began;
}

pmill_status pmill_study_search_copy(struct pmill_study_search *search, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	const struct pmill_study_state *state = &search->state;
	void *items = search->items;
	if (!pmill_array_reserve(
			&items, &search->item_capacity, state->used + 1, sizeof *search->items))
		return pmill_fail_memory(error);
	search->items = items;
	search->item_count = pmill_study_state_copy(state, search->items);
	pmill_study_search_note(search, PMILL_STUDY_COPY, began);
	return PMILL_OK;
}

struct pmill_study_range pmill_study_search_chunk(size_t count, unsigned workers, unsigned worker)
{
	size_t len = count / workers, begin = len * worker;
	return (struct pmill_study_range){begin, worker + 1 == workers ? count : begin + len};
}

bool pmill_study_put_finding(
	struct pmill_buffer *message, const struct pmill_study_finding *finding)
{
	message->len = 0;
	return pmill_study_put_items(message, &finding->best, 1) &&
		pmill_study_put_u64(message, finding->compute_ns);
}

struct pmill_study_finding pmill_study_get_finding(const struct pmill_buffer *message)
{
	struct pmill_study_reader reader = {.data = message->data, .len = message->len};
	struct pmill_study_finding finding = {0};
	size_t count;
	struct pmill_study_item *items = pmill_study_get_items(&reader, &count);
	if (items != NULL && count == 1)
		finding.best = items[0];
	free(items);
	finding.compute_ns = pmill_study_get_u64(&reader);
	return finding;
}

struct pmill_study_item pmill_study_search_reduce(
	struct pmill_study_search *search, const struct pmill_study_finding *findings, unsigned count)
{
	struct pmill_study_item best = {0};
	uint64_t slowest = 0;
	for (unsigned i = 0; i < count; i++) {
		if (pmill_study_item_is_better(&search->state.tokens, &findings[i].best, &best))
			best = findings[i].best;
		if (findings[i].compute_ns > slowest)
			slowest = findings[i].compute_ns;
	}
	search->times.ns[PMILL_STUDY_COMPUTE] += slowest;
	return best;
}

void pmill_study_search_fault(const struct pmill_study_search *search, unsigned worker)
{
	if (search->fault.worker == worker + 1 && search->fault.merge == search->merge)
		raise(SIGKILL);
}

/* ---- Tasks ---- */

bool pmill_study_put_task(struct pmill_buffer *message, const struct pmill_study_search *search,
	const struct pmill_study_item *chunk, size_t count, size_t begin)
{
	message->len = 0;
	return pmill_study_put_items(message, chunk, count) && pmill_study_put_u64(message, begin) &&
		pmill_study_put_strings(message, &search->state.tokens, search->items, search->item_count);
}

bool pmill_study_do_task(const struct pmill_buffer *message, struct pmill_study_finding *finding)
{
	struct pmill_study_reader reader = {.data = message->data, .len = message->len};
	size_t count, string_count;
	struct pmill_study_item *items = pmill_study_get_items(&reader, &count);
	uint64_t begin = pmill_study_get_u64(&reader);
	struct pmill_study_strings *strings = pmill_study_get_strings(&reader, &string_count);
	bool done = items != NULL && strings != NULL && begin <= string_count &&
		count <= string_count - begin;
	if (done) {
		uint64_t began = pmill_clock_ns();
		finding->best = pmill_study_best_with_strings(items, strings + begin, count);
		finding->compute_ns = pmill_clock_ns() - began;
	}
	free(items);
	free(strings);
	return done;
}
