/* Models that a format can't hold, and files that are no models: each refusal says why. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/encode_models.h"

/* ---- Loading ---- */

static void what_is_no_model_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *format, *text;
		pmill_status status;
		const char *message; /* a part of it */
	} rows[] = {
		{"folder", "", PMILL_UNSUPPORTED, "folder consists of several files"},
		{"tekken.json", "{}", PMILL_BAD_INPUT, "not a tekken.json: it has no"},
		{NULL, "{\"a\": 0, \"b\": 1}", PMILL_UNSUPPORTED, "needs merges.txt beside it"},
		{NULL, "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[1, 0]]}}", PMILL_BAD_INPUT,
			"has no text"},
		{NULL, "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", 0], [\"a\", 1]]}}",
			PMILL_BAD_INPUT, "occurs twice"},
		{NULL, "{\"model\": {\"type\": \"Unigram\", \"vocab\": 5}}", PMILL_BAD_INPUT,
			"vocab is not an object"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const pmill_load_options options = {.size = sizeof options, .format = rows[i].format};
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		const pmill_status status = pmill_tokenizer_load_memory(
			rows[i].text, strlen(rows[i].text), &options, &tokenizer, &error);
		if (status != rows[i].status || strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: %d %s", i, (int)status, error.message);
		assert_null(tokenizer);
	}
}

static void bytes_are_decoded_where_they_are_spelled(void **state)
{
	(void)state;
	static const char text[] = "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"<0x0a>\", 0], "
							   "[\"<0x4B>\", 0], [\"<0xZZ>\", 0]]}, \"decoder\": {\"type\": "
							   "\"ByteFallback\"}}";
	static const char *const expected[] = {"\n", "K", "<0xZZ>"};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	const pmill_status status = pmill_tokenizer_load_memory(
		text, strlen(text), NULL, &tokenizer, &error);
	if (status != PMILL_OK)
		fail_msg("%s", error.message);
	for (uint32_t id = 0; id < 3; id++) {
		const pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
		assert_int_equal(token.len, strlen(expected[id]));
		assert_memory_equal(token.data, expected[id], token.len);
	}
	pmill_tokenizer_free(tokenizer);
}

static void an_encoding_has_to_be_known(void **state)
{
	(void)state;
	const pmill_load_options options = {.size = sizeof options, .encoding = "o300k"};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	assert_int_equal(
		pmill_tokenizer_load_memory("", 0, &options, &tokenizer, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "encoding"));
	assert_non_null(strstr(error.message, "o200k_harmony"));
}

/* ---- Saving ---- */

static void make_token_long(struct pmill_tokenizer *tokenizer)
{
	tokenizer->vocab.tokens[260].len = (64u << 20) + 1;
}

static void refuse_to_encode(struct pmill_tokenizer *tokenizer)
{
	tokenizer->refusal = "it is a test";
}

static void replace_bytes(struct pmill_tokenizer *tokenizer)
{
	static const struct pmill_normal_step step = {
		.kind = PMILL_NORMAL_REPLACE, .found = {"\xFF", 1}, .content = {"x", 1}};
	set_normal_steps(tokenizer, &step, 1);
}

/* "hi" from "h" and "i" is the first merge. Added tokens would be in the way. */
static void merge_twice(struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < ADDED_TOKENS; i++)
		tokenizer->vocab.tokens[tokenizer->specials[i].id].is_special = true;
	add_merge(tokenizer, pmill_vocab_find(&tokenizer->vocab, "h", 1),
		pmill_vocab_find(&tokenizer->vocab, "i", 1));
}

static void each_obstacle_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *format;
		void (*spoil)(struct pmill_tokenizer *tokenizer);
		const char *message;
	} rows[] = {
		{"tokenizer.json", make_token_long, "the token with id 260 is longer than 64 MiB"},
		{"tokenizer.json", refuse_to_encode, "can't encode here can't be written: it is a test"},
		{"gguf", refuse_to_encode, "it is a test"},
		{"tiktoken", refuse_to_encode, "it is a test"},
		{"tokenizer.json", replace_bytes, "a step of the normalizer is not UTF-8"},
		{"tiktoken", merge_twice, "is made by a second merge"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_error error = {0};
		void *data = NULL;
		size_t len;
		struct pmill_tokenizer *tokenizer = make_encode_model(PLAIN_MODEL);
		rows[i].spoil(tokenizer);
		const pmill_status status = pmill_tokenizer_save_memory(
			tokenizer, rows[i].format, &data, &len, &error);
		if (status != PMILL_UNSUPPORTED || strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: %d %s", i, (int)status, error.message);
		assert_null(data);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Nothing is written yet, but what was read can't be held. */
static void what_refuses_is_held_by_none(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_encode_model(PLAIN_MODEL);
	refuse_to_encode(tokenizer);
	for (size_t i = 0; pmill_model_format_name(i) != NULL; i++) {
		const char *format = pmill_model_format_name(i);
		pmill_error error = {0};
		assert_int_equal(
			pmill_tokenizer_check_format(tokenizer, format, &error), PMILL_UNSUPPORTED);
		if (strstr(error.message, "it is a test") == NULL)
			fail_msg("%s: %s", format, error.message);
	}
	pmill_tokenizer_free(tokenizer);
}

static void a_path_has_a_name(void **state)
{
	(void)state;
	pmill_error error = {0};
	struct pmill_tokenizer *tokenizer = make_encode_model(PLAIN_MODEL);
	assert_int_equal(pmill_tokenizer_save(tokenizer, "", NULL, 0, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "the path is empty"));
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_model_is_refused),
		cmocka_unit_test(bytes_are_decoded_where_they_are_spelled),
		cmocka_unit_test(an_encoding_has_to_be_known),
		cmocka_unit_test(each_obstacle_is_named),
		cmocka_unit_test(what_refuses_is_held_by_none),
		cmocka_unit_test(a_path_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
