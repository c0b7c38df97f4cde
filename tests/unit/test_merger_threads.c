/* Batches on threads, with enough words for all of them: the same merges as one by one. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/team.h"
#include "merge/merger.h"
#include "merge/place_pool.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_pages.h"

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)random_below(&random_state, below);
}

/* A number in front makes words distinct and sorted. Some are long, and counts tie often. */
static void make_words(struct pmill_word_list *list, size_t count)
{
	char word[600];
	for (size_t i = 0; i < count; i++) {
		size_t len = (size_t)snprintf(word, sizeof word, "%06zu", i);
		size_t end = len + (draw(500) == 0 ? 250 + draw(300) : draw(14));
		uint32_t letters = 1 + draw(4);
		for (; len < end; len++)
			word[len] = (char)('a' + draw(letters));
		assert_true(pmill_word_list_append(list, (pmill_bytes){word, len}, 1 + draw(5)));
	}
}

static long refused_allocation = -1; /* of the merger; negative: none */

static pmill_status train_status(size_t words, const char *method, unsigned threads,
	int64_t min_count, uint64_t max_token_length, struct pmill_merger_result *result)
{
	struct pmill_word_list list = {0};
	random_state = 5;
	make_words(&list, words);
	struct pmill_merger_settings settings = {.first_merge_id = 256,
		.merge_limit = 3000,
		.min_count = min_count,
		.max_token_length = max_token_length,
		.ties = threads % 2 == 0 ? PMILL_TIES_BYTES : PMILL_TIES_IDS,
		.threads = threads,
		.first_floor = threads % 3 == 0 ? 1000 : 0,
		.method = method};
	for (uint32_t i = 0; i < 256; i++)
		settings.byte_ids[i] = i;
	allocations_left = refused_allocation;
	pmill_status status = pmill_merger_run(&list, &settings, result, NULL);
	pmill_word_list_release(&list);
	return status;
}

static void train(size_t words, const char *method, unsigned threads, int64_t min_count,
	uint64_t max_token_length, struct pmill_merger_result *result)
{
	assert_int_equal(
		train_status(words, method, threads, min_count, max_token_length, result), PMILL_OK);
}

static void compare(
	size_t words, const char *method, unsigned threads, int64_t min_count, uint64_t longest)
{
	struct pmill_merger_result single, other;
	train(words, "one-by-one", threads, min_count, longest, &single);
	train(words, method, threads, min_count, longest, &other);
	assert_int_equal(other.merge_count, single.merge_count);
	assert_string_equal(other.stopped, single.stopped);
	assert_memory_equal(other.merges, single.merges, single.merge_count * sizeof *single.merges);
	assert_true(other.batches > 0 && other.batches < other.merge_count / 2);
	assert_true(single.merge_count > 500);
	assert_true((other.surveys > 0) == (threads % 3 == 0));
	print_message("%s, %u threads: %zu merges in %llu batches\n",
		method == NULL ? "default" : method, threads, other.merge_count,
		(unsigned long long)other.batches);
	pmill_merger_result_release(&single);
	pmill_merger_result_release(&other);
}

static void equals_one_by_one(void **state)
{
	(void)state;
	static const unsigned thread_counts[] = {2, 3, 4, 8, 16};
	for (size_t way = 0; pmill_merger_name(way) != NULL; way++)
		for (size_t i = 0; i < sizeof thread_counts / sizeof *thread_counts; i++)
			if (strcmp(pmill_merger_name(way), "one-by-one") != 0)
				compare(30000, pmill_merger_name(way), thread_counts[i], i == 3 ? 20 : 1,
					i == 2 ? 6 : 0);
}

/* With enough words, batches of middling size are timed, on one thread and on several. */
static void the_default_equals_one_by_one(void **state)
{
	(void)state;
	compare(700000, NULL, 2, 20, 0);
}

/* ---- Out of memory in the middle of a batch ---- */

static atomic_long lists_left = -1; /* lists of places before one is refused; negative: none is */

struct pmill_places *__real_pmill_place_pool_allocate(
	struct pmill_place_pool *pool, uint32_t count);
struct pmill_places *__wrap_pmill_place_pool_allocate(
	struct pmill_place_pool *pool, uint32_t count);

struct pmill_places *__wrap_pmill_place_pool_allocate(struct pmill_place_pool *pool, uint32_t count)
{
	if (atomic_load(&lists_left) >= 0 && atomic_fetch_sub(&lists_left, 1) == 0)
		return NULL;
	return __real_pmill_place_pool_allocate(pool, count);
}

/* Wherever it happens: some pairs have their new places then, and others not yet. */
static void out_of_memory(void **state)
{
	(void)state;
	pmill_status status = PMILL_NO_MEMORY;
	long k = 0;
	for (; status != PMILL_OK; k += 1 + k / 16) {
		struct pmill_merger_result result;
		lists_left = k;
		status = train_status(6000, "batches", 4, 1, 0, &result);
		if (status == PMILL_OK)
			pmill_merger_result_release(&result);
		else
			assert_int_equal(status, PMILL_NO_MEMORY);
	}
	lists_left = -1;
	assert_true(k > 100);
}

/* Three threads begin with a floor, and count all pairs again when it is lowered. */
static void out_of_memory_in_surveys(void **state)
{
	(void)state;
	unsigned refusals = 0;
	for (long k = 0;; k += 1 + k / 32) {
		struct pmill_merger_result result;
		refused_allocation = k;
		const pmill_status status = train_status(3000, "batches", 3, 1, 0, &result);
		const bool was_one_refused = was_refused();
		assert_true(status == PMILL_OK || (was_one_refused && status == PMILL_NO_MEMORY));
		if (status == PMILL_OK)
			pmill_merger_result_release(&result);
		if (!was_one_refused)
			break;
		refusals += status != PMILL_OK;
	}
	refused_allocation = -1;
	assert_true(refusals > 50);
}

/* ---- The team itself ---- */

struct round {
	unsigned number;
	unsigned seen[8]; /* by member: the rounds it worked in */
};

static void work(void *context, unsigned index)
{
	struct round *round = context;
	assert_int_equal(round->seen[index], round->number);
	round->seen[index]++;
}

static void every_member_works_in_every_round(void **state)
{
	(void)state;
	for (unsigned size = 1; size <= 8; size++) {
		struct pmill_team *team = pmill_team_create(size);
		assert_non_null(team);
		assert_int_equal(pmill_team_size(team), size);
		struct round round = {0};
		for (; round.number < 2000; round.number++)
			pmill_team_run(team, work, &round);
		for (unsigned i = 0; i < size; i++)
			assert_int_equal(round.seen[i], 2000);
		pmill_team_free(team);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_one_by_one),
		cmocka_unit_test(the_default_equals_one_by_one),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(out_of_memory_in_surveys),
		cmocka_unit_test(every_member_works_in_every_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
