/* Each allocation of each encoding call fails in turn: a status, ids as they were, nothing lost. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/encode_models.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "tokens/ids.h"

static struct pmill_tokenizer *tokenizer;
static pmill_policy *policies[ENCODE_POLICIES];
static uint8_t text[700];

static int set_up(void **state)
{
	(void)state;
	uint64_t random = 91;
	const size_t len = draw_encode_text(&random, text, 300);
	memset(text + len, 'h', sizeof text - len); /* a word that needs scratch */
	memcpy(text + sizeof text - 30, " E\xCC\x81 <|end|>! <think> hi aab ", 28);
	return 0;
}

static void open_model(unsigned kind)
{
	tokenizer = make_encode_model(kind);
	make_encode_policies(tokenizer, policies);
}

static void close_model(void)
{
	free_encode_policies(policies);
	pmill_tokenizer_free(tokenizer);
}

/* ---- One call ---- */

/* What a call works on, made anew each time. */
struct setting {
	pmill_encoder *encoder;
	pmill_ids *ids;
	uint64_t number; /* what a call gives beside ids */
	pmill_span spans[3];
};

enum { UNTOUCHED = 12345 };

typedef pmill_status call_function(struct setting *setting, pmill_error *error);

static pmill_status encode(struct setting *setting, pmill_error *error)
{
	return pmill_encoder_encode(
		setting->encoder, text, sizeof text, policies[FRAMED_POLICY], setting->ids, error);
}

static pmill_status encode_spans(struct setting *setting, pmill_error *error)
{
	return pmill_encoder_encode_spans(setting->encoder, setting->spans, 3, setting->ids, error);
}

static pmill_status count(struct setting *setting, pmill_error *error)
{
	return pmill_encoder_count(setting->encoder, setting->spans, 3, &setting->number, error);
}

static pmill_status truncate_spans(struct setting *setting, pmill_error *error)
{
	return pmill_encoder_truncate(
		setting->encoder, setting->spans, 3, 150, setting->ids, &setting->number, error);
}

static pmill_status encode_batch(struct setting *setting, pmill_error *error)
{
	const pmill_bytes texts[] = {
		{text, sizeof text}, {NULL, 0}, {text + 100, 500}, {text + 3, 300}};
	const pmill_run_options run = {.size = sizeof run, .threads = 1};
	return pmill_encoder_encode_batch(
		setting->encoder, texts, 4, policies[ALL_POLICY], &run, setting->ids, error);
}

static pmill_status add(struct setting *setting, pmill_error *error)
{
	return pmill_encoder_add(
		setting->encoder, text, sizeof text, policies[FRAMED_POLICY], setting->ids, error);
}

static pmill_status finish(struct setting *setting, pmill_error *error)
{
	return pmill_encoder_finish(setting->encoder, setting->ids, error);
}

static const struct {
	const char *name;
	call_function *call;
	bool goes_on; /* a stream that has begun */
	bool ends_document;
	bool gives_number;
} calls[] = {
	{"encode", encode, false, true, false},
	{"encode_spans", encode_spans, false, true, false},
	{"count", count, false, false, true},
	{"truncate", truncate_spans, false, true, true},
	{"encode_batch", encode_batch, false, true, false},
	{"add", add, false, false, false},
	{"add more", add, true, false, false},
	{"finish", finish, true, true, false},
};

enum { CALLS = sizeof calls / sizeof *calls };

static void prepare(struct setting *setting, const char *unit, bool goes_on)
{
	*setting = (struct setting){.number = UNTOUCHED,
		.ids = make_ids(tokenizer, unit),
		.spans = {{{text, 50}, policies[FRAMED_POLICY]}, {{text + 50, 50}, policies[LIST_POLICY]},
			{{text + 100, sizeof text - 100}, policies[ALL_POLICY]}}};
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &setting->encoder, NULL), PMILL_OK);
	for (size_t i = 0; i < 3 && goes_on; i++)
		assert_int_equal(pmill_encoder_add(setting->encoder, text + 40 * i, 40, policies[i + 1],
							 setting->ids, NULL),
			PMILL_OK);
	/* A clone has no room from what came before. */
	pmill_encoder *first = setting->encoder;
	assert_int_equal(pmill_encoder_clone(first, &setting->encoder, NULL), PMILL_OK);
	pmill_encoder_free(first);
	assert_int_equal(pmill_ids_append(setting->ids, (uint32_t[]){7, 8}, 2, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_end_document(setting->ids, NULL), PMILL_OK);
}

static void release(struct setting *setting)
{
	pmill_encoder_free(setting->encoder);
	pmill_ids_free(setting->ids);
}

/* The ids that there were, byte for byte. */
static void assert_unchanged(const struct setting *setting, const pmill_ids *before)
{
	assert_true(is_equal_ids(setting->ids, before));
	assert_int_equal(setting->number, UNTOUCHED);
}

/* An encoder that has failed works as well as a new one. */
static void check_encoder(const struct setting *setting, const pmill_ids *expected)
{
	pmill_ids *ids = make_ids(tokenizer, "byte");
	pmill_encoder_drop(setting->encoder);
	assert_int_equal(
		pmill_encoder_encode(setting->encoder, text, sizeof text, policies[ALL_POLICY], ids, NULL),
		PMILL_OK);
	assert_true(is_equal_ids(ids, expected));
	pmill_ids_free(ids);
}

static pmill_ids *copy_of(const pmill_ids *ids)
{
	static const char *const names[] = {NULL, "byte", "char"};
	pmill_ids *copy = make_ids(tokenizer, names[pmill_ids_unit(ids)]);
	assert_true(pmill_ids_append_all(copy, ids));
	return copy;
}

/* What the call gives if no allocation is refused. */
static pmill_ids *call_unhindered(size_t index, const char *unit)
{
	struct setting setting;
	prepare(&setting, unit, calls[index].goes_on);
	assert_int_equal(calls[index].call(&setting, NULL), PMILL_OK);
	pmill_ids *ids = copy_of(setting.ids);
	release(&setting);
	return ids;
}

/* A call that does without a table of known pretokens gives the same ids. */
static void check_call(size_t index, const char *unit, const pmill_ids *expected)
{
	pmill_ids *unhindered = call_unhindered(index, unit);
	for (long allowed = 0;; allowed++) {
		struct setting setting;
		pmill_error error = {0};
		prepare(&setting, unit, calls[index].goes_on);
		pmill_ids *before = copy_of(setting.ids);
		allocations_left = allowed;
		const pmill_status status = calls[index].call(&setting, &error);
		const bool refused = was_refused();
		if (refused && status != PMILL_OK) {
			assert_int_equal(status, PMILL_NO_MEMORY);
			assert_int_equal(error.status, PMILL_NO_MEMORY);
			assert_unchanged(&setting, before);
		} else {
			assert_int_equal(status, PMILL_OK);
			assert_int_equal(setting.number != UNTOUCHED, calls[index].gives_number);
			assert_int_equal(view_of(setting.ids).document_count > 1, calls[index].ends_document);
			assert_true(is_equal_ids(setting.ids, unhindered));
			if (allowed == 0 && !refused)
				fail_msg("%s allocates nothing", calls[index].name);
		}
		check_encoder(&setting, expected);
		pmill_ids_free(before);
		release(&setting);
		if (!refused)
			break;
	}
	pmill_ids_free(unhindered);
}

static void fails_in_every_call(void **state)
{
	(void)state;
	static const char *const units[] = {NULL, "byte", "char"};
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind) || kind == EXPRESSION_MODEL)
			continue;
		open_model(kind);
		pmill_encoder *encoder = NULL;
		pmill_ids *expected = make_ids(tokenizer, "byte");
		assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, NULL), PMILL_OK);
		assert_int_equal(
			pmill_encoder_encode(encoder, text, sizeof text, policies[ALL_POLICY], expected, NULL),
			PMILL_OK);
		for (size_t i = 0; i < CALLS; i++)
			for (size_t k = 0; k < 3; k++)
				check_call(i, units[k], expected);
		pmill_ids_free(expected);
		pmill_encoder_free(encoder);
		close_model();
	}
}

/* ---- Objects ---- */

static void fails_when_created(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		long allowed = 0;
		for (;; allowed++) {
			pmill_encoder *encoder = NULL;
			pmill_error error;
			allocations_left = allowed;
			const pmill_status status = pmill_encoder_create(tokenizer, NULL, &encoder, &error);
			const bool refused = was_refused();
			assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
			assert_int_equal(encoder == NULL, refused);
			pmill_encoder_free(encoder);
			if (!refused)
				break;
			assert_int_equal(error.status, PMILL_NO_MEMORY);
		}
		assert_true(allowed > 5);
		close_model();
	}
}

/* A clone of a stream that holds text; the first encoder goes on as if nothing had been. */
static void fails_when_cloned(void **state)
{
	(void)state;
	open_model(PLAIN_MODEL);
	for (long allowed = 0;; allowed++) {
		struct setting setting;
		pmill_encoder *clone = NULL;
		pmill_error error;
		prepare(&setting, NULL, true);
		allocations_left = allowed;
		const pmill_status status = pmill_encoder_clone(setting.encoder, &clone, &error);
		const bool refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		assert_int_equal(clone == NULL, refused);
		pmill_encoder_free(clone);
		assert_int_equal(pmill_encoder_finish(setting.encoder, setting.ids, NULL), PMILL_OK);
		release(&setting);
		if (!refused) {
			assert_true(allowed >= 3);
			break;
		}
		assert_int_equal(error.status, PMILL_NO_MEMORY);
	}
	close_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_in_every_call),
		cmocka_unit_test(fails_when_created),
		cmocka_unit_test(fails_when_cloned),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
