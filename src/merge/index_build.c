/* The index before the first merge: the words are packed, and their pairs of bytes indexed. */
/* SPDX-License-Identifier: MIT */
#include "merge/index_build.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "merge/floor.h"
#include "merge/visit.h"

enum {
	BYTE_PAIRS = 256 * 256,
	REPORTED_UNITS = 1 << 16, /* of words, between reports of progress: about 1 ms */
};

/* The passes over the words. */
enum pass { PACK, COUNT, FILL };

/* One and a half times the safe floor: on text the last merge counts even more. */
static int64_t estimate_floor(const struct pmill_merge_state *state)
{
	const struct pmill_merger_settings *settings = state->settings;
	if (settings->first_floor > 0)
		return settings->first_floor;
	return state->safe_floor + state->safe_floor / 2;
}

/* One dense table of pairs of bytes per share. */
struct build {
	struct pmill_merge_state *state;
	struct pmill_byte_pair *pairs; /* share by share */
	unsigned share_count;
	bool *fits; /* by share */
	atomic_bool is_cancelled;
};

/*
 * Reports progress on the calling thread, which has share 0, and relays the wish to stop to the
 * others. Returns whether there are words left and nobody wants to stop.
 */
static bool goes_on(
	struct build *build, unsigned share, enum pass pass, const struct pmill_packed_share *rest)
{
	const struct pmill_packed_share *all = &build->state->words.shares[share];
	if (share == 0 &&
		!pmill_progress_pass(build->state->settings->progress, pass, PMILL_INDEX_PASSES,
			rest->short_begin - all->short_begin, all->short_end - all->short_begin))
		atomic_store(&build->is_cancelled, true);
	return rest->short_begin < rest->short_end &&
		!atomic_load_explicit(&build->is_cancelled, memory_order_relaxed);
}

static void forget_last(struct pmill_byte_pair *pairs)
{
	for (size_t i = 0; i < BYTE_PAIRS; i++)
		pairs[i].last = UINT32_MAX;
}

static void count_share(void *context, unsigned index)
{
	struct build *build = context;
	const struct pmill_packed_words *words = &build->state->words;
	struct pmill_byte_pair *pairs = build->pairs + (size_t)index * BYTE_PAIRS;
	struct pmill_packed_share rest = words->shares[index];
	bool fits;
	forget_last(pairs);
	do
		fits = pmill_visit_count_pairs(words, &rest, REPORTED_UNITS, pairs);
	while (fits && goes_on(build, index, COUNT, &rest));
	build->fits[index] = fits;
	forget_last(pairs);
}

static void fill_share(void *context, unsigned index)
{
	struct build *build = context;
	const struct pmill_packed_words *words = &build->state->words;
	struct pmill_byte_pair *pairs = build->pairs + (size_t)index * BYTE_PAIRS;
	struct pmill_packed_share rest = words->shares[index];
	do
		pmill_visit_fill_pairs(words, &rest, REPORTED_UNITS, pairs);
	while (goes_on(build, index, FILL, &rest));
}

static pmill_status fail_overflow(const struct build *build)
{
	return pmill_fail(build->state->error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
		"the count of a pair does not fit in 63 bits");
}

static pmill_status add_byte_pair(struct build *build, uint32_t at)
{
	struct pmill_pair *pair = &build->state->index.dense[at];
	for (unsigned s = 0; s < build->share_count; s++) {
		const struct pmill_byte_pair *own = &build->pairs[(size_t)s * BYTE_PAIRS + at];
		if (__builtin_add_overflow(pair->count, own->count, &pair->count))
			return fail_overflow(build);
	}
	return PMILL_OK;
}

/* A pair that can't become a candidate keeps its count but gets no places. */
static pmill_status offer_byte_pair(struct build *build, uint32_t at)
{
	struct pmill_merge_state *state = build->state;
	struct pmill_pair *pair = &state->index.dense[at];
	uint32_t place_count = 0, left = at >> 8, right = at & 255;
	if (pair->count < state->index.floor || !pmill_merge_state_is_allowed(state, left, right))
		return PMILL_OK;
	for (unsigned s = 0; s < build->share_count; s++)
		place_count += build->pairs[(size_t)s * BYTE_PAIRS + at].place_count;
	unsigned part = pmill_pair_index_part(&state->index, left, right);
	uint32_t *places = pmill_pair_index_allocate_places(&state->index, part, pair, place_count);
	if (places == NULL || !pmill_pair_queue_reserve(&state->queues[part], 1))
		return pmill_fail_memory(state->error);
	for (unsigned s = 0; s < build->share_count; s++) {
		struct pmill_byte_pair *own = &build->pairs[(size_t)s * BYTE_PAIRS + at];
		own->fill = places;
		places += own->place_count;
	}
	pmill_pair_queue_push(&state->queues[part], (struct pmill_candidate){pair->count, left, right});
	return PMILL_OK;
}

static pmill_status end_pass(const struct build *build)
{
	return atomic_load(&build->is_cancelled) ? PMILL_CANCELLED : PMILL_OK;
}

static pmill_status index_pairs(struct build *build)
{
	struct pmill_merge_state *state = build->state;
	pmill_team_run(state->team, count_share, build);
	for (unsigned s = 0; s < build->share_count; s++)
		if (!build->fits[s])
			return fail_overflow(build);
	pmill_status status = end_pass(build);
	for (uint32_t at = 0; at < BYTE_PAIRS && status == PMILL_OK; at++)
		status = add_byte_pair(build, at);
	pmill_merge_state_set_floor(state, estimate_floor(state));
	for (uint32_t at = 0; at < BYTE_PAIRS && status == PMILL_OK; at++)
		status = offer_byte_pair(build, at);
	if (status != PMILL_OK)
		return status;
	pmill_team_run(state->team, fill_share, build);
	return end_pass(build);
}

static pmill_status build_index(struct pmill_merge_state *state)
{
	struct build build = {.state = state, .share_count = state->words.share_count};
	size_t size = build.share_count * BYTE_PAIRS * sizeof *build.pairs;
	build.pairs = pmill_page_pool_allocate(state->settings->pool, size);
	build.fits = calloc(build.share_count, sizeof *build.fits);
	pmill_status status = build.pairs != NULL && build.fits != NULL
		? index_pairs(&build)
		: pmill_fail_memory(state->error);
	if (build.pairs != NULL)
		pmill_page_pool_free(state->settings->pool, build.pairs, size);
	free(build.fits);
	return status;
}

pmill_status pmill_index_build(struct pmill_merge_state *state, struct pmill_word_list *words)
{
	const struct pmill_merger_settings *settings = state->settings;
	state->safe_floor = pmill_floor_of_words(
		words, settings->merge_limit, pmill_merger_longest_token(settings));
	pmill_status status = pmill_packed_words_create(&state->words, words, &state->tokens,
		256 + state->most_merges, settings->chained_word_len, state->team, settings->pool,
		settings->progress, state->error);
	return status == PMILL_OK ? build_index(state) : status;
}
