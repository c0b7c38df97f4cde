/* Counting without ids, and the first ids of a document, at every limit. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/opened_model.h"

/* ---- Every limit ---- */

enum { LONGEST = 90 };

struct document {
	pmill_span spans[MOST_SPANS];
	size_t span_count;
	size_t len;
	size_t before, after; /* ids of the template */
};

static void draw_document(uint64_t *random, uint8_t text[LONGEST], struct document *document)
{
	const size_t limit = 5 + (size_t)random_below(random, LONGEST - 5);
	document->len = draw_encode_text(random, text, limit);
	document->span_count = draw_spans(
		random, text, document->len, policies, HARMLESS_POLICIES, document->spans);
	document->before = document->spans[0].policy == policies[FRAMED_POLICY];
	document->after = document->spans[document->span_count - 1].policy == policies[FRAMED_POLICY];
}

/* What an id of the whole document is in a truncated one: the last ids are the template's. */
static uint64_t whole_index(
	const struct document *document, const pmill_ids_view *whole, uint64_t count, uint64_t index)
{
	return index >= count - document->after ? whole->count - (count - index) : index;
}

/* The ids and offsets of a document truncated to `most` are those of the whole one. */
static void check_ids(const struct document *document, const pmill_ids_view *whole,
	const pmill_ids_view *got, uint64_t most)
{
	assert_int_equal(got->count, most < whole->count ? most : whole->count);
	assert_int_equal(got->document_count, 1);
	assert_int_equal(got->ends[0], got->count);
	for (uint64_t i = 0; i < got->count; i++) {
		const uint64_t at = whole_index(document, whole, got->count, i);
		assert_int_equal(id_at(got, i), id_at(whole, at));
		if (whole->offsets != NULL)
			assert_memory_equal(&got->offsets[2 * i], &whole->offsets[2 * at], 16);
	}
}

/* Where the last id of the text ends; `bytes` has byte offsets. */
static uint64_t expect_used(
	const struct document *document, const pmill_ids_view *bytes, uint64_t most)
{
	const uint64_t kept = most - document->before - document->after;
	const uint64_t all = bytes->count - document->before - document->after;
	if (kept >= all)
		return document->len;
	return kept == 0 ? 0 : bytes->offsets[2 * (document->before + kept) - 1];
}

static void check_limits(const struct document *document, const char *unit)
{
	pmill_ids *whole = make_ids(tokenizer, unit), *bytes = make_ids(tokenizer, "byte");
	assert_int_equal(
		pmill_encoder_encode_spans(encoder, document->spans, document->span_count, whole, NULL),
		PMILL_OK);
	assert_int_equal(
		pmill_encoder_encode_spans(encoder, document->spans, document->span_count, bytes, NULL),
		PMILL_OK);
	const pmill_ids_view view = view_of(whole), byte_view = view_of(bytes);
	uint64_t id_count = 99;
	assert_int_equal(
		pmill_encoder_count(encoder, document->spans, document->span_count, &id_count, NULL),
		PMILL_OK);
	assert_int_equal(id_count, view.count);
	for (uint64_t most = 0; most <= view.count + 2; most++) {
		pmill_ids *ids = make_ids(tokenizer, unit);
		pmill_error error;
		uint64_t used = 12345, used_without = 12345;
		const pmill_status status = pmill_encoder_truncate(
			encoder, document->spans, document->span_count, most, ids, &used, &error);
		assert_int_equal(pmill_encoder_truncate(encoder, document->spans, document->span_count,
							 most, NULL, &used_without, NULL),
			status);
		assert_int_equal(used_without, used);
		if (most < document->before + document->after) {
			assert_int_equal(status, PMILL_BAD_OPTION);
			assert_int_equal(used, 12345);
			assert_int_equal(view_of(ids).document_count, 0);
		} else {
			const pmill_ids_view got = view_of(ids);
			assert_int_equal(status, PMILL_OK);
			check_ids(document, &view, &got, most);
			assert_int_equal(used, expect_used(document, &byte_view, most));
		}
		pmill_ids_free(ids);
	}
	pmill_ids_free(whole);
	pmill_ids_free(bytes);
}

static void is_a_prefix_at_every_limit(void **state)
{
	(void)state;
	const uint64_t seed = 41;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	static const char *const units[] = {NULL, "byte", "char"};
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		for (size_t round = 0; round < 120; round++) {
			uint8_t text[LONGEST];
			struct document document;
			draw_document(&random, text, &document);
			check_limits(&document, units[round % 3]);
		}
		close_model();
	}
}

/* ---- Small and large ---- */

static uint64_t truncate_text(
	const char *text, const pmill_policy *policy, uint64_t most, uint64_t *count)
{
	pmill_ids *ids = make_ids(tokenizer, NULL);
	const pmill_span span = {{text, strlen(text)}, policy};
	uint64_t used = 0;
	assert_int_equal(pmill_encoder_truncate(encoder, &span, 1, most, ids, &used, NULL), PMILL_OK);
	*count = view_of(ids).count;
	pmill_ids_free(ids);
	return used;
}

static void says_how_much_is_used(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned policy;
		uint64_t most, used, count;
	} rows[] = {
		{"hi the", ALL_POLICY, 0, 0, 0},
		{"hi the", ALL_POLICY, 1, 2, 1},
		{"hi the", ALL_POLICY, 2, 6, 2},
		{"hi the", ALL_POLICY, UINT64_MAX, 6, 2},
		{"", ALL_POLICY, 0, 0, 0},
		{"hi<|end|>", ALL_POLICY, 1, 2, 1},
		{"hi<|end|>", ALL_POLICY, 2, 9, 2},
		/* Within a character. */
		{"\xF0\x9F\x98\x80", ALL_POLICY, 1, 2, 1},
		{"\xF0\x9F\x98\x80", ALL_POLICY, 2, 3, 2},
		/* With what the template adds at either end. */
		{"hi the", FRAMED_POLICY, 2, 0, 2},
		{"hi the", FRAMED_POLICY, 3, 2, 3},
		{"hi the", FRAMED_POLICY, 4, 6, 4},
		{"", FRAMED_POLICY, 2, 0, 2},
	};
	open_model(PLAIN_MODEL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t count;
		assert_int_equal(
			truncate_text(rows[i].text, policies[rows[i].policy], rows[i].most, &count),
			rows[i].used);
		assert_int_equal(count, rows[i].count);
	}
	close_model();
}

static void refuses_less_than_the_template(void **state)
{
	(void)state;
	open_model(PLAIN_MODEL);
	pmill_ids *ids = make_ids(tokenizer, NULL);
	const pmill_span span = {{"hi", 2}, policies[FRAMED_POLICY]};
	for (uint64_t most = 0; most < 2; most++) {
		pmill_error error;
		uint64_t used = 77;
		assert_int_equal(
			pmill_encoder_truncate(encoder, &span, 1, most, ids, &used, &error), PMILL_BAD_OPTION);
		assert_non_null(strstr(error.message, "the template alone has 2 ids"));
		assert_int_equal(used, 77);
		assert_int_equal(view_of(ids).count, 0);
		assert_int_equal(view_of(ids).document_count, 0);
	}
	pmill_ids_free(ids);
	close_model();
}

/* Limits around the numbers of ids that an encoder gives at a time, in a long text. */
static void stops_in_long_texts(void **state)
{
	(void)state;
	enum { LEN = 40000 };
	open_model(PLAIN_MODEL);
	char *text = malloc(LEN);
	assert_non_null(text);
	for (size_t i = 0; i < LEN; i++)
		text[i] = i % 4 == 3 ? '\n' : "x.1"[i % 4];
	const pmill_span span = {{text, LEN}, NULL};
	static const uint64_t limits[] = {
		1, 255, 256, 257, 4095, 4096, 4097, 8191, 8192, 8193, 12289, LEN - 1, LEN, LEN + 1};
	uint64_t count = 0;
	assert_int_equal(pmill_encoder_count(encoder, &span, 1, &count, NULL), PMILL_OK);
	assert_int_equal(count, LEN);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		pmill_ids *ids = make_ids(tokenizer, NULL);
		uint64_t used = 0;
		const uint64_t expected = limits[i] < LEN ? limits[i] : LEN;
		assert_int_equal(
			pmill_encoder_truncate(encoder, &span, 1, limits[i], ids, &used, NULL), PMILL_OK);
		assert_int_equal(used, expected);
		const pmill_ids_view view = view_of(ids);
		assert_int_equal(view.count, expected);
		for (uint64_t k = 0; k < view.count; k++)
			assert_int_equal(id_at(&view, k), (uint8_t)text[k]);
		pmill_ids_free(ids);
	}
	free(text);
	close_model();
}

/* A failure changes neither the ids, nor what else the call gives. */
static void leaves_all_as_it_was(void **state)
{
	(void)state;
	open_model(PLAIN_MODEL);
	pmill_ids *ids = make_ids(tokenizer, "byte");
	const pmill_span span = {{"hi hi<|end|>", 12}, policies[ERROR_POLICY]};
	pmill_error error;
	uint64_t used = 77, count = 77;
	assert_int_equal(pmill_ids_append(ids, &(uint32_t){7}, 1, NULL), PMILL_OK);
	assert_int_equal(
		pmill_encoder_truncate(encoder, &span, 1, 5, ids, &used, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 5);
	assert_int_equal(pmill_encoder_count(encoder, &span, 1, &count, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 5);
	assert_int_equal(used, 77);
	assert_int_equal(count, 77);
	assert_int_equal(view_of(ids).count, 1);
	assert_int_equal(view_of(ids).document_count, 0);
	pmill_ids_free(ids);
	close_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_prefix_at_every_limit),
		cmocka_unit_test(says_how_much_is_used),
		cmocka_unit_test(refuses_less_than_the_template),
		cmocka_unit_test(stops_in_long_texts),
		cmocka_unit_test(leaves_all_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
