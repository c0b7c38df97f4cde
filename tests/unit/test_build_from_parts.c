/* Tokenizers from parts: the same ids as learned and loaded ones, no memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/text_encoder.h"
#include "support/tokenizer_parts.h"

static const char text[] =
	"the cat sat on the mat; the cats and the mats, the hat that sat.<|end|>";

/* ---- Encoding ---- */

struct ids {
	uint32_t ids[300];
	size_t count;
};

static void encode(
	const pmill_tokenizer *tokenizer, const char *policy, const char *input, struct ids *ids)
{
	const pmill_policy_options options = special_tokens(policy);
	struct text_encoder encoder;
	const uint32_t *found = NULL;
	assert_int_equal(text_encoder_init(&encoder, tokenizer, &options, NULL, NULL), PMILL_OK);
	assert_int_equal(
		text_encoder_encode(&encoder, input, strlen(input), &found, &ids->count, NULL), PMILL_OK);
	assert_true(ids->count <= 300);
	memcpy(ids->ids, found, ids->count * sizeof *found);
	text_encoder_release(&encoder);
	void *back;
	size_t len;
	assert_int_equal(
		pmill_tokenizer_decode(tokenizer, ids->ids, ids->count, NULL, &back, &len, NULL), PMILL_OK);
	assert_int_equal(len, strlen(input));
	assert_memory_equal(back, input, len);
	pmill_memory_free(back);
}

static void assert_ids(const pmill_tokenizer *tokenizer, const char *policy, const char *input,
	const uint32_t *expected, size_t count)
{
	struct ids ids;
	encode(tokenizer, policy, input, &ids);
	assert_int_equal(ids.count, count);
	assert_memory_equal(ids.ids, expected, count * sizeof *expected);
}

#define ASSERT_IDS(tokenizer, policy, input, ...)                                                  \
	assert_ids(tokenizer, policy, input, (const uint32_t[]){__VA_ARGS__},                          \
		sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void assert_same(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	static const char *const policies[] = {"none", "all"};
	static const char *const inputs[] = {text, "hi hi  hi<|end|>hi", "<|end|><|pad|>", " "};
	assert_int_equal(pmill_tokenizer_vocab_size(a), pmill_tokenizer_vocab_size(b));
	assert_int_equal(pmill_tokenizer_merge_count(a), pmill_tokenizer_merge_count(b));
	assert_int_equal(pmill_tokenizer_special_count(a), pmill_tokenizer_special_count(b));
	assert_string_equal(pmill_tokenizer_meaning(a), pmill_tokenizer_meaning(b));
	assert_string_equal(pmill_tokenizer_pattern(a), pmill_tokenizer_pattern(b));
	assert_string_equal(pmill_tokenizer_unicode_version(a), pmill_tokenizer_unicode_version(b));
	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(a); id++) {
		const pmill_bytes x = pmill_tokenizer_token_bytes(a, id);
		const pmill_bytes y = pmill_tokenizer_token_bytes(b, id);
		assert_int_equal(x.len, y.len);
		assert_true(x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
		if (x.len > 0)
			assert_int_equal(pmill_tokenizer_token_id(a, x.data, x.len),
				pmill_tokenizer_token_id(b, x.data, x.len));
	}
	for (size_t i = 0; i < pmill_tokenizer_merge_count(a); i++) {
		uint32_t x[3], y[3];
		assert_int_equal(pmill_tokenizer_get_merge(a, i, &x[0], &x[1], &x[2]), PMILL_OK);
		assert_int_equal(pmill_tokenizer_get_merge(b, i, &y[0], &y[1], &y[2]), PMILL_OK);
		assert_memory_equal(x, y, sizeof x);
	}
	for (size_t i = 0; i < 8; i++) {
		struct ids x, y;
		encode(a, policies[i / 4], inputs[i % 4], &x);
		encode(b, policies[i / 4], inputs[i % 4], &y);
		assert_int_equal(x.count, y.count);
		assert_memory_equal(x.ids, y.ids, x.count * sizeof *x.ids);
	}
}

/* Through a format and back. */
static void assert_saved(
	const pmill_tokenizer *tokenizer, const char *format, const pmill_load_options *options)
{
	void *data;
	size_t len;
	pmill_tokenizer *loaded = NULL;
	pmill_error error = {0};
	if (pmill_tokenizer_save_memory(tokenizer, format, &data, &len, &error) != PMILL_OK ||
		pmill_tokenizer_load_memory(data, len, options, &loaded, &error) != PMILL_OK)
		print_error("%s\n", error.message);
	assert_non_null(loaded);
	pmill_memory_free(data);
	assert_same(tokenizer, loaded);
	pmill_tokenizer_free(loaded);
}

/* ---- Meanings ---- */

static void test_merge_list(void **state)
{
	(void)state;
	static struct parts parts;
	start_small(&parts);
	pmill_tokenizer *tokenizer = create(&parts);
	assert_string_equal(pmill_tokenizer_meaning(tokenizer), "merge list");
	assert_string_equal(pmill_tokenizer_pattern(tokenizer), "gpt2");
	assert_string_equal(pmill_tokenizer_unicode_version(tokenizer), "16.0");
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 302);
	assert_null(pmill_tokenizer_token_bytes(tokenizer, 256).data);
	assert_null(pmill_tokenizer_token_bytes(tokenizer, 299).data);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|end|>", 7), 260);
	ASSERT_IDS(tokenizer, "none", "hi hi", 300, 301);
	ASSERT_IDS(tokenizer, "none", "<|end|>", '<', '|', 'e', 'n', 'd', '|', '>');
	ASSERT_IDS(tokenizer, "all", " hi<|end|>", 301, 260);
	pmill_training training = {.size = sizeof training};
	assert_int_equal(pmill_tokenizer_get_training(tokenizer, &training), PMILL_OK);
	assert_null(training.version);
	pmill_tokenizer_free(tokenizer);
	/* A token without a merge is never made, but a pretoken may be it whole. */
	add_token(&parts, 302, "hit", 3);
	tokenizer = create(&parts);
	ASSERT_IDS(tokenizer, "none", "hit", 300, 't');
	pmill_tokenizer_free(tokenizer);
	parts.parts.meaning = "ignore merges";
	tokenizer = create(&parts);
	assert_string_equal(pmill_tokenizer_meaning(tokenizer), "ignore merges");
	ASSERT_IDS(tokenizer, "none", "hit hit", 302, 301, 't');
	pmill_tokenizer_free(tokenizer);
	/* Without merges that is "rank by id" unless told otherwise. */
	parts.parts.merge_count = 0;
	parts.parts.meaning = "merge list";
	tokenizer = create(&parts);
	assert_string_equal(pmill_tokenizer_meaning(tokenizer), "merge list");
	ASSERT_IDS(tokenizer, "none", "hit", 'h', 'i', 't');
	pmill_tokenizer_free(tokenizer);
}

static void test_rank_by_id(void **state)
{
	(void)state;
	static struct parts parts;
	static const char *const meanings[] = {NULL, "rank by id"};
	for (size_t i = 0; i < 2; i++) {
		start_small(&parts);
		parts.parts.merge_count = 0;
		parts.parts.merges = NULL;
		parts.parts.meaning = meanings[i];
		pmill_tokenizer *tokenizer = create(&parts);
		assert_string_equal(pmill_tokenizer_meaning(tokenizer), "rank by id");
		ASSERT_IDS(tokenizer, "none", "hi hi", 300, 301);
		/* What tokens come apart into. */
		assert_int_equal(pmill_tokenizer_merge_count(tokenizer), 2);
		uint32_t left, right, id;
		assert_int_equal(pmill_tokenizer_get_merge(tokenizer, 1, &left, &right, &id), PMILL_OK);
		assert_true(left == ' ' && right == 300 && id == 301);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Any order but that of merges gives the same. */
static void test_any_order(void **state)
{
	(void)state;
	static struct parts parts, turned;
	start_small(&parts);
	add_special(&parts, 259, "<|pad|>");
	turned = parts;
	start(&turned);
	turned.parts = parts.parts;
	turned.parts.tokens = turned.tokens;
	turned.parts.special_tokens = turned.specials;
	for (size_t i = 0; i < parts.parts.token_count; i++)
		turned.tokens[i] = parts.tokens[parts.parts.token_count - 1 - i];
	for (size_t i = 0; i < 2; i++)
		turned.specials[i] = parts.specials[1 - i];
	pmill_tokenizer *one = create(&parts), *other = create(&turned);
	assert_same(one, other);
	pmill_tokenizer_free(one);
	pmill_tokenizer_free(other);
}

/* Copies: nothing of the parts is looked at later. */
static void test_parts_are_copied(void **state)
{
	(void)state;
	struct parts *parts = calloc(1, sizeof *parts);
	assert_non_null(parts);
	char pattern[] = "cl100k", end[] = "<|end|>", hi[] = "hi";
	start_small(parts);
	parts->tokens[256].bytes.data = hi;
	parts->specials[0].bytes.data = end;
	parts->parts.pattern = pattern;
	pmill_tokenizer *tokenizer = create(parts);
	memset(parts, 0x5A, sizeof *parts);
	free(parts);
	memset(pattern, 'x', 6);
	memset(end, 'x', 7);
	memset(hi, 'x', 2);
	assert_string_equal(pmill_tokenizer_pattern(tokenizer), "cl100k");
	ASSERT_IDS(tokenizer, "all", "hi<|end|>", 300, 260);
	pmill_tokenizer_free(tokenizer);
}

/* ---- Special tokens ---- */

/* Ordinary text never becomes a special token, also where its bytes are among the tokens. */
static void test_special_among_tokens(void **state)
{
	(void)state;
	static const char *const meanings[] = {"merge list", "rank by id", "ignore merges"};
	for (size_t i = 0; i < 3; i++) {
		static struct parts parts;
		start_small(&parts);
		parts.parts.meaning = meanings[i];
		if (i == 1)
			parts.parts.merge_count = 0;
		add_token(&parts, 260, "<|end|>", 7);
		add_token(&parts, 261, "pad", 3);
		add_special(&parts, 261, "pad");
		pmill_tokenizer *tokenizer = create(&parts);
		assert_int_equal(pmill_tokenizer_special_count(tokenizer), 2);
		assert_int_equal(pmill_tokenizer_token_id(tokenizer, "pad", 3), 261);
		ASSERT_IDS(tokenizer, "none", "pad", 'p', 'a', 'd');
		ASSERT_IDS(tokenizer, "all", "hi pad<|end|>", 300, ' ', 261, 260);
		pmill_special_info info = {.size = sizeof info};
		assert_int_equal(pmill_tokenizer_get_special(tokenizer, 1, &info), PMILL_OK);
		assert_true(info.id == 261 && info.is_special && info.content.len == 3);
		assert_memory_equal(info.content.data, "pad", 3);
		/* The same as without it among the tokens. */
		parts.parts.token_count -= 2;
		pmill_tokenizer *outside = create(&parts);
		assert_same(tokenizer, outside);
		pmill_tokenizer_free(outside);
		pmill_tokenizer_free(tokenizer);
	}
}

/* ---- Learned and loaded models ---- */

static pmill_tokenizer *learn(const char *layout)
{
	const pmill_bytes end = {"<|end|>", 7};
	const pmill_text_options words = {
		.size = sizeof words, .special_tokens = &end, .special_token_count = 1};
	const pmill_train_options options = {
		.size = sizeof options, .vocab_size = VOCAB_SIZE, .layout = layout};
	pmill_counter *counter = NULL;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_counter_create(&words, NULL, &counter, NULL), PMILL_OK);
	assert_int_equal(pmill_counter_add_text(counter, text, strlen(text), NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_train(counter, &options, &tokenizer, NULL), PMILL_OK);
	pmill_counter_free(counter);
	return tokenizer;
}

/* Special tokens are among the tokens, too, as many programs list them. */
static void take_apart(const pmill_tokenizer *tokenizer, struct parts *parts)
{
	start(parts);
	parts->parts.pattern = pmill_tokenizer_pattern(tokenizer);
	parts->parts.unicode_version = pmill_tokenizer_unicode_version(tokenizer);
	parts->parts.meaning = pmill_tokenizer_meaning(tokenizer);
	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(tokenizer); id++) {
		const pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
		if (token.data != NULL)
			add_token(parts, id, token.data, token.len);
	}
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_token *special = &parts->specials[parts->parts.special_token_count++];
		pmill_special_info info = {.size = sizeof info};
		assert_int_equal(pmill_tokenizer_get_special(tokenizer, i, &info), PMILL_OK);
		*special = (pmill_token){info.content, info.id};
	}
	for (size_t i = 0; i < pmill_tokenizer_merge_count(tokenizer); i++) {
		pmill_pair_ids *pair = &parts->merges[parts->parts.merge_count++];
		uint32_t id;
		assert_int_equal(
			pmill_tokenizer_get_merge(tokenizer, i, &pair->left, &pair->right, &id), PMILL_OK);
	}
}

static void test_equals_a_learned_model(void **state)
{
	(void)state;
	for (size_t i = 0; pmill_layout_name(i) != NULL; i++) {
		static struct parts parts;
		pmill_tokenizer *learned = learn(pmill_layout_name(i));
		take_apart(learned, &parts);
		assert_true(parts.parts.merge_count > 10);
		pmill_tokenizer *created = create(&parts);
		assert_same(learned, created);
		const pmill_load_options any = {.size = sizeof any};
		assert_saved(created, "tokenizer.json", &any);
		pmill_tokenizer_free(created);
		pmill_tokenizer_free(learned);
	}
}

/* As .tiktoken ids are ranks: the loaded model is one of that meaning. */
static void test_equals_a_tiktoken_model(void **state)
{
	(void)state;
	static struct parts parts;
	const pmill_bytes end = {"<|end|>", 7};
	const pmill_load_options options = {.size = sizeof options,
		.format = "tiktoken",
		.pattern = "gpt2",
		.special_tokens = &end,
		.special_token_count = 1};
	pmill_tokenizer *learned = learn("bytes-first"), *loaded = NULL;
	void *data;
	size_t len;
	assert_int_equal(pmill_tokenizer_save_memory(learned, "tiktoken", &data, &len, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL), PMILL_OK);
	pmill_memory_free(data);
	take_apart(loaded, &parts);
	assert_string_equal(parts.parts.meaning, "rank by id");
	parts.parts.merge_count = 0;
	pmill_tokenizer *created = create(&parts);
	assert_same(loaded, created);
	assert_saved(created, "tiktoken", &options);
	pmill_tokenizer_free(created);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(learned);
}

/* ---- No memory ---- */

static void test_no_memory(void **state)
{
	(void)state;
	static struct parts parts;
	static const char *const meanings[] = {"merge list", "rank by id", "ignore merges"};
	for (size_t i = 0; i < 3; i++) {
		start_small(&parts);
		parts.parts.meaning = meanings[i];
		if (i == 1)
			parts.parts.merge_count = 0;
		add_token(&parts, 400, "an id beyond what was reserved", 30);
		long refused = 0;
		for (;; refused++) {
			pmill_tokenizer *tokenizer = NULL;
			pmill_error error = {0};
			allocations_left = refused;
			const pmill_status status = pmill_tokenizer_create(&parts.parts, &tokenizer, &error);
			if (!was_refused()) {
				assert_int_equal(status, PMILL_OK);
				ASSERT_IDS(tokenizer, "all", "hi<|end|>", 300, 260);
				pmill_tokenizer_free(tokenizer);
				break;
			}
			assert_int_equal(status, PMILL_NO_MEMORY);
			assert_int_equal(error.status, PMILL_NO_MEMORY);
			assert_null(tokenizer);
		}
		assert_true(refused > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_list),
		cmocka_unit_test(test_rank_by_id),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_parts_are_copied),
		cmocka_unit_test(test_special_among_tokens),
		cmocka_unit_test(test_equals_a_learned_model),
		cmocka_unit_test(test_equals_a_tiktoken_model),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
