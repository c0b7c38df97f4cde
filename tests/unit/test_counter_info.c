/* What a counter says of itself: identity, inputs, limits, results by size. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counts/block_codec.h"
#include "support/same_counts.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"

static pmill_counter_info info_of(const pmill_counter *counter)
{
	pmill_counter_info info = {.size = sizeof info};
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
	assert_int_equal(info.size, sizeof info);
	return info;
}

static void assert_bytes(pmill_bytes actual, const char *expected)
{
	assert_int_equal(actual.len, strlen(expected));
	assert_memory_equal(actual.data, expected, actual.len);
}

/* The separator joins the special tokens, once; reserved tokens don't. */
static void identity_of_a_counter(void **state)
{
	(void)state;
	const char *expression = pmill_pattern_expression("cl100k");
	pmill_counter *counter = sample_counter(NULL, NULL);
	pmill_counter_info info = info_of(counter);
	assert_string_equal(info.pattern, "gpt2");
	assert_string_equal(info.unicode_version, "16.0");
	assert_int_equal(info.special_token_count, 0);
	assert_true(info.memory_limit == 0 && info.table_memory == 0 && info.spilled_runs == 0 &&
		info.spilled_bytes == 0);
	assert_int_equal(info.input_count, 0);
	pmill_counter_free(counter);
	char pattern[400], version[] = "15.1", token[] = "<x>";
	snprintf(pattern, sizeof pattern, "%s", expression);
	pmill_bytes special = {token, 3};
	pmill_text_options text = {.size = sizeof text,
		.pattern = pattern,
		.unicode_version = version,
		.special_tokens = &special,
		.special_token_count = 1,
		.doc_separator = sample_end,
		.reserve = 5};
	counter = sample_counter(&text, NULL);
	memset(pattern, '?', sizeof pattern - 1); /* options are borrowed for the call only */
	memset(version, '?', sizeof version - 1);
	memset(token, '?', sizeof token - 1);
	sample_add(counter, "a<|reserved_4|>b<|reserved_5|>c<x>d<|end|>e");
	info = info_of(counter);
	assert_string_equal(info.pattern, "cl100k");
	assert_string_equal(info.unicode_version, "15.1");
	assert_int_equal(info.special_token_count, 2);
	assert_bytes(info.special_tokens[0], "<x>");
	assert_bytes(info.special_tokens[1], "<|end|>");
	assert_true(info.table_memory > 0);
	pmill_counts *counts = sample_take(counter);
	pmill_counts_info made = sample_info(counts);
	assert_string_equal(made.pattern, "cl100k");
	assert_string_equal(made.unicode_version, "15.1");
	assert_int_equal(made.special_token_count, 2);
	assert_bytes(made.special_tokens[0], "<x>");
	assert_bytes(made.special_tokens[1], "<|end|>");
	assert_int_equal(made.totals.documents, 2);
	/* a, b, <|, reserved, _, 5, |>, c, d, e: number 5 is one too many to be reserved. */
	assert_true(made.totals.words >= 8 && made.totals.pretokens == made.totals.words);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
}

/* Inputs stay listed after the counter was emptied, with their names and hashes copied. */
static void inputs_of_a_counter(void **state)
{
	(void)state;
	static const char abc_hash[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	pmill_counter *counter = sample_counter_on(2, 0);
	char first[500], second[500];
	snprintf(first, sizeof first, "%s", scratch_write(&folder, "first.txt", "abc", 3));
	snprintf(second, sizeof second, "%s", scratch_write(&folder, "second.txt", "some words", 10));
	char *paths[] = {first, second};
	pmill_input_options options = {.size = sizeof options, .sha256 = 1};
	pmill_error error;
	if (pmill_counter_add_files(counter, (const char *const *)paths, 2, &options, &error) !=
		PMILL_OK)
		fail_msg("%s", error.message);
	char *third = strdup(first);
	assert_non_null(third);
	assert_int_equal(
		pmill_counter_add_files(counter, (const char *const *)&third, 1, NULL, &error), PMILL_OK);
	free(third);
	pmill_counts *counts = sample_take(counter);
	assert_int_equal(sample_info(counts).totals.bytes, 16);
	assert_int_equal(sample_info(counts).totals.documents, 3);
	pmill_counts_free(counts);
	pmill_counter_info info = info_of(counter);
	assert_int_equal(info.input_count, 3);
	assert_string_equal(info.inputs[0].name, first);
	assert_int_equal(info.inputs[0].bytes, 3);
	assert_string_equal(info.inputs[0].sha256, abc_hash);
	assert_string_equal(info.inputs[1].name, second);
	assert_int_equal(info.inputs[1].bytes, 10);
	assert_int_equal(strlen(info.inputs[1].sha256), 64);
	assert_string_equal(info.inputs[2].name, first);
	assert_null(info.inputs[2].sha256);
	/* What comes next has inputs of its own. */
	const char *next = second;
	assert_int_equal(pmill_counter_add_files(counter, &next, 1, NULL, &error), PMILL_OK);
	info = info_of(counter);
	assert_int_equal(info.input_count, 1);
	assert_string_equal(info.inputs[0].name, second);
	pmill_counter_free(counter);
}

static int stop_at_the_end(void *context, const pmill_progress *progress)
{
	(void)context;
	return strcmp(progress->stage, "count") == 0 && progress->total > 0 &&
		progress->done == progress->total;
}

/* The wish to stop is heard in the last event of a stage, too. */
static void stops_at_the_end_of_counting(void **state)
{
	(void)state;
	const char *path = scratch_write(&folder, "some.txt", "some words", 10);
	pmill_text_options text = sample_options();
	pmill_run_options run = {.size = sizeof run, .threads = 1, .progress = stop_at_the_end};
	pmill_counter *counter = sample_counter(&text, &run);
	assert_int_equal(pmill_counter_add_files(counter, &path, 1, NULL, NULL), PMILL_CANCELLED);
	pmill_counter_free(counter);
}

/* What was spilled stays known after the counter was emptied. */
static void limit_of_a_counter(void **state)
{
	(void)state;
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return;
	char *words = sample_rare_words(2 << 20);
	pmill_text_options text = sample_options();
	pmill_run_options run = {.size = sizeof run,
		.threads = 1,
		.memory_limit = sample_least_limit(1),
		.tmp_dir = folder.path};
	pmill_counter *counter = sample_counter(&text, &run);
	assert_int_equal(info_of(counter).memory_limit, run.memory_limit);
	assert_int_equal(info_of(counter).spilled_runs, 0);
	sample_add(counter, words);
	pmill_counter_info full = info_of(counter);
	assert_true(full.spilled_runs > 0 && full.spilled_bytes > 0);
	assert_true(full.table_memory > 0 && full.table_memory < run.memory_limit);
	pmill_counts *counts = sample_take(counter), *expected = sample_counts(words);
	assert_same_counts(expected, counts);
	pmill_counter_info emptied = info_of(counter);
	assert_true(emptied.spilled_runs >= full.spilled_runs);
	assert_true(emptied.spilled_bytes >= full.spilled_bytes);
	assert_int_equal(emptied.table_memory, full.table_memory);
	assert_int_equal(emptied.memory_limit, run.memory_limit);
	pmill_counts_free(counts);
	pmill_counts_free(expected);
	pmill_counter_free(counter);
	free(words);
}

/* A caller with an older header gets the part that it knows; one that sets no size, an error. */
static void results_by_size(void **state)
{
	(void)state;
	pmill_counter *counter = sample_counter_on(1, 0);
	pmill_counter_info before, info;
	memset(&before, 0x5A, sizeof before);
	before.size = offsetof(pmill_counter_info, special_tokens);
	info = before;
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
	assert_int_equal(info.size, before.size);
	assert_string_equal(info.pattern, "gpt2");
	assert_string_equal(info.unicode_version, "16.0");
	assert_memory_equal(
		(char *)&info + info.size, (char *)&before + info.size, sizeof info - info.size);
	before.size = 0;
	info = before;
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_BAD_OPTION);
	assert_memory_equal(&info, &before, sizeof info);
	pmill_counts *counts = sample_take(counter);
	pmill_counts_info none = {.size = 0}, untouched = none;
	assert_int_equal(pmill_counts_get_info(counts, &none), PMILL_BAD_OPTION);
	assert_memory_equal(&none, &untouched, sizeof none);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
}

int main(void)
{
	print_message("seed %llu\n", (unsigned long long)sample_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_of_a_counter),
		cmocka_unit_test(inputs_of_a_counter),
		cmocka_unit_test(stops_at_the_end_of_counting),
		cmocka_unit_test(limit_of_a_counter),
		cmocka_unit_test(results_by_size),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
