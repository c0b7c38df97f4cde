/* The floor of counts: count classes, and the count of the N-th most frequent word. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "merge/floor.h"
#include "support/random.h"

static void classes_are_in_order(void **state)
{
	(void)state;
	for (unsigned i = 1; i + 1 < PMILL_COUNT_CLASSES; i++) {
		int64_t least = pmill_count_class_least(i), next = pmill_count_class_least(i + 1);
		assert_true(least < next);
		assert_int_equal(pmill_count_class(least), i);
		assert_int_equal(pmill_count_class(next - 1), i);
		/* Rounding loses at most a sixteenth. */
		assert_true(next - least <= least / 16 + 1);
	}
	assert_int_equal(pmill_count_class(INT64_MAX), PMILL_COUNT_CLASSES - 1);
	assert_int_equal(pmill_count_class(1), 1);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x < y) - (x > y);
}

/* Not counted: words of one byte, which have no pair, and words longer than a token may be. */
static void floor_is_the_nth_count(void **state)
{
	(void)state;
	enum { WORDS = 500, LONGEST = 6 };
	struct pmill_word_list list = {0};
	int64_t counts[WORDS];
	size_t eligible = 0;
	uint64_t random = 11;
	for (size_t i = 0; i < WORDS; i++) {
		const char *word = "abcdefgh";
		size_t len = 1 + random_below(&random, 8);
		int shift = 1 + (int)random_below(&random, 60);
		int64_t count = (int64_t)(next_random(&random) >> shift) + 1;
		count = count > 0 ? count : INT64_MAX;
		assert_true(pmill_word_list_append(&list, (pmill_bytes){word, len}, count));
		if (len > 1 && len <= LONGEST)
			counts[eligible++] = count;
	}
	qsort(counts, eligible, sizeof *counts, compare);
	for (size_t merges = 1; merges <= eligible; merges++) {
		int64_t floor = pmill_floor_of_words(&list, merges, LONGEST), nth = counts[merges - 1];
		assert_true(floor <= nth);
		assert_int_equal(pmill_count_class(floor), pmill_count_class(nth));
	}
	assert_int_equal(pmill_floor_of_words(&list, eligible + 1, LONGEST), 0);
	assert_int_equal(pmill_floor_of_words(&list, 0, LONGEST), 0);
	assert_true(pmill_floor_of_words(&list, eligible + 1, 0) > 0);
	pmill_word_list_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_are_in_order),
		cmocka_unit_test(floor_is_the_nth_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
