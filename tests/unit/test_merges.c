/* The merges that ranks imply: found once, by one of several threads, or not for want of memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"
#include "model/merges.h"
#include "support/refuse_memory.h"
#include "support/small_tokenizer.h"

enum { THREADS = 8, TOKENS = 100 };

static struct pmill_tokenizer *make_ranks(void)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	tokenizer->meaning = PMILL_MEANING_RANK_BY_ID;
	add_all_bytes(tokenizer);
	return tokenizer;
}

/* Enough tokens that splitting takes longer than starting a thread. */
static struct pmill_tokenizer *make_many_ranks(void)
{
	struct pmill_tokenizer *tokenizer = make_ranks();
	uint64_t random = 1;
	for (int i = 0; i < TOKENS; i++) {
		uint8_t token[200];
		size_t len = 2 + next_random(&random) % 199;
		for (size_t k = 0; k < len; k++)
			token[k] = letter_at(next_random(&random) % 3);
		add_token(tokenizer, token, len);
		for (size_t k = 2; k < len && i % 2; k++)
			add_token(tokenizer, token, k);
	}
	return tokenizer;
}

static void list_is_what_was_listed(void **state)
{
	(void)state;
	const struct pmill_merge *merges;
	size_t count;
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	add_all_bytes(tokenizer);
	add_merge(tokenizer, 'a', 'b');
	for (int meaning = 0; meaning < 3; meaning += 2) {
		tokenizer->meaning = (enum pmill_meaning)meaning;
		assert_int_equal(pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL), PMILL_OK);
		assert_ptr_equal(merges, tokenizer->listed_merges);
		assert_int_equal(count, 1);
	}
	pmill_tokenizer_free(tokenizer);
}

/* Special tokens are neither split nor parts, and one that doesn't split into two has no merge. */
static void ranks_are_split(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_ranks();
	uint32_t ab = add_token(tokenizer, "ab", 2);
	add_token(tokenizer, "xyz", 3);
	add_special(tokenizer, "cd", true);
	uint32_t abc = add_token(tokenizer, "abc", 3);
	add_token(tokenizer, "cde", 3);
	uint32_t ids[2][3] = {{'a', 'b', ab}, {ab, 'c', abc}};
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), 2);
	for (size_t rank = 0; rank < 2; rank++) {
		uint32_t left, right, id;
		assert_int_equal(pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id), PMILL_OK);
		assert_int_equal(left, ids[rank][0]);
		assert_int_equal(right, ids[rank][1]);
		assert_int_equal(id, ids[rank][2]);
		assert_int_equal(
			pmill_tokenizer_get_merge(tokenizer, 2, &left, &right, &id), PMILL_BAD_OPTION);
	}
	pmill_tokenizer_free(tokenizer);
}

struct asking {
	const struct pmill_tokenizer *tokenizer;
	const struct pmill_merge *merges[THREADS];
	size_t counts[THREADS];
	uint64_t sums[THREADS]; /* reads every merge */
};

static void ask(void *context, unsigned index)
{
	struct asking *asking = context;
	const struct pmill_merge *merges = NULL;
	size_t count = 0;
	if (pmill_tokenizer_find_merges(asking->tokenizer, &merges, &count, NULL) != PMILL_OK)
		return;
	for (size_t i = 0; i < count; i++)
		asking->sums[index] += merges[i].left + 3 * (uint64_t)merges[i].right + merges[i].id;
	asking->merges[index] = merges;
	asking->counts[index] = count;
}

static void threads_get_the_same(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_many_ranks();
	struct asking asking = {.tokenizer = tokenizer};
	pmill_threads_run(THREADS, ask, &asking);
	assert_true(asking.counts[0] > TOKENS);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_ptr_equal(asking.merges[i], asking.merges[0]);
		assert_int_equal(asking.counts[i], asking.counts[0]);
		assert_int_equal(asking.sums[i], asking.sums[0]);
	}
	pmill_tokenizer_free(tokenizer);
}

/* After each refusal the next call tries again. */
static void memory_may_run_out(void **state)
{
	(void)state;
	long refused = 0;
	struct pmill_tokenizer *tokenizer = make_many_ranks();
	for (;; refused++) {
		const struct pmill_merge *merges;
		size_t count;
		pmill_error error;
		allocations_left = refused;
		pmill_status status = pmill_tokenizer_find_merges(tokenizer, &merges, &count, &error);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_true(count > TOKENS);
			break;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(count, 0);
	}
	assert_true(refused > 0);
	pmill_tokenizer_free(tokenizer);
}

static void getters_say_that_memory_ran_out(void **state)
{
	(void)state;
	uint32_t left, right, id;
	pmill_error error;
	struct pmill_tokenizer *tokenizer = make_many_ranks();
	allocations_left = 0;
	assert_int_equal(pmill_tokenizer_prepare_merges(tokenizer, &error), PMILL_NO_MEMORY);
	allocations_left = 0;
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), 0);
	allocations_left = 0;
	assert_int_equal(pmill_tokenizer_get_merge(tokenizer, 0, &left, &right, &id), PMILL_NO_MEMORY);
	assert_true(was_refused());
	assert_int_equal(pmill_tokenizer_prepare_merges(tokenizer, &error), PMILL_OK);
	allocations_left = 0;
	assert_true(pmill_tokenizer_merge_count(tokenizer) > TOKENS);
	assert_false(was_refused());
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_what_was_listed),
		cmocka_unit_test(ranks_are_split),
		cmocka_unit_test(threads_get_the_same),
		cmocka_unit_test(memory_may_run_out),
		cmocka_unit_test(getters_say_that_memory_ran_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
