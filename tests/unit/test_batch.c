/* Batches: in the order of merging one by one, and no pair of one touches another. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "merge/index_build.h"
#include "merge/merge_alone.h"
#include "merge/merger.h"
#include "support/naive_words.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { WORDS = 400, MOST_LEN = 12, MERGES = 300, SEEDS = 60 };

/* A training that takes its batches by hand, and applies them one by one. */
struct taking {
	struct pmill_merger_settings settings;
	struct pmill_merger_result result;
	struct pmill_merge_state state;
	struct pmill_merge_alone alone;
	struct pmill_batch batch;
	pmill_error error;
};

static void start(struct taking *taking, const struct naive_words *words, enum pmill_ties ties)
{
	struct pmill_word_list list = {0};
	*taking = (struct taking){
		.settings = {.merge_limit = MERGES, .min_count = 1, .ties = ties, .first_floor = 1}};
	for (uint32_t i = 0; i < 256; i++)
		taking->settings.byte_ids[i] = i;
	struct pmill_merge_state *state = &taking->state;
	state->settings = &taking->settings;
	state->result = &taking->result;
	state->error = &taking->error;
	state->team = pmill_team_create(1);
	state->part_count = 3;
	state->most_merges = MERGES;
	assert_non_null(state->team);
	for (size_t i = 0; i < words->count; i++)
		assert_true(pmill_word_list_append(&list,
			(pmill_bytes){words->words[i].bytes, words->words[i].len}, words->words[i].count));
	assert_true(pmill_merge_state_init(state));
	assert_int_equal(pmill_index_build(state, &list), PMILL_OK);
	pmill_merge_alone_init(&taking->alone, state);
}

static void release(struct taking *taking)
{
	pmill_batch_release(&taking->batch);
	pmill_merge_alone_release(&taking->alone);
	pmill_merger_result_release(&taking->result);
	pmill_merge_state_release(&taking->state);
	pmill_team_free(taking->state.team);
}

/* Few letters and small counts, so that many pairs tie. */
static void draw_words(struct naive_words *words, uint64_t *random)
{
	unsigned letters = 2 + (unsigned)random_below(random, 8);
	uint64_t counts = 1 + random_below(random, 6);
	for (unsigned i = 0; i < WORDS; i++) {
		uint8_t word[MOST_LEN];
		size_t len = 1 + random_below(random, MOST_LEN);
		for (size_t at = 0; at < len; at++)
			word[at] = (uint8_t)('a' + random_below(random, letters));
		naive_add(words, word, len, (int64_t)(1 + random_below(random, counts)));
	}
	naive_finish(words);
}

/* No token is on the left in one pair and on the right in another; aa may only come last. */
static void check_apart(const struct pmill_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct pmill_candidate *a = &batch->pairs[i];
		assert_true(a->left != a->right || i + 1 == batch->count);
		for (size_t k = 0; k < batch->count; k++)
			assert_true(i == k || a->right != batch->pairs[k].left);
		assert_true(i == 0 || batch->pairs[i - 1].count >= a->count);
	}
}

static void apply(struct taking *taking)
{
	size_t first = taking->result.merge_count;
	assert_true(pmill_batch_record(&taking->batch, &taking->state));
	assert_int_equal(taking->batch.first_joined, 256 + first);
	for (size_t i = 0; i < taking->batch.count; i++) {
		struct pmill_token_merge merge = pmill_batch_merge(&taking->batch, i);
		const struct pmill_learned_merge *recorded = &taking->result.merges[first + i];
		assert_true(merge.left == recorded->left && merge.right == recorded->right);
		assert_int_equal(merge.joined, 256 + first + i);
	}
	assert_true(pmill_merge_alone_apply(&taking->alone, &taking->batch));
}

/* Takes all; returns the number of batches. */
static size_t take_all(struct taking *taking, size_t limit)
{
	size_t batches = 0;
	while (taking->result.merge_count < MERGES) {
		assert_true(pmill_batch_take(&taking->batch, &taking->state, limit));
		assert_true(taking->batch.count <= limit);
		assert_true(taking->result.merge_count + taking->batch.count <= MERGES);
		if (taking->batch.count == 0)
			return batches;
		check_apart(&taking->batch);
		apply(taking);
		batches++;
	}
	return batches;
}

static void check_seed(uint64_t seed, size_t *merges, size_t *batches)
{
	static const size_t limits[] = {2, 7, PMILL_BATCH_LIMIT};
	uint64_t random = seed;
	struct naive_words words = {0};
	draw_words(&words, &random);
	for (int ties = PMILL_TIES_BYTES; ties <= PMILL_TIES_IDS; ties++) {
		static struct taking single, many;
		start(&single, &words, (enum pmill_ties)ties);
		take_all(&single, 1);
		for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
			start(&many, &words, (enum pmill_ties)ties);
			size_t taken = take_all(&many, limits[i]);
			assert_int_equal(many.result.merge_count, single.result.merge_count);
			if (memcmp(many.result.merges, single.result.merges,
					single.result.merge_count * sizeof *single.result.merges) != 0)
				fail_msg(
					"seed %llu, ties %d, limit %zu", (unsigned long long)seed, ties, limits[i]);
			if (limits[i] == PMILL_BATCH_LIMIT) {
				*merges += many.result.merge_count;
				*batches += taken;
			}
			release(&many);
		}
		release(&single);
	}
	naive_release(&words);
}

static void test_order(void **state)
{
	(void)state;
	size_t merges = 0, batches = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		check_seed(seed, &merges, &batches);
	assert_true(merges > 10000 && batches < merges / 2);
}

/* Which allocation fails makes no difference: false, and all can be released. */
static void test_out_of_memory(void **state)
{
	(void)state;
	uint64_t random = 5;
	struct naive_words words = {0};
	draw_words(&words, &random);
	long k = 0;
	for (bool was_enough = false; !was_enough; k++) {
		static struct taking taking;
		start(&taking, &words, PMILL_TIES_BYTES);
		allocations_left = k;
		bool done = pmill_batch_take(&taking.batch, &taking.state, PMILL_BATCH_LIMIT);
		was_enough = !was_refused();
		assert_int_equal(done, was_enough);
		release(&taking);
	}
	assert_true(k > 4);
	naive_release(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
