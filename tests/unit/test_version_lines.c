/* What merges.txt can't hold: a merge whose line begins with #version, which readers skip. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/scratch_folder.h"

#include "pairmill.h"

/* Trains on one word, without a pattern. */
static pmill_tokenizer *learn(const char *text, size_t size)
{
	const pmill_text_options cut = {.size = sizeof cut, .pattern = "none"};
	const pmill_train_options options = {.size = sizeof options, .vocab_size = size};
	pmill_counter *counter = NULL;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_counter_create(&cut, NULL, &counter, NULL), PMILL_OK);
	assert_int_equal(pmill_counter_add_text(counter, text, strlen(text), NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_train(counter, &options, &tokenizer, NULL), PMILL_OK);
	pmill_counter_free(counter);
	return tokenizer;
}

static int exists(struct scratch_folder *folder, const char *name)
{
	return access(scratch_path(folder, name), F_OK) == 0;
}

static void check_folder(pmill_tokenizer *tokenizer, int has_pair)
{
	struct scratch_folder folder;
	pmill_error error = {0};
	scratch_create(&folder);
	/* What lies there from an earlier model would contradict this one. */
	scratch_write(&folder, "vocab.json", "{}", 2);
	scratch_write(&folder, "merges.txt", "", 0);
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, folder.path, NULL, PMILL_OVERWRITE, &error), PMILL_OK);
	assert_true(exists(&folder, "tokenizer.json"));
	assert_int_equal(exists(&folder, "vocab.json"), has_pair);
	assert_int_equal(exists(&folder, "merges.txt"), has_pair);
	pmill_tokenizer *loaded = NULL;
	assert_int_equal(pmill_tokenizer_load(folder.path, NULL, &loaded, &error), PMILL_OK);
	assert_int_equal(pmill_tokenizer_merge_count(loaded), pmill_tokenizer_merge_count(tokenizer));
	pmill_tokenizer_free(loaded);
	const char *path = scratch_path(&folder, "new-vocab.json");
	assert_int_equal(pmill_tokenizer_save(tokenizer, path, NULL, PMILL_ALLOW_LOSS, &error),
		has_pair ? PMILL_OK : PMILL_UNSUPPORTED);
	assert_int_equal(exists(&folder, "new-vocab.json"), has_pair);
	assert_int_equal(exists(&folder, "new-merges.txt"), has_pair);
	scratch_remove(&folder);
}

static void test_only_a_left_part_that_begins_so(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int has_pair;
	} rows[] = {
		{"#version", 1}, /* nothing to its right */
		{"x#version", 1},
		{"#version#version", 0},
		{"#version1#version1#version1", 0},
		{"#version #version ", 0},
		{"#Version1#Version1", 1},
		{"#versio1#versio1", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = learn(rows[i].text, 300);
		pmill_error error = {0};
		assert_int_equal(pmill_tokenizer_check_format(tokenizer, "vocab.json", &error),
			rows[i].has_pair ? PMILL_OK : PMILL_UNSUPPORTED);
		if (!rows[i].has_pair)
			assert_non_null(strstr(error.message, "#version"));
		check_folder(tokenizer, rows[i].has_pair);
		static const char *const others[] = {"folder", "tokenizer.json", "tiktoken"};
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(pmill_tokenizer_check_format(tokenizer, others[k], &error), PMILL_OK);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_unknown_format(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = learn("aa", 257);
	assert_int_equal(pmill_tokenizer_check_format(tokenizer, "nothing", NULL), PMILL_BAD_OPTION);
	assert_int_equal(
		pmill_tokenizer_check_format(tokenizer, "sentencepiece", NULL), PMILL_UNSUPPORTED);
	pmill_tokenizer_free(tokenizer);
}

/* ---- Reading ---- */

#define VOCAB "{\"#\": 0, \"v\": 1, \"#v\": 2, \"#version\": 3, \"#version#\": 4}"

static pmill_status load(const char *merges, size_t *count, pmill_error *error)
{
	struct scratch_folder folder;
	scratch_create(&folder);
	scratch_write(&folder, "merges.txt", merges, strlen(merges));
	pmill_tokenizer *tokenizer = NULL;
	const pmill_status status = pmill_tokenizer_load(
		scratch_write(&folder, "vocab.json", VOCAB, strlen(VOCAB)), NULL, &tokenizer, error);
	*count = status == PMILL_OK ? pmill_tokenizer_merge_count(tokenizer) : 0;
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
	return status;
}

static void test_such_lines_in_a_merges_txt(void **state)
{
	(void)state;
	size_t count;
	pmill_error error = {0};
	assert_int_equal(load("#version: 0.2\n# v\n", &count, &error), PMILL_OK);
	assert_int_equal(count, 1);
	assert_int_equal(load("#version #\n# v\n", &count, &error), PMILL_OK);
	assert_int_equal(count, 1);
	assert_int_equal(load("# v\n#version: 0.2\n", &count, &error), PMILL_OK);
	assert_int_equal(count, 1);
	assert_int_equal(load("# v\n#version #\n", &count, &error), PMILL_UNSUPPORTED);
	assert_int_equal(error.offset, 4);
	assert_non_null(strstr(error.message, "use a tokenizer.json"));
}

static void test_such_strings_in_a_tokenizer_json(void **state)
{
	(void)state;
	static const struct {
		const char *merges;
		size_t count;
	} rows[] = {{"[\"# v\", \"#version #\"]", 1}, {"[[\"#\", \"v\"], [\"#version\", \"#\"]]", 2}};
	for (size_t i = 0; i < 2; i++) {
		char text[600];
		const int len = snprintf(text, sizeof text,
			"{\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false}, "
			"\"model\": {\"type\": \"BPE\", \"vocab\": " VOCAB ", \"merges\": %s}}",
			rows[i].merges);
		pmill_tokenizer *tokenizer = NULL;
		assert_int_equal(
			pmill_tokenizer_load_memory(text, (size_t)len, NULL, &tokenizer, NULL), PMILL_OK);
		assert_int_equal(pmill_tokenizer_merge_count(tokenizer), rows[i].count);
		pmill_tokenizer_free(tokenizer);
	}
}

/* ---- Before training ---- */

static void check_risks(const char *path, const char *const *expected)
{
	const pmill_bytes specials[] = {
		{"<|end|>", 7}, {"\xC4\xA0the", 5}, {"\xEF\xBD\x9C", 3}, {"a b", 3}};
	const pmill_text_options text = {.size = sizeof text,
		.special_tokens = specials,
		.special_token_count = 4,
		.doc_separator = {"\xC3\xA9\xC3\xA9", 4}};
	pmill_bytes *risks = NULL;
	size_t count = 99;
	assert_int_equal(pmill_tokenizer_save_risks(path, NULL, &text, &risks, &count, NULL), PMILL_OK);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(expected[i]);
		assert_int_equal(risks[i].len, strlen(expected[i]));
		assert_memory_equal(risks[i].data, expected[i], risks[i].len);
	}
	assert_null(expected[count]);
	pmill_memory_free(risks);
}

static void test_risks(void **state)
{
	(void)state;
	check_risks("x/vocab.json", (const char *const[]){"#version", " the", "\xE9\xE9", NULL});
	check_risks("x.json", (const char *const[]){" the", "\xE9\xE9", NULL});
	check_risks("x", (const char *const[]){" the", "\xE9\xE9", NULL});
	check_risks("x.tiktoken", (const char *const[]){NULL});
	pmill_bytes *risks = NULL;
	size_t count;
	assert_int_equal(
		pmill_tokenizer_save_risks("x.json", NULL, NULL, &risks, &count, NULL), PMILL_OK);
	assert_int_equal(count, 0);
	assert_null(risks);
	assert_int_equal(
		pmill_tokenizer_save_risks("x.gguf", NULL, NULL, &risks, &count, NULL), PMILL_OK);
	assert_int_equal(count, 0);
}

static void check_search(uint64_t limit)
{
	static const struct {
		const char *text;
		int found;
	} rows[] = {{"a", 1}, {"word42", 1}, {"word", 1}, {" word77", 1}, {"42 ", 0}, {"w0", 0},
		{"word42word42word42word42word42word42", 0}};
	const pmill_run_options run = {
		.size = sizeof run, .threads = 2, .memory_limit = limit, .tmp_dir = "/tmp"};
	const pmill_text_options cut = {.size = sizeof cut, .pattern = " ?[^ ]+"};
	pmill_counter *counter = NULL;
	pmill_counts *counts = NULL;
	struct scratch_folder folder;
	scratch_create(&folder);
	assert_int_equal(pmill_counter_create(&cut, &run, &counter, NULL), PMILL_OK);
	for (int i = 0; i < 1000; i++) {
		char text[40];
		const int len = snprintf(text, sizeof text, "a word%d", i);
		assert_int_equal(pmill_counter_add_text(counter, text, (size_t)len, NULL), PMILL_OK);
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const pmill_bytes texts[] = {{"nowhere", 7}, {rows[i].text, strlen(rows[i].text)}};
		int found = -1;
		assert_int_equal(pmill_counter_contains(counter, texts, 2, &found, NULL), PMILL_OK);
		assert_int_equal(found, rows[i].found);
	}
	/* It still has everything, also after it was saved. */
	assert_int_equal(pmill_counter_save(
						 counter, scratch_path(&folder, "a.counts"), PMILL_KEEP_COUNTS, NULL, NULL),
		PMILL_OK);
	assert_int_equal(pmill_counter_take(counter, &counts, NULL), PMILL_OK);
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(counts, &info);
	assert_int_equal(info.totals.words, 1001);
	assert_int_equal(info.totals.pretokens, 2000);
	assert_int_equal(info.totals.documents, 1000);
	pmill_counts_free(counts);
	counts = NULL;
	assert_int_equal(
		pmill_counts_load(scratch_path(&folder, "a.counts"), NULL, NULL, NULL, &counts, NULL),
		PMILL_OK);
	pmill_counts_get_info(counts, &info);
	assert_int_equal(info.totals.words, 1001);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
	scratch_remove(&folder);
}

static void test_words_are_searched(void **state)
{
	(void)state;
	check_search(0);
	check_search(64 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_a_left_part_that_begins_so),
		cmocka_unit_test(test_unknown_format),
		cmocka_unit_test(test_such_lines_in_a_merges_txt),
		cmocka_unit_test(test_such_strings_in_a_tokenizer_json),
		cmocka_unit_test(test_risks),
		cmocka_unit_test(test_words_are_searched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
