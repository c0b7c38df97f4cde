/* The word list: order, appending, sums, overflow. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/naive_words.h"
#include "support/random.h"
#include "words/word_list.h"

static void append(struct pmill_word_list *list, const char *word, int64_t count)
{
	assert_true(pmill_word_list_append(list, (pmill_bytes){word, strlen(word)}, count));
}

static void test_order(void **state)
{
	(void)state;
	static const pmill_bytes sorted[] = {
		{"\0", 1}, {"\0\0", 2}, {"\0a", 2}, {"a", 1}, {"a\0", 2}, {"aa", 2}, {"b", 1}, {"\xff", 1}};
	for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++)
		for (size_t j = 0; j < sizeof sorted / sizeof *sorted; j++) {
			int order = pmill_word_compare(sorted[i], sorted[j]);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

static void test_append(void **state)
{
	(void)state;
	struct pmill_word_list list = {0};
	append(&list, "a", 3);
	append(&list, "bcd", INT64_MAX);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.offsets[2], 4);
	pmill_bytes word = pmill_word_list_word(&list, 1);
	assert_int_equal(word.len, 3);
	assert_memory_equal(word.data, "bcd", 3);
	pmill_word_list_release(&list);
	pmill_word_list_release(&list);
	assert_int_equal(list.count, 0);
}

/* Appends as much as was reserved and more, in small lists and in one with pages of its own. */
static void test_reserve(void **state)
{
	(void)state;
	static const size_t reserved[] = {0, 1, 100, 60000};
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		struct pmill_word_list list = {0};
		assert_true(pmill_word_list_reserve(&list, reserved[i], 6 * reserved[i], NULL));
		char word[24];
		for (size_t k = 0; k < reserved[i] + 100; k++) {
			snprintf(word, sizeof word, "%06zu", k);
			append(&list, word, (int64_t)k + 1);
		}
		assert_int_equal(list.count, reserved[i] + 100);
		for (size_t k = 0; k < list.count; k++) {
			snprintf(word, sizeof word, "%06zu", k);
			assert_int_equal(pmill_word_list_word(&list, k).len, 6);
			assert_memory_equal(pmill_word_list_word(&list, k).data, word, 6);
			assert_int_equal(list.counts[k], k + 1);
		}
		pmill_word_list_release(&list);
		assert_null(list.bytes);
	}
}

static void test_sum(void **state)
{
	(void)state;
	uint64_t sum = 1;
	pmill_error error;
	struct pmill_word_list list = {0};
	assert_int_equal(pmill_word_list_sum(&list, &sum, &error), PMILL_OK);
	assert_int_equal(sum, 0);
	append(&list, "a", INT64_MAX);
	append(&list, "b", INT64_MAX);
	append(&list, "c", 1);
	assert_int_equal(pmill_word_list_sum(&list, &sum, &error), PMILL_OK);
	assert_true(sum == UINT64_MAX);
	append(&list, "d", 1);
	assert_int_equal(pmill_word_list_sum(&list, &sum, &error), PMILL_OVERFLOW);
	assert_true(sum == UINT64_MAX);
	pmill_word_list_release(&list);
}

static void make_random(struct pmill_word_list *list, struct naive_words *both, uint64_t *random)
{
	struct naive_words one = {0};
	for (size_t i = next_random(random) % 40; i > 0; i--) {
		uint8_t word[20];
		size_t len = naive_random_word(random, word, sizeof word);
		int64_t count = 1 + (int64_t)(next_random(random) >> 4);
		naive_add(&one, word, len, count % 1000 + 1);
		naive_add(both, word, len, count % 1000 + 1);
	}
	naive_finish(&one);
	for (size_t i = 0; i < one.count; i++)
		assert_true(pmill_word_list_append(
			list, (pmill_bytes){one.words[i].bytes, one.words[i].len}, one.words[i].count));
	naive_release(&one);
}

static void test_add(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint64_t random = seed;
		struct pmill_word_list a = {0}, b = {0}, sum = {0};
		struct naive_words both = {0};
		make_random(&a, &both, &random);
		make_random(&b, &both, &random);
		naive_finish(&both);
		assert_int_equal(pmill_word_list_add(&a, &b, &sum, NULL), PMILL_OK);
		naive_check(&both, &sum);
		naive_release(&both);
		pmill_word_list_release(&a);
		pmill_word_list_release(&b);
		pmill_word_list_release(&sum);
	}
}

static void test_add_overflow(void **state)
{
	(void)state;
	pmill_error error;
	struct pmill_word_list a = {0}, b = {0}, sum = {0};
	append(&a, "x", INT64_MAX);
	append(&b, "x", 1);
	assert_int_equal(pmill_word_list_add(&a, &b, &sum, &error), PMILL_OVERFLOW);
	assert_null(sum.bytes);
	pmill_word_list_release(&a);
	pmill_word_list_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
