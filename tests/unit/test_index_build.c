/* The index before the first merge: pairs of bytes as a plain count of the words has them. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/error.h"
#include "merge/index_build.h"
#include "support/naive_words.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/refuse_pages.h"

enum { PAIRS = 256 * 256, ROUNDS = 60, MOST_LEN = 600 };

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- An index of random words ---- */

struct building {
	struct naive_words naive;
	struct pmill_merger_settings settings;
	struct pmill_merger_result result;
	pmill_error error;
	struct pmill_merge_state state;
};

/* Ids of bytes in another order than that of the bytes. */
static void start(struct building *building, unsigned threads, unsigned part_count)
{
	*building = (struct building){.settings = {.merge_limit = 100000, .min_count = 1}};
	for (uint32_t i = 0; i < 256; i++)
		building->settings.byte_ids[i] = (i * 91 + 3) % 256;
	struct pmill_merge_state *state = &building->state;
	state->settings = &building->settings;
	state->result = &building->result;
	state->error = &building->error;
	state->team = pmill_team_create(threads);
	assert_non_null(state->team);
	state->part_count = part_count;
}

/* With `refused` >= 0, that many allocations succeed, and the next is refused. */
static pmill_status build_with(struct building *building, long refused)
{
	struct pmill_word_list list = {0};
	struct pmill_merge_state *state = &building->state;
	for (size_t i = 0; i < building->naive.count; i++) {
		const struct naive_word *word = &building->naive.words[i];
		assert_true(
			pmill_word_list_append(&list, (pmill_bytes){word->bytes, word->len}, word->count));
	}
	state->most_merges = building->settings.merge_limit;
	allocations_left = refused;
	pmill_status status = pmill_merge_state_init(state) ? pmill_index_build(state, &list)
														: PMILL_NO_MEMORY;
	if (status == PMILL_OK)
		assert_int_equal(list.count, 0);
	pmill_word_list_release(&list);
	return status;
}

static pmill_status build(struct building *building)
{
	return build_with(building, -1);
}

static void release(struct building *building)
{
	pmill_merge_state_release(&building->state);
	pmill_team_free(building->state.team);
	naive_release(&building->naive);
}

/* ---- A plain count ---- */

static int64_t naive_counts[PAIRS];
static size_t naive_place_counts[PAIRS];

static uint32_t token_of(const struct building *building, uint8_t byte)
{
	return building->settings.byte_ids[byte];
}

static bool is_chained(const struct building *building, const struct naive_word *word)
{
	size_t limit = building->settings.chained_word_len;
	return word->len >= (limit > 0 ? limit : 256);
}

static uint32_t pair_at(const struct building *building, const struct naive_word *word, size_t at)
{
	return token_of(building, word->bytes[at]) << 8 | token_of(building, word->bytes[at + 1]);
}

static bool is_new_in_word(
	const struct building *building, const struct naive_word *word, size_t at)
{
	bool found = false;
	for (size_t i = 0; i < at; i++)
		found |= pair_at(building, word, i) == pair_at(building, word, at);
	return !found;
}

/* A place is a short word, or a position in a chained one. */
static void count_naively(const struct building *building)
{
	memset(naive_counts, 0, sizeof naive_counts);
	memset(naive_place_counts, 0, sizeof naive_place_counts);
	for (size_t i = 0; i < building->naive.count; i++) {
		const struct naive_word *word = &building->naive.words[i];
		for (size_t at = 0; at + 1 < word->len; at++) {
			uint32_t pair = pair_at(building, word, at);
			naive_counts[pair] += word->count;
			naive_place_counts[pair] += is_chained(building, word) ||
				is_new_in_word(building, word, at);
		}
	}
}

/* ---- Comparing ---- */

static bool has_pair_at(const struct pmill_packed_words *words, uint32_t place, uint32_t pair)
{
	uint32_t left = pair >> 8, right = pair & 255;
	if (place >= words->unit_count) {
		uint32_t at = place - (uint32_t)words->unit_count, next = words->after[at];
		return words->tokens[at] == left && next != PMILL_NO_POSITION &&
			words->tokens[next] == right;
	}
	const struct pmill_packed_word *word = pmill_packed_words_at(words, place);
	const uint32_t *wide = (const uint32_t *)(const void *)word->tokens;
	bool found = false;
	for (size_t i = 0; i + 1 < pmill_packed_word_len(word); i++)
		found |= (words->is_wide ? wide[i] : word->tokens[i]) == left &&
			(words->is_wide ? wide[i + 1] : word->tokens[i + 1]) == right;
	return found;
}

/* They are as many as there are, distinct, and all hold the pair: so they are all. */
static void check_places(const struct building *building, uint32_t pair)
{
	const struct pmill_packed_words *words = &building->state.words;
	uint32_t single;
	size_t count, seen = 0;
	const uint32_t *places = pmill_pair_places(&building->state.index.dense[pair], &single, &count);
	assert_int_equal(count, naive_place_counts[pair]);
	for (unsigned share = 0; share < words->share_count; share++) {
		const uint32_t *own = places;
		size_t own_count = count;
		pmill_packed_words_narrow(words, share, &own, &own_count);
		for (size_t i = 0; i < own_count; i++) {
			assert_true(i == 0 || own[i] > own[i - 1]);
			assert_true(has_pair_at(words, own[i], pair));
		}
		seen += own_count;
	}
	assert_int_equal(seen, count);
}

static bool is_offered(const struct building *building, uint32_t pair)
{
	return naive_counts[pair] >= building->state.index.floor &&
		(building->settings.max_token_length == 0 || building->settings.is_hf_length ||
			building->settings.max_token_length >= 2);
}

static void check_index(const struct building *building)
{
	for (uint32_t pair = 0; pair < PAIRS; pair++) {
		const struct pmill_pair *found = pmill_pair_index_find(
			&building->state.index, pair >> 8, pair & 255);
		assert_int_equal(found->count, naive_counts[pair]);
		if (is_offered(building, pair))
			check_places(building, pair);
		else
			assert_int_equal(found->places, 0);
	}
}

static void check_floor(const struct building *building)
{
	const struct pmill_merger_settings *settings = &building->settings;
	int64_t safe = building->state.safe_floor, floor = settings->first_floor;
	if (floor == 0)
		floor = safe + safe / 2;
	if (floor < settings->min_count)
		floor = settings->min_count;
	assert_int_equal(building->state.index.floor, floor);
}

/* The candidates are the pairs that reach the floor, each in the queue of its part. */
static void check_queues(struct building *building)
{
	size_t offered = 0, expected = 0;
	for (uint32_t pair = 0; pair < PAIRS; pair++)
		expected += is_offered(building, pair);
	for (unsigned part = 0; part < building->state.part_count; part++) {
		struct pmill_pair_queue *queue = &building->state.queues[part];
		struct pmill_candidate candidate;
		assert_int_equal(queue->count, 0);
		while (pmill_pair_queue_open_class(queue))
			while (pmill_pair_queue_take_waiting(queue, &candidate)) {
				uint32_t pair = candidate.left << 8 | candidate.right;
				assert_true(is_offered(building, pair));
				assert_int_equal(candidate.count, naive_counts[pair]);
				assert_int_equal(
					pmill_pair_index_part(&building->state.index, candidate.left, candidate.right),
					part);
				naive_counts[pair] = 0; /* once */
				offered++;
			}
	}
	assert_int_equal(offered, expected);
}

/* ---- Random words ---- */

static void add_words(struct building *building, size_t count, uint64_t *random)
{
	uint8_t word[MOST_LEN];
	for (size_t i = 0; i < count; i++) {
		size_t longest = next_random(random) % 32 == 0 ? MOST_LEN : 12;
		size_t len = naive_random_word(random, word, longest);
		if (next_random(random) % 2 == 0)
			word[next_random(random) % len] = (uint8_t)(next_random(random) % 256);
		naive_add(&building->naive, word, len, 1 + (int64_t)(next_random(random) % 50));
	}
	naive_finish(&building->naive);
}

static void choose_settings(struct pmill_merger_settings *settings, uint64_t *random)
{
	static const size_t chained[] = {0, 2, 5, 100};
	static const uint64_t limits[] = {20, 300, 100000};
	settings->chained_word_len = chained[next_random(random) % 4];
	settings->merge_limit = limits[next_random(random) % 3];
	settings->min_count = 1 + (int64_t)(next_random(random) % 3 * 20);
	settings->first_floor = next_random(random) % 2 == 0 ? 0 : (int64_t)(next_random(random) % 99);
	settings->max_token_length = next_random(random) % 4;
	settings->is_hf_length = next_random(random) % 2 == 0;
}

static void check_round(uint64_t seed)
{
	static struct building building;
	uint64_t random = seed;
	unsigned threads = 1 + (unsigned)(next_random(&random) % 4);
	start(&building, threads, next_random(&random) % 2 == 0 ? 1 : threads);
	choose_settings(&building.settings, &random);
	add_words(&building, next_random(&random) % 3000, &random);
	assert_int_equal(build(&building), PMILL_OK);
	check_floor(&building);
	count_naively(&building);
	check_index(&building);
	check_queues(&building);
	release(&building);
}

static void test_random_words(void **state)
{
	(void)state;
	uint64_t seed = first_seed();
	print_message("seeds %llu to %llu (PMILL_SEED)\n", (unsigned long long)seed,
		(unsigned long long)seed + ROUNDS - 1);
	for (uint64_t i = 0; i < ROUNDS; i++)
		check_round(seed + i);
}

static void test_no_words(void **state)
{
	(void)state;
	static struct building building;
	start(&building, 2, 2);
	assert_int_equal(build(&building), PMILL_OK);
	count_naively(&building);
	check_index(&building);
	check_queues(&building);
	release(&building);
}

/* The counts of one pair don't fit: within a word, in a share, or only in all of them together. */
static void test_counts_that_do_not_fit(void **state)
{
	(void)state;
	static const struct {
		const char *words[2];
		int64_t count;
		pmill_status status;
	} rows[] = {
		{{"ab", "abc"}, INT64_MAX / 2 + 1, PMILL_OVERFLOW},
		{{"ab", "abc"}, INT64_MAX / 2, PMILL_OK},
		{{"abab", "c"}, INT64_MAX / 2 + 1, PMILL_OVERFLOW},
		{{"abab", "c"}, INT64_MAX / 2, PMILL_OK},
		{{"aa", "bb"}, INT64_MAX, PMILL_OK},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static struct building building;
		start(&building, 1, 1);
		for (size_t j = 0; j < 2; j++)
			naive_add(&building.naive, (const uint8_t *)rows[i].words[j], strlen(rows[i].words[j]),
				rows[i].count);
		naive_finish(&building.naive);
		assert_int_equal(build(&building), rows[i].status);
		release(&building);
	}
}

/* As above, with the two words in two shares. */
static void test_sums_of_shares_that_do_not_fit(void **state)
{
	(void)state;
	static struct building building;
	start(&building, 2, 1);
	for (unsigned i = 0; i < 256; i++) {
		const uint8_t word[2] = {i == 0 ? 'a' : 'b', i == 0 ? 'b' : (uint8_t)i};
		int64_t count = i == 0 ? INT64_MAX / 2 + 1 : 1;
		naive_add(&building.naive, word, 2, count);
	}
	naive_add(&building.naive, (const uint8_t *)"zab", 3, INT64_MAX / 2 + 1);
	naive_finish(&building.naive);
	assert_int_equal(building.naive.count, 257);
	assert_int_equal(build(&building), PMILL_OVERFLOW);
	assert_non_null(strstr(building.error.message, "63 bits"));
	release(&building);
}

/* Whatever is refused, what there is can be released. */
static void test_out_of_memory(void **state)
{
	(void)state;
	static struct building building;
	pmill_status status = PMILL_NO_MEMORY;
	long k = 0;
	for (; status != PMILL_OK; k++) {
		start(&building, 2, 2);
		naive_add(&building.naive, (const uint8_t *)"ababab", 6, 5);
		naive_add(&building.naive, (const uint8_t *)"abc", 3, 6);
		naive_finish(&building.naive);
		building.settings.chained_word_len = 5;
		status = build_with(&building, k);
		assert_int_equal(was_refused(), status != PMILL_OK);
		assert_true(status == PMILL_OK || status == PMILL_NO_MEMORY);
		release(&building);
	}
	assert_true(k > 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_words),
		cmocka_unit_test(test_no_words),
		cmocka_unit_test(test_counts_that_do_not_fit),
		cmocka_unit_test(test_sums_of_shares_that_do_not_fit),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
