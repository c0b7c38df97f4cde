/* Ids → bytes: whole, unknown ids, no memory, and characters that arrive in parts. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/small_tokenizer.h"

/* Ids 0–255 are the bytes; 256 is a hole; 257 is "€x". */
static struct pmill_tokenizer *make_model(void)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	add_all_bytes(tokenizer);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, 257, "\xe2\x82\xacx", 4, false, NULL), PMILL_OK);
	add_special(tokenizer, "<|end|>", true);
	return tokenizer;
}

static void hands_over_the_bytes(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	static const uint32_t ids[] = {'a', 257, 258, 0};
	static const char expected[] = "a\xe2\x82\xacx<|end|>\0";
	static const size_t lens[] = {0, 1, 5, 12, 13};
	for (size_t count = 0; count <= 4; count++) {
		void *data = NULL;
		size_t len = 99;
		assert_int_equal(
			pmill_tokenizer_decode(tokenizer, ids, count, NULL, &data, &len, NULL), PMILL_OK);
		assert_int_equal(len, lens[count]);
		assert_non_null(data);
		if (len > 0)
			assert_memory_equal(data, expected, len);
		pmill_memory_free(data);
	}
	void *data = NULL;
	size_t len = 99;
	assert_int_equal(pmill_tokenizer_decode(tokenizer, NULL, 0, NULL, &data, &len, NULL), PMILL_OK);
	assert_non_null(data);
	assert_int_equal(len, 0);
	pmill_memory_free(data);
	pmill_memory_free(NULL);
	pmill_tokenizer_free(tokenizer);
}

/* Special tokens, but neither added ones nor ordinary ones, even with the same bytes. */
static void leaves_special_tokens_out(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	const uint32_t end = 258, think = 259, ordinary = 260, start = 261;
	add_special(tokenizer, "<think>", false);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, ordinary, "<|end|>", 7, false, NULL), PMILL_OK);
	add_special(tokenizer, "<|start|>", true);
	const uint32_t ids[] = {start, 'a', think, end, end, 0xe2, end, 0x82, 0xac, ordinary, end};
	static const char all[] = "<|start|>a<think><|end|><|end|>\xe2<|end|>\x82\xac<|end|><|end|>",
					  some[] = "a<think>\xe2\x82\xac<|end|>";
	for (int skips = 0; skips < 2; skips++) {
		const pmill_decode_options options = {.size = sizeof options, .skip_special_tokens = skips};
		const char *expected = skips ? some : all;
		void *data = NULL;
		size_t len = 0;
		assert_int_equal(
			pmill_tokenizer_decode(tokenizer, ids, 11, &options, &data, &len, NULL), PMILL_OK);
		assert_int_equal(len, strlen(expected));
		assert_memory_equal(data, expected, len);
		pmill_memory_free(data);
		/* A stream holds the parts of a character back across a token that it leaves out. */
		struct pmill_stream_decoder *decoder = NULL;
		assert_int_equal(
			pmill_stream_decoder_create(tokenizer, &options, &decoder, NULL), PMILL_OK);
		for (size_t i = 0, given = 0; i < 11; i++) {
			pmill_bytes bytes;
			assert_int_equal(pmill_stream_decoder_add(decoder, &ids[i], 1, &bytes, NULL), PMILL_OK);
			if (bytes.len > 0)
				assert_memory_equal(bytes.data, expected + given, bytes.len);
			given += bytes.len;
			assert_int_equal(given == (size_t)(strstr(expected, "\xe2") - expected),
				i >= (skips ? 2 : 4) && i < (skips ? 8 : 6));
			assert_true(i < 10 || given == strlen(expected));
		}
		pmill_stream_decoder_free(decoder);
		/* What is left out is in the vocab all the same: other ids still fail. */
		const uint32_t unknown[] = {end, 256};
		pmill_error error;
		assert_int_equal(
			pmill_tokenizer_decode(tokenizer, unknown, 2, &options, &data, &len, &error),
			PMILL_BAD_INPUT);
		assert_int_equal(error.offset, 1);
	}
	pmill_tokenizer_free(tokenizer);
}

static void refuses_unknown_ids(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	static const uint32_t unknown[] = {256, 259, UINT32_MAX};
	for (size_t i = 0; i < 3; i++) {
		uint32_t ids[] = {'a', 'b', unknown[i]};
		void *const untouched = &ids, *data = untouched;
		size_t len = 99;
		pmill_error error;
		assert_int_equal(
			pmill_tokenizer_decode(tokenizer, ids, 3, NULL, &data, &len, &error), PMILL_BAD_INPUT);
		assert_int_equal(error.offset, 2);
		assert_int_equal(len, 99);
		assert_ptr_equal(data, untouched);
	}
	pmill_tokenizer_free(tokenizer);
}

static pmill_status decode_both_ways(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	static const uint32_t ids[] = {'a', 257};
	void *data = NULL;
	size_t len = 99;
	struct pmill_stream_decoder *decoder = NULL;
	pmill_status status = pmill_tokenizer_decode(tokenizer, ids, 2, NULL, &data, &len, error);
	assert_true(status == PMILL_OK || (data == NULL && len == 99));
	pmill_memory_free(data);
	if (status == PMILL_OK)
		status = pmill_stream_decoder_create(tokenizer, NULL, &decoder, error);
	pmill_bytes given = {0};
	if (status == PMILL_OK)
		status = pmill_stream_decoder_add(decoder, ids, 2, &given, error);
	assert_int_equal(given.len, status == PMILL_OK ? 5 : 0);
	pmill_stream_decoder_free(decoder);
	return status;
}

static void survives_no_memory(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	for (long refused = 0;; refused++) {
		pmill_error error;
		allocations_left = refused;
		pmill_status status = decode_both_ways(tokenizer, &error);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_int_equal(refused, 3);
			break;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(error.status, PMILL_NO_MEMORY);
	}
	pmill_tokenizer_free(tokenizer);
}

static void assert_given(pmill_bytes given, const char *expected)
{
	assert_int_equal(given.len, strlen(expected));
	assert_true(given.len == 0 || memcmp(given.data, expected, given.len) == 0);
}

static void add_and_expect(struct pmill_stream_decoder *decoder, uint32_t id, const char *expected)
{
	pmill_bytes given = {0};
	assert_int_equal(pmill_stream_decoder_add(decoder, &id, 1, &given, NULL), PMILL_OK);
	assert_given(given, expected);
}

static void holds_back_parts_of_characters(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct pmill_stream_decoder *decoder = NULL;
	assert_int_equal(pmill_stream_decoder_create(tokenizer, NULL, &decoder, NULL), PMILL_OK);
	assert_given(pmill_stream_decoder_finish(decoder), "");
	add_and_expect(decoder, 'a', "a");
	add_and_expect(decoder, 0xf0, "");
	add_and_expect(decoder, 0x9f, "");
	add_and_expect(decoder, 0x98, "");
	add_and_expect(decoder, 0x80, "\xf0\x9f\x98\x80");
	/* The second byte shows that a surrogate or an overlong form is invalid. */
	add_and_expect(decoder, 0xed, "");
	add_and_expect(decoder, 0xa0, "\xed\xa0");
	add_and_expect(decoder, 0xc0, "\xc0");
	add_and_expect(decoder, 0xe2, "");
	add_and_expect(decoder, 257, "\xe2\xe2\x82\xacx");
	add_and_expect(decoder, 0xe2, "");
	add_and_expect(decoder, 0x82, "");
	add_and_expect(decoder, 0xe2, "\xe2\x82");
	assert_given(pmill_stream_decoder_finish(decoder), "\xe2");
	assert_given(pmill_stream_decoder_finish(decoder), "");
	add_and_expect(decoder, 0x82, "\x82");
	pmill_stream_decoder_free(decoder);
	pmill_tokenizer_free(tokenizer);
}

static void keeps_its_place_after_a_failure(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct pmill_stream_decoder *decoder = NULL;
	assert_int_equal(pmill_stream_decoder_create(tokenizer, NULL, &decoder, NULL), PMILL_OK);
	add_and_expect(decoder, 0xe2, "");
	static const uint32_t bad[] = {'a', 256};
	pmill_bytes given = {0};
	pmill_error error;
	assert_int_equal(pmill_stream_decoder_add(decoder, bad, 2, &given, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 1);
	assert_null(given.data);
	add_and_expect(decoder, 0x82, "");
	add_and_expect(decoder, 0xac, "\xe2\x82\xac");
	pmill_stream_decoder_free(decoder);
	pmill_tokenizer_free(tokenizer);
}

/* However the ids are split, all bytes are returned in order, and no character in parts. */
static void returns_all_bytes_in_order(void **state)
{
	(void)state;
	const uint64_t seed = 5;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	static const uint8_t bytes[] = {
		'a', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xff};
	struct pmill_tokenizer *tokenizer = make_model();
	for (unsigned round = 0; round < 300; round++) {
		struct pmill_stream_decoder *decoder = NULL;
		assert_int_equal(pmill_stream_decoder_create(tokenizer, NULL, &decoder, NULL), PMILL_OK);
		uint32_t ids[200];
		uint8_t got[200];
		size_t got_len = 0;
		for (size_t i = 0; i < 200; i++)
			ids[i] = round % 2 ? bytes[i % 10] : bytes[next_random(&random) % sizeof bytes];
		for (size_t i = 0; i < 200;) {
			size_t count = (size_t)(next_random(&random) % 7);
			if (count > 200 - i)
				count = 200 - i;
			pmill_bytes given;
			assert_int_equal(
				pmill_stream_decoder_add(decoder, ids + i, count, &given, NULL), PMILL_OK);
			if (given.len > 0)
				memcpy(got + got_len, given.data, given.len);
			got_len += given.len;
			i += count;
			assert_true(got_len <= i && i - got_len <= 3);
			/* In well-formed text, the next byte begins a character. */
			assert_true(!(round % 2) || got_len == 200 || (ids[got_len] & 0xc0) != 0x80);
		}
		pmill_bytes rest = pmill_stream_decoder_finish(decoder);
		if (rest.len > 0)
			memcpy(got + got_len, rest.data, rest.len);
		assert_int_equal(got_len + rest.len, 200);
		for (size_t i = 0; i < 200; i++)
			assert_int_equal(got[i], ids[i]);
		pmill_stream_decoder_free(decoder);
	}
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_over_the_bytes),
		cmocka_unit_test(leaves_special_tokens_out),
		cmocka_unit_test(refuses_unknown_ids),
		cmocka_unit_test(survives_no_memory),
		cmocka_unit_test(holds_back_parts_of_characters),
		cmocka_unit_test(keeps_its_place_after_a_failure),
		cmocka_unit_test(returns_all_bytes_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
