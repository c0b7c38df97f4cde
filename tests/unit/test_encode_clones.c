/* Clones of streams, beginning again, and other calls in between. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode/encoder.h"
#include "support/opened_model.h"

enum { LONGEST = 300 };

static void add(const uint8_t *text, size_t len, unsigned policy, pmill_ids *ids)
{
	assert_int_equal(pmill_encoder_add(encoder, text, len, policies[policy], ids, NULL), PMILL_OK);
}

static void assert_finishes(
	pmill_encoder *finished, const pmill_ids *before, const pmill_span *spans, size_t count)
{
	pmill_ids *ids = make_ids(tokenizer, "byte"), *expected = make_ids(tokenizer, "byte");
	const pmill_ids_view given = view_of(before);
	assert_int_equal(pmill_encoder_encode_spans(other, spans, count, expected, NULL), PMILL_OK);
	assert_int_equal(pmill_encoder_finish(finished, ids, NULL), PMILL_OK);
	const pmill_ids_view rest = view_of(ids);
	pmill_ids_view whole = view_of(expected);
	assert_int_equal(given.count + rest.count, whole.count);
	assert_int_equal(find_difference(&given, &whole), given.count);
	whole.data = (const char *)whole.data + given.count * whole.id_bytes;
	whole.offsets += 2 * given.count;
	whole.count -= given.count;
	assert_int_equal(find_difference(&rest, &whole), rest.count);
	pmill_ids_free(ids);
	pmill_ids_free(expected);
}

/* At each piece a clone is finished, another one goes on otherwise, and the first goes on. */
static void branches(void **state)
{
	(void)state;
	const uint64_t seed = 64;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_both(kind);
		for (size_t round = 0; round < 60; round++) {
			uint8_t text[LONGEST];
			pmill_span spans[MOST_SPANS + 1];
			const size_t len = draw_encode_text(&random, text, 5 + round % (LONGEST - 5));
			const size_t count = draw_spans(&random, text, len, policies, HARMLESS_POLICIES, spans);
			pmill_ids *ids = make_ids(tokenizer, "byte");
			for (size_t i = 0; i < count; i++) {
				pmill_encoder *clone = NULL, *branch = NULL;
				const pmill_span last = spans[i + 1];
				assert_int_equal(pmill_encoder_add(encoder, spans[i].text.data, spans[i].text.len,
									 spans[i].policy, ids, NULL),
					PMILL_OK);
				assert_int_equal(pmill_encoder_clone(encoder, &clone, NULL), PMILL_OK);
				assert_int_equal(pmill_encoder_clone(clone, &branch, NULL), PMILL_OK);
				assert_finishes(clone, ids, spans, i + 1);
				pmill_encoder_free(clone);
				spans[i + 1] = (pmill_span){
					{"<|end|>! hi", 11}, policies[round % HARMLESS_POLICIES]};
				pmill_ids *more = make_ids(tokenizer, "byte");
				const pmill_ids_view view = view_of(ids);
				for (uint64_t k = 0; k < view.count; k++)
					assert_int_equal(
						pmill_ids_append(more, &(uint32_t){id_at(&view, k)}, 1, NULL), PMILL_OK);
				assert_int_equal(
					pmill_encoder_add(branch, "<|end|>! hi", 11, spans[i + 1].policy, more, NULL),
					PMILL_OK);
				assert_int_equal(pmill_encoder_finish(branch, more, NULL), PMILL_OK);
				pmill_ids *expected = make_ids(tokenizer, NULL);
				assert_int_equal(
					pmill_encoder_encode_spans(other, spans, i + 2, expected, NULL), PMILL_OK);
				assert_true(is_equal_ids(more, expected));
				pmill_ids_free(more);
				pmill_ids_free(expected);
				pmill_encoder_free(branch);
				spans[i + 1] = last;
			}
			assert_finishes(encoder, ids, spans, count);
			pmill_ids_free(ids);
		}
		close_both();
	}
}

/* A clone works after the first encoder is gone, and the other way round. */
static void clones_outlive_each_other(void **state)
{
	(void)state;
	open_both(PLAIN_MODEL);
	pmill_encoder *clone = NULL;
	pmill_ids *ids = make_ids(tokenizer, NULL);
	add((const uint8_t *)"hi <|en", 7, ALL_POLICY, ids);
	assert_int_equal(pmill_encoder_clone(encoder, &clone, NULL), PMILL_OK);
	pmill_encoder_free(encoder);
	pmill_encoder_free(other);
	encoder = clone;
	other = NULL;
	add((const uint8_t *)"d|>", 3, ALL_POLICY, ids);
	assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
	const pmill_ids_view view = view_of(ids);
	assert_int_equal(view.count, 3);
	assert_int_equal(id_at(&view, 2), tokenizer->specials[END_TOKEN].id);
	pmill_ids_free(ids);
	close_both();
}

/* A clone knows that a word goes on: after "<think> hi", which is settled, aab is no word. */
static void clones_know_what_was_before(void **state)
{
	(void)state;
	open_both(STRIPPING_MODEL);
	pmill_ids *ids = make_ids(tokenizer, NULL);
	pmill_encoder *clone = NULL;
	uint64_t bytes, id_count;
	add((const uint8_t *)"<think> hi", 10, ALL_POLICY, ids);
	pmill_encoder_settled(encoder, &bytes, &id_count);
	assert_int_equal(bytes, 10);
	assert_int_equal(id_count, 1);
	assert_int_equal(pmill_encoder_clone(encoder, &clone, NULL), PMILL_OK);
	pmill_encoder_settled(clone, &bytes, &id_count);
	assert_int_equal(bytes, 10);
	assert_int_equal(id_count, 1);
	assert_int_equal(pmill_encoder_add(clone, "aab", 3, policies[ALL_POLICY], ids, NULL), PMILL_OK);
	assert_int_equal(pmill_encoder_finish(clone, ids, NULL), PMILL_OK);
	const pmill_ids_view view = view_of(ids);
	assert_int_equal(view.count, 3);
	assert_int_not_equal(id_at(&view, 1), tokenizer->specials[AAB_TOKEN].id);
	pmill_encoder_free(clone);
	pmill_ids_free(ids);
	close_both();
}

static void begins_again(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_both(kind);
		pmill_ids *ids = make_ids(tokenizer, "char"), *expected = make_ids(tokenizer, "char");
		uint64_t bytes = 9, id_count = 9;
		/* Nothing at all is an empty document. */
		assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
		assert_int_equal(view_of(ids).count, 0);
		assert_int_equal(view_of(ids).document_count, 1);
		pmill_encoder_drop(encoder);
		for (int turn = 0; turn < 3; turn++) {
			pmill_ids_clear(ids);
			add((const uint8_t *)"\xC3\xA9 hi the<|end|>x", 17, FRAMED_POLICY, ids);
			add((const uint8_t *)" <thi", 5, FRAMED_POLICY, ids);
			pmill_encoder_drop(encoder);
			pmill_encoder_settled(encoder, &bytes, &id_count);
			assert_int_equal(bytes, 0);
			assert_int_equal(id_count, 0);
			pmill_ids_clear(ids);
			pmill_ids_clear(expected);
			add((const uint8_t *)"nk> hi", 6, ALL_POLICY, ids);
			assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
			pmill_encoder_settled(encoder, &bytes, &id_count);
			assert_int_equal(bytes, 0);
			assert_int_equal(id_count, 0);
			assert_int_equal(
				pmill_encoder_encode(other, "nk> hi", 6, policies[ALL_POLICY], expected, NULL),
				PMILL_OK);
			assert_true(is_equal_ids(ids, expected));
		}
		pmill_ids_free(ids);
		pmill_ids_free(expected);
		close_both();
	}
}

/* Calls for whole documents in between don't touch a stream, even if they fail. */
static void is_not_touched_by_other_calls(void **state)
{
	(void)state;
	static const uint8_t text[] = "hi E\xCC\x81 <think> hi<|end|>! the <|end|>";
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_both(kind);
		pmill_ids *ids = make_ids(tokenizer, "byte"), *expected = make_ids(tokenizer, "byte");
		pmill_ids *dropped = make_ids(tokenizer, "char");
		const pmill_bytes batch = {"the hi", 6};
		const pmill_span span = {{"<|end|>\xC3\xA9 aab hi", 17}, policies[FRAMED_POLICY]};
		uint64_t count = 0;
		for (size_t i = 0; i + 1 < sizeof text; i++) {
			add(text + i, 1, ALL_POLICY, ids);
			assert_int_equal(
				pmill_encoder_encode_spans(encoder, &span, 1, dropped, NULL), PMILL_OK);
			assert_int_equal(pmill_encoder_count(encoder, &span, 1, &count, NULL), PMILL_OK);
			assert_int_equal(
				pmill_encoder_truncate(encoder, &span, 1, 3, dropped, &count, NULL), PMILL_OK);
			assert_int_equal(
				pmill_encoder_encode_batch(encoder, &batch, 1, NULL, NULL, dropped, NULL),
				PMILL_OK);
			assert_int_equal(pmill_encoder_encode(
								 encoder, "hi<|end|>", 9, policies[ERROR_POLICY], dropped, NULL),
				PMILL_BAD_INPUT);
		}
		assert_int_equal(pmill_encoder_finish(encoder, ids, NULL), PMILL_OK);
		assert_int_equal(pmill_encoder_encode(
							 other, text, sizeof text - 1, policies[ALL_POLICY], expected, NULL),
			PMILL_OK);
		assert_true(is_equal_ids(ids, expected));
		pmill_ids_free(ids);
		pmill_ids_free(expected);
		pmill_ids_free(dropped);
		close_both();
	}
}

/* What an encoder knew when it was freed is known to the next one of its plan. */
static void learns_from_those_before(void **state)
{
	(void)state;
	static const char text[] = "low lower lowest";
	open_model(PLAIN_MODEL);
	pmill_ids *ids = make_ids(tokenizer, NULL);
	size_t known = 0;
	for (unsigned round = 0; round < 3; round++) {
		pmill_encoder *clones[2];
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(pmill_encoder_clone(encoder, &clones[i], NULL), PMILL_OK);
			const pmill_bytes texts[1] = {{text, sizeof text - 1}};
			/* A batch takes what is spare, and gives it back. */
			assert_int_equal(
				pmill_encoder_encode_batch(clones[i], texts, 1, NULL, NULL, ids, NULL), PMILL_OK);
			assert_null(clones[i]->pretokens.known.slots);
			assert_int_equal(
				pmill_encoder_encode(clones[i], text, sizeof text - 1, NULL, ids, NULL), PMILL_OK);
			assert_true(known == 0 || clones[i]->pretokens.known.used == known);
			known = clones[i]->pretokens.known.used;
			assert_true(known > 0);
		}
		pmill_encoder_free(clones[0]);
		pmill_encoder_free(clones[1]);
	}
	pmill_ids_free(ids);
	close_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(branches),
		cmocka_unit_test(clones_outlive_each_other),
		cmocka_unit_test(clones_know_what_was_before),
		cmocka_unit_test(begins_again),
		cmocka_unit_test(learns_from_those_before),
		cmocka_unit_test(is_not_touched_by_other_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
