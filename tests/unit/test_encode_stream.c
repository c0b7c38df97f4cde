/* Streams: cut anywhere they give the ids of the whole, and what is settled stays as it is. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/opened_model.h"

static const char *const units[] = {NULL, "byte", "char"};

/* ---- Cutting at every byte ---- */

enum { SHORT = 40, LONGEST = 300 };

static void add(const uint8_t *text, size_t len, unsigned policy, pmill_ids *ids)
{
	assert_int_equal(pmill_encoder_add(encoder, text, len, policies[policy], ids, NULL), PMILL_OK);
}

/* `cut` twice is a piece of nothing. */
static void check_cut(const uint8_t *text, size_t len, unsigned policy, const size_t cuts[2],
	const pmill_ids *expected, const char *unit)
{
	pmill_ids *ids = make_ids(tokenizer, unit);
	add(text, cuts[0], policy, ids);
	add(text + cuts[0], cuts[1] - cuts[0], policy, ids);
	add(text + cuts[1], len - cuts[1], policy, ids);
	assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
	assert_true(is_equal_ids(ids, expected));
	pmill_ids_free(ids);
}

static void gives_the_same_wherever_cut(void **state)
{
	(void)state;
	const uint64_t seed = 61;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_both(kind);
		for (unsigned round = 0; round < 10 * HARMLESS_POLICIES; round++) {
			uint8_t text[SHORT];
			const char *unit = units[round % 3];
			const unsigned policy = round % HARMLESS_POLICIES;
			const size_t len = draw_encode_text(&random, text, SHORT);
			pmill_ids *expected = make_ids(tokenizer, unit);
			assert_int_equal(
				pmill_encoder_encode(encoder, text, len, policies[policy], expected, NULL),
				PMILL_OK);
			for (size_t first = 0; first <= len; first++)
				for (size_t second = first; second <= len; second += 1 + round % 5)
					check_cut(text, len, policy, (const size_t[]){first, second}, expected, unit);
			pmill_ids_free(expected);
		}
		close_both();
	}
}

/* ---- Pieces as spans ---- */

/* Whether all was added. A failed one is left as it is. */
static pmill_status stream_spans(
	const pmill_span *spans, size_t count, pmill_ids *ids, pmill_error *error)
{
	for (size_t i = 0; i < count; i++) {
		const pmill_status status = pmill_encoder_add(
			encoder, spans[i].text.data, spans[i].text.len, spans[i].policy, ids, error);
		if (status != PMILL_OK)
			return status;
	}
	return pmill_encoder_finish(encoder, ids, error);
}

static void check_failure(const pmill_error *error, const pmill_error *expected,
	const pmill_ids *ids, pmill_status status, pmill_status expected_status)
{
	uint64_t bytes, id_count;
	pmill_encoder_settled(encoder, &bytes, &id_count);
	assert_int_equal(status, expected_status);
	assert_int_equal(error->offset, expected->offset);
	assert_string_equal(error->message, expected->message);
	assert_int_equal(view_of(ids).count, id_count);
	assert_int_equal(view_of(ids).document_count, 0);
	assert_true(bytes <= error->offset);
	pmill_encoder_drop(encoder);
}

static void is_the_same_as_spans(void **state)
{
	(void)state;
	const uint64_t seed = 62;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	size_t failures = 0;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_both(kind);
		for (size_t round = 0; round < 800; round++) {
			uint8_t text[LONGEST];
			pmill_span spans[MOST_SPANS];
			pmill_error error, expected_error;
			const size_t len = draw_encode_text(&random, text, 5 + round % (LONGEST - 5));
			const unsigned limit = round % 4 == 0 ? ENCODE_POLICIES : HARMLESS_POLICIES;
			const size_t count = draw_spans(&random, text, len, policies, limit, spans);
			pmill_ids *ids = make_ids(tokenizer, units[round % 3]);
			pmill_ids *expected = make_ids(tokenizer, units[round % 3]);
			const pmill_status expected_status = pmill_encoder_encode_spans(
				encoder, spans, count, expected, &expected_error);
			const pmill_status status = stream_spans(spans, count, ids, &error);
			if (expected_status == PMILL_OK) {
				assert_int_equal(status, PMILL_OK);
				assert_true(is_equal_ids(ids, expected));
			} else {
				check_failure(&error, &expected_error, ids, status, expected_status);
				failures++;
			}
			pmill_ids_free(ids);
			pmill_ids_free(expected);
		}
		close_both();
	}
	assert_true(failures > 100);
}

/* ---- What is settled ---- */

/* The ids so far begin every document that begins with the text so far. */
static void check_tails(uint64_t *random, const pmill_span *spans, size_t count,
	const pmill_ids *given, const char *unit)
{
	uint64_t bytes, id_count;
	pmill_encoder_settled(encoder, &bytes, &id_count);
	const pmill_ids_view view = view_of(given);
	assert_int_equal(view.count, id_count);
	for (size_t turn = 0; turn < 4; turn++) {
		uint8_t tail[60];
		pmill_span changed[MOST_SPANS + 2];
		const size_t len = draw_encode_text(random, tail, 1 + turn * 19), half = len / 2;
		memcpy(changed, spans, count * sizeof *spans);
		changed[count].text = (pmill_bytes){tail, half};
		changed[count + 1].text = (pmill_bytes){tail + half, len - half};
		for (size_t i = 0; i < 2; i++)
			changed[count + i].policy = policies[random_below(random, HARMLESS_POLICIES)];
		pmill_ids *ids = make_ids(tokenizer, unit);
		assert_int_equal(
			pmill_encoder_encode_spans(other, changed, count + 2, ids, NULL), PMILL_OK);
		const pmill_ids_view changed_view = view_of(ids);
		if (find_difference(&view, &changed_view) < id_count)
			fail_msg("%d bytes were settled, and are not", (int)bytes);
		pmill_ids_free(ids);
	}
}

static void never_changes_what_is_settled(void **state)
{
	(void)state;
	const uint64_t seed = 63;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_both(kind);
		uint64_t most_settled = 0;
		for (size_t round = 0; round < 300; round++) {
			uint8_t text[LONGEST];
			pmill_span spans[MOST_SPANS];
			uint64_t bytes_before = 0, ids_before = 0;
			const size_t len = draw_encode_text(&random, text, 5 + round % (LONGEST - 5));
			const size_t count = draw_spans(&random, text, len, policies, HARMLESS_POLICIES, spans);
			pmill_ids *ids = make_ids(tokenizer, units[round % 3]);
			for (size_t i = 0; i < count; i++) {
				uint64_t bytes, id_count;
				assert_int_equal(pmill_encoder_add(encoder, spans[i].text.data, spans[i].text.len,
									 spans[i].policy, ids, NULL),
					PMILL_OK);
				pmill_encoder_settled(encoder, &bytes, &id_count);
				assert_true(bytes >= bytes_before && id_count >= ids_before && bytes <= len);
				bytes_before = bytes;
				ids_before = id_count;
				check_tails(&random, spans, i + 1, ids, units[round % 3]);
			}
			most_settled += bytes_before;
			pmill_encoder_drop(encoder);
			pmill_ids_free(ids);
		}
		assert_true(most_settled > 1000);
		close_both();
	}
}

/* How much is settled of words that go on and on, and of tokens between them. */
static void settles_what_it_can(void **state)
{
	(void)state;
	static const struct {
		unsigned kind;
		const char *piece;
		unsigned policy;
		bool is_settled;
	} rows[] = {
		{PLAIN_MODEL, " the", DEFAULT_POLICY, true},
		{OTHER_MODEL, " the", DEFAULT_POLICY, true},
		{FORM_MODEL, " THE", DEFAULT_POLICY, true},
		{FORM_MODEL, " THE E\xCC\x81", DEFAULT_POLICY, true},
		{PLAIN_MODEL, "x", DEFAULT_POLICY, false}, /* one word */
		{WHOLE_MODEL, " the", DEFAULT_POLICY, false},
		{WHOLE_MODEL, " the<|end|>", ALL_POLICY, true},
		{WHOLE_MODEL, " the<|end|>", UNTRUSTED_POLICY, false},
		{STRIPPING_MODEL, " the", DEFAULT_POLICY, false},
		{STRIPPING_MODEL, " the<|end|>x", ALL_POLICY, true},
		{COMPOSING_MODEL, " the", DEFAULT_POLICY, false},
		{COMPOSING_MODEL, " the", UNTRUSTED_POLICY, true},
		{COMPOSING_MODEL, " the<|end|>x", ALL_POLICY, true},
		{REPLACING_MODEL, " the", UNTRUSTED_POLICY, false},
		{REPLACING_MODEL, " the<|end|>", ALL_POLICY, true},
		{SPACE_MODEL, " the", DEFAULT_POLICY, false},
		{SPACE_MODEL, " the<|end|>", ALL_POLICY, true},
		{STEPS_MODEL, " the<|end|>", ALL_POLICY, true},
		{EXPRESSION_MODEL, " the", DEFAULT_POLICY, false},
		{EXPRESSION_MODEL, " the<|end|>", ALL_POLICY, true},
	};
	enum { REPEATS = 300 };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!can_encode(rows[i].kind))
			continue;
		open_both(rows[i].kind);
		pmill_ids *ids = make_ids(tokenizer, NULL);
		const size_t len = strlen(rows[i].piece);
		uint64_t bytes, id_count;
		for (size_t k = 0; k < REPEATS; k++)
			add((const uint8_t *)rows[i].piece, len, rows[i].policy, ids);
		pmill_encoder_settled(encoder, &bytes, &id_count);
		/* An eighth may wait until it is worth the while to look again. */
		if (rows[i].is_settled ? bytes < (REPEATS - 10) * len : bytes > 0)
			fail_msg("row %zu: %d of %d bytes", i, (int)bytes, (int)(REPEATS * len));
		assert_int_equal(view_of(ids).count, id_count);
		pmill_ids_free(ids);
		close_both();
	}
}

/* Text of which nothing is settled, with more ids than an encoder keeps to itself. */
static void gives_no_more_than_what_is_settled(void **state)
{
	(void)state;
	enum { REPEATS = 3000, LEN = 6 * REPEATS };
	static const struct {
		unsigned kind;
		const char *piece, *end, *more;
	} rows[] = {
		/* Words and marks that aren't ASCII; the text could only be cut before the last x. */
		{FORM_MODEL, "\xE4\xB8\xAD\xE3\x80\x82", "x", "x"},
		/* What the token has stripped may yet begin another one. */
		{STRIPPING_MODEL, "..x..x", "<|end|>!\t!", "!x"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		open_both(rows[i].kind);
		uint8_t *text = malloc(LEN + 30);
		assert_non_null(text);
		for (size_t k = 0; k < REPEATS; k++)
			memcpy(text + 6 * k, rows[i].piece, 6);
		const size_t len = LEN + strlen(rows[i].end), more = strlen(rows[i].more);
		memcpy(text + LEN, rows[i].end, len - LEN);
		memcpy(text + len, rows[i].more, more);
		pmill_ids *ids = make_ids(tokenizer, "byte"), *expected = make_ids(tokenizer, "byte");
		uint64_t bytes, id_count;
		assert_int_equal(
			pmill_encoder_encode(encoder, text, len + more, policies[ALL_POLICY], expected, NULL),
			PMILL_OK);
		assert_true(view_of(expected).count > LEN / 2);
		add(text, len, ALL_POLICY, ids);
		pmill_encoder_settled(encoder, &bytes, &id_count);
		assert_int_equal(bytes, 0);
		assert_int_equal(id_count, 0);
		assert_int_equal(view_of(ids).count, 0);
		add(text + len, more, ALL_POLICY, ids);
		assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
		assert_true(is_equal_ids(ids, expected));
		pmill_ids_free(ids);
		pmill_ids_free(expected);
		free(text);
		close_both();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_same_wherever_cut),
		cmocka_unit_test(is_the_same_as_spans),
		cmocka_unit_test(never_changes_what_is_settled),
		cmocka_unit_test(settles_what_it_can),
		cmocka_unit_test(gives_no_more_than_what_is_settled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
