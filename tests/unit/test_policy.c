/* Policies: every choice for both kinds of tokens, lists, what is refused, sharing by threads. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/encode_models.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

static struct pmill_tokenizer *tokenizer, *other;

static int set_up(void **state)
{
	(void)state;
	tokenizer = make_encode_model(PLAIN_MODEL);
	other = make_encode_model(PLAIN_MODEL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pmill_tokenizer_free(tokenizer);
	pmill_tokenizer_free(other);
	return 0;
}

static const struct {
	const char *name; /* NULL: left out */
	enum pmill_treatment special, added;
} choices[] = {
	{NULL, PMILL_IGNORED, PMILL_RECOGNISED}, {"none", PMILL_IGNORED, PMILL_IGNORED},
	{"all", PMILL_RECOGNISED, PMILL_RECOGNISED}, {"error", PMILL_FORBIDDEN, PMILL_FORBIDDEN},
	{"list", PMILL_IGNORED, PMILL_IGNORED}, /* of nothing */
};

enum { CHOICES = sizeof choices / sizeof *choices };

static pmill_policy *create(const pmill_policy_options *options)
{
	pmill_policy *policy = NULL;
	assert_int_equal(pmill_policy_create(tokenizer, options, &policy, NULL), PMILL_OK);
	return policy;
}

/* Each pair of choices treats both kinds as it says. */
static void takes_every_choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHOICES * CHOICES; i++) {
		const size_t special = i / CHOICES, added = i % CHOICES;
		const pmill_policy_options options = {.size = sizeof options,
			.special = choices[special].name,
			.added = choices[added].name,
			.add_template = i % 2};
		pmill_policy *policy = create(&options);
		bool is_any = false;
		for (size_t k = 0; k < ADDED_TOKENS; k++) {
			const enum pmill_treatment expected = added_tokens[k].is_special
				? choices[special].special
				: choices[added].added;
			assert_int_equal(policy->treatments[k], expected);
			is_any |= expected != PMILL_IGNORED;
		}
		assert_int_equal(policy->is_any, is_any);
		assert_int_equal(policy->adds_template, i % 2);
		pmill_policy_free(policy);
	}
	for (size_t i = 1; i < CHOICES; i++)
		assert_string_equal(pmill_policy_choice_name(i - 1), choices[i].name);
	assert_null(pmill_policy_choice_name(CHOICES - 1));
}

/* Without options, and with options that are all zero. */
static void has_a_default(void **state)
{
	(void)state;
	const pmill_policy_options zero = {.size = sizeof zero};
	const pmill_policy_options *const both[] = {NULL, &zero};
	for (size_t i = 0; i < 2; i++) {
		pmill_policy *policy = create(both[i]);
		for (size_t k = 0; k < ADDED_TOKENS; k++)
			assert_int_equal(policy->treatments[k],
				added_tokens[k].is_special ? PMILL_IGNORED : PMILL_RECOGNISED);
		assert_false(policy->adds_template);
		pmill_policy_free(policy);
	}
	pmill_policy_free(NULL);
}

/* Every set of tokens, in every order of two, and with one named twice. */
static void takes_lists(void **state)
{
	(void)state;
	for (unsigned set = 0; set < 1u << ADDED_TOKENS; set++) {
		pmill_bytes lists[2][ADDED_TOKENS + 1];
		size_t counts[2] = {0, 0};
		for (size_t i = 0; i < ADDED_TOKENS; i++) {
			const size_t k = set % 2 ? i : ADDED_TOKENS - 1 - i;
			const size_t kind = added_tokens[k].is_special;
			if (set >> k & 1)
				lists[kind][counts[kind]++] = (pmill_bytes){
					added_tokens[k].content, strlen(added_tokens[k].content)};
		}
		for (size_t kind = 0; kind < 2; kind++)
			if (counts[kind] > 0) {
				lists[kind][counts[kind]] = lists[kind][0];
				counts[kind]++;
			}
		pmill_policy *policy = create(
			&(const pmill_policy_options){.size = sizeof(pmill_policy_options),
				.special = "list",
				.added = "list",
				.special_list = lists[1],
				.special_list_count = counts[1],
				.added_list = lists[0],
				.added_list_count = counts[0]});
		for (size_t i = 0; i < ADDED_TOKENS; i++)
			assert_int_equal(
				policy->treatments[i], set >> i & 1 ? PMILL_RECOGNISED : PMILL_IGNORED);
		assert_int_equal(policy->is_any, set != 0);
		pmill_policy_free(policy);
	}
}

/* ---- What is refused ---- */

static void assert_refused(const pmill_policy_options *options, const char *message)
{
	pmill_policy *const untouched = (pmill_policy *)tokenizer, *policy = untouched;
	pmill_error error;
	assert_int_equal(pmill_policy_create(tokenizer, options, &policy, &error), PMILL_BAD_OPTION);
	assert_ptr_equal(policy, untouched);
	assert_int_equal(error.status, PMILL_BAD_OPTION);
	assert_int_equal(error.offset, PMILL_NO_OFFSET);
	assert_string_equal(error.message, message);
	assert_int_equal(pmill_policy_create(tokenizer, options, &policy, NULL), PMILL_BAD_OPTION);
}

static void refuses_bad_options(void **state)
{
	(void)state;
	static const pmill_bytes end = {"<|end|>", 7}, think = {"<think>", 7}, none = {"<none>", 6},
							 part = {"<|en", 4}, empty = {NULL, 0};
	const struct {
		pmill_policy_options options;
		const char *message;
	} rows[] = {
		{{.special = "some"},
			"unknown choice for a policy \"some\" (known: none, all, error, list); did you mean "
			"\"none\"?"},
		{{.added = "untrusted"},
			"unknown choice for a policy \"untrusted\" (known: none, all, error, list)"},
		{{.special = ""}, "unknown choice for a policy \"\" (known: none, all, error, list)"},
		{{.special_list = &end, .special_list_count = 1},
			"a list of special tokens needs the choice list, not none"},
		{{.special = "all", .special_list = &end, .special_list_count = 1},
			"a list of special tokens needs the choice list, not all"},
		{{.added_list = &think, .added_list_count = 1},
			"a list of added tokens needs the choice list, not all"},
		{{.added = "error", .added_list = &think, .added_list_count = 1},
			"a list of added tokens needs the choice list, not error"},
		{{.special = "list", .special_list = &think, .special_list_count = 1},
			"the token \"<think>\" of the model isn't special"},
		{{.added = "list", .added_list = &end, .added_list_count = 1},
			"\"<|end|>\" is a special token of the model"},
		{{.special = "list", .special_list = &none, .special_list_count = 1},
			"the model has no special token \"<none>\""},
		{{.added = "list", .added_list = &part, .added_list_count = 1},
			"the model has no special token \"<|en\""},
		{{.added = "list", .added_list = &empty, .added_list_count = 1},
			"the model has no special token \"\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pmill_policy_options options = rows[i].options;
		options.size = sizeof options;
		assert_refused(&options, rows[i].message);
	}
}

/* ---- Use ---- */

/* One that is the same in all but its tokenizer is refused by every call. */
static void belongs_to_its_tokenizer(void **state)
{
	(void)state;
	pmill_encoder *encoder = NULL;
	pmill_policy *policy = NULL;
	pmill_ids *ids = make_ids(other, NULL);
	pmill_error error;
	const pmill_bytes text = {"hi", 2};
	uint64_t count = 99;
	assert_int_equal(pmill_encoder_create(other, NULL, &encoder, NULL), PMILL_OK);
	assert_int_equal(pmill_policy_create(tokenizer, NULL, &policy, NULL), PMILL_OK);
	const pmill_span spans[] = {{text, NULL}, {{NULL, 0}, policy}};
	assert_int_equal(pmill_encoder_encode(encoder, "hi", 2, policy, ids, &error), PMILL_BAD_OPTION);
	assert_string_equal(error.message, "the policy is that of another tokenizer");
	assert_int_equal(pmill_encoder_encode_spans(encoder, spans, 2, ids, &error), PMILL_BAD_OPTION);
	assert_int_equal(pmill_encoder_count(encoder, spans, 2, &count, &error), PMILL_BAD_OPTION);
	assert_int_equal(
		pmill_encoder_truncate(encoder, spans, 2, 9, ids, &count, &error), PMILL_BAD_OPTION);
	assert_int_equal(
		pmill_encoder_encode_batch(encoder, &text, 1, policy, NULL, ids, &error), PMILL_BAD_OPTION);
	assert_int_equal(pmill_encoder_add(encoder, "hi", 2, policy, ids, &error), PMILL_BAD_OPTION);
	assert_string_equal(error.message, "the policy is that of another tokenizer");
	assert_int_equal(
		pmill_encode_files(other, NULL, 0, NULL, policy, NULL, NULL, NULL, NULL, &error),
		PMILL_BAD_OPTION);
	assert_string_equal(error.message, "the policy is that of another tokenizer");
	assert_int_equal(count, 99);
	assert_int_equal(view_of(ids).count, 0);
	assert_int_equal(view_of(ids).document_count, 0);
	pmill_ids_free(ids);
	pmill_policy_free(policy);
	pmill_encoder_free(encoder);
}

/* A policy of a stream that isn't finished may be released, and its encoder cloned. */
static void streams_keep_it_alive(void **state)
{
	(void)state;
	pmill_encoder *encoder = NULL, *clone = NULL;
	pmill_ids *ids = make_ids(tokenizer, NULL);
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, NULL), PMILL_OK);
	const pmill_policy_options framed = encode_policy_options(FRAMED_POLICY);
	const pmill_policy_options untrusted = encode_policy_options(UNTRUSTED_POLICY);
	pmill_policy *first = create(&framed), *second = create(&untrusted), *last = create(&framed);
	assert_int_equal(pmill_encoder_add(encoder, "<|en", 4, first, ids, NULL), PMILL_OK);
	pmill_policy_free(first);
	assert_int_equal(pmill_encoder_add(encoder, "d|>", 3, second, ids, NULL), PMILL_OK);
	pmill_policy_free(second);
	assert_int_equal(pmill_encoder_add(encoder, "aab", 3, last, ids, NULL), PMILL_OK);
	pmill_policy_free(last);
	assert_int_equal(pmill_encoder_clone(encoder, &clone, NULL), PMILL_OK);
	pmill_encoder_free(encoder);
	assert_int_equal(pmill_encoder_finish(clone, ids, NULL), PMILL_OK);
	pmill_encoder_free(clone);
	const pmill_ids_view view = view_of(ids);
	const uint32_t end = tokenizer->specials[END_TOKEN].id;
	const uint32_t aab = tokenizer->specials[AAB_TOKEN].id;
	assert_int_equal(id_at(&view, 0), end);
	assert_int_not_equal(id_at(&view, 1), end);
	assert_int_equal(id_at(&view, view.count - 2), aab);
	assert_int_equal(id_at(&view, view.count - 1), aab);
	pmill_ids_free(ids);
}

/* ---- Threads ---- */

enum { THREADS = 4, TURNS = 200 };

struct user {
	pmill_policy *policy;
	pmill_encoder *encoder;
	bool is_equal;
};

/* Uses the policy in calls and in streams, which share it, with an encoder of the thread's own. */
static void *use(void *context)
{
	struct user *user = context;
	static const char text[] = "hi<|end|>aab<think> hi";
	pmill_ids *expected = make_ids(tokenizer, NULL), *ids = make_ids(tokenizer, NULL);
	pmill_encoder_encode(user->encoder, text, sizeof text - 1, user->policy, expected, NULL);
	user->is_equal = view_of(expected).count == 6;
	for (size_t turn = 0; turn < TURNS; turn++) {
		pmill_encoder *clone = NULL;
		pmill_ids_clear(ids);
		pmill_encoder_add(user->encoder, text, 12, user->policy, ids, NULL);
		pmill_encoder_clone(user->encoder, &clone, NULL);
		pmill_encoder_drop(user->encoder);
		pmill_encoder_add(clone, text + 12, sizeof text - 13, user->policy, ids, NULL);
		pmill_encoder_finish(clone, ids, NULL);
		pmill_encoder_free(clone);
		user->is_equal = user->is_equal && is_equal_ids(ids, expected);
	}
	pmill_ids_free(ids);
	pmill_ids_free(expected);
	return NULL;
}

static void is_shared_by_threads(void **state)
{
	(void)state;
	struct user users[THREADS];
	pthread_t threads[THREADS];
	pmill_encoder *encoder = NULL;
	const pmill_policy_options options = encode_policy_options(FRAMED_POLICY);
	pmill_policy *policy = create(&options);
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, NULL), PMILL_OK);
	for (size_t i = 0; i < THREADS; i++) {
		users[i] = (struct user){.policy = policy};
		assert_int_equal(pmill_encoder_clone(encoder, &users[i].encoder, NULL), PMILL_OK);
	}
	pmill_encoder_free(encoder);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, &users[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(users[i].is_equal);
		pmill_encoder_free(users[i].encoder);
	}
	pmill_policy_free(policy);
}

/* ---- No memory ---- */

static void survives_out_of_memory(void **state)
{
	(void)state;
	const pmill_policy_options options = encode_policy_options(LIST_POLICY);
	for (long allowed = 0;; allowed++) {
		pmill_policy *policy = NULL;
		pmill_error error;
		allocations_left = allowed;
		const pmill_status status = pmill_policy_create(tokenizer, &options, &policy, &error);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_true(allowed > 0);
			pmill_policy_free(policy);
			break;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(error.status, PMILL_NO_MEMORY);
		assert_null(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_choice),
		cmocka_unit_test(has_a_default),
		cmocka_unit_test(takes_lists),
		cmocka_unit_test(refuses_bad_options),
		cmocka_unit_test(belongs_to_its_tokenizer),
		cmocka_unit_test(streams_keep_it_alive),
		cmocka_unit_test(is_shared_by_threads),
		cmocka_unit_test(survives_out_of_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
