/* The merger: edges. test_merger_one_by_one and test_merger_batches compare whole trainings. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"
#include "merge/merger.h"
#include "model/layout.h"
#include "support/random.h"
#include "unicode/printable.h"

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)random_below(&random_state, below);
}

static struct pmill_merger_settings plain_settings(uint64_t merge_limit)
{
	struct pmill_merger_settings settings = {.merge_limit = merge_limit, .min_count = 1};
	for (uint32_t i = 0; i < 256; i++)
		settings.byte_ids[i] = i;
	settings.first_merge_id = 256;
	return settings;
}

static void add(struct pmill_word_list *list, const char *word, int64_t count)
{
	assert_true(pmill_word_list_append(list, (pmill_bytes){word, strlen(word)}, count));
}

static void no_words(void **state)
{
	(void)state;
	struct pmill_word_list list = {0};
	struct pmill_merger_result result;
	struct pmill_merger_settings settings = plain_settings(100);
	assert_int_equal(pmill_merger_run(&list, &settings, &result, NULL), PMILL_OK);
	assert_int_equal(result.merge_count, 0);
	assert_string_equal(result.stopped, "no-pairs");
	pmill_merger_result_release(&result);
}

static void count_overflows(void **state)
{
	(void)state;
	struct pmill_word_list list = {0};
	add(&list, "ab", INT64_MAX - 1);
	add(&list, "abc", 2);
	struct pmill_merger_result result;
	struct pmill_merger_settings settings = plain_settings(100);
	pmill_error error;
	assert_int_equal(pmill_merger_run(&list, &settings, &result, &error), PMILL_OVERFLOW);
	assert_non_null(strstr(error.message, "63 bits"));
	pmill_word_list_release(&list);
}

static void counts_beyond_32_bits(void **state)
{
	(void)state;
	struct pmill_word_list list = {0};
	add(&list, "ab", INT64_C(1) << 62);
	add(&list, "abc", (INT64_C(1) << 62) - 1);
	struct pmill_merger_result result;
	struct pmill_merger_settings settings = plain_settings(100);
	assert_int_equal(pmill_merger_run(&list, &settings, &result, NULL), PMILL_OK);
	assert_int_equal(result.merge_count, 2);
	assert_true(result.merges[0].count == INT64_MAX);
	assert_true(result.merges[1].count == (INT64_C(1) << 62) - 1);
	pmill_merger_result_release(&result);
}

/* A vocab that may exceed 65,536 tokens: words are packed with 4 bytes per token. */
static void wide_words(void **state)
{
	(void)state;
	struct pmill_word_list lists[2] = {{0}, {0}};
	struct pmill_merger_result results[2];
	for (int wide = 0; wide < 2; wide++) {
		random_state = 7;
		for (uint32_t i = 0; i < 12000; i++) {
			char word[40];
			snprintf(word, sizeof word, "%05u%c%c%c%c%c%c", i, 'a' + draw(3), 'a' + draw(3),
				'a' + draw(3), 'a' + draw(3), 'a' + draw(3), 'a' + draw(3));
			add(&lists[wide], word, 1 + draw(100));
		}
		struct pmill_merger_settings settings = plain_settings(wide ? 100000 : 60000);
		assert_int_equal(pmill_merger_run(&lists[wide], &settings, &results[wide], NULL), PMILL_OK);
	}
	size_t count = results[0].merge_count;
	assert_true(count > 10000 && count <= results[1].merge_count);
	assert_memory_equal(results[0].merges, results[1].merges, count * sizeof *results[0].merges);
	pmill_merger_result_release(&results[0]);
	pmill_merger_result_release(&results[1]);
}

static int stop_at_once(void *context, const pmill_progress *progress)
{
	(void)progress;
	++*(int *)context;
	return 1;
}

static void stops_when_asked(void **state)
{
	(void)state;
	struct pmill_word_list list = {0};
	add(&list, "abcdef", 3);
	int calls = 0;
	struct pmill_progress_state progress = {.callback = stop_at_once, .context = &calls};
	struct pmill_merger_settings settings = plain_settings(100);
	settings.progress = &progress;
	struct pmill_merger_result result;
	assert_int_equal(pmill_merger_run(&list, &settings, &result, NULL), PMILL_CANCELLED);
	assert_int_equal(calls, 1);
	pmill_word_list_release(&list);
}

static void ties_by_name(void **state)
{
	(void)state;
	size_t count = 0;
	enum pmill_ties ties = PMILL_TIES_IDS;
	for (; pmill_ties_name(count) != NULL; count++) {
		assert_true(pmill_ties_find(pmill_ties_name(count), &ties));
		assert_int_equal(ties, count);
	}
	assert_int_equal(count, 2);
	assert_string_equal(pmill_ties_name(PMILL_TIES_BYTES), "bytes");
	assert_string_equal(pmill_ties_name(PMILL_TIES_IDS), "ids");
	assert_false(pmill_ties_find("byte", &ties));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words),
		cmocka_unit_test(count_overflows),
		cmocka_unit_test(counts_beyond_32_bits),
		cmocka_unit_test(wide_words),
		cmocka_unit_test(stops_when_asked),
		cmocka_unit_test(ties_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
