/* Text that can't be encoded: every call says at which byte, and leaves ids as they were. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/opened_model.h"

static pmill_ids *ids;

/* The vocab lacks z, and none of its merges has one. */
static void open_lacking(unsigned kind, const char *unit)
{
	open_model(kind);
	tokenizer->byte_ids['z'] = PMILL_NO_ID;
	pmill_encoder_free(encoder);
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, NULL), PMILL_OK);
	ids = make_ids(tokenizer, unit);
	assert_int_equal(pmill_ids_append(ids, &(uint32_t){7}, 1, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_append(ids, &(uint32_t){8}, 1, NULL), PMILL_OK);
}

static void close_lacking(void)
{
	pmill_ids_free(ids);
	close_model();
}

/* What open_lacking put there, and nothing else. */
static void assert_untouched(void)
{
	const pmill_ids_view view = view_of(ids);
	assert_int_equal(view.count, 2);
	assert_int_equal(view.document_count, 1);
	assert_int_equal(view.ends[0], 1);
	assert_int_equal(id_at(&view, 0), 7);
	assert_int_equal(id_at(&view, 1), 8);
}

static void assert_failed(pmill_status status, const pmill_error *error, uint64_t offset)
{
	assert_int_equal(status, PMILL_BAD_INPUT);
	assert_int_equal(error->status, PMILL_BAD_INPUT);
	if (error->offset != offset)
		fail_msg("byte %d, not %d: %s", (int)error->offset, (int)offset, error->message);
	assert_untouched();
}

/* Without settled text before the failure, which would have given its ids: see below. */
static void check_stream(const char *text, size_t len, unsigned policy, uint64_t offset)
{
	for (size_t cut = 0; cut <= len; cut++) {
		pmill_error error;
		pmill_ids *given = make_ids(tokenizer, NULL);
		pmill_status status = pmill_encoder_add(
			encoder, text, cut, policies[policy], given, &error);
		uint64_t settled_bytes, settled_ids;
		if (status == PMILL_OK)
			status = pmill_encoder_add(
				encoder, text + cut, len - cut, policies[policy], given, &error);
		pmill_encoder_settled(encoder, &settled_bytes, &settled_ids);
		if (status == PMILL_OK)
			status = pmill_encoder_finish(encoder, given, &error);
		const pmill_ids_view view = view_of(given);
		assert_int_equal(view.count, settled_ids);
		assert_int_equal(view.document_count, 0);
		assert_true(settled_bytes <= offset);
		pmill_ids_free(given);
		assert_failed(status, &error, offset);
		pmill_encoder_drop(encoder);
	}
}

static void check_spans(const char *text, size_t len, unsigned policy, uint64_t offset)
{
	for (size_t cut = 0; cut <= len; cut++) {
		const pmill_span spans[] = {
			{{text, cut}, policies[policy]}, {{text + cut, len - cut}, policies[policy]}};
		pmill_error error;
		uint64_t untouched = 77;
		assert_failed(pmill_encoder_encode_spans(encoder, spans, 2, ids, &error), &error, offset);
		assert_failed(pmill_encoder_count(encoder, spans, 2, &untouched, &error), &error, offset);
		assert_failed(pmill_encoder_truncate(encoder, spans, 2, 1000, ids, &untouched, &error),
			&error, offset);
		assert_int_equal(untouched, 77);
	}
}

static void check_batch(const char *text, size_t len, unsigned policy)
{
	const pmill_bytes texts[] = {{"hi", 2}, {text, len}, {"", 0}, {text, len}};
	pmill_error error;
	assert_failed(
		pmill_encoder_encode_batch(encoder, texts, 4, policies[policy], NULL, ids, &error), &error,
		1);
	assert_non_null(strstr(error.message, "document 1: "));
}

static void check_all(const char *text, size_t len, unsigned policy, uint64_t offset)
{
	pmill_error error;
	char place[40];
	assert_failed(
		pmill_encoder_encode(encoder, text, len, policies[policy], ids, &error), &error, offset);
	sprintf(place, "byte %d: ", (int)offset);
	assert_ptr_equal(strstr(error.message, place), error.message);
	assert_int_equal(
		pmill_encoder_encode(encoder, text, len, policies[policy], ids, NULL), PMILL_BAD_INPUT);
	check_spans(text, len, policy, offset);
	check_stream(text, len, policy, offset);
	check_batch(text, len, policy);
}

static const struct {
	unsigned kind;
	const char *text;
	unsigned policy;
	uint64_t offset;
} rows[] = {
	{PLAIN_MODEL, "z", DEFAULT_POLICY, 0},
	{PLAIN_MODEL, "hi hi z hi z", DEFAULT_POLICY, 6},
	{PLAIN_MODEL, "hi<think>hiz!", DEFAULT_POLICY, 11},
	{PLAIN_MODEL, "hi\xC3\xA9<|end|>", ERROR_POLICY, 4},
	{PLAIN_MODEL, "hi <|end|>!", ERROR_POLICY, 3},
	{PLAIN_MODEL, "aaab<|end|>", ERROR_POLICY, 1},
	{PLAIN_MODEL, "hi<|end|>z<think>", ADDED_ERROR_POLICY, 9},
	{PLAIN_MODEL, "hi<|end|><think>z", ADDED_ERROR_POLICY, 9},
	{WHOLE_MODEL, "hi hiz", FRAMED_POLICY, 5},
	{STRIPPING_MODEL, "hi  <|end|>", ERROR_POLICY, 4}, /* not the white space that it strips */
	{STRIPPING_MODEL, "hi <think> z", ALL_POLICY, 11},
	{FORM_MODEL, "E\xCC\x81Z", DEFAULT_POLICY, 3},
	{FORM_MODEL, "E\xCC\x81<|end|>E\xCC\x81 Z", ALL_POLICY, 14},
	{COMPOSING_MODEL, "E\xCC\x81<THINK>", ADDED_ERROR_POLICY, 3},
	{COMPOSING_MODEL, "E\xCC\x81<THINK>E\xCC\x81z", ALL_POLICY, 13},
	{COMPOSING_MODEL, "E\xCC\x81<|end|>! E\xCC\x81z", ALL_POLICY, 15},
	{REPLACING_MODEL, "hihiz", ALL_POLICY, 4},
	{REPLACING_MODEL, "hi<|end|><think>", ADDED_ERROR_POLICY, 9},
	{SPACE_MODEL, "z", DEFAULT_POLICY, 0},
	{SPACE_MODEL, "hi hi<|end|>hiz", ALL_POLICY, 14},
	{STEPS_MODEL, "hi.z", DEFAULT_POLICY, 3},
	{EXPRESSION_MODEL, "hi hiz", DEFAULT_POLICY, 5},
};

static void are_at_the_right_byte(void **state)
{
	(void)state;
	static const char *const units[] = {NULL, "byte", "char"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t k = 0; k < 3 && can_encode(rows[i].kind); k++) {
			open_lacking(rows[i].kind, units[k]);
			check_all(rows[i].text, strlen(rows[i].text), rows[i].policy, rows[i].offset);
			close_lacking();
		}
}

/* After a failure of an encoder's call it does as before. */
static void leave_the_encoder_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static const char text[] = "hi E\xCC\x81<think>hi<|en";
		if (!can_encode(rows[i].kind))
			continue;
		open_lacking(rows[i].kind, "byte");
		pmill_ids *before = make_ids(tokenizer, "byte"), *after = make_ids(tokenizer, "byte");
		assert_int_equal(pmill_encoder_encode(
							 encoder, text, sizeof text - 1, policies[ALL_POLICY], before, NULL),
			PMILL_OK);
		assert_int_equal(pmill_encoder_encode(encoder, rows[i].text, strlen(rows[i].text),
							 policies[rows[i].policy], ids, NULL),
			PMILL_BAD_INPUT);
		assert_int_equal(
			pmill_encoder_encode(encoder, text, sizeof text - 1, policies[ALL_POLICY], after, NULL),
			PMILL_OK);
		assert_true(is_equal_ids(before, after));
		pmill_ids_free(before);
		pmill_ids_free(after);
		close_lacking();
	}
}

/* Offsets of a stream are those in the whole text, however much of it is settled. */
static void of_streams_are_in_the_whole(void **state)
{
	(void)state;
	enum { REPEATS = 500 };
	for (int is_forbidden = 0; is_forbidden < 2; is_forbidden++) {
		open_lacking(PLAIN_MODEL, NULL);
		const pmill_policy *policy = policies[ERROR_POLICY];
		pmill_error error;
		for (size_t i = 0; i < REPEATS; i++)
			assert_int_equal(
				pmill_encoder_add(encoder, "hi the. ", 8, policy, ids, NULL), PMILL_OK);
		uint64_t bytes, id_count;
		pmill_encoder_settled(encoder, &bytes, &id_count);
		assert_true(bytes > (REPEATS - 100) * 8);
		const char *bad = is_forbidden ? "hi<|end|>x" : "hiz x";
		pmill_status status = pmill_encoder_add(encoder, bad, strlen(bad), policy, ids, &error);
		if (status == PMILL_OK)
			status = pmill_encoder_finish(encoder, ids, &error);
		assert_int_equal(status, PMILL_BAD_INPUT);
		assert_int_equal(error.offset, REPEATS * 8 + 2);
		pmill_encoder_settled(encoder, &bytes, &id_count);
		assert_int_equal(view_of(ids).count, 2 + id_count);
		close_lacking();
	}
}

/* Two bytes have no room for all ids of a large vocab, whatever the text. */
static void refuse_narrow_buffers(void **state)
{
	(void)state;
	open_lacking(PLAIN_MODEL, NULL);
	const pmill_bytes text = {"hi", 2};
	const pmill_span span = {text, NULL};
	pmill_error error;
	uint64_t used = 77;
	assert_int_equal(view_of(ids).id_bytes, 2);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, 65536, "too many", 8, false, NULL), PMILL_OK);
	assert_int_equal(pmill_encoder_encode(encoder, "hi", 2, NULL, ids, &error), PMILL_BAD_OPTION);
	assert_string_equal(error.message, "ids of two bytes can't hold those of a vocab of 65537");
	assert_int_equal(pmill_encoder_encode_spans(encoder, &span, 1, ids, &error), PMILL_BAD_OPTION);
	assert_int_equal(
		pmill_encoder_truncate(encoder, &span, 1, 9, ids, &used, &error), PMILL_BAD_OPTION);
	assert_int_equal(pmill_encoder_truncate(encoder, &span, 1, 9, NULL, &used, &error), PMILL_OK);
	assert_int_equal(
		pmill_encoder_encode_batch(encoder, &text, 1, NULL, NULL, ids, &error), PMILL_BAD_OPTION);
	assert_int_equal(pmill_encoder_add(encoder, "hi", 2, NULL, ids, &error), PMILL_BAD_OPTION);
	assert_int_equal(pmill_encoder_finish(encoder, ids, &error), PMILL_BAD_OPTION);
	assert_untouched();
	close_lacking();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_at_the_right_byte),
		cmocka_unit_test(leave_the_encoder_as_it_was),
		cmocka_unit_test(of_streams_are_in_the_whole),
		cmocka_unit_test(refuse_narrow_buffers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
