/* The table of systems, and the run of one. */
/* SPDX-License-Identifier: MIT */
#include "systems.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"
#include "counts/counts.h"
#include "interrupt.h"
#include "merge/merger.h"

static const struct pmill_study_system systems[] = {
	{.name = "v3",
		.article = "bpe_v3_time",
		.summary = "max over the table of pairs, in this process",
		.finder = &pmill_study_find_serial},
	{.name = "v4_mp",
		.article = "bpe_v4_mp_time",
		.summary = "processes forked for each merge; each searches a chunk of the copied table",
		.finder = &pmill_study_find_forked,
		.has_workers = true},
	{.name = "v4",
		.article = "bpe_v4_time",
		.summary = "a pool of processes; a task is a chunk and the byte strings of all pairs",
		.finder = &pmill_study_find_pool,
		.has_workers = true},
	{.name = "v4_mp_spawn",
		.article = "bpe_v4_mp_spawn_time",
		.summary = "like v4_mp, but each worker of each merge is a new program image",
		.finder = &pmill_study_find_spawned,
		.has_workers = true},
	{.name = "v4_mp_deepcopy",
		.article = "bpe_v4_mp_deepcopy_time",
		.summary = "like v4_mp, but the array is serialised and read back first",
		.finder = &pmill_study_find_forked,
		.has_workers = true,
		.is_deep_copy = true},
	{.name = "v4_time2",
		.article = "bpe_v4_time2",
		.summary = "max with ties, max by count alone, copies of pairs and of their strings",
		.finder = &pmill_study_find_time2},
	{.name = "v4_shuffled",
		.article = "proposed in the article",
		.summary = "like v4, with chunks shuffled among the workers",
		.finder = &pmill_study_find_pool,
		.has_workers = true,
		.sending = PMILL_STUDY_SHUFFLED},
	{.name = "v4_pinned",
		.article = "proposed in the article",
		.summary = "like v4, with each worker pinned to a processor",
		.finder = &pmill_study_find_pool,
		.has_workers = true,
		.is_pinned = true},
	{.name = "v4_mp_pinned",
		.article = "proposed in the article",
		.summary = "like v4_mp, with each process pinned to a processor",
		.finder = &pmill_study_find_forked,
		.has_workers = true,
		.is_pinned = true},
	{.name = "threads",
		.article = "announced in the article",
		.summary = "threads started for each merge; they walk the table itself",
		.finder = &pmill_study_find_threads,
		.has_workers = true},
	{.name = "thread_pool",
		.summary = "threads started once, with a barrier at each merge",
		.finder = &pmill_study_find_team,
		.has_workers = true},
	{.name = "shared_pool",
		.summary = "processes started once, over shared memory",
		.finder = &pmill_study_find_shared,
		.has_workers = true},
	{.name = "heap",
		.summary = "a lazy heap of candidates: no walk over the table",
		.finder = &pmill_study_find_heap},
	{.name = "batches",
		.summary = "the library's exact batches: threads share the update, not the search",
		.has_workers = true},
};

const struct pmill_study_system *pmill_study_system_at(size_t index)
{
	return index < sizeof systems / sizeof *systems ? &systems[index] : NULL;
}

/* ---- The library ---- */

static pmill_status merge_with_library(const pmill_counts *counts, uint64_t limit,
	const char *method, unsigned threads, struct pmill_merger_result *result, pmill_error *error)
{
	struct pmill_merger_settings settings = {.first_merge_id = 256,
		.merge_limit = limit,
		.min_count = 1,
		.ties = PMILL_TIES_BYTES,
		.threads = threads,
		.method = method};
	for (uint32_t i = 0; i < 256; i++)
		settings.byte_ids[i] = i;
	struct pmill_word_list copy = {0}, none = {0};
	pmill_status status = pmill_word_list_add(&counts->words, &none, &copy, error);
	if (status == PMILL_OK)
		status = pmill_merger_run(&copy, &settings, result, error);
	pmill_word_list_release(&copy);
	return status;
}

static void take_merges(
	const struct pmill_merger_result *result, struct pmill_study_reference *reference)
{
	for (size_t i = 0; i < result->merge_count; i++) {
		const struct pmill_learned_merge *merge = &result->merges[i];
		reference->merges[i] = (struct pmill_study_item){merge->count, merge->left, merge->right};
	}
	reference->count = result->merge_count;
	reference->ns = result->index_seconds_ns + result->merge_seconds_ns;
}

pmill_status pmill_study_reference_make(const pmill_counts *counts, uint64_t limit,
	struct pmill_study_reference *reference, pmill_error *error)
{
	struct pmill_merger_result result = {0};
	pmill_status status = merge_with_library(counts, limit, "one-by-one", 1, &result, error);
	if (status != PMILL_OK)
		return status;
	reference->merges = malloc((result.merge_count + 1) * sizeof *reference->merges);
	if (reference->merges != NULL)
		take_merges(&result, reference);
	else
		status = pmill_fail_memory(error);
	pmill_merger_result_release(&result);
	return status;
}

void pmill_study_reference_release(struct pmill_study_reference *reference)
{
	free(reference->merges);
	*reference = (struct pmill_study_reference){0};
}

static bool is_same(const struct pmill_study_item *a, const struct pmill_study_item *b)
{
	return a->count == b->count && a->left == b->left && a->right == b->right;
}

static pmill_status check(const struct pmill_study_system *system,
	const struct pmill_study_task *task, uint64_t index, const struct pmill_study_item *found,
	pmill_error *error)
{
	const struct pmill_study_item *merge = &task->reference->merges[index];
	if (is_same(found, merge))
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"%s: merge %llu is the pair (%u,%u) with count %lld; the library's is (%u,%u) with %lld",
		system->name, (unsigned long long)index + 1, found->left, found->right,
		(long long)found->count, merge->left, merge->right, (long long)merge->count);
}

static pmill_status run_batches(const struct pmill_study_system *system, unsigned workers,
	const struct pmill_study_task *task, struct pmill_study_times *times, pmill_error *error)
{
	struct pmill_merger_result result = {0};
	uint64_t began = pmill_clock_ns();
	pmill_status status = merge_with_library(
		task->counts, task->reference->count, "batches", workers, &result, error);
	times->ns[PMILL_STUDY_MERGE] = pmill_clock_ns() - began;
	times->counters.threads = workers - 1;
	if (status == PMILL_OK && result.merge_count != task->reference->count)
		status = pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"%s: %zu merges, but %llu one by one", system->name, result.merge_count,
			(unsigned long long)task->reference->count);
	for (size_t i = 0; i < result.merge_count && status == PMILL_OK; i++) {
		const struct pmill_learned_merge *merge = &result.merges[i];
		struct pmill_study_item found = {merge->count, merge->left, merge->right};
		status = check(system, task, i, &found, error);
	}
	pmill_merger_result_release(&result);
	return status;
}

/* ---- The other systems ---- */

static pmill_status merge_all(
	struct pmill_study_search *search, const struct pmill_study_task *task, pmill_error *error)
{
	for (uint64_t i = 0; i < task->reference->count; i++) {
		struct pmill_study_item best = {0};
		search->merge = i + 1;
		if (pmill_study_is_interrupted())
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "interrupted");
		pmill_status status = search->system->finder->find(search, &best, error);
		if (status == PMILL_OK)
			status = check(search->system, task, i, &best, error);
		uint64_t began = pmill_clock_ns();
		if (status == PMILL_OK)
			status = pmill_study_state_apply(&search->state, best.left, best.right, error);
		pmill_study_search_note(search, PMILL_STUDY_UPDATE, began);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

static pmill_status run_finder(
	struct pmill_study_search *search, const struct pmill_study_task *task, pmill_error *error)
{
	const struct pmill_study_finder *finder = search->system->finder;
	uint64_t began = pmill_clock_ns();
	pmill_status status = pmill_study_state_init(&search->state, task->counts, error);
	if (status == PMILL_OK && finder->start != NULL)
		status = finder->start(search, error);
	if (status == PMILL_OK)
		status = merge_all(search, task, error);
	if (status != PMILL_OK)
		for (unsigned i = 0; i < search->crew.count; i++)
			pmill_study_crew_kill(&search->crew, i);
	if (finder->stop != NULL) {
		pmill_status stopped = finder->stop(search, status == PMILL_OK ? error : NULL);
		status = status == PMILL_OK ? stopped : status;
	}
	search->times.ns[PMILL_STUDY_MERGE] = pmill_clock_ns() - began;
	return status;
}

pmill_status pmill_study_system_run(const struct pmill_study_system *system, unsigned workers,
	const struct pmill_study_task *task, struct pmill_study_times *times, pmill_error *error)
{
	struct pmill_study_search search = {.system = system, .workers = workers, .fault = task->fault};
	struct pmill_study_counters *counters = &search.times.counters;
	pmill_study_counters_read(counters);
	pmill_status status = PMILL_OK;
	if (system->finder == NULL) {
		status = run_batches(system, workers, task, &search.times, error);
	} else {
		status = pmill_study_crew_init(&search.crew, system->name, workers, counters, error);
		if (status == PMILL_OK)
			status = run_finder(&search, task, error);
		pmill_study_crew_release(&search.crew);
		pmill_study_state_release(&search.state);
		free(search.items);
	}
	pmill_study_counters_since(counters);
	search.times.ns[PMILL_STUDY_WORD_COUNT] = task->word_count_ns;
	search.times.ns[PMILL_STUDY_TOTAL] = task->word_count_ns + search.times.ns[PMILL_STUDY_MERGE];
	*times = search.times;
	return status;
}
