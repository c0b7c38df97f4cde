/* The parts of a tokenizer.json that are refused by name, and how a Split's expression is read. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "support/refuse_memory.h"

/* NULL: as in `plain`. */
struct parts {
	const char *others, *pre_tokenizer, *model, *vocab, *merges;
};

static const struct parts plain = {"\"normalizer\": null",
	"{\"type\": \"ByteLevel\", "
	"\"add_prefix_space\": false}",
	"\"type\": \"BPE\"", "{\"a\": 0, \"b\": 1, \"ab\": 2}", "[\"a b\"]"};

static pmill_status load(const struct parts *parts, pmill_tokenizer **tokenizer, pmill_error *error)
{
	char json[2000];
	const int len = snprintf(json, sizeof json,
		"{%s, \"pre_tokenizer\": %s, \"model\": {%s, \"vocab\": %s, \"merges\": %s}}",
		parts->others ? parts->others : plain.others,
		parts->pre_tokenizer ? parts->pre_tokenizer : plain.pre_tokenizer,
		parts->model ? parts->model : plain.model, parts->vocab ? parts->vocab : plain.vocab,
		parts->merges ? parts->merges : plain.merges);
	assert_true((size_t)len < sizeof json);
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	return pmill_tokenizer_load_memory(json, (size_t)len, &options, tokenizer, error);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		struct parts parts;
		pmill_status status;
		const char *message;
	} rows[] = {
		{{.others = "\"truncation\": {}"}, PMILL_UNSUPPORTED,
			"truncation and padding are not supported: set them to null"},
		{{.others = "\"padding\": {}"}, PMILL_UNSUPPORTED,
			"truncation and padding are not supported: set them to null"},
		{{.others = "\"normalizer\": {\"type\": \"NFC\"}"}, PMILL_UNSUPPORTED,
			"normalizer \"NFC\" is not supported"},
		{{.others = "\"decoder\": {\"type\": \"Sequence\"}"}, PMILL_UNSUPPORTED,
			"decoder \"Sequence\" is not supported"},
		{{.others = "\"normalizer\": {}"}, PMILL_UNSUPPORTED,
			"normalizer \"without a type\" is not supported"},
		{{.others = "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": "
					"\"ByteLevel\"}, {\"type\": \"Fuse\"}]}"},
			PMILL_UNSUPPORTED, "decoder \"Sequence\" is not supported"},
		{{.others = "\"post_processor\": {\"type\": \"Bert\"}"}, PMILL_UNSUPPORTED,
			"post_processor \"Bert\" is not supported"},
		{{.model = "\"type\": \"WordPiece\""}, PMILL_UNSUPPORTED,
			"model \"WordPiece\" is not supported"},
		{{.model = "\"dropout\": 0.1"}, PMILL_UNSUPPORTED, "the model's dropout is not supported"},
		{{.model = "\"end_of_word_suffix\": \"</w>\""}, PMILL_UNSUPPORTED,
			"the model's end_of_word_suffix is not supported"},
		{{.model = "\"unk_token\": \"?\""}, PMILL_UNSUPPORTED,
			"the model's unk_token is not supported"},
		{{.model = "\"ignore_merges\": 1"}, PMILL_BAD_INPUT,
			"the model's ignore_merges is neither true nor false"},
		{{.vocab = "[]"}, PMILL_BAD_INPUT,
			"the model's vocab is not an object, or its merges are not a list"},
		{{.merges = "{}"}, PMILL_BAD_INPUT,
			"the model's vocab is not an object, or its merges are not a list"},
		{{.merges = "[\"a b\", 7]"}, PMILL_BAD_INPUT,
			"merge 1 is neither a pair of tokens nor a string"},
		{{.merges = "[[\"a\", \"b\", \"c\"]]"}, PMILL_BAD_INPUT,
			"merge 0 is neither a pair of tokens nor a string"},
		{{.merges = "[[\"a\"]]"}, PMILL_BAD_INPUT,
			"merge 0 is neither a pair of tokens nor a string"},
		{{.merges = "[\"a b\", \"a b\"]"}, PMILL_BAD_INPUT,
			"the merge of \"a\" and \"b\" occurs twice"},
		{{.merges = "[\"b a\"]"}, PMILL_BAD_INPUT, "\"ba\""},
		{{.vocab = "{\"a\": 0, \"b\": \"1\", \"ab\": 2}"}, PMILL_BAD_INPUT,
			"the id of the token \"b\" is not an integer"},
		{{.vocab = "{\"a\": 0, \"b\": 1, \"ab\": -2}"}, PMILL_BAD_INPUT,
			"the token \"ab\" has the id -2, which is out of range among 3 tokens"},
		{{.pre_tokenizer = "null"}, PMILL_UNSUPPORTED,
			"without a pre_tokenizer the model is not byte-level"},
		{{.pre_tokenizer = "{\"type\": \"Whitespace\"}"}, PMILL_UNSUPPORTED,
			"\"Whitespace\" is not supported"},
		{{.pre_tokenizer = "{\"type\": \"ByteLevel\"}"}, PMILL_UNSUPPORTED,
			"the pre_tokenizer ByteLevel with add_prefix_space is not supported"},
		{{.pre_tokenizer = "{\"type\": \"Sequence\", \"pretokenizers\": []}"}, PMILL_UNSUPPORTED,
			"a pre_tokenizer Sequence of 0 steps is not supported"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		const pmill_status status = load(&rows[i].parts, &tokenizer, &error);
		if (status != rows[i].status || strstr(error.message, rows[i].message) == NULL)
			fail_msg(
				"row %zu: status %d, \"%s\" for \"%s\"", i, status, error.message, rows[i].message);
		assert_null(tokenizer);
	}
}

static void test_accepted(void **state)
{
	(void)state;
	static const struct parts rows[] = {{0},
		{.others = "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": "
				   "\"ByteLevel\"}]}, \"post_processor\": {\"type\": \"TemplateProcessing\"}"},
		{.model = "\"dropout\": 0, \"end_of_word_suffix\": \"\", \"byte_fallback\": false"},
		{.merges = "[\"#version: 0.2\", [\"a\", \"b\"]]"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		if (load(&rows[i], &tokenizer, &error) != PMILL_OK)
			fail_msg("row %zu: %s", i, error.message);
		assert_string_equal(pmill_tokenizer_pattern(tokenizer), "gpt2");
		assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 3);
		pmill_tokenizer_free(tokenizer);
	}
}

/* ---- Split ---- */

static pmill_status load_split(const char *pattern, const char *rest, const char *byte_level,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	char text[1000];
	snprintf(text, sizeof text,
		"{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": {%s}, "
		"%s}, {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": %s}]}",
		pattern, rest, byte_level);
	return load(&(struct parts){.pre_tokenizer = text}, tokenizer, error);
}

#define ISOLATED "\"behavior\": \"Isolated\""

static void test_refused_splits(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *rest, *byte_level, *message;
	} rows[] = {
		{"\"String\": \"a\"", ISOLATED, "false",
			"the pre_tokenizer Split without a \"Regex\" is not supported"},
		{"\"Regex\": \"a+\"", "\"behavior\": \"MergedWithNext\"", "false",
			"the pre_tokenizer Split with the behavior \"MergedWithNext\" is not supported"},
		{"\"Regex\": \"a+\"", "\"invert\": true, \"behavior\": \"Removed\"", "false",
			"which may drop text, of \"a+\" is not supported"},
		{"\"Regex\": \"a+\"", ISOLATED, "true",
			"the pre_tokenizer ByteLevel with use_regex after a Split is not supported"},
		{"\"Regex\": \"^a\"", ISOLATED, "false", "Oniguruma may read it differently"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		const pmill_status status = load_split(
			rows[i].pattern, rows[i].rest, rows[i].byte_level, &tokenizer, &error);
		if (status != PMILL_UNSUPPORTED || strstr(error.message, rows[i].message) == NULL)
			fail_msg("status %d, \"%s\" for \"%s\"", status, error.message, rows[i].message);
		assert_null(tokenizer);
	}
}

/* What has no operators is an expression here, even if it is spelled like a pattern's name. */
static void test_expressions(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"abc", "(?:abc)"}, {"gpt2", "(?:gpt2)"}, {"none", "(?:none)"}, {"a+", "a+"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char pattern[100];
		snprintf(pattern, sizeof pattern, "\"Regex\": \"%s\"", rows[i][0]);
		bool refused = true;
		for (long k = 0; refused; k++) {
			pmill_tokenizer *tokenizer = NULL;
			pmill_error error = {0};
			allocations_left = k;
			const pmill_status status = load_split(pattern, ISOLATED, "false", &tokenizer, &error);
			refused = was_refused() != 0;
			if (status != (refused ? PMILL_NO_MEMORY : PMILL_OK))
				fail_msg("%s: status %d, %s", rows[i][0], status, error.message);
			if (!refused)
				assert_string_equal(pmill_tokenizer_pattern(tokenizer), rows[i][1]);
			pmill_tokenizer_free(tokenizer);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused_splits),
		cmocka_unit_test(test_expressions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
