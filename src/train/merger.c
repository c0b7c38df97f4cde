/* Words → merges: the exact trainer, one merge at a time. */
/* SPDX-License-Identifier: MIT */
#include "train/merger.h"

#include <stdlib.h>

#include "base/error.h"
#include "train/learned_tokens.h"
#include "train/neighbours.h"
#include "train/packed_words.h"
#include "train/pair_index.h"
#include "train/pair_queue.h"

enum {
	BYTE_PAIRS = 256 * 256,
	NO_WORD = -1,
	/* Measured: 8 to 16 words ahead hide the way to memory. */
	PREFETCH_AHEAD = 12,
	MERGES_A_STEP = 16, /* between looks at the clock */
};

struct merger {
	const struct pmill_merger_settings *settings;
	struct pmill_learned_tokens tokens;
	struct pmill_packed_words words;
	struct pmill_pair_index index;
	struct pmill_pair_queue queue;
	struct pmill_neighbours neighbours;
	struct pmill_merger_result *result;
	size_t merge_capacity;
	pmill_error *error;
};

#define TOKEN uint16_t
#define NAME(x) x##_narrow
#include "train/merge_word_template.h"
#define TOKEN uint32_t
#define NAME(x) x##_wide
#include "train/merge_word_template.h"

/*
 * Filters only look at lengths, and a longer token is refused wherever a shorter one is: a pair that is
 * refused stays so, whatever its parts grow into.
 */
static bool is_allowed(const struct merger *merger, uint32_t left, uint32_t right)
{
	const struct pmill_merger_settings *settings = merger->settings;
	if (settings->max_token_length == 0)
		return true;
	const struct pmill_learned_token *a = &merger->tokens.items[left];
	const struct pmill_learned_token *b = &merger->tokens.items[right];
	if (settings->is_hf_length)
		return (left | right) < 256 || (uint64_t)a->len + b->len < settings->max_token_length;
	return (uint64_t)a->len + b->len <= settings->max_token_length;
}

static bool is_candidate(const struct merger *merger, uint32_t left, uint32_t right, int64_t count)
{
	return count >= merger->settings->min_count && is_allowed(merger, left, right);
}

static pmill_status count_byte_pairs(struct merger *merger, uint32_t *last_word)
{
	for (size_t at = 0; at < merger->words.unit_count;) {
		const struct pmill_packed_word *word = pmill_packed_words_at(&merger->words, at);
		bool fits = merger->words.is_wide
			? count_pairs_wide(word, (uint32_t)at, merger->index.dense, last_word)
			: count_pairs_narrow(word, (uint32_t)at, merger->index.dense, last_word);
		if (!fits)
			return pmill_fail(merger->error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
				"the count of a pair does not fit 63 bits");
		at += word->room;
	}
	return PMILL_OK;
}

static void fill_byte_pairs(struct merger *merger, uint32_t **fill, uint32_t *last_word)
{
	for (size_t at = 0; at < merger->words.unit_count;) {
		const struct pmill_packed_word *word = pmill_packed_words_at(&merger->words, at);
		if (merger->words.is_wide)
			fill_pairs_wide(word, (uint32_t)at, fill, last_word);
		else
			fill_pairs_narrow(word, (uint32_t)at, fill, last_word);
		at += word->room;
	}
}

/* Pairs that can't become candidates keep their count but get no list of words. */
static bool allocate_byte_pairs(struct merger *merger, uint32_t **fill)
{
	for (size_t at = 0; at < BYTE_PAIRS; at++) {
		struct pmill_pair *pair = &merger->index.dense[at];
		uint32_t word_count = pair->word_count;
		uint32_t left = (uint32_t)(at >> 8), right = (uint32_t)(at & 255);
		pair->word_count = 0;
		if (word_count == 0 || !is_candidate(merger, left, right, pair->count))
			continue;
		if (!pmill_pair_allocate_words(pair, word_count))
			return false;
		fill[at] = pmill_pair_words(pair);
		if (!pmill_pair_queue_reserve(&merger->queue, 1))
			return false;
		pmill_pair_queue_push(&merger->queue, (struct pmill_candidate){pair->count, left, right});
	}
	return true;
}

static pmill_status build_index(struct merger *merger)
{
	pmill_status status = PMILL_OK;
	uint32_t *last_word = malloc(BYTE_PAIRS * sizeof *last_word);
	uint32_t **fill = calloc(BYTE_PAIRS, sizeof *fill);
	if (last_word == NULL || fill == NULL || !pmill_pair_index_init(&merger->index)) {
		status = pmill_fail_memory(merger->error);
		goto out;
	}
	memset(last_word, NO_WORD, BYTE_PAIRS * sizeof *last_word);
	status = count_byte_pairs(merger, last_word);
	if (status != PMILL_OK)
		goto out;
	if (!allocate_byte_pairs(merger, fill)) {
		status = pmill_fail_memory(merger->error);
		goto out;
	}
	memset(last_word, NO_WORD, BYTE_PAIRS * sizeof *last_word);
	fill_byte_pairs(merger, fill, last_word);
out:
	free(last_word);
	free(fill);
	return status;
}

/* The best pair, or false where no candidate is left. */
static bool take_best(struct merger *merger, struct pmill_candidate *best)
{
	struct pmill_pair_queue *queue = &merger->queue;
	while (queue->count > 0) {
		struct pmill_candidate first = queue->items[0];
		int64_t count = pmill_pair_index_find(&merger->index, first.left, first.right)->count;
		if (count == first.count) {
			*best = pmill_pair_queue_pop(queue);
			return true;
		}
		if (count >= merger->settings->min_count)
			pmill_pair_queue_lower_first(queue, count);
		else
			pmill_pair_queue_pop(queue);
	}
	return false;
}

static bool visit_words(struct merger *merger, struct pmill_pair *pair,
	const struct pmill_candidate *best, uint32_t joined)
{
	const uint32_t *names = pmill_pair_words(pair);
	for (uint32_t i = 0; i < pair->word_count; i++) {
		if (i + PREFETCH_AHEAD < pair->word_count)
			__builtin_prefetch(pmill_packed_words_at(&merger->words, names[i + PREFETCH_AHEAD]), 1);
		struct pmill_packed_word *word = pmill_packed_words_at(&merger->words, names[i]);
		if (!pmill_neighbours_reserve(&merger->neighbours, word->len))
			return false;
		if (merger->words.is_wide)
			merge_wide(word, names[i], best, joined, &merger->neighbours);
		else
			merge_narrow(word, names[i], best, joined, &merger->neighbours);
	}
	merger->result->visits += pair->word_count;
	return true;
}

/* Takes what the merge used up from a pair that was there before. */
static void lower_pair(struct merger *merger, uint32_t left, uint32_t right, int64_t count)
{
	struct pmill_pair *pair = pmill_pair_index_find(&merger->index, left, right);
	pair->count -= count;
	if (pair->count < merger->settings->min_count)
		pmill_pair_free_words(pair);
}

static bool add_pair(
	struct merger *merger, uint32_t left, uint32_t right, struct pmill_neighbour *neighbour)
{
	struct pmill_pair *pair = pmill_pair_index_add(&merger->index, left, right);
	pair->count = neighbour->count;
	if (!is_candidate(merger, left, right, neighbour->count))
		return true;
	if (!pmill_pair_allocate_words(pair, neighbour->words))
		return false;
	neighbour->fill = pmill_pair_words(pair);
	pmill_pair_queue_push(&merger->queue, (struct pmill_candidate){neighbour->count, left, right});
	return true;
}

static void fill_words(struct pmill_neighbour_side *side)
{
	for (size_t i = 0; i < side->event_count; i++) {
		struct pmill_neighbour *neighbour = &side->by_token[side->events[i].token];
		if (neighbour->fill != NULL)
			*neighbour->fill++ = side->events[i].word;
	}
}

static bool apply_left(struct merger *merger, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbour_side *side = &merger->neighbours.left;
	for (size_t i = 0; i < side->touched_count; i++) {
		if (i + 4 < side->touched_count)
			pmill_pair_index_prefetch(&merger->index, side->touched[i + 4], best->left);
		uint32_t token = side->touched[i];
		struct pmill_neighbour *neighbour = &side->by_token[token];
		lower_pair(merger, token, best->left, neighbour->count);
		if (!add_pair(merger, token, joined, neighbour))
			return false;
	}
	fill_words(side);
	return true;
}

static bool apply_right(struct merger *merger, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbour_side *side = &merger->neighbours.right;
	for (size_t i = 0; i < side->touched_count; i++) {
		if (i + 4 < side->touched_count)
			pmill_pair_index_prefetch(&merger->index, best->right, side->touched[i + 4]);
		uint32_t token = side->touched[i];
		struct pmill_neighbour *neighbour = &side->by_token[token];
		lower_pair(merger, best->right, token, neighbour->count);
		if (!add_pair(merger, joined, token, neighbour))
			return false;
	}
	fill_words(side);
	return true;
}

static bool apply_both(struct merger *merger, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbour_side *side = &merger->neighbours.both;
	if (side->touched_count == 0)
		return true;
	lower_pair(merger, best->right, best->left, side->by_token[0].count);
	if (!add_pair(merger, joined, joined, &side->by_token[0]))
		return false;
	fill_words(side);
	return true;
}

static bool apply_changes(
	struct merger *merger, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbours *neighbours = &merger->neighbours;
	size_t new_pairs = neighbours->left.touched_count + neighbours->right.touched_count +
		neighbours->both.touched_count;
	return pmill_pair_index_reserve(&merger->index, new_pairs) &&
		pmill_pair_queue_reserve(&merger->queue, new_pairs) && apply_left(merger, best, joined) &&
		apply_right(merger, best, joined) && apply_both(merger, best, joined);
}

static bool record_merge(struct merger *merger, const struct pmill_candidate *best)
{
	struct pmill_merger_result *result = merger->result;
	void *merges = result->merges;
	if (!pmill_array_reserve(
			&merges, &merger->merge_capacity, result->merge_count + 1, sizeof *result->merges))
		return false;
	result->merges = merges;
	result->merges[result->merge_count++] = (struct pmill_learned_merge){
		best->left, best->right, best->count};
	return true;
}

/*
 * A pair of equal tokens lowers itself while its runs are visited (aaaa → zz takes the pair in the middle);
 * setting the count to 0 in the end covers that: none is left.
 */
static bool apply_merge(struct merger *merger, const struct pmill_candidate *best)
{
	uint32_t joined = (uint32_t)merger->tokens.count;
	if (!record_merge(merger, best) ||
		!pmill_learned_tokens_join(&merger->tokens, best->left, best->right) ||
		!pmill_neighbours_reserve_tokens(&merger->neighbours, merger->tokens.count))
		return false;
	struct pmill_pair *pair = pmill_pair_index_find(&merger->index, best->left, best->right);
	if (!visit_words(merger, pair, best, joined))
		return false;
	pair->count = 0;
	pmill_pair_free_words(pair);
	bool done = apply_changes(merger, best, joined);
	pmill_pair_index_find(&merger->index, best->left, best->right)->count = 0;
	pmill_neighbours_clear(&merger->neighbours);
	return done;
}

static bool is_any_pair_left(const struct merger *merger)
{
	for (uint32_t at = 0; at < BYTE_PAIRS; at++)
		if (merger->index.dense[at].count > 0 && is_allowed(merger, at >> 8, at & 255))
			return true;
	for (size_t i = 0; i < merger->index.slot_count; i++) {
		const struct pmill_pair *pair = &merger->index.slots[i];
		if (pair->count > 0 && is_allowed(merger, (uint32_t)(pair->key >> 32), (uint32_t)pair->key))
			return true;
	}
	return false;
}

static bool is_cancelled(struct merger *merger)
{
	struct pmill_progress_state *progress = merger->settings->progress;
	size_t done = merger->result->merge_count;
	return progress != NULL && done % MERGES_A_STEP == 0 && !pmill_progress_step(progress, done);
}

static pmill_status merge_all(struct merger *merger)
{
	struct pmill_merger_result *result = merger->result;
	struct pmill_candidate best;
	while (result->merge_count < merger->settings->merge_limit) {
		if (!take_best(merger, &best)) {
			result->stopped = is_any_pair_left(merger) ? "min-count" : "no-pairs";
			return PMILL_OK;
		}
		if (!apply_merge(merger, &best))
			return pmill_fail_memory(merger->error);
		if (is_cancelled(merger))
			return PMILL_CANCELLED;
	}
	result->stopped = "full";
	return PMILL_OK;
}

/* From the numbers of the run to the ids of the layout. */
static uint32_t id_of(const struct merger *merger, uint32_t token)
{
	if (token < 256)
		return merger->settings->byte_ids[merger->tokens.byte_of[token]];
	return merger->settings->first_merge_id + (token - 256);
}

static void name_ids(struct merger *merger)
{
	for (size_t i = 0; i < merger->result->merge_count; i++) {
		struct pmill_learned_merge *merge = &merger->result->merges[i];
		merge->left = id_of(merger, merge->left);
		merge->right = id_of(merger, merge->right);
	}
}

/* No more tokens can come than there are bytes to join: asking for more does not make tokens wide. */
static uint64_t most_merges(const struct pmill_word_list *words, uint64_t limit)
{
	uint64_t joints = words->count == 0 ? 0 : words->offsets[words->count] - words->count;
	return joints < limit ? joints : limit;
}

static pmill_status start_stage(
	struct merger *merger, const char *stage, const char *unit, uint64_t total)
{
	struct pmill_progress_state *progress = merger->settings->progress;
	if (progress == NULL)
		return PMILL_OK;
	pmill_progress_stage(progress, stage, unit, total);
	return pmill_progress_step(progress, 0) ? PMILL_OK : PMILL_CANCELLED;
}

static pmill_status end_stage(struct merger *merger, uint64_t done)
{
	struct pmill_progress_state *progress = merger->settings->progress;
	if (progress == NULL || pmill_progress_end(progress, done))
		return PMILL_OK;
	return PMILL_CANCELLED;
}

static pmill_status run_index(
	struct merger *merger, struct pmill_word_list *words, uint64_t token_limit)
{
	uint64_t began = pmill_clock_ns();
	uint64_t word_count = words->count;
	pmill_status status = start_stage(merger, "index", "words", word_count);
	if (status != PMILL_OK)
		return status;
	if (!pmill_learned_tokens_init(&merger->tokens, merger->settings))
		return pmill_fail_memory(merger->error);
	status = pmill_packed_words_create(
		&merger->words, words, &merger->tokens, token_limit, merger->error);
	if (status == PMILL_OK)
		status = build_index(merger);
	merger->result->index_seconds_ns = pmill_clock_ns() - began;
	merger->result->index_peak_memory = pmill_peak_memory();
	return status == PMILL_OK ? end_stage(merger, word_count) : status;
}

static pmill_status run_merges(struct merger *merger)
{
	uint64_t began = pmill_clock_ns();
	pmill_status status = start_stage(merger, "merge", "merges", merger->settings->merge_limit);
	if (status != PMILL_OK)
		return status;
	status = merge_all(merger);
	merger->result->merge_seconds_ns = pmill_clock_ns() - began;
	return status == PMILL_OK ? end_stage(merger, merger->result->merge_count) : status;
}

static void release(struct merger *merger)
{
	pmill_packed_words_release(&merger->words);
	pmill_pair_index_release(&merger->index);
	pmill_pair_queue_release(&merger->queue);
	pmill_neighbours_release(&merger->neighbours);
	pmill_learned_tokens_release(&merger->tokens);
}

pmill_status pmill_merger_run(struct pmill_word_list *words,
	const struct pmill_merger_settings *settings, struct pmill_merger_result *result,
	pmill_error *error)
{
	*result = (struct pmill_merger_result){0};
	struct merger merger = {.settings = settings, .result = result, .error = error};
	merger.queue.tokens = &merger.tokens;
	merger.queue.ties = settings->ties;
	uint64_t token_limit = 256 + most_merges(words, settings->merge_limit);
	pmill_status status = run_index(&merger, words, token_limit);
	if (status == PMILL_OK)
		status = run_merges(&merger);
	if (status == PMILL_CANCELLED)
		pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	if (status == PMILL_OK)
		name_ids(&merger);
	else
		pmill_merger_result_release(result);
	release(&merger);
	return status;
}

void pmill_merger_result_release(struct pmill_merger_result *result)
{
	free(result->merges);
	result->merges = NULL;
	result->merge_count = 0;
}
