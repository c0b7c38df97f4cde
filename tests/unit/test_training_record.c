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

/* Saves a model to m/, replaces `from` by `to` in m/training.json, and loads it. */
static pmill_status load_with_record(const char *from, const char *to, pmill_error *error)
{
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "qwen2"), *loaded = NULL;
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, scratch_path(&folder, "m"), NULL, 0, NULL), PMILL_OK);
	pmill_tokenizer_free(tokenizer);
	char text[10000];
	FILE *file = fopen(scratch_path(&folder, "m/training.json"), "rb");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[len] = '\0';
	char *at = strstr(text, from);
	assert_non_null(at);
	char changed[11000];
	int changed_len = snprintf(
		changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	scratch_write(&folder, "m/training.json", changed, (size_t)changed_len);
	pmill_status status = pmill_tokenizer_load(scratch_path(&folder, "m"), NULL, &loaded, error);
	pmill_tokenizer_free(loaded);
	scratch_remove(&folder);
	return status;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_training_record_is_loaded),
		cmocka_unit_test(test_contradictory_records_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
