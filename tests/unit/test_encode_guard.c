/* Encoding and decoding read nothing beside text, spans and ids, which lie between guard pages. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/guard_pages.h"
#include "support/opened_model.h"

enum { LONGEST = 120, ROOM = 1 << 16, PLACES = MOST_SPANS + 2 };

static struct guarded places[PLACES];

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++)
		places[i] = guard_room(ROOM - 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++)
		guard_release(&places[i]);
	return 0;
}

static const char *const units[] = {NULL, "byte", "char"};

/* ---- Encoding ---- */

struct sample {
	uint8_t text[LONGEST];
	size_t len, span_count;
	pmill_span spans[MOST_SPANS];
};

static void draw_sample(uint64_t *random, size_t round, struct sample *sample)
{
	sample->len = draw_encode_text(random, sample->text, 1 + round % (LONGEST - 1));
	sample->span_count = draw_spans(
		random, sample->text, sample->len, policies, ENCODE_POLICIES, sample->spans);
}

static void check_whole(const struct sample *sample, int side, const char *unit)
{
	const uint8_t *text = guard_copy(&places[0], side, sample->text, sample->len);
	for (size_t i = 0; i < ENCODE_POLICIES; i++) {
		pmill_ids *ids = make_ids(tokenizer, unit), *expected = make_ids(tokenizer, unit);
		const pmill_status status = pmill_encoder_encode(
			encoder, sample->text, sample->len, policies[i], expected, NULL);
		assert_int_equal(
			pmill_encoder_encode(encoder, text, sample->len, policies[i], ids, NULL), status);
		assert_true(is_equal_ids(ids, expected));
		pmill_ids_free(ids);
		pmill_ids_free(expected);
	}
}

/* The spans themselves, and the text of each, have guards of their own. */
static const pmill_span *guard_spans(const struct sample *sample, int side)
{
	pmill_span spans[MOST_SPANS];
	for (size_t i = 0; i < sample->span_count; i++) {
		spans[i] = sample->spans[i];
		spans[i].text.data = guard_copy(
			&places[i + 1], side, spans[i].text.data, spans[i].text.len);
	}
	return guard_copy(&places[0], side, spans, sample->span_count * sizeof *spans);
}

static void check_spans(const struct sample *sample, int side, const char *unit)
{
	const pmill_span *spans = guard_spans(sample, side);
	const size_t count = sample->span_count;
	pmill_ids *ids = make_ids(tokenizer, unit), *expected = make_ids(tokenizer, unit);
	uint64_t id_count = 0, used = 0;
	const pmill_status status = pmill_encoder_encode_spans(
		encoder, sample->spans, count, expected, NULL);
	assert_int_equal(pmill_encoder_encode_spans(encoder, spans, count, ids, NULL), status);
	assert_true(is_equal_ids(ids, expected));
	assert_int_equal(pmill_encoder_count(encoder, spans, count, &id_count, NULL), status);
	assert_int_equal(id_count, status == PMILL_OK ? view_of(expected).count : 0);
	pmill_ids_clear(ids);
	assert_int_equal(
		pmill_encoder_truncate(encoder, spans, count, UINT64_MAX, ids, &used, NULL), status);
	assert_true(is_equal_ids(ids, expected));
	pmill_ids_free(ids);
	pmill_ids_free(expected);
}

static pmill_status add_all(const pmill_span *spans, size_t count, pmill_ids *ids)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = pmill_encoder_add(
			encoder, spans[i].text.data, spans[i].text.len, spans[i].policy, ids, NULL);
	if (status == PMILL_OK)
		status = pmill_encoder_finish(encoder, ids, NULL);
	pmill_encoder_drop(encoder);
	return status;
}

/* The text of a piece is gone once it was added. */
static void check_stream(const struct sample *sample, int side, const char *unit)
{
	pmill_ids *ids = make_ids(tokenizer, unit), *expected = make_ids(tokenizer, unit);
	pmill_status status = add_all(sample->spans, sample->span_count, expected);
	pmill_status guarded = PMILL_OK;
	for (size_t i = 0; i < sample->span_count && guarded == PMILL_OK; i++) {
		const pmill_span *span = &sample->spans[i];
		void *text = guard_copy(&places[0], side, span->text.data, span->text.len);
		guarded = pmill_encoder_add(encoder, text, span->text.len, span->policy, ids, NULL);
		memset(text, '<', span->text.len);
	}
	if (guarded == PMILL_OK)
		guarded = pmill_encoder_finish(encoder, ids, NULL);
	pmill_encoder_drop(encoder);
	assert_int_equal(guarded, status);
	assert_true(is_equal_ids(ids, expected));
	pmill_ids_free(ids);
	pmill_ids_free(expected);
}

static void check_batch(const struct sample *sample, int side, const char *unit)
{
	const pmill_span *spans = guard_spans(sample, side);
	pmill_bytes texts[MOST_SPANS];
	pmill_ids *ids = make_ids(tokenizer, unit), *expected = make_ids(tokenizer, unit);
	const pmill_run_options run = {.size = sizeof run, .threads = 1};
	for (size_t i = 0; i < sample->span_count; i++) {
		texts[i] = spans[i].text;
		assert_int_equal(
			pmill_encoder_encode(encoder, texts[i].data, texts[i].len, NULL, expected, NULL),
			PMILL_OK);
	}
	const pmill_bytes *guarded = guard_copy(
		&places[0], side, texts, sample->span_count * sizeof *texts);
	assert_int_equal(
		pmill_encoder_encode_batch(encoder, guarded, sample->span_count, NULL, &run, ids, NULL),
		PMILL_OK);
	assert_true(is_equal_ids(ids, expected));
	pmill_ids_free(ids);
	pmill_ids_free(expected);
}

static void reads_nothing_beside_text(void **state)
{
	(void)state;
	const uint64_t seed = 81;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		for (size_t round = 0; round < 2 * LONGEST; round++) {
			struct sample sample;
			draw_sample(&random, round, &sample);
			for (int side = 0; side < 2; side++) {
				check_whole(&sample, side, units[round % 3]);
				check_spans(&sample, side, units[round % 3]);
				check_stream(&sample, side, units[round % 3]);
				check_batch(&sample, side, units[round % 3]);
			}
		}
		close_model();
	}
}

/* Every scanner, whose blocks may reach over the end, at every length. */
static void reads_nothing_beside_text_with_any_scanner(void **state)
{
	(void)state;
	uint64_t random = 82;
	const char *scanner;
	for (size_t i = 0; (scanner = pmill_scanner_name(i)) != NULL; i++) {
		const pmill_run_options run = {.size = sizeof run, .scanner = scanner};
		pmill_encoder *made = NULL;
		open_model(i % 2 == 0 ? PLAIN_MODEL : OTHER_MODEL);
		if (pmill_encoder_create(tokenizer, &run, &made, NULL) == PMILL_OK)
			for (size_t len = 0; len < 400; len++) {
				uint8_t text[400];
				const size_t drawn = draw_encode_text(&random, text, len + 1);
				for (int side = 0; side < 2; side++) {
					pmill_ids *ids = make_ids(tokenizer, NULL),
							  *expected = make_ids(tokenizer, NULL);
					const uint8_t *copy = guard_copy(&places[0], side, text, drawn);
					assert_int_equal(
						pmill_encoder_encode(made, copy, drawn, NULL, ids, NULL), PMILL_OK);
					assert_int_equal(
						pmill_encoder_encode(encoder, text, drawn, NULL, expected, NULL), PMILL_OK);
					assert_true(is_equal_ids(ids, expected));
					pmill_ids_free(ids);
					pmill_ids_free(expected);
				}
			}
		pmill_encoder_free(made);
		close_model();
	}
}

/* ---- Ids ---- */

enum { MOST_IDS = 200 };

static void append_guarded(int side, const uint32_t *ids, size_t count, unsigned width)
{
	const pmill_ids_options options = {.size = sizeof options, .id_bytes = width};
	const uint32_t *guarded = guard_copy(&places[0], side, ids, count * sizeof *ids);
	pmill_ids *buffer = NULL;
	assert_int_equal(pmill_ids_create(tokenizer, &options, &buffer, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_append(buffer, guarded, count, NULL), PMILL_OK);
	const pmill_ids_view view = view_of(buffer);
	assert_int_equal(view.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(id_at(&view, i), ids[i]);
	pmill_ids_free(buffer);
}

static void decode_guarded(int side, const uint32_t *ids, size_t count)
{
	const uint32_t *guarded = guard_copy(&places[0], side, ids, count * sizeof *ids);
	void *data = NULL, *expected = NULL;
	size_t len = 0, expected_len = 0;
	assert_int_equal(
		pmill_tokenizer_decode(tokenizer, ids, count, NULL, &expected, &expected_len, NULL),
		PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_decode(tokenizer, guarded, count, NULL, &data, &len, NULL), PMILL_OK);
	assert_int_equal(len, expected_len);
	assert_memory_equal(data, expected, len);
	pmill_memory_free(data);
	pmill_stream_decoder *decoder = NULL;
	pmill_bytes bytes = {NULL, 0};
	assert_int_equal(pmill_stream_decoder_create(tokenizer, NULL, &decoder, NULL), PMILL_OK);
	assert_int_equal(pmill_stream_decoder_add(decoder, guarded, count, &bytes, NULL), PMILL_OK);
	assert_true(bytes.len <= len);
	assert_memory_equal(bytes.data == NULL ? "" : bytes.data, expected, bytes.len);
	pmill_stream_decoder_free(decoder);
	pmill_memory_free(expected);
}

/* The caller's own ids, in either width, with ends of their own. */
static void decode_batch_guarded(int side, const uint32_t *ids, size_t count, unsigned width)
{
	uint16_t narrow[MOST_IDS];
	const uint64_t ends[] = {count / 3, count / 2, count};
	for (size_t i = 0; i < count; i++)
		narrow[i] = (uint16_t)ids[i];
	const pmill_ids_view view = {.size = sizeof view,
		.data = guard_copy(
			&places[0], side, width == 2 ? (const void *)narrow : ids, count * width),
		.id_bytes = width,
		.count = count,
		.ends = guard_copy(&places[1], side, ends, sizeof ends),
		.document_count = 3};
	void *data = NULL, *expected = NULL;
	uint64_t *data_ends = NULL;
	size_t expected_len = 0;
	assert_int_equal(
		pmill_tokenizer_decode(tokenizer, ids, count, NULL, &expected, &expected_len, NULL),
		PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_decode_batch(tokenizer, &view, NULL, NULL, &data, &data_ends, NULL),
		PMILL_OK);
	assert_int_equal(data_ends[2], expected_len);
	assert_memory_equal(data == NULL ? "" : data, expected, expected_len);
	pmill_memory_free(data);
	pmill_memory_free(data_ends);
	pmill_memory_free(expected);
}

static void reads_nothing_beside_ids(void **state)
{
	(void)state;
	uint64_t random = 83;
	open_model(PLAIN_MODEL);
	for (size_t count = 0; count < MOST_IDS; count++) {
		uint32_t ids[MOST_IDS];
		for (size_t i = 0; i < count; i++)
			ids[i] = (uint32_t)random_below(&random, tokenizer->vocab.count);
		for (int side = 0; side < 2; side++) {
			append_guarded(side, ids, count, 2);
			append_guarded(side, ids, count, 4);
			decode_guarded(side, ids, count);
			decode_batch_guarded(side, ids, count, 2);
			decode_batch_guarded(side, ids, count, 4);
		}
	}
	close_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_nothing_beside_text),
		cmocka_unit_test(reads_nothing_beside_text_with_any_scanner),
		cmocka_unit_test(reads_nothing_beside_ids),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
