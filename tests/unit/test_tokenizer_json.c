/* What tokenizer.json cannot hold: some special tokens, some expressions. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/format.h"
#include "support/plan.h"
#include "support/scratch_folder.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special_tokens_that_json_cannot_hold),
		cmocka_unit_test(test_patterns_that_json_cannot_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
