/* The choice between two ways: nearly always the faster one, even after that changes. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "merge/pace.h"

/* How often the second way is taken in `rounds` rounds, given the cost per place of each. */
static unsigned run(struct pmill_pace *pace, unsigned rounds, double first, double second)
{
	unsigned taken = 0;
	for (unsigned i = 0; i < rounds; i++) {
		unsigned way = pmill_pace_choose(pace);
		pmill_pace_note(pace, way, 1000 * (way == 0 ? first : second), 1000);
		taken += way;
	}
	return taken;
}

static void takes_the_faster(void **state)
{
	(void)state;
	struct pmill_pace pace = {0};
	unsigned taken = run(&pace, 10000, 30, 20);
	assert_true(taken > 9950 && taken < 10000);
	pace = (struct pmill_pace){0};
	taken = run(&pace, 10000, 20, 30);
	assert_true(taken > 0 && taken < 50);
}

static void notices_a_change(void **state)
{
	(void)state;
	struct pmill_pace pace = {0};
	run(&pace, 2000, 20, 200);
	assert_true(run(&pace, 20000, 20, 10) > 10000);
	assert_true(run(&pace, 20000, 20, 200) < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_faster),
		cmocka_unit_test(notices_a_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
