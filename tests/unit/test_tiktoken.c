/* The .tiktoken format: its lines, ids that it leaves out, what it refuses. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "support/sample_model.h"

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
	struct pmill_merge swapped = tokenizer->listed_merges[0];
	tokenizer->listed_merges[0] = tokenizer->listed_merges[3];
	tokenizer->listed_merges[3] = swapped;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "\"th\""));
	tokenizer->listed_merges[3] = tokenizer->listed_merges[0];
	tokenizer->listed_merges[0] = swapped;
	/* " " + "the" becomes " t" + "he", which its ranks would not give. */
	tokenizer->listed_merges[2].left = tokenizer->listed_merges[2].right;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "\" the\""));
	tokenizer->listed_count = 2;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &data, &len, &error), PMILL_UNSUPPORTED);
	assert_null(data);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiktoken_lines),
		cmocka_unit_test(test_specials_fill_the_holes),
		cmocka_unit_test(test_tiktoken_refuses_other_meanings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
