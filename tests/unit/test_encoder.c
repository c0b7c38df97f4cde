/* The encoder in memory: policies for special tokens, places of errors, out of memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode/encoder.h"
#include "pretokenize/scanner_table.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/small_tokenizer.h"
#include "support/text_encoder.h"

static struct pmill_tokenizer *make_model(void)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	set_pattern(tokenizer, "gpt2");
	add_all_bytes(tokenizer);
	add_merge(tokenizer, 'h', 'i');
	add_merge(tokenizer, ' ', 256);
	add_special(tokenizer, "<|end|>", true);
	add_special(tokenizer, "<|end|>!", true);
	add_special(tokenizer, "<think>", false);
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

enum { HI = 256, BLANK_HI, END, END_MARK, THINK };

static struct text_encoder make_encoder(
	const struct pmill_tokenizer *tokenizer, const char *policy, const char *allowed)
{
	struct text_encoder encoder;
	pmill_bytes name = {allowed, allowed == NULL ? 0 : strlen(allowed)};
	const pmill_policy_options options = {.size = sizeof options,
		.special = policy,
		.special_list = &name,
		.special_list_count = allowed != NULL};
	assert_int_equal(text_encoder_init(&encoder, tokenizer, &options, NULL, NULL), PMILL_OK);
	return encoder;
}

static void assert_ids(
	struct text_encoder *encoder, const char *text, size_t expected_count, const uint32_t *expected)
{
	const uint32_t *ids = NULL;
	size_t count = 99;
	assert_int_equal(
		text_encoder_encode(encoder, text, strlen(text), &ids, &count, NULL), PMILL_OK);
	assert_int_equal(count, expected_count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ids[i], expected[i]);
}

#define ASSERT_IDS(encoder, text, ...)                                                             \
	assert_ids(encoder, text, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),                \
		(uint32_t[]){__VA_ARGS__})

static void encodes_text(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct text_encoder encoder;
	assert_int_equal(text_encoder_init(&encoder, tokenizer, NULL, NULL, NULL), PMILL_OK);
	assert_ids(&encoder, "", 0, NULL);
	ASSERT_IDS(&encoder, "hi hi  hi", HI, BLANK_HI, ' ', BLANK_HI);
	ASSERT_IDS(&encoder, "\xff\n", 0xff, '\n');
	text_encoder_release(&encoder);
	pmill_tokenizer_free(tokenizer);
}

/* Special tokens are text by default. Added tokens that are not special are always recognised. */
static void obeys_the_policy(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct text_encoder encoder = make_encoder(tokenizer, "none", NULL);
	ASSERT_IDS(&encoder, "<|end|>", '<', '|', 'e', 'n', 'd', '|', '>');
	ASSERT_IDS(&encoder, "hi<think>hi", HI, THINK, HI);
	text_encoder_release(&encoder);
	encoder = make_encoder(tokenizer, "all", NULL);
	ASSERT_IDS(&encoder, "<|end|>hi<|end|>!<think>", END, HI, END_MARK, THINK);
	text_encoder_release(&encoder);
	encoder = make_encoder(tokenizer, "list", "<|end|>");
	ASSERT_IDS(&encoder, "<|end|>!<think> hi", END, '!', THINK, BLANK_HI);
	text_encoder_release(&encoder);
	encoder = make_encoder(tokenizer, "list", NULL);
	ASSERT_IDS(&encoder, "<|end|>", '<', '|', 'e', 'n', 'd', '|', '>');
	text_encoder_release(&encoder);
	pmill_tokenizer_free(tokenizer);
}

static void refuses_special_tokens_when_asked(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct text_encoder encoder = make_encoder(tokenizer, "error", NULL);
	const uint32_t *ids = NULL;
	size_t count = 99;
	pmill_error error;
	static const char text[] = "hi<think><|end|>!";
	assert_int_equal(text_encoder_encode(&encoder, text, sizeof text - 1, &ids, &count, &error),
		PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 9);
	assert_non_null(strstr(error.message, "byte 9"));
	assert_non_null(strstr(error.message, "<|end|>!"));
	assert_null(ids);
	assert_int_equal(count, 99);
	ASSERT_IDS(&encoder, "hi<think>", HI, THINK);
	text_encoder_release(&encoder);
	pmill_tokenizer_free(tokenizer);
}

static pmill_status try_options(const struct pmill_tokenizer *tokenizer,
	const pmill_policy_options *options, const char *expected)
{
	struct text_encoder encoder;
	pmill_error error;
	pmill_status status = text_encoder_init(&encoder, tokenizer, options, NULL, &error);
	assert_null(encoder.policy);
	assert_non_null(strstr(error.message, expected));
	return status;
}

static void refuses_bad_options(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	pmill_bytes unknown = {"<|none|>", 8}, known = {"<|end|>", 7};
	pmill_policy_options options = special_tokens("some");
	assert_int_equal(try_options(tokenizer, &options,
						 "unknown choice for a policy \"some\" (known: none, all, error, list)"),
		PMILL_BAD_OPTION);
	options.special = "list";
	options.special_list = &unknown;
	options.special_list_count = 1;
	assert_int_equal(try_options(tokenizer, &options, "<|none|>"), PMILL_BAD_OPTION);
	options.special = NULL;
	options.special_list = &known;
	assert_int_equal(try_options(tokenizer, &options, "list"), PMILL_BAD_OPTION);
	tokenizer->step_count = 0;
	assert_int_equal(try_options(tokenizer, NULL, "pattern"), PMILL_BAD_OPTION);
	pmill_tokenizer_free(tokenizer);
}

/* Of the run options only the scanner counts; the ids are the same. */
static void takes_any_scanner(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct text_encoder encoder;
	pmill_run_options run = {.size = sizeof run, .threads = 3, .memory_limit = 1, .chunk_size = 1};
	for (size_t i = 0; (run.scanner = pmill_scanner_name(i)) != NULL; i++) {
		assert_int_equal(text_encoder_init(&encoder, tokenizer, NULL, &run, NULL), PMILL_OK);
		ASSERT_IDS(&encoder, "hi hi  hi", HI, BLANK_HI, ' ', BLANK_HI);
		assert_ptr_equal(
			encoder.encoder->pretokens.key_maker, pmill_scanner_key_maker(run.scanner));
		text_encoder_release(&encoder);
	}
	pmill_error error;
	run.scanner = "fast";
	assert_int_equal(text_encoder_init(&encoder, tokenizer, NULL, &run, &error), PMILL_BAD_OPTION);
	assert_null(encoder.encoder);
	assert_non_null(strstr(error.message, "unknown scanner \"fast\""));
	pmill_tokenizer_free(tokenizer);
}

static void names_a_missing_byte(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	tokenizer->byte_ids['z'] = PMILL_NO_ID;
	struct text_encoder encoder = make_encoder(tokenizer, "all", NULL);
	const uint32_t *ids;
	size_t count;
	pmill_error error;
	static const char text[] = "hi <|end|>hi hizz";
	assert_int_equal(text_encoder_encode(&encoder, text, sizeof text - 1, &ids, &count, &error),
		PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 15);
	assert_string_equal(error.message, "byte 15: the vocab lacks byte 0x7A");
	ASSERT_IDS(&encoder, "hi", HI);
	text_encoder_release(&encoder);
	pmill_tokenizer_free(tokenizer);
}

static void decodes_to_the_same_bytes(void **state)
{
	(void)state;
	const uint64_t seed = 77;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	struct pmill_tokenizer *tokenizer = make_model();
	struct text_encoder encoder = make_encoder(tokenizer, "all", NULL);
	for (unsigned round = 0; round < 300; round++) {
		static const char *const pieces[] = {
			"hi", " ", "<|end|>", "<think>", "\n", "\xc3\xa9", "\xf0"};
		uint8_t text[3000];
		void *back = NULL;
		size_t len = 0, back_len = 0;
		while (len < round * 8) {
			size_t choice = (size_t)(next_random(&random) % 9);
			if (choice < 7) {
				memcpy(text + len, pieces[choice], strlen(pieces[choice]));
				len += strlen(pieces[choice]);
			} else {
				text[len++] = (uint8_t)next_random(&random);
			}
		}
		const uint32_t *ids = NULL;
		size_t count = 0;
		assert_int_equal(text_encoder_encode(&encoder, text, len, &ids, &count, NULL), PMILL_OK);
		assert_true(count <= len);
		assert_int_equal(
			pmill_tokenizer_decode(tokenizer, ids, count, NULL, &back, &back_len, NULL), PMILL_OK);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, text, len);
		pmill_memory_free(back);
	}
	text_encoder_release(&encoder);
	pmill_tokenizer_free(tokenizer);
}

/* Encodes a short pretoken, one that needs scratch, and a special token. */
static pmill_status encode_once(const struct pmill_tokenizer *tokenizer, size_t *count)
{
	char text[300];
	memset(text, 'h', sizeof text);
	memcpy(text, "hi <|end|>", 10);
	struct text_encoder encoder;
	const uint32_t *ids;
	pmill_error error;
	const pmill_policy_options options = special_tokens("all");
	pmill_status status = text_encoder_init(&encoder, tokenizer, &options, NULL, &error);
	if (status == PMILL_OK)
		status = text_encoder_encode(&encoder, text, sizeof text, &ids, count, &error);
	text_encoder_release(&encoder);
	assert_true(status == PMILL_OK || error.status == status);
	return status;
}

static void survives_out_of_memory(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	for (int meaning = 0; meaning < 3; meaning++) {
		tokenizer->meaning = (enum pmill_meaning)meaning;
		size_t count = 0;
		long allowed = 0, done_without = 0;
		for (int refused = 1; refused; allowed++) {
			allocations_left = allowed;
			pmill_status status = encode_once(tokenizer, &count);
			refused = was_refused();
			done_without += refused && status == PMILL_OK;
			if (status == PMILL_OK)
				assert_int_equal(count, 2 + 1 + 290);
			else
				assert_true(refused && status == PMILL_NO_MEMORY);
		}
		assert_true(allowed > 6);
		assert_int_equal(done_without, 2); /* the table of known pretokens, and keeping it */
	}
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_text),
		cmocka_unit_test(obeys_the_policy),
		cmocka_unit_test(refuses_special_tokens_when_asked),
		cmocka_unit_test(refuses_bad_options),
		cmocka_unit_test(takes_any_scanner),
		cmocka_unit_test(names_a_missing_byte),
		cmocka_unit_test(decodes_to_the_same_bytes),
		cmocka_unit_test(survives_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
