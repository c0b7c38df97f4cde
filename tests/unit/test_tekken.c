/* tekken.json: what is kept and written back, losses, long tokens, out of memory. */
/* SPDX-License-Identifier: MIT */
/* tests/peers/test_tekken.py compares with mistral-common what is read and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/sample_model.h"
#include "support/tekken_sample.h"

#define LIST                                                                                       \
	",\n\"special_tokens\": [{\"rank\": 0, \"token_str\": \"<s>\", \"is_control\": false},"        \
	" {\"rank\": 1, \"token_str\": \"</s>\", \"is_control\": true}]"

static pmill_tokenizer *load_sample(
	const char *version, unsigned specials, const char *more, pmill_error *error)
{
	struct pmill_buffer text = {0};
	pmill_tokenizer *tokenizer = NULL;
	make_tekken(&text, version, specials, more);
	pmill_tokenizer_load_memory(text.data, text.len, NULL, &tokenizer, error);
	pmill_buffer_release(&text);
	return tokenizer;
}

/* Saves the model; the text is NUL-terminated. */
static void save(const pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	assert_int_equal(pmill_format_tekken.save(tokenizer, 0, out, NULL), PMILL_OK);
	assert_true(pmill_buffer_terminate(out));
}

static void test_ids(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = load_sample("v3", 22, "", NULL);
	assert_non_null(tokenizer);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 22 + SAMPLE_RANKS);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<unk>", 5), 0);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "[TOOL_CONTENT]", 14), 19);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<SPECIAL_21>", 12), 21);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "a", 1), 22 + 'a');
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, " the", 4), 22 + 258);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "unused", 6), PMILL_NO_ID);
	assert_string_equal(pmill_tokenizer_meaning(tokenizer), "rank by id");
	assert_string_equal(pmill_tokenizer_pattern(tokenizer), "\\S+|\\s+");
	pmill_tokenizer_free(tokenizer);
}

static void test_what_is_not_used_is_written_back(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = load_sample("v13", 3,
		LIST ",\n\"image\": {\"a\": 0.1, \"b\": [1, \"\\u0000\"]}, "
			 "\"type\": null",
		NULL);
	assert_non_null(tokenizer);
	struct pmill_buffer text = {0};
	save(tokenizer, &text);
	static const char *const parts[] = {"\"version\": \"v13\"",
		"\"image\": {\"a\": 0.1, \"b\": [1, \"\\u0000\"]}", "\"type\": null",
		"\"token_str\": \"<s>\",\n      \"is_control\": false",
		"\"token_str\": \"</s>\",\n      \"is_control\": true"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr((const char *)text.data, parts[i]));
	assert_null(strstr((const char *)text.data, "<SPECIAL_2>"));
	pmill_buffer_release(&text);
	pmill_tokenizer_free(tokenizer);
}

/* As long as its readers find the same special tokens, a file without a list stays without. */
static void test_a_list_of_special_tokens_where_needed(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = load_sample("v7", 25, "", NULL);
	struct pmill_buffer text = {0};
	save(tokenizer, &text);
	assert_null(strstr((const char *)text.data, "special_tokens\":\n"));
	assert_null(strstr((const char *)text.data, "\"special_tokens\": ["));
	text.len = 0;
	/* Another name for the 23rd: those before must be named, too. */
	struct pmill_special *specials = (struct pmill_special *)tokenizer->specials;
	specials[22].content = (pmill_bytes){"<new>", 5};
	save(tokenizer, &text);
	assert_non_null(strstr((const char *)text.data, "\"token_str\": \"<unk>\""));
	assert_non_null(strstr((const char *)text.data, "\"token_str\": \"<new>\""));
	assert_null(strstr((const char *)text.data, "<SPECIAL_23>"));
	pmill_buffer_release(&text);
	pmill_tokenizer_free(tokenizer);
}

/* Decoding and looking at a model need no pattern. */
static void test_a_pattern_that_cannot_be_used(void **state)
{
	(void)state;
	struct pmill_buffer text = {0};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	make_tekken(&text, "v3", 0, "");
	assert_true(pmill_buffer_terminate(&text));
	char *pattern = strstr((char *)text.data, "\\\\S+|\\\\s+");
	memcpy(pattern, "[!--]+|. ", 9);
	assert_int_equal(
		pmill_tokenizer_load_memory(text.data, text.len, NULL, &tokenizer, &error), PMILL_OK);
	assert_null(pmill_tokenizer_pattern(tokenizer));
	assert_non_null(strstr(tokenizer->refusal, "contains --"));
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "the", 3), 257);
	assert_int_equal(
		pmill_tokenizer_check_format(tokenizer, "tekken.json", &error), PMILL_UNSUPPORTED);
	assert_int_equal(
		pmill_tokenizer_check_format(tokenizer, "tiktoken", &error), PMILL_UNSUPPORTED);
	pmill_tokenizer_free(tokenizer);
	tokenizer = NULL;
	const pmill_load_options options = {.size = sizeof options, .pattern = "gpt2"};
	assert_int_equal(pmill_tokenizer_load_memory(text.data, text.len, &options, &tokenizer, &error),
		PMILL_UNSUPPORTED);
	pmill_buffer_release(&text);
}

static void test_options(void **state)
{
	(void)state;
	const pmill_bytes special = {"</s>", 4}, other = {"<x>", 3};
	pmill_load_options options = {.size = sizeof options,
		.special_tokens = &special,
		.special_token_count = 1,
		.pattern = "\\S+|\\s+"};
	struct pmill_buffer text = {0};
	pmill_tokenizer *tokenizer = NULL;
	make_tekken(&text, "v11", 2, LIST);
	assert_int_equal(
		pmill_tokenizer_load_memory(text.data, text.len, &options, &tokenizer, NULL), PMILL_OK);
	pmill_tokenizer_free(tokenizer);
	tokenizer = NULL;
	options.pattern = "gpt2";
	assert_int_equal(pmill_tokenizer_load_memory(text.data, text.len, &options, &tokenizer, NULL),
		PMILL_BAD_OPTION);
	options.pattern = NULL;
	options.special_tokens = &other;
	assert_int_equal(pmill_tokenizer_load_memory(text.data, text.len, &options, &tokenizer, NULL),
		PMILL_BAD_OPTION);
	options.special_token_count = 0;
	options.encoding = "o200k_base";
	pmill_error error = {0};
	assert_int_equal(pmill_tokenizer_load_memory(text.data, text.len, &options, &tokenizer, &error),
		PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "not a rank file whose encodings are known"));
	assert_null(tokenizer);
	pmill_buffer_release(&text);
}

static const char *losses_of(const struct pmill_format *format, const pmill_tokenizer *tokenizer,
	struct pmill_buffer *losses)
{
	losses->len = 0;
	assert_int_equal(format->list_losses(tokenizer, losses, NULL), PMILL_OK);
	assert_true(pmill_buffer_terminate(losses));
	return (const char *)losses->data;
}

static void test_losses(void **state)
{
	(void)state;
	const struct pmill_normal_step nfc = {.kind = PMILL_NORMAL_NFC};
	const uint32_t begin = 0;
	struct pmill_buffer losses = {0};
	pmill_tokenizer *tokenizer = load_sample("v11", 2, LIST, NULL);
	assert_string_equal(losses_of(&pmill_format_tekken, tokenizer, &losses), "");
	assert_string_equal(
		losses_of(&pmill_format_tiktoken, tokenizer, &losses), "the pattern, the special tokens");
	assert_int_equal(pmill_tokenizer_set_normal_steps(tokenizer, &nfc, 1, NULL), PMILL_OK);
	const struct pmill_template whole = {.before = &begin, .before_count = 1};
	assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
	((struct pmill_special *)tokenizer->specials)[1].strips_left = true;
	assert_string_equal(losses_of(&pmill_format_tekken, tokenizer, &losses),
		"the normalizer, the template, the flags of the added tokens");
	assert_string_equal(losses_of(&pmill_format_tiktoken, tokenizer, &losses),
		"the pattern, the special tokens, the normalizer, the template");
	pmill_buffer_release(&losses);
	pmill_tokenizer_free(tokenizer);
}

/* A token of 1 MiB is read and written, one byte more is refused. */
static void test_long_tokens(void **state)
{
	(void)state;
	enum { LONGEST = 1 << 20 };
	pmill_tokenizer *tokenizer = load_sample("v3", 0, "", NULL);
	pmill_error error = {0};
	struct pmill_buffer text = {0};
	char *token = malloc(LONGEST + 1);
	assert_non_null(token);
	memset(token, 'x', LONGEST + 1);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, SAMPLE_RANKS, token, LONGEST, false, NULL), PMILL_OK);
	save(tokenizer, &text);
	pmill_tokenizer *back = NULL;
	assert_int_equal(pmill_tokenizer_load_memory(text.data, text.len, NULL, &back, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_token_bytes(back, SAMPLE_RANKS).len, LONGEST);
	pmill_tokenizer_free(back);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, SAMPLE_RANKS + 1, token, LONGEST + 1, false, NULL),
		PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_check_format(tokenizer, "tekken.json", &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "(id 262) is longer than 1 MiB"));
	free(token);
	pmill_buffer_release(&text);
	pmill_tokenizer_free(tokenizer);
}

/* Numbers are as short as they can be, unless one of them needs all its digits. */
static void test_numbers_keep_their_values(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = load_sample(
		"v3", 0, ",\n\"image\": [0.1, 0.30000000000000004, 1e300]", NULL);
	struct pmill_buffer text = {0};
	save(tokenizer, &text);
	assert_non_null(strstr((const char *)text.data, "0.30000000000000004"));
	pmill_tokenizer *back = NULL;
	assert_int_equal(pmill_tokenizer_load_memory(text.data, text.len, NULL, &back, NULL), PMILL_OK);
	struct pmill_buffer again = {0};
	save(back, &again);
	assert_int_equal(again.len, text.len);
	assert_memory_equal(again.data, text.data, text.len);
	pmill_buffer_release(&again);
	pmill_buffer_release(&text);
	pmill_tokenizer_free(back);
	pmill_tokenizer_free(tokenizer);
}

static void test_broken_files(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{"{\"config\": {}, \"vocab\": []}", "config.version is not a string"},
		{"{\"config\": {\"version\": \"v3\\u0000\"}, \"vocab\": []}",
			"config.version is not a str"},
		{"{\"config\": {}, \"vocab\": [\"\\u0000\"", "byte 33: line 1: not valid JSON"},
		{"{\"model\": \"\\u0000\"}", "byte 11: line 1: not valid JSON: \\u0000 is not allowed"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		pmill_tokenizer_load_memory(rows[i].text, strlen(rows[i].text), NULL, &tokenizer, &error);
		assert_null(tokenizer);
		if (strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: %s", i, error.message);
	}
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct pmill_buffer text = {0}, out = {0};
	make_tekken(&text, "v11", 4, LIST);
	int refused = 1;
	for (long k = 0; refused; k++) {
		pmill_tokenizer *tokenizer = NULL;
		allocations_left = k;
		const pmill_status status = pmill_tokenizer_load_memory(
			text.data, text.len, NULL, &tokenizer, NULL);
		refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_tokenizer *tokenizer = load_sample("v11", 4, LIST, NULL);
	refused = 1;
	for (long k = 0; refused; k++) {
		allocations_left = k;
		const pmill_status status = pmill_format_tekken.save(tokenizer, 0, &out, NULL);
		refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		pmill_buffer_release(&out);
	}
	pmill_tokenizer_free(tokenizer);
	pmill_buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_what_is_not_used_is_written_back),
		cmocka_unit_test(test_a_list_of_special_tokens_where_needed),
		cmocka_unit_test(test_a_pattern_that_cannot_be_used),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_long_tokens),
		cmocka_unit_test(test_numbers_keep_their_values),
		cmocka_unit_test(test_broken_files),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
