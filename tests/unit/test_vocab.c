/* The vocab, the splitter and the builder of tokenizers. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/build_trained.h"
#include "model/splitter.h"
#include "model/training_record.h"
#include "support/plan.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "unicode/quote.h"

static void test_add_and_find(void **state)
{
	(void)state;
	struct pmill_vocab vocab = {0};
	char text[20];
	/* Enough tokens for the table to grow several times, with holes between their ids. */
	for (uint32_t i = 0; i < 5000; i++) {
		int len = snprintf(text, sizeof text, "token%u", i);
		assert_int_equal(
			pmill_vocab_add(&vocab, 2 * i + 1, text, (size_t)len, false, NULL), PMILL_OK);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		size_t len = (size_t)snprintf(text, sizeof text, "token%u", i);
		assert_int_equal(pmill_vocab_find(&vocab, text, len), 2 * i + 1);
		pmill_bytes token = pmill_vocab_token(&vocab, 2 * i + 1);
		assert_int_equal(token.len, len);
		assert_memory_equal(token.data, text, len);
		assert_null(pmill_vocab_token(&vocab, 2 * i).data);
	}
	assert_int_equal(vocab.count, 10000);
	assert_null(pmill_vocab_token(&vocab, 10000).data);
	assert_int_equal(pmill_vocab_find(&vocab, "token", 5), PMILL_NO_ID);
	assert_int_equal(pmill_vocab_find(&vocab, "", 0), PMILL_NO_ID);
	pmill_vocab_release(&vocab);
	pmill_vocab_release(&vocab);
}

static void test_add_refuses(void **state)
{
	(void)state;
	struct pmill_vocab vocab = {0};
	pmill_error error;
	assert_int_equal(pmill_vocab_find(&vocab, "a", 1), PMILL_NO_ID);
	assert_int_equal(pmill_vocab_add(&vocab, 3, "ab", 2, false, &error), PMILL_OK);
	assert_int_equal(pmill_vocab_add(&vocab, 3, "x", 1, false, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "\"ab\""));
	assert_int_equal(pmill_vocab_add(&vocab, 4, "ab", 2, false, &error), PMILL_BAD_INPUT);
	assert_int_equal(pmill_vocab_add(&vocab, 4, "", 0, false, &error), PMILL_BAD_INPUT);
	assert_int_equal(pmill_vocab_add(&vocab, PMILL_NO_ID, "y", 1, false, &error), PMILL_BAD_INPUT);
	/* A special token may have the bytes of an ordinary one, and is not found by its bytes. */
	assert_int_equal(pmill_vocab_add(&vocab, 9, "ab", 2, true, &error), PMILL_OK);
	assert_int_equal(pmill_vocab_add(&vocab, 8, "<s>", 3, true, &error), PMILL_OK);
	assert_int_equal(pmill_vocab_find(&vocab, "ab", 2), 3);
	assert_int_equal(pmill_vocab_find(&vocab, "<s>", 3), PMILL_NO_ID);
	assert_int_equal(vocab.count, 10);
	pmill_vocab_release(&vocab);
}

static void test_add_out_of_memory(void **state)
{
	(void)state;
	for (long k = 0;; k++) {
		struct pmill_vocab vocab = {0};
		allocations_left = k;
		pmill_status status = PMILL_OK;
		for (uint32_t i = 0; i < 3000 && status == PMILL_OK; i++)
			status = pmill_vocab_add(&vocab, i, &i, sizeof i, false, NULL);
		int refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		/* Earlier tokens are still found. */
		for (uint32_t i = 0; i < vocab.count; i++)
			assert_int_equal(pmill_vocab_find(&vocab, &i, sizeof i), i);
		pmill_vocab_release(&vocab);
		if (!refused)
			return;
	}
}

enum { STRINGS = 300, LONGEST = 40 };

/* Every other one is a token, and all are found alike, one by one and together. */
static void check_find_many(struct pmill_vocab *vocab, const pmill_bytes *strings)
{
	uint32_t ids[STRINGS];
	for (uint32_t i = 0; i < STRINGS; i += 2)
		assert_int_equal(
			pmill_vocab_add(vocab, i, strings[i].data, strings[i].len, false, NULL), PMILL_OK);
	for (size_t count = 0; count <= STRINGS; count = count < 63 ? 63 : count + 1) {
		memset(ids, 7, sizeof ids);
		pmill_vocab_find_many(vocab, strings, count, ids);
		for (uint32_t i = 0; i < STRINGS; i++) {
			assert_int_equal(
				pmill_vocab_find(vocab, strings[i].data, strings[i].len), i % 2 ? PMILL_NO_ID : i);
			assert_int_equal(ids[i], i >= count ? 0x07070707 : i % 2 ? PMILL_NO_ID : i);
		}
	}
}

/* Lengths around those that the hash reads in other pieces; also with a seed that makes it 0. */
static void test_find_many(void **state)
{
	(void)state;
	static uint8_t bytes[STRINGS][LONGEST];
	pmill_bytes strings[STRINGS];
	uint32_t ids[STRINGS];
	struct pmill_vocab vocab = {0}, flooded = {0};
	for (uint32_t i = 0; i < STRINGS; i++) {
		const size_t len = 2 + i % (LONGEST - 1);
		memset(bytes[i], 'x', LONGEST);
		bytes[i][i % len] = (uint8_t)(i / len);
		strings[i] = (pmill_bytes){bytes[i], len};
	}
	pmill_vocab_find_many(&vocab, strings, STRINGS, ids);
	for (uint32_t i = 0; i < STRINGS; i++)
		assert_int_equal(ids[i], PMILL_NO_ID);
	check_find_many(&vocab, strings);
	assert_true(pmill_vocab_reserve(&flooded, STRINGS));
	flooded.seed = (struct pmill_key_seed){0};
	check_find_many(&flooded, strings);
	pmill_vocab_release(&vocab);
	pmill_vocab_release(&flooded);
}

static void check_indexes_beyond(const pmill_tokenizer *tokenizer)
{
	uint32_t left = 7, right = 8, id = 9;
	pmill_special_info info = {.size = sizeof info, .id = 10};
	const size_t beyond[2][2] = {{pmill_tokenizer_merge_count(tokenizer), SIZE_MAX},
		{pmill_tokenizer_special_count(tokenizer), SIZE_MAX}};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pmill_tokenizer_get_merge(tokenizer, beyond[0][i], &left, &right, &id),
			PMILL_BAD_OPTION);
		assert_int_equal(
			pmill_tokenizer_get_special(tokenizer, beyond[1][i], &info), PMILL_BAD_OPTION);
	}
	assert_true(left == 7 && right == 8 && id == 9 && info.id == 10);
}

static void check_layout(const char *name)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan(name, pairs);
	plan.pad_count = 3;
	plan.first_pad = 5;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 256 + PLAN_MERGES + PLAN_SPECIALS + 3);
	for (uint32_t i = 0; i < 256; i++) {
		uint8_t byte = pmill_layout_byte(plan.layout, i);
		uint32_t id = plan.layout->first_byte(PLAN_SPECIALS, PLAN_MERGES) + i;
		assert_int_equal(tokenizer->byte_ids[byte], id);
		assert_int_equal(pmill_tokenizer_token_id(tokenizer, &byte, 1), id);
	}
	for (uint32_t i = 0; i < PLAN_MERGES; i++) {
		uint32_t left, right, id;
		assert_int_equal(pmill_tokenizer_get_merge(tokenizer, i, &left, &right, &id), PMILL_OK);
		char joined[40];
		int len = snprintf(joined, sizeof joined, "%s%s", plan_pairs[i][0], plan_pairs[i][1]);
		assert_int_equal(id, plan.layout->first_merge(PLAN_SPECIALS, PLAN_MERGES) + i);
		assert_int_equal(pmill_tokenizer_token_id(tokenizer, joined, (size_t)len), id);
	}
	check_indexes_beyond(tokenizer);
	uint32_t first = plan.layout->first_special(PLAN_SPECIALS, PLAN_MERGES);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|endoftext|>", 13), first);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<| pad |>", 9), first + 1);
	uint32_t pad = 256 + PLAN_MERGES + PLAN_SPECIALS;
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|reserved_5|>", 14), pad);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|reserved_7|>", 14), pad + 2);
	for (size_t i = 0; i + 1 < pmill_tokenizer_special_count(tokenizer); i++)
		assert_true(tokenizer->specials[i].id < tokenizer->specials[i + 1].id);
	assert_string_equal(pmill_tokenizer_pattern(tokenizer), "gpt2");
	assert_string_equal(pmill_tokenizer_meaning(tokenizer), "merge list");
	pmill_training none = {.size = sizeof none, .version = "?"};
	assert_int_equal(pmill_tokenizer_get_training(tokenizer, &none), PMILL_OK);
	assert_null(none.version);
	pmill_tokenizer_free(tokenizer);
}

static void test_build(void **state)
{
	(void)state;
	for (size_t i = 0; pmill_layout_at(i) != NULL; i++)
		check_layout(pmill_layout_at(i)->name);
	pmill_tokenizer_free(NULL);
}

static void test_build_refuses(void **state)
{
	(void)state;
	pmill_pair_ids later[] = {{'a', 'b'}, {300, 'c'}};
	pmill_pair_ids twice[] = {{'a', 'b'}, {'b', 'c'}, {'a', 257}, {256, 'c'}};
	struct pmill_tokenizer_plan plan = {
		.layout = pmill_layout_find(NULL), .merges = later, .merge_count = 2};
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_BAD_INPUT);
	plan.merges = twice;
	plan.merge_count = 4;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_BAD_INPUT);
	plan.merge_count = 3;
	plan.pad_count = UINT32_MAX;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OVERFLOW);
	assert_null(tokenizer);
}

static void test_padding_skips_taken_names(void **state)
{
	(void)state;
	const pmill_bytes special = {"<|reserved_1|>", 14};
	struct pmill_tokenizer_plan plan = {.layout = pmill_layout_find(NULL),
		.special_tokens = &special,
		.special_token_count = 1,
		.pad_count = 2};
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|reserved_1|>", 14), 256);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|reserved_0|>", 14), 257);
	assert_int_equal(pmill_tokenizer_token_id(tokenizer, "<|reserved_2|>", 14), 258);
	pmill_tokenizer_free(tokenizer);
}

static void test_build_out_of_memory(void **state)
{
	(void)state;
	const int64_t counts[PLAN_MERGES] = {9, 8, 7, 6, 5, 4, 3};
	const pmill_stage stage = {"merge", 1.5, 100};
	const pmill_input input = {"a.txt", 10, NULL};
	const pmill_training training = {.version = "1",
		.stopped = "full",
		.ties = "bytes",
		.layout = "hf",
		.merges = PLAN_MERGES,
		.stages = &stage,
		.stage_count = 1,
		.inputs = &input,
		.input_count = 1,
		.merge_counts = counts};
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan("hf", pairs);
	plan.training = &training;
	plan.pad_count = 2;
	for (long k = 0;; k++) {
		pmill_tokenizer *tokenizer = NULL;
		allocations_left = k;
		pmill_status status = pmill_tokenizer_build(&plan, &tokenizer, NULL);
		int refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		if (refused) {
			assert_null(tokenizer);
			continue;
		}
		pmill_training copy = {.size = sizeof copy};
		assert_int_equal(pmill_tokenizer_get_training(tokenizer, &copy), PMILL_OK);
		assert_ptr_not_equal(copy.merge_counts, counts);
		assert_memory_equal(copy.merge_counts, counts, sizeof counts);
		assert_string_equal(copy.stages[0].name, "merge");
		assert_string_equal(copy.inputs[0].name, "a.txt");
		assert_null(copy.inputs[0].sha256);
		assert_null(copy.compat);
		pmill_tokenizer_free(tokenizer);
		return;
	}
}

/* Naively: joins the neighbours that give the lowest id, but the token's own, again and again. */
static void split_naively(
	const struct pmill_vocab *vocab, uint32_t id, uint32_t *left, uint32_t *right)
{
	pmill_bytes token = pmill_vocab_token(vocab, id);
	const uint8_t *bytes = token.data;
	size_t ends[64], count = token.len;
	*left = *right = PMILL_NO_ID;
	for (size_t i = 0; i < count; i++) {
		ends[i] = i + 1;
		if (pmill_vocab_find(vocab, bytes + i, 1) == PMILL_NO_ID)
			return;
	}
	for (;;) {
		size_t best = 0;
		uint32_t best_id = PMILL_NO_ID;
		for (size_t i = 0; i + 1 < count; i++) {
			size_t begin = i == 0 ? 0 : ends[i - 1];
			uint32_t joined = pmill_vocab_find(vocab, bytes + begin, ends[i + 1] - begin);
			if (joined < best_id && joined != id) {
				best_id = joined;
				best = i;
			}
		}
		if (best_id == PMILL_NO_ID)
			break;
		memmove(ends + best, ends + best + 1, (count - best - 1) * sizeof *ends);
		count--;
	}
	if (count == 2) {
		*left = pmill_vocab_find(vocab, bytes, ends[0]);
		*right = pmill_vocab_find(vocab, bytes + ends[0], token.len - ends[0]);
	}
}

static void test_splitter_equals_naive(void **state)
{
	(void)state;
	uint64_t random = 1;
	print_message("seed %llu\n", (unsigned long long)random);
	struct pmill_splitter splitter = {0};
	size_t pairs = 0, others = 0;
	for (int round = 0; round < 300; round++) {
		struct pmill_vocab vocab = {0};
		for (uint32_t id = 0; id < 120; id++) {
			uint8_t token[20];
			size_t len = id < 3 ? 1 : 2 + random_below(&random, id < 60 ? 3 : 18);
			for (size_t i = 0; i < len; i++)
				token[i] = (uint8_t)('a' + (id < 3 ? id : random_below(&random, 3)));
			if (pmill_vocab_find(&vocab, token, len) == PMILL_NO_ID)
				assert_int_equal(pmill_vocab_add(&vocab, id, token, len, false, NULL), PMILL_OK);
		}
		for (uint32_t id = 3; id < vocab.count; id++) {
			if (vocab.tokens[id].len < 2)
				continue;
			uint32_t left, right, naive_left, naive_right;
			assert_int_equal(
				pmill_splitter_split(&splitter, &vocab, id, &left, &right, NULL), PMILL_OK);
			split_naively(&vocab, id, &naive_left, &naive_right);
			assert_int_equal(left, naive_left);
			assert_int_equal(right, naive_right);
			pairs += left != PMILL_NO_ID;
			others += left == PMILL_NO_ID;
		}
		pmill_vocab_release(&vocab);
	}
	pmill_splitter_release(&splitter);
	assert_true(pairs > 1000 && others > 1000);
}

static void test_quote(void **state)
{
	(void)state;
	struct pmill_quote quote;
	assert_string_equal(
		pmill_quote(&quote, "a\n\"\\\xFF\xC4\xA0", 7), "\"a\\x0a\\x22\\\\xff\xC4\xA0\"");
	assert_string_equal(pmill_quote(&quote, NULL, 0), "\"\"");
	char text[1000];
	for (size_t len = 1; len < sizeof text; len++) {
		memset(text, len % 2 ? 'x' : '\0', len);
		pmill_quote(&quote, text, len);
		size_t written = strnlen(quote.text, sizeof quote.text);
		assert_true(written < sizeof quote.text);
		assert_int_equal(quote.text[written - 1], '"');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_and_find),
		cmocka_unit_test(test_add_refuses),
		cmocka_unit_test(test_add_out_of_memory),
		cmocka_unit_test(test_find_many),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_build_refuses),
		cmocka_unit_test(test_padding_skips_taken_names),
		cmocka_unit_test(test_build_out_of_memory),
		cmocka_unit_test(test_splitter_equals_naive),
		cmocka_unit_test(test_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
