/* Figures of chunks that are done in any order: the sum is always that of the first ones. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "verify/tally.h"

enum { CHUNKS = 200 };

static struct pmill_tally tally_of(uint64_t i)
{
	return (struct pmill_tally){i + 1, 10 * i, i * i, i % 3};
}

static void assert_sum_of_first(const struct pmill_tally *sum, uint64_t count)
{
	struct pmill_tally expected = {0};
	for (uint64_t i = 0; i < count; i++) {
		expected.documents += i + 1;
		expected.bytes += 10 * i;
		expected.ids += i * i;
		expected.bad_lines += i % 3;
	}
	assert_memory_equal(sum, &expected, sizeof expected);
}

static void test_any_order(void **state)
{
	(void)state;
	uint64_t random = 7, order[CHUNKS];
	bool is_done[CHUNKS + 1] = {false};
	struct pmill_tally_sum sum;
	for (uint64_t i = 0; i < CHUNKS; i++) {
		const uint64_t at = next_random(&random) % (i + 1);
		order[i] = order[at];
		order[at] = i;
	}
	pmill_tally_sum_init(&sum);
	for (uint64_t i = 0, first = 0; i < CHUNKS; i++) {
		const struct pmill_tally tally = tally_of(order[i]);
		assert_true(pmill_tally_sum_add(&sum, order[i], &tally));
		is_done[order[i]] = true;
		while (is_done[first])
			first++;
		assert_sum_of_first(&sum.sum, first);
	}
	assert_sum_of_first(&sum.sum, CHUNKS);
	pmill_tally_sum_release(&sum);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct pmill_tally_sum sum;
	const struct pmill_tally tally = tally_of(0);
	pmill_tally_sum_init(&sum);
	allocations_left = 0;
	assert_false(pmill_tally_sum_add(&sum, 0, &tally));
	assert_true(was_refused());
	assert_true(pmill_tally_sum_add(&sum, 0, &tally));
	assert_sum_of_first(&sum.sum, 1);
	pmill_tally_sum_release(&sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
