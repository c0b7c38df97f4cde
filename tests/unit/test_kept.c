/* What is handed on from a model's files, and what a tokenizer.json is made from without them. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/format.h"
#include "support/plan.h"
#include "support/scratch_folder.h"

static pmill_tokenizer *make_model(void)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan("hf", pairs);
	plan.pattern = "gpt2";
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

/* The tokenizer.json; the caller frees it. */
static char *write_text(const pmill_tokenizer *tokenizer)
{
	void *data = NULL;
	size_t len;
	pmill_error error = {0};
	if (pmill_tokenizer_save_memory(tokenizer, NULL, &data, &len, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	char *text = realloc(data, len + 1);
	assert_non_null(text);
	text[len] = '\0';
	return text;
}

static pmill_tokenizer *load_text(const char *text)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (pmill_tokenizer_load_memory(text, strlen(text), NULL, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

static pmill_tokenizer *write_and_load(const pmill_tokenizer *tokenizer)
{
	char *text = write_text(tokenizer);
	pmill_tokenizer *loaded = load_text(text);
	free(text);
	return loaded;
}

/* ---- Files of a folder ---- */

static const char *const kept[][3] = {
	{"tokenizer_config.json", "{\"bos_token\": \"<|endoftext|>\", \"other\": [1,2]}",
		"{\"bos_token\": \"<|start|>\", \"other\": [1,2]}"},
	{"special_tokens_map.json", "{\"pad_token\":{\"content\":\"<| pad |>\"}}",
		"{\"pad_token\":{\"content\":\"<| pad |>\"}}"},
	{"chat_template.jinja", "{{ \"<|endoftext|>\" }} '<|endoftext|>' \"\\\"<|endoftext|>\"",
		"{{ \"<|start|>\" }} '<|endoftext|>' \"\\\"<|endoftext|>\""},
};

enum { KEPT = sizeof kept / sizeof kept[0] };

/* `column`: of `kept`. */
static void check_files(struct scratch_folder *folder, const char *name, int column)
{
	for (int i = 0; i < KEPT; i++) {
		char path[200], text[300] = "";
		snprintf(path, sizeof path, "%s/%s", name, kept[i][0]);
		FILE *file = fopen(scratch_path(folder, path), "rb");
		assert_non_null(file);
		const size_t len = fread(text, 1, sizeof text - 1, file);
		fclose(file);
		assert_int_equal(len, strlen(kept[i][column]));
		assert_string_equal(text, kept[i][column]);
	}
}

static void test_files_of_a_folder(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model(), *loaded = NULL;
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, scratch_path(&folder, "a"), "folder", 0, NULL), PMILL_OK);
	for (int i = 0; i < KEPT; i++) {
		char path[200];
		snprintf(path, sizeof path, "a/%s", kept[i][0]);
		scratch_write(&folder, path, kept[i][1], strlen(kept[i][1]));
	}
	assert_int_equal(
		pmill_tokenizer_load(scratch_path(&folder, "a"), NULL, &loaded, NULL), PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_save(loaded, scratch_path(&folder, "b"), NULL, 0, NULL), PMILL_OK);
	check_files(&folder, "b", 1);
	const struct pmill_rename rename = {{"<|endoftext|>", 13}, {"<|start|>", 9}};
	assert_int_equal(pmill_tokenizer_keep_rename(loaded, &rename, NULL), PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_save(loaded, scratch_path(&folder, "c"), NULL, 0, NULL), PMILL_OK);
	check_files(&folder, "c", 2);
	/* A model without such files leaves them where they are, except what it writes itself. */
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, scratch_path(&folder, "c"), NULL, PMILL_OVERWRITE, NULL),
		PMILL_OK);
	assert_int_equal(access(scratch_path(&folder, "c/chat_template.jinja"), F_OK), 0);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

/* ---- Made from the tokenizer's own parts ---- */

static void check_steps(const struct pmill_cut_step *steps, size_t count)
{
	pmill_tokenizer *tokenizer = make_model();
	assert_int_equal(pmill_tokenizer_set_steps(tokenizer, steps, count, NULL), PMILL_OK);
	pmill_tokenizer *loaded = write_and_load(tokenizer);
	assert_null(pmill_tokenizer_refusal(loaded));
	assert_int_equal(loaded->step_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(loaded->steps[i].pattern, steps[i].pattern);
		assert_int_equal(loaded->steps[i].adds_space, steps[i].adds_space);
		assert_int_equal(loaded->steps[i].on_printable, steps[i].on_printable);
	}
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
}

static void test_steps(void **state)
{
	(void)state;
	static const struct {
		struct pmill_cut_step steps[4];
		size_t count;
	} rows[] = {
		{{{.pattern = "gpt2"}}, 1},
		{{{.pattern = "none"}}, 1},
		{{{.pattern = "gpt2", .adds_space = true}}, 1},
		{{{.pattern = "none", .adds_space = true}}, 1},
		{{{.pattern = "a+"}, {.pattern = "gpt2"}}, 2},
		{{{.pattern = "gpt2"}, {.pattern = "cl100k"}, {.pattern = "a|b"}}, 3},
		{{{.pattern = "a+"}, {.pattern = "gpt2", .adds_space = true},
			 {.pattern = "[0-9]", .on_printable = true}, {.pattern = "[b]", .on_printable = true}},
			4},
		{{{.pattern = "b+", .adds_space = true, .on_printable = true}}, 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_steps(rows[i].steps, rows[i].count);
}

static void test_steps_that_json_cannot_hold(void **state)
{
	(void)state;
	static const struct pmill_cut_step steps[] = {{.pattern = "a+", .adds_space = true}};
	pmill_tokenizer *tokenizer = make_model();
	pmill_error error = {0};
	assert_int_equal(pmill_tokenizer_set_steps(tokenizer, steps, 1, NULL), PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_check_format(tokenizer, "tokenizer.json", &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "can't add a space before the pieces of a+"));
	pmill_tokenizer_free(tokenizer);
}

static void check_normal_steps(const struct pmill_normal_step *steps, size_t count)
{
	pmill_tokenizer *tokenizer = make_model();
	assert_int_equal(pmill_tokenizer_set_normal_steps(tokenizer, steps, count, NULL), PMILL_OK);
	pmill_tokenizer *loaded = write_and_load(tokenizer);
	assert_int_equal(loaded->normal_step_count, count);
	char *a = NULL, *b = NULL;
	assert_int_equal(pmill_tokenizer_describe(tokenizer, "normalizer", &a, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_describe(loaded, "normalizer", &b, NULL), PMILL_OK);
	assert_string_equal(a, b);
	pmill_memory_free(a);
	pmill_memory_free(b);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
}

static void test_normal_steps(void **state)
{
	(void)state;
	static const struct pmill_normal_step steps[] = {
		{.kind = PMILL_NORMAL_NFC},
		{.kind = PMILL_NORMAL_NFD},
		{.kind = PMILL_NORMAL_NFKC},
		{.kind = PMILL_NORMAL_NFKD},
		{.kind = PMILL_NORMAL_LOWERCASE},
		{.kind = PMILL_NORMAL_PREPEND, .content = {"\xE2\x96\x81", 3}},
		{.kind = PMILL_NORMAL_REPLACE, .found = {"a", 1}, .content = {"bc", 2}},
		{.kind = PMILL_NORMAL_REPLACE, .expression = "a+"},
		{.kind = PMILL_NORMAL_STRIP, .strips_left = true},
		{.kind = PMILL_NORMAL_STRIP, .strips_left = true, .strips_right = true},
	};
	enum { COUNT = sizeof steps / sizeof steps[0] };
	check_normal_steps(steps, 0);
	check_normal_steps(steps, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		check_normal_steps(&steps[i], 1);
}

static void test_template(void **state)
{
	(void)state;
	static const struct {
		uint32_t ids[2];
		size_t before, after;
	} rows[] = {{{0, 1}, 2, 0}, {{0, 1}, 0, 2}, {{1, 0}, 1, 1}, {{1, 1}, 1, 1}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct pmill_template whole = {
			rows[i].ids, rows[i].ids + rows[i].before, rows[i].before, rows[i].after};
		pmill_tokenizer *tokenizer = make_model();
		assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
		pmill_tokenizer *loaded = write_and_load(tokenizer);
		const struct pmill_template *got = &loaded->template;
		assert_int_equal(got->before_count, rows[i].before);
		assert_int_equal(got->after_count, rows[i].after);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(k < rows[i].before ? got->before[k] : got->after[k - rows[i].before],
				rows[i].ids[k]);
		pmill_tokenizer_free(loaded);
		pmill_tokenizer_free(tokenizer);
	}
}

/* ---- A post_processor that was kept ---- */

/* Processors one after another wrap each other's tokens. */
#define PROCESSORS                                                                                 \
	"{\"type\":\"Sequence\",\"processors\":[{\"type\":\"RobertaProcessing\",\"sep\":[\"</s>\",4]," \
	"\"cls\":[\"<s>\",3]},{\"type\":\"ByteLevel\"},{\"type\":\"Sequence\",\"processors\":[]},"     \
	"{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\"}},"            \
	"{\"Sequence\":{\"id\":\"A\"}}],\"pair\":[],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\","      \
	"\"ids\":[3,0],\"tokens\":[\"<s>\",\"a\"]}}}]}"

#define MODEL                                                                                      \
	"{\"added_tokens\":[{\"id\":3,\"content\":\"<s>\"},{\"id\":4,\"content\":\"</s>\"}],"          \
	"\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},\"post_"                \
	"processor\":" PROCESSORS                                                                      \
	",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}"

static void check_template(const pmill_tokenizer *tokenizer)
{
	static const uint32_t before[] = {3, 0, 3};
	assert_int_equal(tokenizer->template.before_count, 3);
	assert_memory_equal(tokenizer->template.before, before, sizeof before);
	assert_int_equal(tokenizer->template.after_count, 1);
	assert_int_equal(tokenizer->template.after[0], 4);
}

static void test_post_processor(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = load_text(MODEL);
	char *description = NULL;
	check_template(tokenizer);
	assert_int_equal(pmill_tokenizer_describe(tokenizer, "template", &description, NULL), PMILL_OK);
	assert_string_equal(description,
		"before \"<s>\" (id 3)\nbefore \"a\" (id 0)\nbefore \"<s>\" (id 3)\nafter \"</s>\" (id "
		"4)\n");
	pmill_memory_free(description);
	pmill_tokenizer *loaded = write_and_load(tokenizer);
	check_template(loaded);
	pmill_tokenizer_free(loaded);
	/* A renamed token is found by its new name, one whose id has changed by that. */
	tokenizer->specials[0].content = (pmill_bytes){"<b>", 3};
	tokenizer->specials[1].id = 1;
	const struct pmill_rename rename = {{"<s>", 3}, {"<b>", 3}};
	assert_int_equal(pmill_tokenizer_keep_rename(tokenizer, &rename, NULL), PMILL_OK);
	char *text = write_text(tokenizer);
	const char *processor = strstr(text, "\"post_processor\"");
	assert_non_null(processor);
	assert_null(strstr(processor, "\"<s>\": {"));
	assert_non_null(strstr(processor, "\"<b>\": {"));
	assert_non_null(strstr(processor, "\"</s>\",\n          1\n"));
	free(text);
	pmill_tokenizer_free(tokenizer);
}

/* ---- Merges as strings ---- */

static void test_merges_as_strings(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *tokenizer = make_model(), *loaded = NULL;
	const char *path = scratch_path(&folder, "x.json");
	assert_int_equal(
		pmill_tokenizer_save(tokenizer, path, NULL, PMILL_MERGES_AS_STRINGS, NULL), PMILL_OK);
	static char text[200000];
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	/* A token that begins with a space has none in its printable form. */
	assert_non_null(strstr(text, "\n      \"t h\",\n      \"th e\",\n      \"\xC4\xA0 the\",\n"));
	assert_int_equal(pmill_tokenizer_load(path, NULL, &loaded, NULL), PMILL_OK);
	assert_int_equal(loaded->listed_count, PLAN_MERGES);
	assert_memory_equal(loaded->listed_merges, tokenizer->listed_merges,
		PLAN_MERGES * sizeof *tokenizer->listed_merges);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
}

static void test_unknown_part(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model();
	char *text = NULL;
	assert_int_equal(pmill_tokenizer_describe(tokenizer, "x", &text, NULL), PMILL_BAD_OPTION);
	assert_null(text);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_a_folder),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_steps_that_json_cannot_hold),
		cmocka_unit_test(test_normal_steps),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_post_processor),
		cmocka_unit_test(test_merges_as_strings),
		cmocka_unit_test(test_unknown_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
