/* Merging in batches, against a trainer that recounts everything at each step. */
/* SPDX-License-Identifier: MIT */
#include "support/slow_trainer.h"

static void random_cases(void **state)
{
	(void)state;
	uint64_t surveys = 0;
	for (uint64_t seed = 1; seed <= 4000; seed++)
		surveys += compare_case("batches", seed);
	assert_true(surveys > 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_cases)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
