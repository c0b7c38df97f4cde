/* The training record: what is loaded of it, and records that contradict their model. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "support/plan.h"
#include "support/sample_model.h"
#include "support/scratch_folder.h"

static void test_training_record_is_loaded(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "llama3"), *loaded = NULL;
	const char *path = scratch_path(&folder, "m/");
	assert_int_equal(pmill_tokenizer_save(tokenizer, path, NULL, 0, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_load(path, NULL, &loaded, NULL), PMILL_OK);
	/* The pattern has two names, and keeps the one used in training. No option sets the version. */
	assert_same(tokenizer, loaded);
	pmill_training back = {.size = sizeof back};
	assert_int_equal(pmill_tokenizer_get_training(loaded, &back), PMILL_OK);
	assert_string_equal(back.version, "0.1.0");
	assert_memory_equal(&back.totals, &training.totals, sizeof training.totals);
	assert_int_equal(back.vocab_size_asked, 300);
	assert_int_equal(back.merges, PLAN_MERGES);
	assert_string_equal(back.stopped, "no-pairs");
	assert_int_equal(back.min_count, 2);
	assert_int_equal(back.max_token_length, 16);
	assert_int_equal(back.reserve, 1);
	assert_int_equal(back.pad_vocab_to, 64);
	assert_string_equal(back.ties, "ids");
	assert_string_equal(back.layout, "hf");
	assert_string_equal(back.compat, "hf");
	assert_int_equal(back.threads, 3);
	assert_int_equal(back.stage_count, 2);
	assert_true(back.stages[1].seconds > 12.0000009 && back.stages[1].seconds < 12.0000011);
	assert_int_equal(back.stages[1].peak_memory, 2000);
	assert_int_equal(back.input_count, 2);
	assert_string_equal(back.inputs[0].name, inputs[0].name);
	assert_null(back.inputs[0].sha256);
	assert_string_equal(back.inputs[1].sha256, inputs[1].sha256);
	assert_memory_equal(back.merge_counts, merge_counts, sizeof merge_counts);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

enum { CAPACITY = 10000 };

static void replace(char text[CAPACITY], const char *from, const char *to)
{
	char *at = strstr(text, from);
	assert_non_null(at);
	const char *rest = at + strlen(from);
	assert_true(strlen(text) + strlen(to) < CAPACITY);
	memmove(at + strlen(to), rest, strlen(rest) + 1);
	memcpy(at, to, strlen(to));
}

/* Saves a model to m/, replaces `from` by `to` in m/training.json, and loads it. */
static pmill_status load_with_changes(
	const char *const (*changes)[2], size_t count, pmill_error *error)
{
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "qwen2"), *loaded = NULL;
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, scratch_path(&folder, "m"), NULL, 0, NULL), PMILL_OK);
	pmill_tokenizer_free(tokenizer);
	char text[CAPACITY];
	FILE *file = fopen(scratch_path(&folder, "m/training.json"), "rb");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[len] = '\0';
	for (size_t i = 0; i < count; i++)
		replace(text, changes[i][0], changes[i][1]);
	scratch_write(&folder, "m/training.json", text, strlen(text));
	pmill_status status = pmill_tokenizer_load(scratch_path(&folder, "m"), NULL, &loaded, error);
	pmill_tokenizer_free(loaded);
	scratch_remove(&folder);
	return status;
}

static pmill_status load_with_record(const char *from, const char *to, pmill_error *error)
{
	const char *const change[1][2] = {{from, to}};
	return load_with_changes(change, 1, error);
}

static void test_contradictory_records_are_refused(void **state)
{
	(void)state;
	static const char *const changes[][2] = {{"qwen2", "gpt2"}, {"\"merges\": 7", "\"merges\": 8"},
		{", 3\n  ]", "\n  ]"}, {"\"documents\": 1", "\"documents\": -1"},
		{"\"ties\": \"ids\"", "\"ties\": 5"}, {"\"stages\": [", "\"stages\": [5,"},
		{"\"15.0\"", "null"}, {"{", ""}, {"\"min_count\"", "\"threads\""}};
	pmill_error error;
	assert_int_equal(load_with_record("15.0", "15.0", &error), PMILL_OK);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		assert_int_equal(load_with_record(changes[i][0], changes[i][1], &error), PMILL_BAD_INPUT);
		assert_non_null(strstr(error.message, "training.json: "));
	}
	assert_int_equal(load_with_record("15.0", "1.0", &error), PMILL_UNSUPPORTED);
}

/* What is wrong with one member is said, with its name. */
static void test_wrong_members_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *message;
	} rows[] = {
		{"\"stages\": [", "\"stages\": 5, \"old\": [", "\"stages\" is not a list"},
		{"\"name\": \"", "\"printable\": \" ", "\"printable\" is not a file name"},
		{"\"name\": \"", "\"printable\": 7, \"old\": \"", "\"printable\" is not a file name"},
		{", 3\n  ]", ", 0\n  ]", "\"merge_counts\" has a count that is not a positive integer"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_error error;
		assert_int_equal(load_with_record(rows[i].from, rows[i].to, &error), PMILL_BAD_INPUT);
		if (strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: %s", i, error.message);
	}
	static const char *const other_count[][2] = {
		{"\"merges\": 7", "\"merges\": 8"}, {"\"merge_counts\"", "\"old\""}};
	pmill_error error;
	assert_int_equal(load_with_changes(other_count, 2, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "it has 8 merges, the model 7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_training_record_is_loaded),
		cmocka_unit_test(test_contradictory_records_are_refused),
		cmocka_unit_test(test_wrong_members_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
