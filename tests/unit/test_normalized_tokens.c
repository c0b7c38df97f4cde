/* Added tokens that are searched for in normalised text: those that get alike, or empty. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/encode_models.h"

static const struct pmill_normal_step lower[] = {{.kind = PMILL_NORMAL_LOWERCASE}};
static const struct pmill_normal_step strip[] = {
	{.kind = PMILL_NORMAL_STRIP, .strips_left = true, .strips_right = true}};

/* <A>, <a>, <b> and a tab, searched for in normalised text; <b> only if there is a step. */
static struct pmill_tokenizer *make_alike(const struct pmill_normal_step *step)
{
	static const char *const contents[] = {"<A>", "<a>", "<b>", "\t"};
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	require(tokenizer != NULL, "memory");
	set_pattern(tokenizer, "gpt2");
	add_all_bytes(tokenizer);
	for (size_t i = 0; i < 4; i++) {
		add_special(tokenizer, contents[i], true);
		tokenizer->specials[i].is_normalized = step != NULL || i != 2;
	}
	pmill_tokenizer_find_bytes(tokenizer);
	if (step != NULL)
		set_normal_steps(tokenizer, step, 1);
	return tokenizer;
}

/* Encodes with these special tokens recognised. Returns the first id, or the status as an error. */
static pmill_status encode(const struct pmill_tokenizer *tokenizer, const pmill_bytes *list,
	size_t count, const char *text, uint32_t *first, pmill_error *error)
{
	const pmill_policy_options options = {.size = sizeof options,
		.special = "list",
		.special_list = list,
		.special_list_count = count,
		.added = "none"};
	pmill_policy *policy = NULL;
	pmill_encoder *encoder = NULL;
	require(pmill_policy_create(tokenizer, &options, &policy, NULL) == PMILL_OK, "policy");
	require(pmill_encoder_create(tokenizer, NULL, &encoder, NULL) == PMILL_OK, "encoder");
	pmill_ids *ids = make_ids(tokenizer, NULL);
	const pmill_status status = pmill_encoder_encode(
		encoder, text, strlen(text), policy, ids, error);
	const pmill_ids_view view = view_of(ids);
	if (status == PMILL_OK && view.count > 0)
		*first = id_at(&view, 0);
	pmill_ids_free(ids);
	pmill_encoder_free(encoder);
	pmill_policy_free(policy);
	return status;
}

static void only_one_of_those_alike_may_be_recognised(void **state)
{
	(void)state;
	static const pmill_bytes list[] = {{"<A>", 3}, {"<b>", 3}, {"<a>", 3}};
	struct pmill_tokenizer *tokenizer = make_alike(lower);
	pmill_error error = {0};
	uint32_t first = 0;
	assert_int_equal(encode(tokenizer, list, 2, "<A>", &first, &error), PMILL_OK);
	assert_int_equal(first, tokenizer->specials[0].id);
	assert_int_equal(encode(tokenizer, list + 1, 2, "<A>", &first, &error), PMILL_OK);
	assert_int_equal(first, tokenizer->specials[1].id);
	assert_int_equal(encode(tokenizer, list, 3, "<A>", &first, &error), PMILL_UNSUPPORTED);
	assert_non_null(
		strstr(error.message, "the same once they are normalised: \"<A>\" and \"<a>\""));
	pmill_tokenizer_free(tokenizer);
}

static void what_gets_empty_may_not_be_recognised(void **state)
{
	(void)state;
	static const pmill_bytes list[] = {{"<b>", 3}, {"\t", 1}};
	struct pmill_tokenizer *tokenizer = make_alike(strip);
	pmill_error error = {0};
	uint32_t first = 0;
	assert_int_equal(encode(tokenizer, list, 1, "<b>", &first, &error), PMILL_OK);
	assert_int_equal(first, tokenizer->specials[2].id);
	assert_int_equal(encode(tokenizer, list, 2, "<b>", &first, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "nothing is left of the added token \"\\x09\""));
	pmill_tokenizer_free(tokenizer);
}

/* Where nothing normalises, the second search doesn't keep a stream from settling. */
static void streams_settle_around_them(void **state)
{
	(void)state;
	static const char text[] = "the end <A>x and <b><A> more of the text\tand so on";
	struct pmill_tokenizer *tokenizer = make_alike(NULL);
	const pmill_policy_options options = {.size = sizeof options, .special = "all"};
	pmill_policy *policy = NULL;
	pmill_encoder *encoder = NULL;
	require(pmill_policy_create(tokenizer, &options, &policy, NULL) == PMILL_OK, "policy");
	require(pmill_encoder_create(tokenizer, NULL, &encoder, NULL) == PMILL_OK, "encoder");
	pmill_ids *whole = make_ids(tokenizer, "byte");
	assert_int_equal(
		pmill_encoder_encode(encoder, text, strlen(text), policy, whole, NULL), PMILL_OK);
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		uint64_t bytes, id_count;
		pmill_ids *ids = make_ids(tokenizer, "byte");
		assert_int_equal(pmill_encoder_add(encoder, text, cut, policy, ids, NULL), PMILL_OK);
		pmill_encoder_settled(encoder, &bytes, &id_count);
		assert_int_equal(view_of(ids).count, id_count);
		/* Unsettled is at most the last pretoken, or what may begin a token. */
		assert_true(bytes + 6 >= cut);
		assert_int_equal(
			pmill_encoder_add(encoder, text + cut, strlen(text) - cut, policy, ids, NULL),
			PMILL_OK);
		assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
		assert_true(is_equal_ids(ids, whole));
		pmill_ids_free(ids);
	}
	pmill_ids_free(whole);
	pmill_encoder_free(encoder);
	pmill_policy_free(policy);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_of_those_alike_may_be_recognised),
		cmocka_unit_test(what_gets_empty_may_not_be_recognised),
		cmocka_unit_test(streams_settle_around_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
