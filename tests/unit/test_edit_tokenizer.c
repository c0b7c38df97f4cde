/* Changed copies of tokenizers: smaller, with other names, with more special tokens. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/layout.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/sample_model.h"
#include "support/tokenizer_parts.h"

#define BYTES(text)                                                                                \
	{                                                                                              \
		text, sizeof(text) - 1                                                                     \
	}

static pmill_tokenizer *edit(const pmill_tokenizer *tokenizer, pmill_edit_options options)
{
	pmill_tokenizer *edited = NULL;
	pmill_error error = {0};
	options.size = sizeof options;
	if (pmill_tokenizer_edit(tokenizer, &options, &edited, &error) != PMILL_OK)
		print_error("%s\n", error.message);
	assert_non_null(edited);
	return edited;
}

static void assert_refused(
	const pmill_tokenizer *tokenizer, pmill_edit_options options, const char *message)
{
	pmill_tokenizer *edited = NULL;
	pmill_error error = {0};
	options.size = sizeof options;
	assert_int_equal(pmill_tokenizer_edit(tokenizer, &options, &edited, &error), PMILL_BAD_OPTION);
	assert_null(edited);
	assert_string_equal(error.message, message);
}

/* ---- Smaller ---- */

static void test_smaller_is_as_trained(void **state)
{
	(void)state;
	for (size_t i = 0; pmill_layout_at(i) != NULL; i++) {
		pmill_pair_ids pairs[PLAN_MERGES];
		struct pmill_tokenizer_plan plan = make_plan(pmill_layout_at(i)->name, pairs);
		pmill_tokenizer *whole = NULL;
		assert_int_equal(pmill_tokenizer_build(&plan, &whole, NULL), PMILL_OK);
		for (plan.merge_count = 0; plan.merge_count <= PLAN_MERGES; plan.merge_count++) {
			pmill_tokenizer *trained = NULL;
			assert_int_equal(pmill_tokenizer_build(&plan, &trained, NULL), PMILL_OK);
			pmill_tokenizer *edited = edit(
				whole, (pmill_edit_options){.vocab_size = 256 + PLAN_SPECIALS + plan.merge_count});
			assert_same(edited, trained);
			pmill_tokenizer_free(edited);
			pmill_tokenizer_free(trained);
		}
		pmill_tokenizer_free(whole);
	}
}

static void test_only_the_whole_keeps_its_record(void **state)
{
	(void)state;
	pmill_tokenizer *whole = make_model("hf", "cl100k");
	pmill_tokenizer *same = edit(whole, (pmill_edit_options){.vocab_size = whole->vocab.count});
	assert_same(whole, same);
	assert_memory_equal(same->training->merge_counts, merge_counts, sizeof merge_counts);
	pmill_tokenizer *smaller = edit(
		whole, (pmill_edit_options){.vocab_size = whole->vocab.count - 1});
	assert_int_equal(pmill_tokenizer_merge_count(smaller), PLAN_MERGES - 1);
	assert_null(smaller->training);
	/* Padding is at the end, and stays. */
	assert_int_equal(smaller->special_count, PLAN_SPECIALS + 2);
	assert_int_equal(smaller->specials[PLAN_SPECIALS + 1].id, whole->vocab.count - 2);
	pmill_tokenizer_free(smaller);
	pmill_tokenizer_free(same);
	pmill_tokenizer_free(whole);
}

/*
 * "ab" is 300, "abc" 299, and "bc", which makes "abc" in a second way, 301. So the ids don't follow
 * the merges; 256 to 298 are unused.
 */
static void start_crooked(struct parts *parts, const char *meaning)
{
	start(parts);
	add_bytes(parts);
	add_token(parts, 299, "abc", 3);
	add_token(parts, 300, "ab", 2);
	add_token(parts, 301, "bc", 2);
	parts->parts.meaning = meaning;
	if (strcmp(meaning, "rank by id") == 0)
		return;
	add_merge(parts, 'a', 'b');
	add_merge(parts, 'b', 'c');
	add_merge(parts, 300, 'c');
	add_merge(parts, 'a', 301);
}

static void test_smaller_by_merges_or_by_ids(void **state)
{
	(void)state;
	static const struct {
		const char *meaning;
		uint64_t size;
		size_t merges;
		const char *kept, *dropped;
	} cases[] = {
		{"merge list", 301, 2, "bc", "abc"},
		{"merge list", 300, 1, "ab", "bc"},
		{"ignore merges", 301, 2, "abc", "bc"},
		{"ignore merges", 300, 0, "abc", "ab"},
		{"rank by id", 301, 2, "ab", "bc"},
		{"rank by id", 300, 0, "abc", "ab"},
	};
	static struct parts parts;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(&parts, 0, sizeof parts);
		start_crooked(&parts, cases[i].meaning);
		pmill_tokenizer *whole = create(&parts);
		pmill_tokenizer *smaller = edit(whole, (pmill_edit_options){.vocab_size = cases[i].size});
		assert_string_equal(pmill_tokenizer_meaning(smaller), cases[i].meaning);
		assert_int_equal(smaller->vocab.count, cases[i].size);
		assert_int_equal(pmill_tokenizer_merge_count(smaller), cases[i].merges);
		assert_int_not_equal(
			pmill_vocab_find(&smaller->vocab, cases[i].kept, strlen(cases[i].kept)), PMILL_NO_ID);
		assert_int_equal(
			pmill_vocab_find(&smaller->vocab, cases[i].dropped, strlen(cases[i].dropped)),
			PMILL_NO_ID);
		pmill_tokenizer_free(smaller);
		pmill_tokenizer_free(whole);
	}
}

static void test_sizes_that_cannot_be(void **state)
{
	(void)state;
	pmill_tokenizer *whole = make_model("gpt2", "gpt2");
	assert_refused(whole, (pmill_edit_options){.vocab_size = 259},
		"a vocab of 259 entries is too small: 260 of the model's 267 are bytes, special tokens, "
		"unused ids and other entries that no merge makes");
	assert_refused(whole, (pmill_edit_options){.vocab_size = 268},
		"the model has 267 entries, so 268 can't be kept (a larger vocab takes training)");
	pmill_tokenizer_free(whole);
}

/* ---- Special tokens ---- */

static pmill_tokenizer *make_flagged(void)
{
	pmill_tokenizer *tokenizer = make_model("bytes-first", "gpt2");
	static const uint32_t before[] = {256}, after[] = {257, 256};
	const struct pmill_template whole = {before, after, 1, 2};
	const struct pmill_normal_step lower = {.kind = PMILL_NORMAL_LOWERCASE};
	const struct pmill_cut_step steps[] = {
		{.pattern = "gpt2", .adds_space = true}, {.pattern = "\\d"}};
	assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_set_normal_steps(tokenizer, &lower, 1, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_set_steps(tokenizer, steps, 2, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_refuse(tokenizer, "it is odd", NULL), PMILL_OK);
	tokenizer->specials[1].is_special = false;
	tokenizer->specials[1].strips_left = true;
	return tokenizer;
}

/* The first two of a model are "<|endoftext|>" and "<| pad |>", with the ids 256 and 257. */
static void test_renaming(void **state)
{
	(void)state;
	static const pmill_rename swap[] = {
		{BYTES("<|endoftext|>"), BYTES("<| pad |>")}, {BYTES("<| pad |>"), BYTES("<|endoftext|>")}};
	pmill_tokenizer *tokenizer = make_flagged();
	pmill_tokenizer *edited = edit(
		tokenizer, (pmill_edit_options){.renames = swap, .rename_count = 2});
	assert_int_equal(pmill_tokenizer_token_id(edited, "<| pad |>", 9), 256);
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|endoftext|>", 13), 257);
	assert_memory_equal(pmill_tokenizer_token_bytes(edited, 256).data, "<| pad |>", 9);
	assert_true(edited->specials[1].strips_left && !edited->specials[1].is_special);
	assert_int_equal(edited->template.after_count, 2);
	assert_int_equal(edited->template.after[0], 257);
	assert_int_equal(edited->template.before[0], 256);
	assert_int_equal(edited->normal_steps[0].kind, PMILL_NORMAL_LOWERCASE);
	assert_int_equal(edited->step_count, 2);
	assert_true(edited->steps[0].adds_space);
	assert_string_equal(edited->steps[1].pattern, "\\d");
	assert_string_equal(edited->refusal, "it is odd");
	assert_string_equal(edited->unicode_version, "15.0");
	assert_non_null(edited->training);
	pmill_tokenizer_free(edited);
	pmill_tokenizer_free(tokenizer);
}

static void test_the_template_follows_moved_tokens(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model("gpt2", "gpt2");
	const uint32_t before[] = {263};
	const struct pmill_template whole = {before, NULL, 1, 0};
	assert_string_equal(tokenizer->vocab.tokens[263].is_special ? "special" : "", "special");
	assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
	pmill_tokenizer *edited = edit(tokenizer, (pmill_edit_options){.vocab_size = 262});
	assert_int_equal(edited->template.before[0], 258);
	assert_memory_equal(pmill_tokenizer_token_bytes(edited, 258).data, "<|endoftext|>", 13);
	pmill_tokenizer_free(edited);
	((uint32_t *)tokenizer->template.before)[0] = 262;
	assert_refused(tokenizer, (pmill_edit_options){.vocab_size = 262},
		"the model's template needs the token \"aaaa\" which would be dropped");
	pmill_tokenizer_free(tokenizer);
}

static void test_adding(void **state)
{
	(void)state;
	static const pmill_bytes added[] = {BYTES("<|one|>"), BYTES("<|two|>")};
	static struct parts parts;
	start_small(&parts);
	pmill_tokenizer *tokenizer = create(&parts);
	/* 256 to 259 and 261 to 299 are unused. */
	pmill_tokenizer *edited = edit(
		tokenizer, (pmill_edit_options){.new_specials = added, .new_special_count = 2});
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|one|>", 7), 256);
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|two|>", 7), 257);
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|end|>", 7), 260);
	assert_int_equal(edited->vocab.count, 302);
	assert_true(edited->specials[0].is_special);
	pmill_tokenizer_free(edited);
	pmill_tokenizer_free(tokenizer);
	tokenizer = make_model("bytes-first", "gpt2");
	edited = edit(tokenizer, (pmill_edit_options){.new_specials = added, .new_special_count = 2});
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|one|>", 7), tokenizer->vocab.count);
	assert_int_equal(edited->vocab.count, tokenizer->vocab.count + 2);
	pmill_tokenizer_free(edited);
	pmill_tokenizer_free(tokenizer);
}

static void test_adding_with_ids(void **state)
{
	(void)state;
	static const pmill_bytes added[] = {BYTES("<|one|>"), BYTES("<|two|>")};
	static const uint32_t ids[] = {1000, 258}, used[] = {258, 'a'}, far[] = {258, 70000};
	static struct parts parts;
	start_small(&parts);
	pmill_tokenizer *tokenizer = create(&parts);
	pmill_edit_options options = {
		.new_specials = added, .new_special_count = 2, .new_special_ids = ids};
	pmill_tokenizer *edited = edit(tokenizer, options);
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|one|>", 7), 1000);
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|two|>", 7), 258);
	assert_int_equal(edited->vocab.count, 1001);
	pmill_tokenizer_free(edited);
	options.new_special_ids = far;
	assert_refused(tokenizer, options,
		"the id 70000 for the special token \"<|two|>\" would leave more than 65536 ids unused");
	options.new_special_ids = used;
	pmill_error error;
	options.size = sizeof options;
	assert_int_equal(pmill_tokenizer_edit(tokenizer, &options, &edited, &error), PMILL_BAD_INPUT);
	assert_string_equal(error.message, "the tokens \"a\" and \"<|two|>\" have the same id 97");
	pmill_tokenizer_free(tokenizer);
}

/* As tokenizer.json files have them: an added token that is an ordinary one, and a lost entry. */
static void test_odd_entries_stay(void **state)
{
	(void)state;
	static const pmill_bytes added = BYTES("<|one|>");
	static struct parts parts;
	start_small(&parts);
	pmill_tokenizer *tokenizer = create(&parts);
	const struct pmill_special shared[] = {
		{.content = BYTES("<|end|>"), .id = 260, .is_special = true},
		{.content = BYTES("hi"), .id = 300}};
	assert_int_equal(pmill_tokenizer_set_specials(tokenizer, shared, 2, NULL), PMILL_OK);
	assert_int_equal(pmill_vocab_add(&tokenizer->vocab, 256, "lost", 4, true, NULL), PMILL_OK);
	pmill_tokenizer *edited = edit(tokenizer,
		(pmill_edit_options){.vocab_size = 301, .new_specials = &added, .new_special_count = 1});
	assert_int_equal(edited->vocab.count, 301);
	assert_int_equal(edited->listed_count, 1);
	assert_int_equal(pmill_vocab_find(&edited->vocab, "hi", 2), 300);
	assert_int_equal(pmill_tokenizer_find_special(edited, shared[1].content)->id, 300);
	assert_true(edited->vocab.tokens[256].is_special);
	assert_int_equal(pmill_tokenizer_token_id(edited, "<|one|>", 7), 257);
	pmill_tokenizer_free(edited);
	pmill_tokenizer_free(tokenizer);
}

static void test_names_that_cannot_be(void **state)
{
	(void)state;
	static const pmill_rename missing = {BYTES("<|x|>"), BYTES("y")};
	static const pmill_rename ordinary = {BYTES("the"), BYTES("y")};
	static const pmill_rename empty = {BYTES("<| pad |>"), {NULL, 0}};
	static const pmill_rename taken = {BYTES("<| pad |>"), BYTES("<|endoftext|>")};
	static const pmill_bytes again = BYTES("<| pad |>"), none = {NULL, 0};
	pmill_tokenizer *tokenizer = make_model("hf", "gpt2");
	assert_refused(tokenizer, (pmill_edit_options){.renames = &missing, .rename_count = 1},
		"the model has no special token \"<|x|>\" to rename");
	assert_refused(tokenizer, (pmill_edit_options){.renames = &ordinary, .rename_count = 1},
		"the token \"the\" is an ordinary one of the model: only special and added tokens can be "
		"renamed");
	assert_refused(tokenizer, (pmill_edit_options){.renames = &empty, .rename_count = 1},
		"the new name of \"<| pad |>\" is empty");
	assert_refused(tokenizer, (pmill_edit_options){.renames = &taken, .rename_count = 1},
		"two special tokens would be called \"<|endoftext|>\" (each needs a name of its own)");
	assert_refused(tokenizer, (pmill_edit_options){.new_specials = &again, .new_special_count = 1},
		"two special tokens would be called \"<| pad |>\" (each needs a name of its own)");
	assert_refused(tokenizer, (pmill_edit_options){.new_specials = &none, .new_special_count = 1},
		"a special token to add is empty");
	pmill_tokenizer_free(tokenizer);
}

/* ---- Memory ---- */

static void test_no_memory(void **state)
{
	(void)state;
	static const pmill_rename rename = {BYTES("<| pad |>"), BYTES("<|pad|>")};
	static const pmill_bytes added = BYTES("<|one|>");
	const pmill_edit_options options = {.size = sizeof options,
		.vocab_size = 266,
		.renames = &rename,
		.rename_count = 1,
		.new_specials = &added,
		.new_special_count = 1};
	pmill_tokenizer *tokenizer = make_flagged();
	int refused = 1;
	for (long k = 0; refused; k++) {
		pmill_tokenizer *edited = NULL;
		allocations_left = k;
		const pmill_status status = pmill_tokenizer_edit(tokenizer, &options, &edited, NULL);
		refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		assert_true((edited == NULL) == refused);
		pmill_tokenizer_free(edited);
	}
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smaller_is_as_trained),
		cmocka_unit_test(test_only_the_whole_keeps_its_record),
		cmocka_unit_test(test_smaller_by_merges_or_by_ids),
		cmocka_unit_test(test_sizes_that_cannot_be),
		cmocka_unit_test(test_renaming),
		cmocka_unit_test(test_the_template_follows_moved_tokens),
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_adding_with_ids),
		cmocka_unit_test(test_odd_entries_stay),
		cmocka_unit_test(test_names_that_cannot_be),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
