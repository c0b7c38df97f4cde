/* Model formats: round trips of every row, refusals, files left on disk, out of memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base64.h"
#include "formats/format.h"
#include "formats/json.h"
#include "formats/regex_portable.h"
#include "support/plan.h"
#include "support/refuse_memory.h"
#include "support/scratch_folder.h"

static const int64_t merge_counts[PLAN_MERGES] = {INT64_MAX, 8, 7, 6, 5, 4, 3};
static const pmill_stage stages[] = {{"count", 0.25, 1000}, {"merge", 12.000001, 2000}};
static const pmill_input inputs[] = {{"a \"b\".txt", 10, NULL},
	{"c.txt", 5, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}};
static const pmill_training training = {.version = "0.1.0",
	.totals = {.documents = 1, .bytes = 15, .pretokens = 4, .words = 3, .bad_lines = 2},
	.vocab_size_asked = 300,
	.merges = PLAN_MERGES,
	.stopped = "no-pairs",
	.min_count = 2,
	.max_token_length = 16,
	.reserve = 1,
	.pad_vocab_to = 64,
	.ties = "ids",
	.layout = "hf",
	.compat = "hf",
	.threads = 3,
	.stages = stages,
	.stage_count = 2,
	.inputs = inputs,
	.input_count = 2,
	.merge_counts = merge_counts};

static pmill_tokenizer *make_model(const char *layout, const char *pattern)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan(layout, pairs);
	plan.pattern = pattern;
	plan.unicode_version = "15.0";
	plan.pad_count = 2;
	plan.training = &training;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

/* Options that supply pattern and special tokens to formats that don't store them. */
static pmill_load_options make_options(const pmill_tokenizer *tokenizer, pmill_bytes *specials)
{
	for (size_t i = 0; i < tokenizer->special_count; i++)
		specials[i] = tokenizer->specials[i].content;
	return (pmill_load_options){.size = sizeof(pmill_load_options),
		.pattern = tokenizer->pattern,
		.unicode_version = tokenizer->unicode_version,
		.special_tokens = specials,
		.special_token_count = tokenizer->special_count};
}

static void assert_same(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	assert_int_equal(a->vocab.count, b->vocab.count);
	for (uint32_t id = 0; id < a->vocab.count; id++) {
		pmill_bytes x = pmill_tokenizer_token_bytes(a, id), y = pmill_tokenizer_token_bytes(b, id);
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
		assert_int_equal(a->vocab.tokens[id].is_special, b->vocab.tokens[id].is_special);
	}
	assert_int_equal(a->merge_count, b->merge_count);
	assert_memory_equal(a->merges, b->merges, a->merge_count * sizeof *a->merges);
	assert_memory_equal(a->byte_ids, b->byte_ids, sizeof a->byte_ids);
	assert_int_equal(a->special_count, b->special_count);
	for (size_t i = 0; i < a->special_count; i++) {
		assert_int_equal(a->specials[i].id, b->specials[i].id);
		assert_int_equal(a->specials[i].is_special, b->specials[i].is_special);
	}
	assert_string_equal(a->pattern, b->pattern);
	assert_string_equal(a->unicode_version, b->unicode_version);
}

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
			pmill_tokenizer_save(tokenizer, path, NULL, PMILL_OVERWRITE, &error), PMILL_OK);
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
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "gguf", &untouched, &len, NULL), PMILL_UNSUPPORTED);
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, "nothing", &untouched, &len, &error),
		PMILL_BAD_OPTION);
	assert_string_equal(error.message,
		"unknown model format \"nothing\" (known: folder, tiktoken, vocab.json, tokenizer.json)");
	assert_null(untouched);
	pmill_tokenizer_free(tokenizer);
}

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
		assert_int_equal(pmill_tokenizer_save(tokenizer, path, NULL, 0, &error), PMILL_EXISTS);
		assert_int_equal(pmill_tokenizer_check_save(path, NULL, NULL, 0, &error), PMILL_EXISTS);
		assert_int_equal(
			pmill_tokenizer_check_save(path, NULL, NULL, PMILL_OVERWRITE, &error), PMILL_OK);
		assert_int_equal(count_entries(folder.path), 1);
		unlink(scratch_path(&folder, names[i]));
	}
	const char *nowhere = scratch_path(&folder, "no/where");
	assert_int_equal(pmill_tokenizer_save(tokenizer, nowhere, NULL, 0, &error), PMILL_IO);
	assert_int_equal(pmill_tokenizer_check_save(nowhere, NULL, NULL, 0, &error), PMILL_IO);
	/* Nothing is written if tokenizer.json can't hold the expression. */
	tokenizer->pattern = "a{1,2}+|.";
	assert_int_equal(pmill_tokenizer_save(tokenizer, scratch_path(&folder, "m"), NULL, 0, &error),
		PMILL_UNSUPPORTED);
	assert_int_equal(count_entries(folder.path), 0);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

static void test_special_tokens_that_json_cannot_hold(void **state)
{
	(void)state;
	static const struct {
		pmill_bytes content;
		bool is_held;
	} rows[] = {{{"<|x|>", 5}, true}, {{"two words\n", 10}, true}, {{"\xFF", 1}, false},
		{{"a\xC3", 2}, false}, {{"a", 1}, false}, {{"\xC4\xA0", 2}, false}, {{"a\0b", 3}, false},
		{{"", 0}, false}, {{"\xC4\xA0the", 5}, false}, {{"the", 3}, false}, {{"thx", 3}, true}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_pair_ids pairs[PLAN_MERGES];
		struct pmill_tokenizer_plan plan = make_plan("hf", pairs);
		pmill_bytes specials[PLAN_SPECIALS] = {plan_specials[0], rows[i].content};
		plan.special_tokens = specials;
		const bool is_known_later = rows[i].content.len >= 3;
		const pmill_text_options text = {
			.size = sizeof text, .special_tokens = specials, .special_token_count = PLAN_SPECIALS};
		pmill_status early = pmill_tokenizer_check_save(
			"/tmp/x.json", NULL, &text, PMILL_OVERWRITE, NULL);
		if (!is_known_later || rows[i].is_held)
			assert_int_equal(early, rows[i].is_held ? PMILL_OK : PMILL_UNSUPPORTED);
		if (rows[i].content.len == 0)
			continue;
		pmill_tokenizer *tokenizer = NULL;
		assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
		void *data = NULL;
		size_t len;
		assert_int_equal(
			pmill_tokenizer_save_memory(tokenizer, "tokenizer.json", &data, &len, NULL),
			rows[i].is_held ? PMILL_OK : PMILL_UNSUPPORTED);
		pmill_memory_free(data);
		/* .tiktoken stores no special tokens, so any are allowed. */
		data = NULL;
		assert_int_equal(
			pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, NULL), PMILL_OK);
		pmill_memory_free(data);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_patterns_that_json_cannot_hold(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		pmill_status status;
	} rows[] = {{"cl100k", PMILL_OK}, {"none", PMILL_OK}, {"[a-z]+|\\s+", PMILL_OK},
		{"a{1,2}+|b", PMILL_UNSUPPORTED}, {"^x|y", PMILL_UNSUPPORTED}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const pmill_text_options text = {.size = sizeof text, .pattern = rows[i].pattern};
		assert_int_equal(
			pmill_tokenizer_check_save("/tmp/x.json", NULL, &text, PMILL_OVERWRITE, NULL),
			rows[i].status);
		assert_int_equal(
			pmill_tokenizer_check_save("/tmp/x.tiktoken", NULL, &text, PMILL_OVERWRITE, NULL),
			PMILL_OK);
	}
}

static void test_paths_that_are_not_models(void **state)
{
	(void)state;
	static const char *const names[] = {"m.gguf", "tekken.json", "m.npy", "m.bin", "m.u16",
		"m.counts", "m.tsv", "m.model", "training.json", "merges.txt"};
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
	assert_int_equal(
		pmill_tokenizer_load_memory("GGUF\3\0\0\0", 8, NULL, &loaded, &error), PMILL_UNSUPPORTED);
	assert_null(loaded);
	pmill_tokenizer_free(tokenizer);
}

static void test_tiktoken_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		pmill_status status;
		uint64_t offset;
	} rows[] = {{"YQ== 0\nYg== 1\nYWI= 2\n", PMILL_OK, 0}, {"YQ== 0\r\n\nYg== 1", PMILL_OK, 0},
		{"Yg== 5\nYQ== 0\n", PMILL_OK, 0}, {"", PMILL_BAD_INPUT, PMILL_NO_OFFSET},
		{"YQ== 0\nYQ== 1\n", PMILL_BAD_INPUT, 7}, {"YQ== 0\nYg== 0\n", PMILL_BAD_INPUT, 7},
		{"YQ==0\n", PMILL_BAD_INPUT, 0}, {"YQ==  0\n", PMILL_BAD_INPUT, 5},
		{"YQ== \n", PMILL_BAD_INPUT, 5}, {"YQ== 0x\n", PMILL_BAD_INPUT, 6},
		{"YR== 0\n", PMILL_BAD_INPUT, 1}, {"YQ= 0\n", PMILL_BAD_INPUT, 3},
		{"Y Q== 0\n", PMILL_BAD_INPUT, 1}, {"YQ=Q 0\n", PMILL_BAD_INPUT, 2},
		{" 0\n", PMILL_BAD_INPUT, 0}, {"YQ== 4294967295\n", PMILL_BAD_INPUT, 5},
		{"YQ== 99999999999999999999999\n", PMILL_BAD_INPUT, 5}, {"YQ== -1\n", PMILL_BAD_INPUT, 5}};
	const pmill_load_options options = {.size = sizeof options, .format = "tiktoken"};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		pmill_status status = pmill_tokenizer_load_memory(
			rows[i].text, strlen(rows[i].text), &options, &tokenizer, &error);
		assert_int_equal(status, rows[i].status);
		if (status != PMILL_OK)
			assert_int_equal(error.offset, rows[i].offset);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_specials_fill_the_holes(void **state)
{
	(void)state;
	const pmill_bytes specials[] = {{"<a>", 3}, {"<b>", 3}, {"<c>", 3}};
	const pmill_load_options options = {
		.size = sizeof options, .special_tokens = specials, .special_token_count = 3};
	pmill_tokenizer *tokenizer = NULL;
	const char *text = "YQ== 0\nYg== 2\nYWI= 4\n";
	assert_int_equal(
		pmill_tokenizer_load_memory(text, strlen(text), &options, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<a>", 3), 1);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<b>", 3), 3);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<c>", 3), 5);
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), 1);
	assert_string_equal(pmill_tokenizer_meaning(tokenizer), "rank by id");
	/* It contains no pattern, and a guessed one could silently give different ids. */
	assert_null(pmill_tokenizer_pattern(tokenizer));
	pmill_tokenizer_free(tokenizer);
}

/* Merges in another order than their ids, or that make a token otherwise than its ranks would. */
static void test_tiktoken_refuses_other_meanings(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model("hf", "gpt2");
	pmill_error error;
	void *data = NULL;
	size_t len;
	struct pmill_merge swapped = tokenizer->merges[0];
	tokenizer->merges[0] = tokenizer->merges[3];
	tokenizer->merges[3] = swapped;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "\"th\""));
	tokenizer->merges[3] = tokenizer->merges[0];
	tokenizer->merges[0] = swapped;
	/* " " + "the" becomes " t" + "he", which its ranks would not give. */
	tokenizer->merges[2].left = tokenizer->merges[2].right;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "\" the\""));
	tokenizer->merge_count = 2;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, &error), PMILL_UNSUPPORTED);
	assert_null(data);
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

static void test_base64(void **state)
{
	(void)state;
	uint8_t bytes[70];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct pmill_buffer text = {0}, back = {0};
		size_t bad_offset;
		assert_true(pmill_base64_append(&text, bytes, len));
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_true(pmill_base64_parse(&back, text.data, text.len, &bad_offset));
		assert_int_equal(back.len, len);
		if (len > 0)
			assert_memory_equal(back.data, bytes, len);
		pmill_buffer_release(&text);
		pmill_buffer_release(&back);
	}
	struct pmill_buffer text = {0};
	assert_true(pmill_base64_append(&text, "foobar\xFF\xFE", 8));
	assert_memory_equal(text.data, "Zm9vYmFy//4=", 12);
	pmill_buffer_release(&text);
}

static void test_json_strings_read_back(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 0x800; i++) {
		uint8_t text[2] = {(uint8_t)i, 0};
		size_t len = 1;
		if (i >= 0x80) {
			text[0] = (uint8_t)(0xC0 | i >> 6);
			text[1] = (uint8_t)(0x80 | (i & 63));
			len = 2;
		}
		struct pmill_buffer out = {0};
		assert_true(pmill_buffer_append_text(&out, "{\"x\":"));
		assert_true(pmill_json_append_string(&out, text, len));
		assert_true(pmill_buffer_append_text(&out, "}"));
		json_t *root = NULL;
		assert_int_equal(pmill_json_parse(out.data, out.len, "x", &root, NULL), PMILL_OK);
		const json_t *value = json_object_get(root, "x");
		assert_int_equal(json_string_length(value), len);
		assert_memory_equal(json_string_value(value), text, len);
		json_decref(root);
		pmill_buffer_release(&out);
	}
}

static void test_deep_and_doubled_json(void **state)
{
	(void)state;
	const size_t len = 1 << 20;
	char *deep = malloc(len);
	assert_non_null(deep);
	memset(deep, '[', len);
	memcpy(deep, "{\"model\":", 9);
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	assert_int_equal(
		pmill_tokenizer_load_memory(deep, len, NULL, &tokenizer, &error), PMILL_BAD_INPUT);
	free(deep);
	const char *doubled = "{\"model\": {}, \"model\": {}}";
	assert_int_equal(
		pmill_tokenizer_load_memory(doubled, strlen(doubled), NULL, &tokenizer, &error),
		PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "duplicate"));
	assert_int_equal(
		pmill_tokenizer_load_memory(NULL, 0, NULL, &tokenizer, &error), PMILL_BAD_INPUT);
	assert_null(tokenizer);
}

static void test_portable_expressions(void **state)
{
	(void)state;
	static const char *const alike[] = {"a", "[a-z]+|\\s", "(?:a|b)++c", "(?>a+)", "\\p{Lu}\\P{^N}",
		"[^\\r\\n\\p{L}]?+x", "(?i:'s|'ve)x", "a{2,3}?b", "\\x{1F600}|\\x41", "(?<!a)b",
		"[-a]|[a-]"};
	static const char *const unlike[] = {"", "a*", "a|", "(?:a?|b)", "a{2}+b", "a{2}?b", "^a", "a$",
		"\\h", "\\w", "\\pL", "\\p{Han}", "(?i)a", "(?i:ss)", "(?i:s)(?i:t)", "(?i:é)", "(?i:a)+",
		"(?m:a)", "[[a]]", "[a&&b]", "[]a]", "[a-\\d]", "[\\d-z]", "[z-a]", "a**", "a{,2}", "{",
		"]", "}", "a)", "(a", "\\1", "\\", "\\Qa", "(*UTF)a", "(?#x)a", "\\u0041", "\\x4", "\\x80",
		"[a", "\xFF", "(?=a)+b", "(?=a)"};
	size_t offset;
	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
		assert_null(pmill_regex_find_unportable(alike[i], &offset));
	for (size_t i = 0; i < sizeof unlike / sizeof unlike[0]; i++) {
		assert_non_null(pmill_regex_find_unportable(unlike[i], &offset));
		assert_true(offset <= strlen(unlike[i]));
	}
	char nested[1000];
	memset(nested, '(', sizeof nested - 1);
	nested[sizeof nested - 1] = '\0';
	assert_non_null(pmill_regex_find_unportable(nested, &offset));
}

static void test_out_of_memory(void **state)
{
	(void)state;
	static const char *const names[] = {"m", "m.json", "vocab.json", "m.tiktoken"};
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model("hf", "qwen2");
	pmill_bytes specials[10];
	pmill_load_options options = make_options(tokenizer, specials);
	for (size_t i = 0; i < 4; i++) {
		const char *path = scratch_path(&folder, names[i]);
		int refused = 1;
		for (long k = 0; refused; k++) {
			const unsigned before = count_entries(folder.path);
			allocations_left = k;
			pmill_status status = pmill_tokenizer_save(tokenizer, path, NULL, 0, NULL);
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
		cmocka_unit_test(test_training_record_is_loaded),
		cmocka_unit_test(test_contradictory_records_are_refused),
		cmocka_unit_test(test_overwriting_a_folder),
		cmocka_unit_test(test_failures_leave_nothing),
		cmocka_unit_test(test_special_tokens_that_json_cannot_hold),
		cmocka_unit_test(test_patterns_that_json_cannot_hold),
		cmocka_unit_test(test_paths_that_are_not_models),
		cmocka_unit_test(test_tiktoken_lines),
		cmocka_unit_test(test_specials_fill_the_holes),
		cmocka_unit_test(test_tiktoken_refuses_other_meanings),
		cmocka_unit_test(test_contradictory_options),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_json_strings_read_back),
		cmocka_unit_test(test_deep_and_doubled_json),
		cmocka_unit_test(test_portable_expressions),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
