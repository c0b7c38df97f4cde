/* Loading a model by what the file is: content before names, byte-order marks, refusals. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/model_kind.h"
#include "formats/training_json.h"
#include "formats/vocab_merges.h"
#include "support/plan.h"
#include "support/scratch_folder.h"

#define MARK "\xEF\xBB\xBF"
#define RANKS "YQ== 0\nYg== 1\nYWI= 2\n"
#define VOCAB "{\"a\": 0, \"b\": 1, \"ab\": 2}"
#define MERGES "#version: 0.2\na b\n"

static pmill_tokenizer *make_model(void)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan("hf", pairs);
	plan.pattern = "gpt2";
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

static void assert_loads(const char *path, const char *format, size_t merges)
{
	const pmill_load_options options = {.size = sizeof options, .format = format};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (pmill_tokenizer_load(path, &options, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), merges);
	pmill_tokenizer_free(tokenizer);
}

static void test_content_tells_the_format(void **state)
{
	(void)state;
	static const char *const names[] = {
		"tokenizer.model", "x", "x.txt", "x.gguf", "x.json", "vocab.json", "x.tiktoken", "x.bin"};
	pmill_tokenizer *tokenizer = make_model();
	void *json;
	size_t len;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tokenizer.json", &json, &len, NULL), PMILL_OK);
	struct scratch_folder folder;
	scratch_create(&folder);
	scratch_write(&folder, "merges.txt", MERGES, strlen(MERGES));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_loads(scratch_write(&folder, names[i], RANKS, strlen(RANKS)), NULL, 1);
		assert_loads(folder.file, "tiktoken", 1);
		assert_loads(scratch_write(&folder, names[i], json, len), NULL, PLAN_MERGES);
		assert_loads(folder.file, "tokenizer.json", PLAN_MERGES);
		assert_loads(scratch_write(&folder, names[i], VOCAB, strlen(VOCAB)), NULL, 1);
		assert_loads(folder.file, "vocab.json", 1);
	}
	scratch_remove(&folder);
	pmill_memory_free(json);
	pmill_tokenizer_free(tokenizer);
}

static void test_merges_beside_a_vocab(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"vocab.json", "merges.txt"},
		{"gpt2-vocab.json", "gpt2-merges.txt"}, {"encoder.json", "vocab.bpe"},
		{"encoder.json", "merges.txt"}};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct scratch_folder folder;
		scratch_create(&folder);
		scratch_write(&folder, pairs[i][1], MERGES, strlen(MERGES));
		assert_loads(scratch_write(&folder, pairs[i][0], VOCAB, strlen(VOCAB)), NULL, 1);
		assert_loads(scratch_path(&folder, pairs[i][1]), NULL, 1);
		assert_loads(folder.file, "vocab.json", 1);
		scratch_remove(&folder);
	}
}

static void test_the_older_names_of_the_pair_are_written(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model();
	struct scratch_folder folder;
	scratch_create(&folder);
	const pmill_load_options options = {.size = sizeof options,
		.special_tokens = plan_specials,
		.special_token_count = PLAN_SPECIALS};
	static const char *const names[] = {"old-encoder.json", "old-vocab.bpe"};
	assert_int_equal(pmill_tokenizer_save(
						 tokenizer, scratch_path(&folder, names[0]), NULL, PMILL_ALLOW_LOSS, NULL),
		PMILL_OK);
	for (int i = 0; i < 2; i++) {
		pmill_tokenizer *loaded = NULL;
		assert_int_equal(
			pmill_tokenizer_load(scratch_path(&folder, names[i]), &options, &loaded, NULL),
			PMILL_OK);
		assert_int_equal(pmill_tokenizer_merge_count(loaded), PLAN_MERGES);
		pmill_tokenizer_free(loaded);
	}
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, scratch_path(&folder, names[1]), NULL, 0, NULL),
		PMILL_UNSUPPORTED);
	scratch_remove(&folder);
	pmill_tokenizer_free(tokenizer);
}

static void test_folders_and_files_are_not_confused(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_load_options options = {.size = sizeof options, .format = "tiktoken"};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	assert_int_equal(
		pmill_tokenizer_load(folder.path, &options, &tokenizer, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "is a folder, not a tiktoken"));
	options.format = "folder";
	scratch_write(&folder, "x", RANKS, strlen(RANKS));
	assert_int_equal(
		pmill_tokenizer_load(folder.file, &options, &tokenizer, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "is a file, not a folder"));
	assert_null(tokenizer);
	scratch_remove(&folder);
}

/* ---- Byte-order marks ---- */

static void check_mark(const char *text, const char *format, pmill_status status, uint64_t offset)
{
	for (int marked = 0; marked < 2; marked++) {
		char data[200];
		const int len = snprintf(data, sizeof data, "%s%s", marked ? MARK : "", text);
		const pmill_load_options options = {.size = sizeof options, .format = format};
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		assert_int_equal(
			pmill_tokenizer_load_memory(data, (size_t)len, &options, &tokenizer, &error), status);
		if (status != PMILL_OK && offset != PMILL_NO_OFFSET)
			assert_int_equal(error.offset, offset + (marked ? 3 : 0));
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_mark_is_skipped(void **state)
{
	(void)state;
	check_mark(RANKS, NULL, PMILL_OK, 0);
	check_mark(RANKS, "tiktoken", PMILL_OK, 0);
	check_mark("\n\n" RANKS, NULL, PMILL_OK, 0);
	check_mark("YQ== 0\nYg==", NULL, PMILL_BAD_INPUT, 7);
	check_mark("{\"model\": {]}", NULL, PMILL_BAD_INPUT, 11);
	check_mark("{\"model\": {]}", "tokenizer.json", PMILL_BAD_INPUT, 11);
	check_mark("", NULL, PMILL_BAD_INPUT, PMILL_NO_OFFSET);
	check_mark(" \n", NULL, PMILL_BAD_INPUT, PMILL_NO_OFFSET);
	/* Only at the start. */
	check_mark("\n" MARK RANKS, "tiktoken", PMILL_BAD_INPUT, PMILL_NO_OFFSET);
	check_mark(RANKS MARK "Yw== 3\n", NULL, PMILL_BAD_INPUT, 28);
}

static void test_mark_in_every_file_of_a_folder(void **state)
{
	(void)state;
	static const char *const names[] = {
		"tokenizer.json", "vocab.json", "merges.txt", "training.json"};
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan("hf", pairs);
	const pmill_training training = {.version = "0.1.0",
		.merges = PLAN_MERGES,
		.stopped = "full",
		.ties = "ids",
		.layout = "hf"};
	plan.pattern = "gpt2";
	plan.training = &training;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	struct scratch_folder folder;
	scratch_create(&folder);
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, folder.path, "folder", PMILL_OVERWRITE, NULL), PMILL_OK);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		static char data[200000];
		FILE *file = fopen(scratch_path(&folder, names[i]), "rb");
		assert_non_null(file);
		memcpy(data, MARK, 3);
		const size_t len = fread(data + 3, 1, sizeof data - 3, file);
		fclose(file);
		scratch_write(&folder, names[i], data, len + 3);
	}
	assert_loads(folder.path, NULL, PLAN_MERGES);
	pmill_tokenizer_free(tokenizer);
	tokenizer = NULL;
	const pmill_load_options options = {.size = sizeof options,
		.special_tokens = plan_specials,
		.special_token_count = PLAN_SPECIALS};
	assert_int_equal(
		pmill_tokenizer_load(scratch_path(&folder, "vocab.json"), &options, &tokenizer, NULL),
		PMILL_OK);
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), PLAN_MERGES);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

static void test_offset_in_merges_after_a_mark(void **state)
{
	(void)state;
	struct pmill_buffer vocab = {(uint8_t *)VOCAB, strlen(VOCAB), 0};
	char text[] = MARK MERGES "a  b\n";
	struct pmill_buffer merges = {(uint8_t *)text, strlen(text), 0};
	const pmill_load_options options = {.size = sizeof options};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	assert_int_equal(
		pmill_vocab_merges_read(&vocab, "v", &merges, "m", &options, &tokenizer, &error),
		PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 3 + strlen(MERGES));
	assert_null(tokenizer);
}

/* ---- What is no model ---- */

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *data;
	size_t len;
	const char *what; /* in the message */
} others[] = {
	{BYTES("\n\x0E\n\x05<unk>\x15\0\0\0\0\x18\x02"), "a SentencePiece model"},
	{BYTES("\x80\4\x95\0\0\0\0\0\0\0\0"), "a Python pickle"},
	{BYTES("\x80\2}q\0(X\4\0\0\0"), "a Python pickle"},
	{BYTES("lmgg\1\0\0\0"), "GGML"},
	{BYTES("\x88\xD8\x34\x01\1\0\0\0"), "token ids of llm.c"},
	{BYTES("PK\3\4\x14\0"), "zip, not a model"},
	{BYTES("\x40\0\0\0\0\0\0\0{\"__metadata__\":{}}"), "safetensors"},
	{BYTES("\x1F\x8B\x08\0"), "gzip"},
	{BYTES("\x28\xB5\x2F\xFD\0"), "zstd"},
	{BYTES("\xFD"
		   "7zXZ\0\0"),
		"xz"},
	{BYTES("BZh91AY&SY"), "bzip2"},
	{BYTES("\x93NUMPY\1\0"), "NumPy"},
	{BYTES("PMCOUNTS\1\0\0\0"), "a pairmill count file, not a model"},
	{BYTES("#pairmill-counts 1\na\t1\n"), "a TSV of pairmill's counts"},
	{BYTES("PAR1\x15\4"), "Parquet"},
	{BYTES("\xFF\xFE{\0\"\0"), "UTF-16"},
	{BYTES("{\0\"\0a\0\"\0"), "UTF-16"},
	{BYTES("\xFF\xFE\0\0{\0\0\0"), "UTF-32"},
	{BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git lfs pull"},
	{BYTES("<!DOCTYPE html><html></html>"), "HTML"},
	{BYTES(MERGES), "name the vocab.json beside it"},
	{BYTES(MARK MERGES), "name the vocab.json beside it"},
	{BYTES("{\"version\": \"0.1.0\", \"merge_counts\": []}"), "a training.json"},
	{BYTES("{\"tokenizer_class\": \"GPT2Tokenizer\"}"), "a tokenizer_config.json"},
	{BYTES("{\"model_type\": \"llama\", \"vocab_size\": 3}"), "a config.json"},
	{BYTES("{\"metadata\": {}, \"weight_map\": {}}"), "an index of weights"},
	{BYTES("{\"text\": \"a\"}\n{\"text\": \"b\"}\n"), "JSON lines"},
	{BYTES("{\"text\": \"a\"}\r\n{\"text\": \"b\"}\r\n"), "JSON lines"},
	{BYTES("{\"text\": \"a\"}\n"), "a document (JSON lines)"},
};

static void test_other_kinds_are_refused_by_what_they_are(void **state)
{
	(void)state;
	static const char *const names[] = {"x", "tokenizer.model", "x.tiktoken", "x.json"};
	struct scratch_folder folder;
	scratch_create(&folder);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
			const char *path = scratch_write(&folder, names[k], others[i].data, others[i].len);
			assert_int_equal(
				pmill_tokenizer_load(path, NULL, &tokenizer, &error), PMILL_UNSUPPORTED);
			if (strstr(error.message, others[i].what) == NULL ||
				strncmp(error.message, path, strlen(path)) != 0)
				fail_msg("%s: %s", others[i].what, error.message);
		}
		assert_int_equal(
			pmill_tokenizer_load_memory(others[i].data, others[i].len, NULL, &tokenizer, &error),
			PMILL_UNSUPPORTED);
		/* Cut anywhere, it is refused, too, in whatever words. */
		for (size_t len = 0; len < others[i].len; len++)
			assert_int_not_equal(
				pmill_tokenizer_load_memory(others[i].data, len, NULL, &tokenizer, NULL), PMILL_OK);
		assert_null(tokenizer);
	}
	scratch_remove(&folder);
}

/* A first line of base64 may begin as a magic number does. */
static void test_ranks_that_begin_like_something_else(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"GGUF 0\n", "PAR1 0\n", "PMCOUNTS 0\n", "lmgg 0\n", "BZh9 0\r\n", "1234 0"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_mark(texts[i], NULL, PMILL_OK, 0);
}

static void test_unknown_content(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *message;
	} rows[] = {
		{"x", "some words\n", "neither JSON nor lines of base64"},
		{"x.txt", "some words\n", "this is a text file"},
		{"x.u16", "\1\2\3\4", "this is a token file"},
		{"x.tiktoken", "some words\n", "the rank is not a number"},
		{"x.json", "some words\n", "not valid JSON"},
		{"x.json", "[1]", "is JSON, but not an object"},
		{"x", "{\"a\": {}}", "has no \"model\""},
		{"vocab.json", "{\"a\": {}}", "is not an integer"},
		{"x.json", "", "is empty"},
	};
	struct scratch_folder folder;
	scratch_create(&folder);
	scratch_write(&folder, "merges.txt", MERGES, strlen(MERGES));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *path = scratch_write(&folder, rows[i].name, rows[i].text, strlen(rows[i].text));
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		assert_int_not_equal(pmill_tokenizer_load(path, NULL, &tokenizer, &error), PMILL_OK);
		if (strstr(error.message, rows[i].message) == NULL)
			fail_msg("%s", error.message);
	}
	scratch_remove(&folder);
}

/* ---- File names that aren't UTF-8 ---- */

static void check_name(const char *name, bool is_text)
{
	const pmill_input input = {.name = name, .bytes = 5};
	const pmill_training training = {.version = "0.1.0",
		.merges = PLAN_MERGES,
		.stopped = "full",
		.ties = "ids",
		.layout = "hf",
		.inputs = &input,
		.input_count = 1};
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan("hf", pairs);
	plan.pattern = "gpt2";
	plan.training = &training;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	struct pmill_buffer record = {0};
	assert_true(pmill_training_json_write(tokenizer, &record) && pmill_buffer_terminate(&record));
	assert_int_equal(strstr((char *)record.data, "\"printable\"") == NULL, is_text);
	pmill_tokenizer *other = make_model();
	const pmill_load_options options = {.size = sizeof options};
	pmill_error error = {0};
	assert_int_equal(
		pmill_training_json_read(other, record.data, record.len, "t", &options, &error), PMILL_OK);
	pmill_training read = {.size = sizeof read};
	pmill_tokenizer_get_training(other, &read);
	assert_int_equal(read.input_count, 1);
	assert_string_equal(read.inputs[0].name, name);
	pmill_buffer_release(&record);
	pmill_tokenizer_free(other);
	pmill_tokenizer_free(tokenizer);
}

static void test_names_stay_whole(void **state)
{
	(void)state;
	check_name("a.txt", true);
	check_name("\xC3\xA4\xEF\xBF\xBD \"\\\n.txt", true);
	check_name("caf\xE9.txt", false);
	check_name("\xFF", false);
	check_name("a b\\\"\n\x7F\x01\xC3", false);
	check_name("\xED\xA0\x80", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_tells_the_format),
		cmocka_unit_test(test_merges_beside_a_vocab),
		cmocka_unit_test(test_the_older_names_of_the_pair_are_written),
		cmocka_unit_test(test_folders_and_files_are_not_confused),
		cmocka_unit_test(test_mark_is_skipped),
		cmocka_unit_test(test_mark_in_every_file_of_a_folder),
		cmocka_unit_test(test_offset_in_merges_after_a_mark),
		cmocka_unit_test(test_other_kinds_are_refused_by_what_they_are),
		cmocka_unit_test(test_ranks_that_begin_like_something_else),
		cmocka_unit_test(test_unknown_content),
		cmocka_unit_test(test_names_stay_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
