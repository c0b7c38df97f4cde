/* Model formats: round trips of every row, files left on disk, refusals, out of memory. */
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
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/sample_model.h"
#include "support/scratch_folder.h"

static void check_round_trip(struct scratch_folder *folder, const char *layout, const char *pattern)
{
	static const char *const names[] = {"a folder", "m.json", "vocab.json", "m.tiktoken"};
	pmill_tokenizer *tokenizer = make_model(layout, pattern);
	pmill_bytes specials[10];
	pmill_load_options options = make_options(tokenizer, specials);
	for (size_t i = 0; i < 4; i++) {
		const char *path = scratch_path(folder, names[i]);
		pmill_error error;
		pmill_tokenizer *loaded = NULL;
		assert_int_equal(
			pmill_tokenizer_save(tokenizer, path, NULL, PMILL_OVERWRITE | PMILL_ALLOW_LOSS, &error),
			PMILL_OK);
		assert_int_equal(pmill_tokenizer_load(path, &options, &loaded, &error), PMILL_OK);
		assert_same(tokenizer, loaded);
		pmill_tokenizer_free(loaded);
	}
	pmill_tokenizer_free(tokenizer);
}

static void test_every_format_round_trips(void **state)
{
	(void)state;
	static const char *const patterns[] = {
		"gpt2", "cl100k", "cl100k-hf", "llama3", "o200k", "qwen2", "nanochat", "none", "\\S+|\\s+"};
	struct scratch_folder folder;
	scratch_create(&folder);
	for (size_t i = 0; pmill_layout_at(i) != NULL; i++)
		for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++)
			check_round_trip(&folder, pmill_layout_at(i)->name, patterns[k]);
	scratch_remove(&folder);
}

static void test_round_trips_in_memory(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model("gpt2", "cl100k");
	pmill_bytes specials[10];
	pmill_load_options options = make_options(tokenizer, specials);
	static const char *const names[] = {"tokenizer.json", "tiktoken"};
	for (size_t i = 0; i < 2; i++) {
		void *data;
		size_t len;
		assert_int_equal(
			pmill_tokenizer_save_memory(tokenizer, names[i], &data, &len, NULL), PMILL_OK);
		for (int named = 0; named < 2; named++) {
			pmill_tokenizer *loaded = NULL;
			options.format = named ? names[i] : NULL;
			assert_int_equal(
				pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_OK);
			assert_same(tokenizer, loaded);
			pmill_tokenizer_free(loaded);
		}
		pmill_memory_free(data);
	}
	void *untouched = NULL;
	size_t len;
	pmill_error error;
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, "folder", &untouched, &len, NULL),
		PMILL_UNSUPPORTED);
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, "tekken.json", &untouched, &len, NULL),
		PMILL_UNSUPPORTED);
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, "nothing", &untouched, &len, &error),
		PMILL_BAD_OPTION);
	assert_string_equal(error.message,
		"unknown model format \"nothing\" (known: folder, tiktoken, vocab.json, tekken.json, "
		"tokenizer.json, gguf)");
	assert_null(untouched);
	pmill_tokenizer_free(tokenizer);
}

static void test_overwriting_a_folder(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "gpt2"), *other = make_model("gpt2", "gpt2");
	char path[500];
	snprintf(path, sizeof path, "%s", scratch_path(&folder, "m"));
	pmill_error error;
	assert_int_equal(pmill_tokenizer_save(tokenizer, path, NULL, 0, &error), PMILL_OK);
	assert_int_equal(pmill_tokenizer_save(other, path, NULL, 0, &error), PMILL_EXISTS);
	scratch_write(&folder, "m/README", "x", 1);
	other->training = NULL;
	assert_int_equal(pmill_tokenizer_save(other, path, NULL, PMILL_OVERWRITE, &error), PMILL_OK);
	/* Foreign files are kept, but the previous model's record would be wrong. */
	assert_int_equal(access(scratch_path(&folder, "m/README"), F_OK), 0);
	assert_int_not_equal(access(scratch_path(&folder, "m/training.json"), F_OK), 0);
	pmill_tokenizer *loaded = NULL;
	assert_int_equal(pmill_tokenizer_load(path, NULL, &loaded, &error), PMILL_OK);
	assert_memory_equal(loaded->byte_ids, other->byte_ids, sizeof other->byte_ids);
	assert_null(loaded->training);
	pmill_tokenizer_free(loaded);
	/* Without tokenizer.json, vocab.json is loaded. */
	unlink(scratch_path(&folder, "m/tokenizer.json"));
	pmill_bytes specials[10];
	pmill_load_options options = make_options(other, specials);
	assert_int_equal(pmill_tokenizer_load(path, &options, &loaded, &error), PMILL_OK);
	assert_same(other, loaded);
	pmill_tokenizer_free(loaded);
	/* A file is never replaced by a folder. */
	scratch_write(&folder, "file", "x", 1);
	assert_int_equal(
		pmill_tokenizer_save(other, scratch_path(&folder, "file"), NULL, PMILL_OVERWRITE, &error),
		PMILL_IO);
	pmill_tokenizer_free(tokenizer);
	pmill_tokenizer_free(other);
	scratch_remove(&folder);
}

static unsigned count_entries(const char *path)
{
	unsigned count = 0;
	DIR *entries = opendir(path);
	assert_non_null(entries);
	while (readdir(entries) != NULL)
		count++;
	closedir(entries);
	return count - 2;
}

static void test_failures_leave_nothing(void **state)
{
	(void)state;
	static const char *const names[] = {"m.json", "m.tiktoken", "vocab.json", "merges.txt"};
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "gpt2");
	pmill_error error;
	for (size_t i = 0; i < 4; i++) {
		scratch_write(&folder, names[i], "x", 1);
		/* An existing merges.txt also prevents saving vocab.json. */
		const char *path = scratch_path(&folder, names[i == 3 ? 2 : i]);
		assert_int_equal(
			pmill_tokenizer_save(tokenizer, path, NULL, PMILL_ALLOW_LOSS, &error), PMILL_EXISTS);
		assert_int_equal(pmill_tokenizer_check_save(path, NULL, NULL, 0, &error), PMILL_EXISTS);
		assert_int_equal(
			pmill_tokenizer_check_save(path, NULL, NULL, PMILL_OVERWRITE, &error), PMILL_OK);
		assert_int_equal(count_entries(folder.path), 1);
		unlink(scratch_path(&folder, names[i]));
	}
	const char *nowhere = scratch_path(&folder, "no/where");
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, nowhere, NULL, PMILL_ALLOW_LOSS, &error), PMILL_IO);
	assert_int_equal(pmill_tokenizer_check_save(nowhere, NULL, NULL, 0, &error), PMILL_IO);
	/* Nothing is written if tokenizer.json can't hold the expression. */
	assert_int_equal(pmill_tokenizer_set_text(tokenizer, "a{1,2}+|.", "16.0", NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_save(tokenizer, scratch_path(&folder, "m"), NULL, 0, &error),
		PMILL_UNSUPPORTED);
	assert_int_equal(count_entries(folder.path), 0);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

static void test_paths_that_are_not_models(void **state)
{
	(void)state;
	static const char *const names[] = {
		"m.npy", "m.bin", "m.u16", "m.counts", "m.tsv", "m.model", "training.json", "merges.txt"};
	pmill_tokenizer *tokenizer = make_model("hf", "gpt2"), *loaded = NULL;
	pmill_error error;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(
			pmill_tokenizer_save(tokenizer, names[i], NULL, 0, &error), PMILL_UNSUPPORTED);
		assert_non_null(strstr(error.message, names[i]));
		assert_int_equal(pmill_tokenizer_load(names[i], NULL, &loaded, &error), PMILL_IO);
		assert_int_equal(
			pmill_tokenizer_check_save(names[i], NULL, NULL, 0, &error), PMILL_UNSUPPORTED);
	}
	assert_int_equal(pmill_tokenizer_load("/no/such/folder", NULL, &loaded, &error), PMILL_IO);
	assert_int_equal(pmill_tokenizer_load("/no/such.json", NULL, &loaded, &error), PMILL_IO);
	assert_int_equal(pmill_tokenizer_load("", NULL, &loaded, &error), PMILL_BAD_OPTION);
	assert_null(loaded);
	pmill_tokenizer_free(tokenizer);
}

static void test_contradictory_options(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model("hf", "cl100k"), *loaded = NULL;
	void *data;
	size_t len;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tokenizer.json", &data, &len, NULL), PMILL_OK);
	pmill_load_options options = {.size = sizeof options, .pattern = "gpt2"};
	assert_int_equal(
		pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_BAD_OPTION);
	options.pattern = "CL100";
	assert_int_equal(
		pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_BAD_OPTION);
	options.pattern = " CL100K";
	assert_int_equal(pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_OK);
	assert_string_equal(pmill_tokenizer_pattern(loaded), "cl100k");
	pmill_tokenizer_free(loaded);
	loaded = NULL;
	options.pattern = NULL;
	options.unicode_version = "1.0";
	assert_int_equal(
		pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_BAD_OPTION);
	options.unicode_version = NULL;
	const pmill_bytes missing = {"<missing>", 9};
	options.special_tokens = &missing;
	options.special_token_count = 1;
	assert_int_equal(
		pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_BAD_OPTION);
	assert_null(loaded);
	pmill_memory_free(data);
	pmill_tokenizer_free(tokenizer);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	static const char *const names[] = {"m", "m.json", "vocab.json", "m.tiktoken", "m.gguf"};
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "qwen2");
	pmill_bytes specials[10];
	pmill_load_options options = make_options(tokenizer, specials);
	for (size_t i = 0; i < 5; i++) {
		const char *path = scratch_path(&folder, names[i]);
		int refused = 1;
		for (long k = 0; refused; k++) {
			const unsigned before = count_entries(folder.path);
			allocations_left = k;
			pmill_status status = pmill_tokenizer_save(
				tokenizer, path, NULL, PMILL_ALLOW_LOSS, NULL);
			refused = was_refused();
			assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
			if (refused)
				assert_int_equal(count_entries(folder.path), before);
		}
		refused = 1;
		for (long k = 0; refused; k++) {
			pmill_tokenizer *loaded = NULL;
			allocations_left = k;
			pmill_status status = pmill_tokenizer_load(path, &options, &loaded, NULL);
			refused = was_refused();
			assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
			assert_true((loaded == NULL) == (refused != 0));
			pmill_tokenizer_free(loaded);
		}
	}
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_format_round_trips),
		cmocka_unit_test(test_round_trips_in_memory),
		cmocka_unit_test(test_overwriting_a_folder),
		cmocka_unit_test(test_failures_leave_nothing),
		cmocka_unit_test(test_paths_that_are_not_models),
		cmocka_unit_test(test_contradictory_options),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
