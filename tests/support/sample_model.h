/* A model with everything in it, and its comparison with the one that was loaded. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_SAMPLE_MODEL_H
#define PMILL_TESTS_SUPPORT_SAMPLE_MODEL_H

#include <stdint.h>

#include "formats/format.h"
#include "model/merges.h"
#include "support/plan.h"

static const int64_t merge_counts[PLAN_MERGES] = {INT64_MAX, 8, 7, 6, 5, 4, 3};
static const pmill_stage stages[] = {{"count", 0.25, 1000}, {"merge", 12.000001, 2000}};
static const pmill_input inputs[] = {{"a \"b\".txt", 10, NULL},
	{"c.txt", 5, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}};
static const pmill_training training = {.version = "0.1.0",
	.totals = {.documents = 1, .bytes = 15, .pretokens = 4, .words = 3, .bad_lines = 2},
	.vocab_size_asked = 300,
	.merges = PLAN_MERGES,
	.stopped = "no-pairs",
	.min_count = 2,
	.max_token_length = 16,
	.reserve = 1,
	.pad_vocab_to = 64,
	.ties = "ids",
	.layout = "hf",
	.compat = "hf",
	.threads = 3,
	.stages = stages,
	.stage_count = 2,
	.inputs = inputs,
	.input_count = 2,
	.merge_counts = merge_counts};

static inline pmill_tokenizer *make_model(const char *layout, const char *pattern)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan(layout, pairs);
	plan.pattern = pattern;
	plan.unicode_version = "15.0";
	plan.pad_count = 2;
	plan.training = &training;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

/* Options that supply pattern and special tokens to formats that don't store them. */
static inline pmill_load_options make_options(
	const pmill_tokenizer *tokenizer, pmill_bytes *specials)
{
	for (size_t i = 0; i < tokenizer->special_count; i++)
		specials[i] = tokenizer->specials[i].content;
	return (pmill_load_options){.size = sizeof(pmill_load_options),
		.pattern = pmill_tokenizer_pattern(tokenizer),
		.unicode_version = tokenizer->unicode_version,
		.special_tokens = specials,
		.special_token_count = tokenizer->special_count};
}

static inline void assert_same(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	assert_int_equal(a->vocab.count, b->vocab.count);
	for (uint32_t id = 0; id < a->vocab.count; id++) {
		pmill_bytes x = pmill_tokenizer_token_bytes(a, id), y = pmill_tokenizer_token_bytes(b, id);
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
		assert_int_equal(a->vocab.tokens[id].is_special, b->vocab.tokens[id].is_special);
	}
	const struct pmill_merge *merges, *others;
	size_t count, other_count;
	assert_int_equal(pmill_tokenizer_find_merges(a, &merges, &count, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_find_merges(b, &others, &other_count, NULL), PMILL_OK);
	assert_int_equal(count, other_count);
	assert_memory_equal(merges, others, count * sizeof *merges);
	assert_memory_equal(a->byte_ids, b->byte_ids, sizeof a->byte_ids);
	assert_int_equal(a->special_count, b->special_count);
	for (size_t i = 0; i < a->special_count; i++) {
		assert_int_equal(a->specials[i].id, b->specials[i].id);
		assert_int_equal(a->specials[i].is_special, b->specials[i].is_special);
	}
	assert_string_equal(pmill_tokenizer_pattern(a), pmill_tokenizer_pattern(b));
	assert_string_equal(a->unicode_version, b->unicode_version);
}

#endif
