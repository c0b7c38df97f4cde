/* tekken.json: each thing that can be wrong with a file, and each model that it can't hold. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "support/sample_model.h"
#include "support/tekken_sample.h"

#define LIST                                                                                       \
	",\n\"special_tokens\": [{\"rank\": 0, \"token_str\": \"<s>\"},"                               \
	" {\"rank\": 1, \"token_str\": \"</s>\"}]"

/* Replaces the first `from` of a sample, which has to be there. */
static void change(struct pmill_buffer *text, const char *from, const char *to)
{
	struct pmill_buffer changed = {0};
	assert_true(pmill_buffer_terminate(text));
	const char *begin = (const char *)text->data;
	const char *at = strstr(begin, from);
	assert_non_null(at);
	assert_true(pmill_buffer_append(&changed, begin, (size_t)(at - begin)) &&
		pmill_buffer_append_text(&changed, to) &&
		pmill_buffer_append_text(&changed, at + strlen(from)));
	pmill_buffer_release(text);
	*text = changed;
}

static const struct {
	const char *version, *more, *from, *to;
	const char *message; /* a part of it */
} rows[] = {
	{"v3", "", "\"default_vocab_size\": 263", "\"default_vocab_size\": -1", "is not a number of"},
	{"v3", "", "\"default_vocab_size\": 263", "\"default_vocab_size\": 1.5", "is not a number of"},
	{"v3", "", "\"default_vocab_size\": 263", "\"default_vocab_size\": 2", "is not more than the"},
	{"v3", "", "\"default_vocab_size\": 263", "\"default_vocab_size\": 900", "is more than the to"},
	{"v3", "", "special_tokens\": 2", "special_tokens\": 99999999", "is out of range"},
	{"v3", "", "\\\\S+|\\\\s+", "", "is not an expression"},
	{"v3", "", "\\\\S+|\\\\s+", "\\u0000", "is not an expression"},
	{"v3", "", "\"v3\"", "\"v4\"",
		"\"v4\", which is not known (known: v1, v2, v3, v7, v11, v13, v"},
	{"v11", "", "v11", "v11", "special_tokens is missing"},
	{"v11", ",\"special_tokens\": 5", "v11", "v11", "special_tokens is not a list"},
	{"v11", LIST, "\"vocab\": [", "\"vocab\": [7, ", ".rank is not the place in the list"},
	{"v11", LIST, "\"AQ==\"", "\"\"", ".token_bytes is missing, or empty"},
	{"v11", LIST, "\"AQ==\"", "\"A?==\"", "not valid base64"},
	{"v11", LIST, "\"AQ==\"", "\"Ag==\"", " is not the byte of that value"},
	{"v11", LIST, "\"\\u0000\"", "\"x\"", ".token_str is not the text of token_bytes"},
	{"v11", LIST, "\"\\u0000\"", "7", ".token_str is not the text of token_bytes"},
	{"v11", LIST, "{\"rank\": 1, \"token_str\": \"</s>", "{\"rank\": 2, \"token_str\": \"</s>",
		".rank is not the place in the list"},
	{"v11", LIST, "\"</s>\"", "\"\"", ".token_str is missing, or empty"},
	{"v11", LIST, "\"</s>\"", "\"<s>\"", ".token_str occurs before, too"},
	{"v11", LIST, "special_tokens\": 2", "special_tokens\": 1", " is beyond default_num_special"},
};

static void test_each_fault_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pmill_buffer text = {0};
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		make_tekken(&text, rows[i].version, 2, rows[i].more);
		change(&text, rows[i].from, rows[i].to);
		const pmill_status status = pmill_tokenizer_load_memory(
			text.data, text.len, NULL, &tokenizer, &error);
		if (status == PMILL_OK || strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: %d %s", i, (int)status, error.message);
		pmill_buffer_release(&text);
	}
}

/* ---- What it can't hold ---- */

/* Two special tokens, the bytes in order, and room for more. */
static pmill_tokenizer *make_holdable(void)
{
	struct pmill_buffer text = {0};
	pmill_tokenizer *tokenizer = NULL;
	make_tekken(&text, "v11", 2, LIST);
	assert_int_equal(
		pmill_tokenizer_load_memory(text.data, text.len, NULL, &tokenizer, NULL), PMILL_OK);
	pmill_buffer_release(&text);
	return tokenizer;
}

static void add_with_hole(struct pmill_tokenizer *tokenizer)
{
	const uint32_t id = (uint32_t)tokenizer->vocab.count + 1;
	assert_int_equal(pmill_vocab_add(&tokenizer->vocab, id, "zzz", 3, false, NULL), PMILL_OK);
}

static void forget_pattern(struct pmill_tokenizer *tokenizer)
{
	tokenizer->step_count = 0;
}

static void cut_twice(struct pmill_tokenizer *tokenizer)
{
	static const struct pmill_cut_step steps[] = {{.pattern = "cl100k"}, {.pattern = "gpt2"}};
	assert_int_equal(pmill_tokenizer_set_steps(tokenizer, steps, 2, NULL), PMILL_OK);
}

static void make_byte_special(struct pmill_tokenizer *tokenizer)
{
	tokenizer->vocab.tokens[2 + 'a'].is_special = true;
}

static void make_first_ordinary(struct pmill_tokenizer *tokenizer)
{
	tokenizer->vocab.tokens[0].is_special = false;
}

static void forget_special(struct pmill_tokenizer *tokenizer)
{
	tokenizer->special_count = 1;
	tokenizer->vocab.tokens[1].is_special = false;
}

static void spoil_text(struct pmill_tokenizer *tokenizer)
{
	memset((void *)(uintptr_t)pmill_vocab_token(&tokenizer->vocab, 0).data, 0xFF, 1);
}

static void test_each_obstacle_is_named(void **state)
{
	(void)state;
	static const struct {
		void (*spoil)(struct pmill_tokenizer *tokenizer);
		pmill_status status;
		const char *message;
	} obstacles[] = {
		{forget_pattern, PMILL_BAD_OPTION, "the model has no pattern"},
		{cut_twice, PMILL_UNSUPPORTED, "it cuts text in several steps"},
		{add_with_hole, PMILL_UNSUPPORTED, "no token has the id 263"},
		{make_byte_special, PMILL_UNSUPPORTED, "is special, but not one of the first"},
		{make_first_ordinary, PMILL_UNSUPPORTED, "comes before a special token"},
		{forget_special, PMILL_UNSUPPORTED, "has the place of another"},
		{spoil_text, PMILL_UNSUPPORTED, "is special, and not UTF-8"},
	};
	for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++) {
		struct pmill_buffer out = {0};
		pmill_error error = {0};
		pmill_tokenizer *tokenizer = make_holdable();
		obstacles[i].spoil(tokenizer);
		assert_int_equal(pmill_format_tekken.save(tokenizer, 0, &out, &error), obstacles[i].status);
		if (strstr(error.message, obstacles[i].message) == NULL)
			fail_msg("obstacle %zu: %s", i, error.message);
		assert_int_equal(out.len, 0);
		pmill_buffer_release(&out);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_special_tokens_of_a_training(void **state)
{
	(void)state;
	pmill_error error = {0};
	assert_int_equal(
		pmill_format_tekken.check_special((pmill_bytes){"<s>", 3}, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "can't hold the special token \"<s>\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fault_is_named),
		cmocka_unit_test(test_each_obstacle_is_named),
		cmocka_unit_test(test_special_tokens_of_a_training),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
