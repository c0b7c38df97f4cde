/* Parts of a tokenizer that contradict each other. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "support/tokenizer_parts.h"

static void refuse(const struct parts *parts, pmill_status status, const char *message)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	assert_int_equal(pmill_tokenizer_create(&parts->parts, &tokenizer, &error), status);
	assert_null(tokenizer);
	assert_int_equal(error.status, status);
	if (strstr(error.message, message) == NULL)
		print_error("\"%s\" does not say \"%s\"\n", error.message, message);
	assert_non_null(strstr(error.message, message));
	assert_int_equal(pmill_tokenizer_create(&parts->parts, &tokenizer, NULL), status);
	assert_null(tokenizer);
}

static void test_bad_tokens(void **state)
{
	(void)state;
	static struct parts parts;
	start_small(&parts);
	add_token(&parts, 300, "ho", 2);
	refuse(&parts, PMILL_BAD_INPUT, "the tokens \"hi\" and \"ho\" have the same id 300");
	start_small(&parts);
	add_token(&parts, 310, "hi", 2);
	refuse(&parts, PMILL_BAD_INPUT, "the token \"hi\" occurs twice, with the ids 300 and 310");
	start_small(&parts);
	add_token(&parts, 310, "", 0);
	refuse(&parts, PMILL_BAD_INPUT, "the token with id 310 is empty");
	start_small(&parts);
	add_token(&parts, 310, NULL, 0);
	refuse(&parts, PMILL_BAD_INPUT, "the token with id 310 is empty");
	/* As many holes as there may be, and one more. */
	start_small(&parts);
	add_token(&parts, 256 + 3 + 1 + 65536 - 1, "ho", 2);
	pmill_tokenizer *tokenizer = create(&parts);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 256 + 3 + 1 + 65536);
	pmill_tokenizer_free(tokenizer);
	static const uint32_t far[] = {256 + 3 + 1 + 65536, 4000000000u, PMILL_NO_ID};
	for (size_t i = 0; i < 3; i++) {
		start_small(&parts);
		add_token(&parts, far[i], "ho", 2);
		char message[100];
		snprintf(message, sizeof message,
			"the id %u of the token \"ho\" is out of range among 260 tokens", far[i]);
		refuse(&parts, PMILL_BAD_INPUT, message);
		parts.parts.token_count--;
		add_special(&parts, far[i], "ho");
		refuse(&parts, PMILL_BAD_INPUT, message);
	}
}

static void test_bad_specials(void **state)
{
	(void)state;
	static struct parts parts;
	start_small(&parts);
	add_special(&parts, 300, "<|pad|>");
	refuse(&parts, PMILL_BAD_INPUT, "the tokens \"hi\" and \"<|pad|>\" have the same id 300");
	start_small(&parts);
	add_special(&parts, 260, "<|pad|>");
	refuse(&parts, PMILL_BAD_INPUT, "have the same id 260");
	start_small(&parts);
	add_special(&parts, 261, "<|end|>");
	refuse(&parts, PMILL_BAD_INPUT, "the special token \"<|end|>\" occurs twice, with the ids ");
	start_small(&parts);
	add_special(&parts, 260, "<|end|>");
	refuse(&parts, PMILL_BAD_INPUT, "the special token \"<|end|>\" occurs twice, with the ids ");
	start_small(&parts);
	add_special(&parts, 261, "hi");
	refuse(&parts, PMILL_BAD_INPUT,
		"the special token \"hi\" with the id 261 is among the tokens with the id 300");
	start_small(&parts);
	add_special(&parts, 261, "");
	refuse(&parts, PMILL_BAD_INPUT, "the token with id 261 is empty");
}

static void test_bad_merges(void **state)
{
	(void)state;
	static struct parts parts;
	static const uint32_t missing[] = {299, 302, PMILL_NO_ID, 260};
	for (size_t i = 0; i < 4; i++) {
		char message[100];
		start_small(&parts);
		add_merge(&parts, missing[i], 'a');
		snprintf(message, sizeof message,
			"merge 2 joins the ids %u and 97, and one is not among the tokens", missing[i]);
		refuse(&parts, PMILL_BAD_INPUT, message);
		parts.merges[2] = (pmill_pair_ids){'a', missing[i]};
		refuse(&parts, PMILL_BAD_INPUT, "merge 2 joins the ids 97 and ");
	}
	start_small(&parts);
	add_merge(&parts, 'h', 'o');
	refuse(&parts, PMILL_BAD_INPUT, "merge 2 makes \"ho\", which is not among the tokens");
	/* Nor do special tokens count, whether among the tokens or not. */
	add_token(&parts, 310, "ho", 2);
	add_special(&parts, 310, "ho");
	refuse(&parts, PMILL_BAD_INPUT, "merge 2 makes \"ho\", which is not among the tokens");
	start_small(&parts);
	parts.parts.meaning = "rank by id";
	refuse(&parts, PMILL_BAD_OPTION,
		"the meaning \"rank by id\" has no merges, but 2 are given: leave them out");
}

static void test_bad_names(void **state)
{
	(void)state;
	static struct parts parts;
	start_small(&parts);
	parts.parts.meaning = "by rank";
	refuse(&parts, PMILL_BAD_OPTION,
		"unknown meaning of BPE \"by rank\" (known: merge list, rank by id, ignore merges)");
	parts.parts.meaning = "";
	refuse(&parts, PMILL_BAD_OPTION, "unknown meaning of BPE \"\"");
	start_small(&parts);
	parts.parts.pattern = "gpt-2";
	refuse(&parts, PMILL_BAD_OPTION, "unknown pattern \"gpt-2\" (known: gpt2, ");
	parts.parts.pattern = "a(b";
#if PMILL_HAVE_PCRE2
	refuse(&parts, PMILL_BAD_OPTION, "missing closing parenthesis");
#else
	refuse(&parts, PMILL_UNSUPPORTED, "PCRE2");
#endif
	start_small(&parts);
	parts.parts.unicode_version = "13.0";
	refuse(&parts, PMILL_BAD_OPTION, "unknown Unicode version \"13.0\" (known: 14.0, ");
	start_small(&parts);
	parts.parts.size = 0;
	refuse(&parts, PMILL_BAD_OPTION, "pmill_tokenizer_parts: its size is 0");
}

/* Options may be missing altogether: then the vocab is empty. */
static void test_nothing(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_create(NULL, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 0);
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), 0);
	assert_int_equal(pmill_tokenizer_special_count(tokenizer), 0);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_tokens),
		cmocka_unit_test(test_bad_specials),
		cmocka_unit_test(test_bad_merges),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
