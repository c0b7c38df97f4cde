/* Known rank files: the table, and what the options may add. The content is made up here. */
/* SPDX-License-Identifier: MIT */
/* tests/peers/test_known_ranks.py has the real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "formats/format.h"
#include "notation/known_ranks.h"
#include "model/tokenizer.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

static const char p50k[] = "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069";
static const char qwen[] = "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186";
static const char *sha256; /* that any file has */

void __wrap_pmill_sha256_text(const uint8_t digest[32], char text[65]);

void __wrap_pmill_sha256_text(const uint8_t digest[32], char text[65])
{
	(void)digest;
	strcpy(text, sha256);
}

#define RANKS "YQ== 0\nYg== 1\nYWI= 2\n"

static pmill_status load(
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	*tokenizer = NULL;
	return pmill_tokenizer_load_memory(RANKS, sizeof RANKS - 1, options, tokenizer, error);
}

static const struct pmill_encoding *find(const char *name)
{
	const struct pmill_encoding *encoding = NULL;
	static const char *const files[] = {
		"306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930", p50k,
		"223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
		"446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d", qwen,
		"8dde380a6405e935f5de16a99eb61c824f3f814dd1ed298784c72babb7a03cdd",
		"82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"};
	for (size_t i = 0; i < sizeof files / sizeof files[0] && encoding == NULL; i++) {
		sha256 = files[i];
		pmill_known_ranks_find("", 0, name, &encoding, NULL);
	}
	assert_non_null(encoding);
	return encoding;
}

static bool is_same(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static void test_the_table(void **state)
{
	(void)state;
	for (size_t row = 0; pmill_encoding_name(row) != NULL; row++) {
		size_t count;
		const struct pmill_encoding *encoding = find(pmill_encoding_name(row));
		pmill_token *tokens = pmill_known_ranks_specials(encoding, &count);
		assert_non_null(tokens);
		assert_true(count > 0);
		for (size_t i = 0; i < count; i++) {
			assert_true(tokens[i].bytes.len > 2 && tokens[i].bytes.len < 48);
			assert_null(memchr(tokens[i].bytes.data, '#', tokens[i].bytes.len));
			for (size_t k = 0; k < i; k++) {
				assert_int_not_equal(tokens[i].id, tokens[k].id);
				assert_false(is_same(tokens[i].bytes, tokens[k].bytes));
			}
		}
		free(tokens);
	}
}

static void test_an_encoding_is_chosen(void **state)
{
	(void)state;
	static const struct {
		const char *encoding;
		uint32_t size;
	} rows[] = {{NULL, 50257}, {"p50k_base", 50257}, {"p50k_edit", 50284}};
	sha256 = p50k;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const pmill_load_options options = {.size = sizeof options, .encoding = rows[i].encoding};
		pmill_tokenizer *tokenizer;
		assert_int_equal(load(&options, &tokenizer, NULL), PMILL_OK);
		assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), rows[i].size);
		assert_string_equal(pmill_tokenizer_encoding(tokenizer),
			rows[i].encoding == NULL ? "p50k_base" : rows[i].encoding);
		assert_string_equal(pmill_tokenizer_pattern(tokenizer), "gpt2");
		assert_int_equal(tokenizer->normal_step_count, 0);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_what_options_add(void **state)
{
	(void)state;
	const pmill_bytes specials[] = {{"<new>", 5}, {"<|endoftext|>", 13}};
	pmill_load_options options = {.size = sizeof options,
		.pattern = "gpt2",
		.special_tokens = specials,
		.special_token_count = 2};
	pmill_tokenizer *tokenizer;
	sha256 = p50k;
	assert_int_equal(load(&options, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_special_count(tokenizer), 2);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|endoftext|>", 13), 50256);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<new>", 5), 3);
	pmill_tokenizer_free(tokenizer);
	options.pattern = "cl100k";
	assert_int_equal(load(&options, &tokenizer, NULL), PMILL_BAD_OPTION);
	options.pattern = NULL;
	options.encoding = "gpt2";
	pmill_error error;
	assert_int_equal(load(&options, &tokenizer, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "the rank file of p50k_base, but the encoding gpt2"));
	assert_null(tokenizer);
}

static void test_the_normal_form(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer;
	sha256 = qwen;
	assert_int_equal(load(NULL, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(tokenizer->normal_step_count, 1);
	assert_int_equal(tokenizer->normal_steps[0].kind, PMILL_NORMAL_NFC);
	pmill_tokenizer_free(tokenizer);
}

static const char *losses_of(const pmill_tokenizer *tokenizer, struct pmill_buffer *losses)
{
	losses->len = 0;
	assert_int_equal(pmill_format_tiktoken.list_losses(tokenizer, losses, NULL), PMILL_OK);
	assert_true(pmill_buffer_terminate(losses));
	return (const char *)losses->data;
}

/* A known file says what its base encoding has. */
static void test_losses(void **state)
{
	(void)state;
	struct pmill_buffer losses = {0};
	pmill_load_options options = {.size = sizeof options};
	pmill_tokenizer *tokenizer;
	sha256 = p50k;
	assert_int_equal(load(&options, &tokenizer, NULL), PMILL_OK);
	assert_string_equal(losses_of(tokenizer, &losses), "");
	sha256 = qwen;
	assert_string_equal(losses_of(tokenizer, &losses), "the pattern, the special tokens");
	sha256 = p50k;
	assert_int_equal(pmill_tokenizer_set_text(tokenizer, "cl100k", "16.0", NULL), PMILL_OK);
	assert_string_equal(losses_of(tokenizer, &losses), "the pattern, the special tokens");
	pmill_tokenizer_free(tokenizer);
	options.encoding = "p50k_edit";
	assert_int_equal(load(&options, &tokenizer, NULL), PMILL_OK);
	assert_string_equal(losses_of(tokenizer, &losses), "the pattern, the special tokens");
	pmill_tokenizer_free(tokenizer);
	sha256 = qwen;
	assert_int_equal(load(NULL, &tokenizer, NULL), PMILL_OK);
	assert_string_equal(losses_of(tokenizer, &losses), "");
	sha256 = "";
	assert_string_equal(
		losses_of(tokenizer, &losses), "the pattern, the special tokens, the normalizer");
	pmill_tokenizer_free(tokenizer);
	pmill_buffer_release(&losses);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	const pmill_bytes special = {"<new>", 5};
	const pmill_load_options options = {
		.size = sizeof options, .special_tokens = &special, .special_token_count = 1};
	sha256 = qwen;
	int refused = 1;
	for (long k = 0; refused; k++) {
		pmill_tokenizer *tokenizer;
		allocations_left = k;
		const pmill_status status = load(&options, &tokenizer, NULL);
		refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		assert_true((tokenizer == NULL) == (refused != 0));
		pmill_tokenizer_free(tokenizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_an_encoding_is_chosen),
		cmocka_unit_test(test_what_options_add),
		cmocka_unit_test(test_the_normal_form),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
