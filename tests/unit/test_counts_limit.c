/* Loading and adding counts within a memory limit: the same result, or a refusal with figures. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/count_files.h"
#include "support/scratch_folder.h"

enum { PARTS = 5, LIMIT = 12 << 20 };

static struct scratch_folder folder;

static pmill_counts *load(const char *path, uint64_t limit, pmill_status wanted, pmill_error *error)
{
	pmill_text_options expected = {.size = sizeof expected,
		.pattern = "o200k",
		.unicode_version = "15.1",
		.special_tokens = sample_tokens,
		.special_token_count = 2};
	pmill_run_options run = {.size = sizeof run, .memory_limit = limit};
	pmill_counts *counts = NULL;
	pmill_status status = pmill_counts_load(path, NULL, &expected, &run, &counts, error);
	if (status != wanted)
		fail_msg("status %d: %s", (int)status, error->message);
	return counts;
}

static uint64_t list_memory(const pmill_counts *counts)
{
	return pmill_word_list_memory(counts->words.count, pmill_word_list_bytes(&counts->words));
}

static void save_as(const pmill_counts *counts, const char *path)
{
	assert_int_equal(pmill_counts_save(counts, path, PMILL_OVERWRITE, NULL), PMILL_OK);
}

/* A file that needs exactly the limit is loaded; one byte less is refused, with both figures. */
static void test_load(void **state)
{
	(void)state;
	static const char *const names[] = {"a.counts", "a.tsv"};
	uint64_t random = 1;
	pmill_counts *made = make_random_counts(&random, 2000, 400, NULL);
	uint64_t needed = 2 * list_memory(made);
	for (size_t i = 0; i < 2; i++) {
		pmill_error error;
		char figures[100];
		const char *path = scratch_path(&folder, names[i]);
		save_as(made, path);
		pmill_counts *loaded = load(path, needed, PMILL_OK, &error);
		assert_true(are_equal_words(&made->words, &loaded->words));
		pmill_counts_free(loaded);
		assert_null(load(path, needed - 1, PMILL_MEMORY_LIMIT, &error));
		snprintf(figures, sizeof figures, "more than the limit of %.1f MiB",
			(double)((needed - 1) * 10 / (1 << 20)) / 10);
		if (strstr(error.message, path) != error.message || strstr(error.message, figures) == NULL)
			fail_msg("%s", error.message);
	}
	pmill_counts_free(made);
}

/* Writes each word twice, from the last to the first. */
static const char *write_reversed(const pmill_counts *counts)
{
	struct pmill_buffer text = {0};
	for (size_t i = 2 * counts->words.count; i-- > 0;) {
		pmill_bytes word = pmill_word_list_word(&counts->words, i / 2);
		assert_true(pmill_buffer_append(&text, word.data, word.len));
		assert_true(pmill_buffer_append_text(&text, "\t3\n"));
	}
	const char *path = scratch_write(&folder, "reversed.tsv", text.data, text.len);
	pmill_buffer_release(&text);
	return path;
}

/* An unsorted TSV needs a table. Wherever the limit is reached, it is loaded whole or refused. */
static void test_unsorted(void **state)
{
	(void)state;
	const struct pmill_counts_identity identity = {"gpt2", "16.0", NULL, 0};
	pmill_counts *made = NULL;
	assert_int_equal(pmill_counts_create(&identity, &made, NULL), PMILL_OK);
	for (int i = 10000; i < 13000; i++) {
		char word[40];
		int len = snprintf(word, sizeof word, i % 9 == 0 ? "%d and a longer one" : "%d", i);
		append_word(made, word, (size_t)len, 6);
	}
	const char *path = write_reversed(made);
	uint64_t least = 2 * list_memory(made), enough = 0;
	for (uint64_t limit = least / 8; limit < 16 * least; limit += limit / 7) {
		pmill_run_options run = {.size = sizeof run, .memory_limit = limit};
		pmill_error error;
		pmill_counts *loaded = NULL;
		pmill_status status = pmill_counts_load(path, "raw", NULL, &run, &loaded, &error);
		if (status == PMILL_OK) {
			assert_true(are_equal_words(&made->words, &loaded->words));
			enough = enough == 0 ? limit : enough;
		} else {
			assert_int_equal(status, PMILL_MEMORY_LIMIT);
			assert_non_null(strstr(error.message, "reversed.tsv: line "));
			assert_int_equal(enough, 0);
		}
		pmill_counts_free(loaded);
	}
	assert_true(enough > least);
	pmill_counts_free(made);
}

static pmill_counter *create(uint64_t limit)
{
	pmill_text_options text = {.size = sizeof text,
		.pattern = "o200k",
		.unicode_version = "15.1",
		.special_tokens = sample_tokens,
		.special_token_count = 2};
	pmill_run_options run = {
		.size = sizeof run, .threads = 1, .memory_limit = limit, .tmp_dir = folder.path};
	pmill_counter *counter = NULL;
	pmill_error error;
	if (pmill_counter_create(&text, &run, &counter, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return counter;
}

static struct pmill_buffer saved(pmill_counter *counter, pmill_totals *totals)
{
	const char *path = scratch_path(&folder, "saved.counts");
	pmill_counts_head *head = NULL;
	pmill_error error;
	if (pmill_counter_save(counter, path, PMILL_OVERWRITE, &head, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	*totals = head->totals;
	pmill_counts_head_free(head);
	return read_bytes(path);
}

static void make_parts(pmill_counts **parts)
{
	uint64_t random = 7;
	for (size_t i = 0; i < PARTS; i++)
		parts[i] = make_random_counts(&random, 800 << i, 4000 >> i, NULL);
}

static void free_parts(pmill_counts **parts)
{
	for (size_t i = 0; i < PARTS; i++)
		pmill_counts_free(parts[i]);
}

/* Parts that are moved are gone afterwards, others stay as they were. */
static void add_parts(pmill_counter *counter, pmill_counts **parts, bool is_moved)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (is_moved) {
			assert_int_equal(pmill_counter_move_counts(counter, &parts[i], NULL), PMILL_OK);
			assert_null(parts[i]);
			continue;
		}
		pmill_totals totals = parts[i]->head.totals;
		size_t count = parts[i]->words.count;
		assert_int_equal(pmill_counter_add_counts(counter, parts[i], NULL), PMILL_OK);
		assert_int_equal(parts[i]->words.count, count);
		assert_true(are_equal_totals(&parts[i]->head.totals, &totals));
	}
}

/* The same sum whether counts are kept as lists or become runs, with text before and after. */
static void test_same_sum(void **state)
{
	(void)state;
	static const uint64_t limits[] = {0, LIMIT, 1 << 30};
	struct pmill_buffer expected = {0};
	pmill_totals expected_totals = {0};
	for (size_t i = 0; i < 3; i++)
		for (int is_moved = 0; is_moved < 2; is_moved++) {
			pmill_counts *parts[PARTS];
			pmill_counter *counter = create(limits[i]);
			pmill_counter_info info = {.size = sizeof info};
			pmill_totals totals;
			make_parts(parts);
			assert_int_equal(pmill_counter_add_text(counter, "some text", 9, NULL), PMILL_OK);
			add_parts(counter, parts, is_moved);
			assert_int_equal(pmill_counter_add_text(counter, "more text", 9, NULL), PMILL_OK);
			assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
			assert_int_equal(info.spilled_runs > 0, limits[i] == LIMIT);
			struct pmill_buffer bytes = saved(counter, &totals);
			if (expected.len == 0) {
				expected = bytes;
				expected_totals = totals;
			} else {
				assert_int_equal(bytes.len, expected.len);
				assert_memory_equal(bytes.data, expected.data, bytes.len);
				assert_true(are_equal_totals(&totals, &expected_totals));
				pmill_buffer_release(&bytes);
			}
			pmill_counter_free(counter);
			free_parts(parts);
		}
	pmill_buffer_release(&expected);
}

/* After a refusal the counts are kept, and more can be added. */
static void test_more_after_a_refusal(void **state)
{
	(void)state;
	pmill_counts *parts[PARTS];
	pmill_counter *limited = create(LIMIT), *plain = create(0);
	pmill_train_options options = {.size = sizeof options, .vocab_size = 300};
	pmill_tokenizer *none = NULL;
	pmill_totals totals[2];
	pmill_error error;
	make_parts(parts);
	add_parts(plain, parts, false);
	add_parts(plain, parts, false);
	for (int i = 0; i < 2; i++) {
		add_parts(limited, parts, false);
		assert_int_equal(
			pmill_tokenizer_train(limited, &options, &none, &error), PMILL_MEMORY_LIMIT);
		assert_non_null(strstr(error.message, "more than the limit of 12.0 MiB"));
		assert_null(none);
	}
	struct pmill_buffer expected = saved(plain, &totals[0]), actual = saved(limited, &totals[1]);
	assert_int_equal(expected.len, actual.len);
	assert_memory_equal(expected.data, actual.data, actual.len);
	assert_true(are_equal_totals(&totals[0], &totals[1]));
	pmill_buffer_release(&expected);
	pmill_buffer_release(&actual);
	pmill_counter_free(limited);
	pmill_counter_free(plain);
	free_parts(parts);
}

/* Counts of another pattern are refused, and keep their words. */
static void test_refused_move(void **state)
{
	(void)state;
	const struct pmill_counts_identity identity = {"gpt2", "15.1", sample_tokens, 2};
	pmill_counts *counts = NULL;
	pmill_bytes word;
	int64_t count;
	pmill_error error;
	pmill_counter *counter = create(0);
	assert_int_equal(pmill_counts_create(&identity, &counts, NULL), PMILL_OK);
	append_word(counts, "ab", 2, 5);
	assert_int_equal(pmill_counter_move_counts(counter, &counts, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "gpt2"));
	assert_non_null(counts);
	assert_int_equal(pmill_counts_get_word(counts, 0, &word, &count), PMILL_OK);
	assert_int_equal(word.len, 2);
	assert_int_equal(count, 5);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
}

static int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&folder);
	return 0;
}

int main(void)
{
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_unsorted),
		cmocka_unit_test(test_same_sum),
		cmocka_unit_test(test_more_after_a_refusal),
		cmocka_unit_test(test_refused_move),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
