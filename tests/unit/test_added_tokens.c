/* The added tokens of a tokenizer.json: their ids and flags, and which are refused. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "support/text_encoder.h"

/* With the added tokens, and the id of <c>, which may be one of them. */
#define FRAME                                                                                      \
	"{\"added_tokens\": %s, \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"use_regex\": false, "   \
	"\"add_prefix_space\": false}, \"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": " \
	"\"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"<c>\": %s}, \"merges\": [\"a b\"]}}"

static pmill_status load(
	const char *added, const char *id, pmill_tokenizer **tokenizer, pmill_error *error)
{
	const size_t capacity = strlen(FRAME) + strlen(added) + strlen(id) + 1;
	char *json = malloc(capacity);
	assert_non_null(json);
	const int len = snprintf(json, capacity, FRAME, added, id);
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	const pmill_status status = pmill_tokenizer_load_memory(
		json, (size_t)len, &options, tokenizer, error);
	free(json);
	return status;
}

static void check_refused_with(
	const char *id, const char *added, pmill_status status, const char *message)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (load(added, id, &tokenizer, &error) != status)
		fail_msg("%s: not refused with status %d: %s", added, status, error.message);
	assert_null(tokenizer);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
}

static void check_refused(const char *added, pmill_status status, const char *message)
{
	check_refused_with("3", added, status, message);
}

/* What a token of the model says, as "ID CONTENT" and its flags. */
struct expected {
	uint32_t id;
	const char *content;
	int is_special, strips_left, strips_right, is_single_word, is_normalized;
};

static void check_special(
	const pmill_tokenizer *tokenizer, size_t index, const struct expected *expected)
{
	pmill_special_info info = {.size = sizeof info};
	assert_int_equal(pmill_tokenizer_get_special(tokenizer, index, &info), PMILL_OK);
	assert_int_equal(info.id, expected->id);
	assert_int_equal(info.content.len, strlen(expected->content));
	assert_memory_equal(info.content.data, expected->content, info.content.len);
	assert_int_equal(info.is_special, expected->is_special);
	assert_int_equal(info.strips_left, expected->strips_left);
	assert_int_equal(info.strips_right, expected->strips_right);
	assert_int_equal(info.is_single_word, expected->is_single_word);
	assert_int_equal(info.is_normalized, expected->is_normalized);
}

static void check_accepted(
	const char *added, size_t vocab_size, const struct expected *expected, size_t count)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (load(added, "3", &tokenizer, &error) != PMILL_OK)
		fail_msg("%s: %s", added, error.message);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), vocab_size);
	assert_int_equal(pmill_tokenizer_special_count(tokenizer), count);
	for (size_t i = 0; i < count; i++)
		check_special(tokenizer, i, &expected[i]);
	pmill_special_info info = {.size = sizeof info};
	assert_int_equal(pmill_tokenizer_get_special(tokenizer, count, &info), PMILL_BAD_OPTION);
	pmill_tokenizer_free(tokenizer);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *added;
		const char *message;
	} rows[] = {
		{"7", "added_tokens is not a list"},
		{"[7]", "an added token has no content"},
		{"[{\"id\": 4}]", "an added token has no content"},
		{"[{\"content\": \"<x>\"}]", "the added token \"<x>\" has no id"},
		{"[{\"id\": \"4\", \"content\": \"<x>\"}]", "\"<x>\" has no id"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_refused(rows[i].added, PMILL_BAD_INPUT, rows[i].message);
	check_refused_with("\"3\"", "[{\"id\": 3, \"content\": \"<c>\"}]", PMILL_BAD_INPUT,
		"the id of the token \"<c>\" is not an integer");
	/* Hugging Face would give <x> the id of <c>: 4 is the number of entries. */
	check_refused_with("4", "[{\"id\": 5, \"content\": \"<x>\"}]", PMILL_BAD_INPUT,
		"the tokens \"<c>\" and \"<x>\" have the same id 4");
	check_refused_with("2", "[{\"id\": 2, \"content\": \"<c>\"}]", PMILL_BAD_INPUT,
		"the tokens \"ab\" and \"<c>\" have the same id 2");
}

/* Ids are Hugging Face's, whatever the file says. */
static void test_ids(void **state)
{
	(void)state;
	static const struct {
		const char *added;
		size_t vocab_size, count;
		struct expected expected[3];
	} rows[] = {
		{"null", 4, 0, {{0}}},
		{"[]", 4, 0, {{0}}},
		{"[{\"id\": 3, \"content\": \"<c>\"}]", 4, 1, {{.id = 3, .content = "<c>"}}},
		{"[{\"id\": 9, \"content\": \"<c>\"}]", 4, 1, {{.id = 3, .content = "<c>"}}},
		{"[{\"id\": 4, \"content\": \"\"}]", 4, 0, {{0}}},
		{"[{\"id\": -1, \"content\": \"<x>\"}]", 5, 1, {{.id = 4, .content = "<x>"}}},
		{"[{\"id\": 9, \"content\": \"<x>\"}, {\"id\": 3, \"content\": \"<c>\"}, "
		 "{\"id\": 4, \"content\": \"\\u0120\\u0120\"}]",
			6, 3,
			{{.id = 3, .content = "<c>"}, {.id = 4, .content = "<x>"},
				{.id = 5, .content = "\xC4\xA0\xC4\xA0"}}},
		{"[{\"id\": 4, \"content\": \"<x>\"}, {\"id\": 5, \"content\": \"<y>\"}, "
		 "{\"id\": 6, \"content\": \"<x>\", \"special\": true}]",
			6, 2, {{.id = 4, .content = "<x>", .is_special = 1}, {.id = 5, .content = "<y>"}}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_accepted(rows[i].added, rows[i].vocab_size, rows[i].expected, rows[i].count);
}

static void test_flags(void **state)
{
	(void)state;
	static const struct {
		const char *flag;
		struct expected expected;
	} rows[] = {
		{"special", {.is_special = 1}},
		{"lstrip", {.strips_left = 1}},
		{"rstrip", {.strips_right = 1}},
		{"single_word", {.is_single_word = 1}},
		{"normalized", {.is_normalized = 1}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char added[200];
		snprintf(
			added, sizeof added, "[{\"id\": 4, \"content\": \"<x>\", \"%s\": true}]", rows[i].flag);
		struct expected expected = rows[i].expected;
		expected.id = 4;
		expected.content = "<x>";
		check_accepted(added, 5, &expected, 1);
	}
}

/* An entry that merges need, or that is a byte, stays an ordinary token as well. */
static void test_in_merges(void **state)
{
	(void)state;
	static const struct {
		const char *content;
		uint32_t id;
	} rows[] = {{"a", 0}, {"ab", 2}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char added[200];
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		snprintf(added, sizeof added, "[{\"id\": 7, \"content\": \"%s\", \"special\": true}]",
			rows[i].content);
		if (load(added, "3", &tokenizer, &error) != PMILL_OK)
			fail_msg("%s: %s", added, error.message);
		struct text_encoder encoder;
		assert_int_equal(text_encoder_init(&encoder, tokenizer, NULL, NULL, NULL), PMILL_OK);
		const uint32_t *ids = NULL;
		size_t count = 0;
		assert_int_equal(text_encoder_encode(&encoder, "ab", 2, &ids, &count, NULL), PMILL_OK);
		assert_int_equal(count, 1);
		assert_int_equal(ids[0], 2);
		check_special(tokenizer, 0,
			&(struct expected){.id = rows[i].id, .content = rows[i].content, .is_special = 1});
		void *data;
		size_t len;
		assert_int_equal(pmill_tokenizer_save_memory(tokenizer, NULL, &data, &len, NULL), PMILL_OK);
		pmill_memory_free(data);
		text_encoder_release(&encoder);
		pmill_tokenizer_free(tokenizer);
	}
}

/* White space that a token has stripped isn't another token, if that strips on its left. */
static void test_stripped_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *flag, *text;
		size_t count;
		uint32_t ids[5];
	} rows[] = {{"lstrip", "a<x>\nb", 3, {0, 4, 1}}, {"rstrip", "a<x>\nb", 4, {0, 4, 5, 1}},
		{"rstrip", "a<x>\n\nb", 5, {0, 4, 5, 5, 1}}, {"x", "a<x>\n\nb", 5, {0, 4, 5, 5, 1}}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char added[200];
		pmill_tokenizer *tokenizer = NULL;
		struct text_encoder encoder;
		snprintf(added, sizeof added,
			"[{\"id\": 4, \"content\": \"<x>\", \"rstrip\": true}, {\"id\": 5, \"content\": "
			"\"\\n\", \"%s\": true}]",
			rows[i].flag);
		assert_int_equal(load(added, "3", &tokenizer, NULL), PMILL_OK);
		assert_int_equal(text_encoder_init(&encoder, tokenizer, NULL, NULL, NULL), PMILL_OK);
		const uint32_t *ids = NULL;
		size_t count = 0;
		assert_int_equal(
			text_encoder_encode(&encoder, rows[i].text, strlen(rows[i].text), &ids, &count, NULL),
			PMILL_OK);
		assert_int_equal(count, rows[i].count);
		assert_memory_equal(ids, rows[i].ids, count * sizeof *ids);
		text_encoder_release(&encoder);
		pmill_tokenizer_free(tokenizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_in_merges),
		cmocka_unit_test(test_stripped_tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
