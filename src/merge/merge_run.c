/* One run of merging: what the ways of choosing the next merges share. */
/* SPDX-License-Identifier: MIT */
#include "merge/merge_run.h"

#include <stdlib.h>

#include "base/error.h"
#include "merge/floor.h"
#include "merge/pair_survey.h"
#include "merge/visit.h"

enum {
	BYTE_PAIRS = 256 * 256,
	OPENED_AT_ONCE = 16, /* candidates whose pairs are prefetched */
};

/*
 * Filters only look at lengths, and a longer token is refused wherever a shorter one is: a pair that is
 * refused stays so, whatever its parts grow into. The exact batches rest on that.
 */
bool pmill_merge_run_is_allowed(const struct pmill_merge_run *run, uint32_t left, uint32_t right)
{
	const struct pmill_merger_settings *settings = run->settings;
	if (settings->max_token_length == 0)
		return true;
	uint64_t len = (uint64_t)run->tokens.items[left].len + run->tokens.items[right].len;
	if (settings->is_hf_length)
		return (left | right) < 256 || len < settings->max_token_length;
	return len <= settings->max_token_length;
}

bool pmill_merge_run_is_candidate(
	const struct pmill_merge_run *run, uint32_t left, uint32_t right, int64_t count)
{
	return count >= run->index.floor && pmill_merge_run_is_allowed(run, left, right);
}

struct pmill_pair *pmill_merge_run_find_pair(
	const struct pmill_merge_run *run, uint32_t left, uint32_t right)
{
	struct pmill_pair *pair = pmill_pair_index_find(&run->index, left, right);
	return pair != NULL && pair->count >= run->index.floor ? pair : NULL;
}

/* ---- The floor ---- */

/*
 * Half as much again as is sure: on text the last merge counts more yet. With a memory limit what is sure, since counting
 * all pairs afresh would take more than all else.
 */
static int64_t estimate_floor(const struct pmill_merge_run *run)
{
	const struct pmill_merger_settings *settings = run->settings;
	if (settings->first_floor > 0)
		return settings->first_floor;
	return settings->is_memory_limited ? run->sure_floor : run->sure_floor + run->sure_floor / 2;
}

static void set_floor(struct pmill_merge_run *run, int64_t floor)
{
	int64_t least = run->settings->min_count;
	run->index.floor = floor > least ? floor : least;
}

/*
 * What is sure without filters; else from where the run has come to where it will end, as if the count of merge k
 * fell as 1/k; half of that.
 */
static int64_t lower_estimate(const struct pmill_merge_run *run)
{
	if (run->index.floor > run->sure_floor && run->sure_floor > 0)
		return run->sure_floor;
	int64_t floor = run->index.floor / 4;
	double reached = (double)run->result->merge_count / (double)run->settings->merge_limit;
	double estimate = (double)run->index.floor * reached / 2;
	return estimate < (double)floor ? (int64_t)estimate : floor;
}

pmill_status pmill_merge_run_lower_floor(struct pmill_merge_run *run, bool *is_done)
{
	*is_done = run->index.floor <= run->settings->min_count;
	if (*is_done)
		return PMILL_OK;
	set_floor(run, lower_estimate(run));
	run->result->surveys++;
	return pmill_pair_survey_run(run) ? PMILL_OK : pmill_fail_memory(run->error);
}

/* ---- The index ---- */

/* A dense table of pairs of bytes for each share. */
struct build {
	struct pmill_merge_run *run;
	struct pmill_byte_pair *pairs; /* share by share */
	unsigned share_count;
	bool *fits; /* of each share */
};

static void forget_last(struct pmill_byte_pair *pairs)
{
	for (size_t i = 0; i < BYTE_PAIRS; i++)
		pairs[i].last = UINT32_MAX;
}

static void count_share(void *context, unsigned index)
{
	const struct build *build = context;
	const struct pmill_packed_words *words = &build->run->words;
	struct pmill_byte_pair *pairs = build->pairs + (size_t)index * BYTE_PAIRS;
	forget_last(pairs);
	build->fits[index] = pmill_visit_count_pairs(words, &words->shares[index], pairs);
	forget_last(pairs);
}

static void fill_share(void *context, unsigned index)
{
	const struct build *build = context;
	const struct pmill_packed_words *words = &build->run->words;
	pmill_visit_fill_pairs(words, &words->shares[index], build->pairs + (size_t)index * BYTE_PAIRS);
}

static pmill_status fail_overflow(const struct build *build)
{
	return pmill_fail(build->run->error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
		"the count of a pair does not fit 63 bits");
}

static pmill_status add_byte_pair(struct build *build, uint32_t at)
{
	struct pmill_pair *pair = &build->run->index.dense[at];
	for (unsigned s = 0; s < build->share_count; s++) {
		const struct pmill_byte_pair *own = &build->pairs[(size_t)s * BYTE_PAIRS + at];
		if (__builtin_add_overflow(pair->count, own->count, &pair->count))
			return fail_overflow(build);
	}
	return PMILL_OK;
}

/* Pairs that can't become candidates keep their count but no places. */
static pmill_status offer_byte_pair(struct build *build, uint32_t at)
{
	struct pmill_merge_run *run = build->run;
	struct pmill_pair *pair = &run->index.dense[at];
	uint32_t places = 0, left = at >> 8, right = at & 255;
	for (unsigned s = 0; s < build->share_count; s++)
		places += build->pairs[(size_t)s * BYTE_PAIRS + at].places;
	if (places == 0 || !pmill_merge_run_is_candidate(run, left, right, pair->count))
		return PMILL_OK;
	unsigned part = pmill_pair_index_part(&run->index, left, right);
	uint32_t *names = pmill_pair_index_allocate_places(&run->index, part, pair, places);
	if (names == NULL || !pmill_pair_queue_reserve(&run->queues[part], 1))
		return pmill_fail_memory(run->error);
	for (unsigned s = 0; s < build->share_count; s++) {
		struct pmill_byte_pair *own = &build->pairs[(size_t)s * BYTE_PAIRS + at];
		own->fill = names;
		names += own->places;
	}
	pmill_pair_queue_push(&run->queues[part], (struct pmill_candidate){pair->count, left, right});
	return PMILL_OK;
}

static pmill_status index_pairs(struct build *build)
{
	struct pmill_merge_run *run = build->run;
	pmill_team_run(run->team, count_share, build);
	for (unsigned s = 0; s < build->share_count; s++)
		if (!build->fits[s])
			return fail_overflow(build);
	pmill_status status = PMILL_OK;
	for (uint32_t at = 0; at < BYTE_PAIRS && status == PMILL_OK; at++)
		status = add_byte_pair(build, at);
	set_floor(run, estimate_floor(run));
	for (uint32_t at = 0; at < BYTE_PAIRS && status == PMILL_OK; at++)
		status = offer_byte_pair(build, at);
	if (status == PMILL_OK)
		pmill_team_run(run->team, fill_share, build);
	return status;
}

static pmill_status build_index(struct pmill_merge_run *run)
{
	struct build build = {.run = run, .share_count = run->words.share_count};
	size_t size = build.share_count * BYTE_PAIRS * sizeof *build.pairs;
	build.pairs = pmill_page_pool_allocate(run->settings->pool, size);
	build.fits = calloc(build.share_count, sizeof *build.fits);
	pmill_status status = build.pairs != NULL && build.fits != NULL ? index_pairs(&build)
																	: pmill_fail_memory(run->error);
	if (build.pairs != NULL)
		pmill_page_pool_free(run->settings->pool, build.pairs, size);
	free(build.fits);
	return status;
}

static bool init_queues(struct pmill_merge_run *run)
{
	run->queues = calloc(run->part_count, sizeof *run->queues);
	for (unsigned part = 0; run->queues != NULL && part < run->part_count; part++)
		pmill_pair_queue_init(&run->queues[part], &run->tokens, run->settings->ties);
	return run->queues != NULL;
}

pmill_status pmill_merge_run_build(
	struct pmill_merge_run *run, struct pmill_word_list *words, uint64_t token_limit)
{
	run->sure_floor = pmill_floor_of_words(
		words, run->settings->merge_limit, pmill_merger_longest_token(run->settings));
	if (!pmill_learned_tokens_init(&run->tokens, run->settings) || !init_queues(run) ||
		!pmill_pair_index_init(&run->index, run->part_count, run->settings->pool))
		return pmill_fail_memory(run->error);
	pmill_status status = pmill_packed_words_create(&run->words, words, &run->tokens, token_limit,
		run->settings->long_word_len, run->team, run->settings->pool, run->error);
	return status == PMILL_OK ? build_index(run) : status;
}

void pmill_merge_run_release(struct pmill_merge_run *run)
{
	for (unsigned part = 0; run->queues != NULL && part < run->part_count; part++)
		pmill_pair_queue_release(&run->queues[part]);
	free(run->queues);
	pmill_pair_index_release(&run->index);
	pmill_packed_words_release(&run->words);
	pmill_learned_tokens_release(&run->tokens);
}

/* ---- Merging ---- */

/* Candidates below the heap: with their true counts, to where these belong. */
static void open_class(struct pmill_merge_run *run, struct pmill_pair_queue *queue)
{
	struct pmill_candidate candidates[OPENED_AT_ONCE];
	size_t count;
	do {
		count = 0;
		while (count < OPENED_AT_ONCE && pmill_pair_queue_take_waiting(queue, &candidates[count])) {
			pmill_pair_index_prefetch(&run->index, candidates[count].left, candidates[count].right);
			count++;
		}
		for (size_t i = 0; i < count; i++) {
			const struct pmill_pair *pair = pmill_merge_run_find_pair(
				run, candidates[i].left, candidates[i].right);
			if (pair == NULL)
				continue;
			candidates[i].count = pair->count;
			pmill_pair_queue_push(queue, candidates[i]);
		}
	} while (count == OPENED_AT_ONCE);
}

/* Drops candidates that are gone and corrects counts until the first of the queue is true; NULL: empty. */
static const struct pmill_candidate *find_first(struct pmill_merge_run *run, unsigned part)
{
	struct pmill_pair_queue *queue = &run->queues[part];
	for (;;) {
		while (queue->count > 0) {
			const struct pmill_candidate *first = &queue->items[0];
			const struct pmill_pair *pair = pmill_merge_run_find_pair(
				run, first->left, first->right);
			if (pair == NULL)
				pmill_pair_queue_pop(queue);
			else if (pair->count == first->count)
				return first;
			else
				pmill_pair_queue_lower_first(queue, pair->count);
		}
		if (!pmill_pair_queue_open_class(queue))
			return NULL;
		open_class(run, queue);
	}
}

unsigned pmill_merge_run_find_best(struct pmill_merge_run *run, struct pmill_candidate *best)
{
	unsigned from = run->part_count;
	for (unsigned part = 0; part < run->part_count; part++) {
		const struct pmill_candidate *first = find_first(run, part);
		if (first == NULL ||
			(from < run->part_count && pmill_pair_queue_is_before(&run->queues[0], best, first)))
			continue;
		*best = *first;
		from = part;
	}
	return from;
}

bool pmill_merge_run_record(struct pmill_merge_run *run, const struct pmill_candidate *pair)
{
	struct pmill_merger_result *result = run->result;
	void *merges = result->merges;
	if (!pmill_array_reserve(
			&merges, &run->merge_capacity, result->merge_count + 1, sizeof *result->merges))
		return false;
	result->merges = merges;
	result->merges[result->merge_count++] = (struct pmill_learned_merge){
		pair->left, pair->right, pair->count};
	return pmill_learned_tokens_join(&run->tokens, pair->left, pair->right);
}

struct rest {
	const struct pmill_merge_run *run;
	bool is_any;
};

static void look_for_rest(
	void *context, uint32_t left, uint32_t right, uint32_t name, int64_t count)
{
	struct rest *rest = context;
	(void)name;
	(void)count;
	rest->is_any |= pmill_merge_run_is_allowed(rest->run, left, right);
}

const char *pmill_merge_run_why_empty(const struct pmill_merge_run *run)
{
	struct rest rest = {.run = run};
	for (unsigned s = 0; s < run->words.share_count && !rest.is_any; s++)
		pmill_packed_words_walk(&run->words, &run->words.shares[s], look_for_rest, &rest);
	return rest.is_any ? "min-count" : "no-pairs";
}

bool pmill_merge_run_is_cancelled(struct pmill_merge_run *run)
{
	struct pmill_progress_state *progress = run->settings->progress;
	return progress != NULL && !pmill_progress_step(progress, run->result->merge_count);
}
