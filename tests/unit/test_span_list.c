/* Span lists against an array with the policy of each byte. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/span_list.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { POLICIES = 5, TOKENS = 4, LONGEST = 60 };

static struct pmill_policy *policies[POLICIES];

/* Policies that treat some tokens alike, and one that ignores all. */
static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		policies[i] = calloc(1, sizeof *policies[i] + TOKENS);
		if (policies[i] == NULL)
			return -1;
		atomic_init(&policies[i]->references, 1);
		for (size_t k = 0; k < TOKENS && i > 0; k++) {
			policies[i]->treatments[k] = (uint8_t)((i + k * i / 2) % 3);
			policies[i]->is_any |= policies[i]->treatments[k] != PMILL_IGNORED;
		}
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		assert_int_equal(atomic_load(&policies[i]->references), 1);
		pmill_policy_free(policies[i]);
	}
	return 0;
}

/* A list, and the same as one policy for each byte. */
struct both {
	struct pmill_span_list list;
	const pmill_policy *of_byte[LONGEST];
	size_t len;
};

static void add(struct both *both, const pmill_policy *policy, size_t len)
{
	for (size_t i = 0; i < len; i++)
		both->of_byte[both->len++] = policy;
	assert_true(pmill_span_list_add(&both->list, both->len, policy));
}

static enum pmill_treatment treat_plainly(
	const struct both *both, size_t begin, size_t end, size_t token)
{
	enum pmill_treatment treatment = PMILL_RECOGNISED;
	for (size_t i = begin; i < end || i == begin; i++) {
		const size_t at = i < both->len ? i : both->len - 1;
		const enum pmill_treatment here = both->of_byte[at]->treatments[token];
		treatment = here < treatment ? here : treatment;
	}
	return treatment;
}

static bool is_any_plainly(const struct both *both)
{
	bool is_any = false;
	for (size_t i = 0; i < both->len; i++)
		is_any |= both->of_byte[i]->is_any;
	return is_any;
}

/* Every range, in an order that goes back and forth, so that the hint is of little use. */
static void check_ranges(struct both *both, uint64_t *random)
{
	assert_int_equal(pmill_span_list_is_any(&both->list), is_any_plainly(both));
	for (size_t turn = 0; both->len > 0 && turn < 200; turn++) {
		const size_t begin = (size_t)random_below(random, both->len);
		const size_t end = begin + (size_t)random_below(random, both->len - begin + 1);
		const size_t token = (size_t)random_below(random, TOKENS);
		assert_int_equal(pmill_span_list_treat(&both->list, begin, end, token),
			treat_plainly(both, begin, end, token));
		assert_ptr_equal(pmill_span_list_at(&both->list, begin), both->of_byte[begin]);
	}
	if (both->len > 0)
		assert_ptr_equal(
			pmill_span_list_at(&both->list, both->len + 5), both->of_byte[both->len - 1]);
}

static void drop(struct both *both, size_t len)
{
	pmill_span_list_drop(&both->list, len);
	both->len -= len;
	memmove(both->of_byte, both->of_byte + len, both->len * sizeof *both->of_byte);
}

static void is_the_same_as_an_array(void **state)
{
	(void)state;
	const uint64_t seed = 21;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (size_t round = 0; round < 400; round++) {
		struct both both = {.list.is_referring = round % 2};
		while (both.len + 10 < LONGEST) {
			add(&both, policies[random_below(&random, POLICIES)],
				1 + (size_t)random_below(&random, 9));
			if (random_below(&random, 4) == 0)
				check_ranges(&both, &random);
			if (random_below(&random, 6) == 0) {
				drop(&both, (size_t)random_below(&random, both.len));
				check_ranges(&both, &random);
			}
			if (random_below(&random, 50) == 0)
				break;
		}
		check_ranges(&both, &random);
		if (round % 3 == 0)
			pmill_span_list_clear(&both.list);
		pmill_span_list_release(&both.list);
		pmill_span_list_release(&both.list);
	}
}

/* Spans of the same policy are one, and hold one reference. */
static void joins_equal_spans(void **state)
{
	(void)state;
	struct both both = {.list.is_referring = true};
	for (size_t i = 0; i < 10; i++)
		add(&both, policies[1], 2);
	assert_int_equal(both.list.count, 1);
	assert_int_equal(atomic_load(&policies[1]->references), 2);
	add(&both, policies[2], 1);
	add(&both, policies[1], 1);
	assert_int_equal(both.list.count, 3);
	assert_int_equal(atomic_load(&policies[1]->references), 3);
	drop(&both, 20);
	assert_int_equal(both.list.count, 2);
	assert_int_equal(atomic_load(&policies[1]->references), 2);
	/* The last policy stays, since what follows it may be its own. */
	drop(&both, both.len);
	assert_int_equal(both.list.count, 1);
	add(&both, policies[2], 1);
	assert_ptr_equal(pmill_span_list_at(&both.list, 0), policies[2]);
	pmill_span_list_clear(&both.list);
	assert_int_equal(both.list.count, 0);
	assert_int_equal(atomic_load(&policies[1]->references), 1);
	assert_false(pmill_span_list_is_any(&both.list));
	pmill_span_list_release(&both.list);
}

static void survives_out_of_memory(void **state)
{
	(void)state;
	for (long allowed = 0;; allowed++) {
		struct pmill_span_list list = {.is_referring = true};
		bool done = true;
		size_t count = 0;
		allocations_left = allowed;
		for (; count < 40 && done; count += done)
			done = pmill_span_list_add(&list, count + 1, policies[count % 3]);
		const bool refused = was_refused();
		assert_int_equal(done, !refused);
		assert_int_equal(list.count, count);
		pmill_span_list_release(&list);
		if (!refused) {
			assert_true(allowed > 1);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_same_as_an_array),
		cmocka_unit_test(joins_equal_spans),
		cmocka_unit_test(survives_out_of_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
