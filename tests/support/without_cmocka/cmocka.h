/* The parts of cmocka that test_scanner.c needs, for cross builds without cmocka. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_WITHOUT_CMOCKA_H
#define PMILL_TESTS_WITHOUT_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
	const char *name;
	void (*run)(void **state);
	int (*setup)(void **state);
};

#define cmocka_unit_test(function)                                                                 \
	{                                                                                              \
#function, function, NULL                                                                  \
	}
#define cmocka_unit_test_setup(function, setup)                                                    \
	{                                                                                              \
#function, function, setup                                                                 \
	}

#define fail_msg(...)                                                                              \
	(printf("%s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), puts(""), exit(1))
#define assert_true(condition)                                                                     \
	do {                                                                                           \
		if (!(condition))                                                                          \
			fail_msg("%s", #condition);                                                            \
	} while (0)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_ptr_equal(a, b) assert_true((a) == (b))
#define assert_null(pointer) assert_true((pointer) == NULL)
#define assert_non_null(pointer) assert_true((pointer) != NULL)

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
	run_tests(tests, sizeof(tests) / sizeof((tests)[0]), setup)

/* The first failure ends the program. */
static int run_tests(const struct CMUnitTest *tests, size_t count, int (*setup)(void **state))
{
	assert_true(setup(NULL) == 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(tests[i].setup == NULL || tests[i].setup(NULL) == 0);
		tests[i].run(NULL);
		printf("%s: passed\n", tests[i].name);
		fflush(stdout);
	}
	return 0;
}

#endif
