/*
 * Batches: the same ids as one call after another, whatever the threads; failures. Batches and long
 * calls tell their progress and can be stopped.
 */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/opened_model.h"
#include "support/watch_progress.h"

/* ---- Documents ---- */

enum { MOST_DOCUMENTS = 3000 };

struct documents {
	uint8_t *bytes; /* of all */
	pmill_bytes texts[MOST_DOCUMENTS];
	size_t count;
};

/* Many are empty, most are short; a few are longer than what a thread takes at a time. */
static size_t draw_len(uint64_t *random)
{
	const uint64_t drawn = random_below(random, 400);
	return drawn < 60 ? 0 : drawn < 399 ? 1 + drawn : 100000;
}

static struct documents *make_documents(uint64_t *random, size_t count)
{
	struct documents *documents = calloc(1, sizeof *documents);
	assert_non_null(documents);
	documents->count = count;
	size_t lens[MOST_DOCUMENTS], total = 1;
	for (size_t i = 0; i < count; i++)
		total += lens[i] = draw_len(random);
	documents->bytes = malloc(total);
	assert_non_null(documents->bytes);
	uint8_t *at = documents->bytes;
	for (size_t i = 0; i < count; i++) {
		const size_t len = lens[i] == 0 ? 0 : draw_encode_text(random, at, lens[i]);
		documents->texts[i] = (pmill_bytes){i % 2 == 0 && len == 0 ? NULL : at, len};
		at += lens[i];
	}
	return documents;
}

static void free_documents(struct documents *documents)
{
	free(documents->bytes);
	free(documents);
}

/* ---- The same ids ---- */

static const unsigned thread_counts[] = {1, 2, 3, 8, 0};

static void gives_the_same_as_single_calls(void **state)
{
	(void)state;
	const uint64_t seed = 71;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	static const struct {
		size_t count;
		const char *unit;
		unsigned policy;
	} rows[] = {
		{0, NULL, DEFAULT_POLICY},
		{1, "byte", ALL_POLICY},
		{2, "char", UNTRUSTED_POLICY},
		{700, NULL, FRAMED_POLICY},
		{MOST_DOCUMENTS, "byte", LIST_POLICY},
		{MOST_DOCUMENTS, NULL, UNTRUSTED_POLICY},
		{MOST_DOCUMENTS, NULL, ALL_POLICY},
		{300, NULL, DEFAULT_POLICY},
	};
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		for (size_t round = 0; round < sizeof rows / sizeof *rows; round++) {
			struct documents *documents = make_documents(&random, rows[round].count);
			const char *unit = rows[round].unit;
			const pmill_policy *policy = policies[rows[round].policy];
			pmill_ids *expected = make_ids(tokenizer, unit), *ids = make_ids(tokenizer, unit);
			const pmill_run_options run = {
				.size = sizeof run, .threads = thread_counts[(round + kind) % 5]};
			/* After what the buffer already holds. */
			for (size_t i = 0; i < round; i++) {
				assert_int_equal(
					pmill_encoder_encode(encoder, "hi", 2, NULL, expected, NULL), PMILL_OK);
				assert_int_equal(pmill_encoder_encode(encoder, "hi", 2, NULL, ids, NULL), PMILL_OK);
			}
			for (size_t i = 0; i < documents->count; i++)
				assert_int_equal(pmill_encoder_encode(encoder, documents->texts[i].data,
									 documents->texts[i].len, policy, expected, NULL),
					PMILL_OK);
			assert_int_equal(pmill_encoder_encode_batch(encoder, documents->texts, documents->count,
								 policy, &run, ids, NULL),
				PMILL_OK);
			assert_int_equal(view_of(ids).document_count, documents->count + round);
			assert_true(is_equal_ids(ids, expected));
			pmill_ids_free(ids);
			pmill_ids_free(expected);
			free_documents(documents);
		}
		close_model();
	}
}

/* ---- Failures ---- */

/* No token begins with anything else that draw_encode_text gives. */
static void remove_tokens(struct documents *documents)
{
	for (size_t i = 0; i < documents->count; i++) {
		uint8_t *text = (uint8_t *)(uintptr_t)documents->texts[i].data;
		for (size_t k = 0; k < documents->texts[i].len; k++)
			if (text[k] == '<' || text[k] == 'b')
				text[k] = 'x';
	}
}

/* The first document that has one, whichever thread meets another first. */
static void fails_with_the_first(void **state)
{
	(void)state;
	const uint64_t seed = 72;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	open_model(PLAIN_MODEL);
	for (size_t round = 0; round < 60; round++) {
		struct documents *documents = make_documents(&random, 500);
		pmill_ids *ids = make_ids(tokenizer, "byte");
		pmill_error error;
		char start[60];
		size_t first = 500;
		remove_tokens(documents);
		for (size_t i = 0; i < 1 + round % 3; i++) {
			const size_t bad = (size_t)random_below(&random, 500);
			documents->texts[bad] = (pmill_bytes){"hi aab", 6};
			first = bad < first ? bad : first;
		}
		const pmill_run_options run = {.size = sizeof run, .threads = thread_counts[round % 5]};
		assert_int_equal(pmill_ids_append(ids, (const uint32_t[]){1, 2}, 2, NULL), PMILL_OK);
		assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
		assert_int_equal(pmill_encoder_encode_batch(encoder, documents->texts, documents->count,
							 policies[ERROR_POLICY], &run, ids, &error),
			PMILL_BAD_INPUT);
		assert_int_equal(error.offset, first);
		snprintf(start, sizeof start, "document %zu: byte 3: ", first);
		assert_ptr_equal(strstr(error.message, start), error.message);
		const pmill_ids_view view = view_of(ids);
		assert_int_equal(view.count, 2);
		assert_int_equal(view.document_count, 1);
		pmill_ids_free(ids);
		free_documents(documents);
	}
	close_model();
}

static struct pmill_tokenizer *make_letters(void)
{
	struct pmill_tokenizer *letters = pmill_tokenizer_create_empty();
	assert_non_null(letters);
	set_pattern(letters, "gpt2");
	for (const char *letter = " abcdefgh"; *letter != '\0'; letter++)
		add_token(letters, letter, 1);
	add_merge(letters, 0, 1);
	add_merge(letters, 2, 3);
	pmill_tokenizer_find_bytes(letters);
	return letters;
}

/* A byte that the vocab lacks, in one or more of the documents. */
static void tells_which_document_has_a_missing_byte(void **state)
{
	(void)state;
	enum { COUNT = 200, LEN = 30 };
	uint64_t random = 73;
	tokenizer = make_letters();
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, NULL), PMILL_OK);
	for (size_t round = 0; round < 60; round++) {
		char bytes[COUNT][LEN];
		pmill_bytes texts[COUNT];
		size_t first = COUNT, place = 0;
		for (size_t i = 0; i < COUNT; i++) {
			texts[i] = (pmill_bytes){bytes[i], (size_t)random_below(&random, LEN + 1)};
			for (size_t k = 0; k < LEN; k++)
				bytes[i][k] = " abcdefgh"[random_below(&random, 9)];
		}
		for (size_t i = 0; i < 1 + round % 3; i++) {
			const size_t bad = (size_t)random_below(&random, COUNT);
			if (texts[bad].len == 0 || bad >= first)
				continue;
			first = bad;
			place = (size_t)random_below(&random, texts[bad].len);
			bytes[bad][place] = 'x';
		}
		pmill_ids *ids = make_ids(tokenizer, NULL);
		pmill_error error;
		char message[80];
		const pmill_run_options run = {.size = sizeof run, .threads = thread_counts[round % 5]};
		const pmill_status status = pmill_encoder_encode_batch(
			encoder, texts, COUNT, NULL, &run, ids, &error);
		assert_int_equal(status, first < COUNT ? PMILL_BAD_INPUT : PMILL_OK);
		if (first < COUNT) {
			assert_int_equal(error.offset, first);
			snprintf(message, sizeof message, "document %zu: byte %zu: the vocab lacks byte 0x78",
				first, place);
			assert_string_equal(error.message, message);
		}
		assert_int_equal(view_of(ids).document_count, first < COUNT ? 0 : COUNT);
		pmill_ids_free(ids);
	}
	pmill_encoder_free(encoder);
	pmill_tokenizer_free(tokenizer);
}

/* ---- Progress ---- */

static void tells_its_progress_and_stops(void **state)
{
	(void)state;
	uint64_t random = 73;
	open_model(PLAIN_MODEL);
	struct documents *documents = make_documents(&random, MOST_DOCUMENTS);
	uint64_t bytes = 0;
	for (size_t i = 0; i < documents->count; i++)
		bytes += documents->texts[i].len;
	for (size_t stop_at = 0; stop_at < 2; stop_at++) {
		struct watch watch = {.stage = "encode", .unit = "bytes", .stop_at = stop_at};
		pmill_ids *ids = make_ids(tokenizer, NULL);
		pmill_error error;
		const pmill_run_options run = {.size = sizeof run,
			.threads = 2,
			.progress = watch_progress,
			.progress_context = &watch};
		const pmill_status status = pmill_encoder_encode_batch(
			encoder, documents->texts, documents->count, NULL, &run, ids, &error);
		assert_int_equal(status, stop_at > 0 ? PMILL_CANCELLED : PMILL_OK);
		assert_true(watch.calls > 0);
		assert_int_equal(watch.total, bytes);
		if (stop_at == 0)
			assert_int_equal(watch.done, bytes);
		else
			assert_int_equal(error.status, PMILL_CANCELLED);
		assert_int_equal(view_of(ids).document_count, stop_at > 0 ? 0 : documents->count);
		assert_int_equal(view_of(ids).count > 0, stop_at == 0);
		pmill_ids_free(ids);
	}
	free_documents(documents);
	close_model();
}

enum { LONG_LEN = 3 << 20, CALLS = 5 };

/* Encodes by one call after the other; those without ids are counted. */
static pmill_status encode_by(pmill_encoder *watched, size_t call, const char *text, size_t len,
	pmill_ids *ids, pmill_error *error)
{
	const pmill_span spans[2] = {{{text, len / 2}, NULL}, {{text + len / 2, len - len / 2}, NULL}};
	uint64_t number;
	switch (call) {
	case 0: return pmill_encoder_encode(watched, text, len, NULL, ids, error);
	case 1: return pmill_encoder_encode_spans(watched, spans, 2, ids, error);
	case 2: return pmill_encoder_count(watched, spans, 2, &number, error);
	case 3: return pmill_encoder_truncate(watched, spans, 2, len, ids, &number, error);
	default: return pmill_encoder_add(watched, text, len, NULL, ids, error);
	}
}

static void long_calls_tell_their_progress_and_stop(void **state)
{
	(void)state;
	char *text = malloc(LONG_LEN);
	assert_non_null(text);
	open_model(PLAIN_MODEL);
	for (size_t i = 0; i < LONG_LEN; i++)
		text[i] = "low lower\n"[i % 10];
	for (size_t call = 0; call < 2 * CALLS; call++) {
		/* One pretoken: the watcher isn't asked again before the end. */
		if (call == CALLS)
			memset(text, 'w', LONG_LEN);
		for (size_t stop_at = 0; stop_at < 2; stop_at++) {
			struct watch watch = {.stage = "encode", .unit = "bytes", .stop_at = stop_at};
			const pmill_run_options run = {
				.size = sizeof run, .progress = watch_progress, .progress_context = &watch};
			pmill_encoder *watched, *clone;
			pmill_error error;
			assert_int_equal(pmill_encoder_create(tokenizer, &run, &watched, NULL), PMILL_OK);
			assert_int_equal(pmill_encoder_clone(watched, &clone, NULL), PMILL_OK);
			pmill_ids *ids = make_ids(tokenizer, NULL);
			assert_int_equal(encode_by(clone, call % CALLS, text, 1000, ids, &error), PMILL_OK);
			assert_int_equal(watch.calls, 0);
			pmill_encoder_drop(clone);
			const uint64_t before = view_of(ids).count;
			const pmill_status status = encode_by(clone, call % CALLS, text, LONG_LEN, ids, &error);
			assert_int_equal(status, stop_at > 0 ? PMILL_CANCELLED : PMILL_OK);
			assert_true(watch.calls > 0);
			assert_int_equal(watch.total, LONG_LEN);
			if (stop_at > 0) {
				assert_int_equal(error.status, PMILL_CANCELLED);
				assert_int_equal(view_of(ids).count, before);
			}
			pmill_ids_free(ids);
			pmill_encoder_free(clone);
			pmill_encoder_free(watched);
		}
	}
	close_model();
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_same_as_single_calls),
		cmocka_unit_test(fails_with_the_first),
		cmocka_unit_test(tells_which_document_has_a_missing_byte),
		cmocka_unit_test(tells_its_progress_and_stops),
		cmocka_unit_test(long_calls_tell_their_progress_and_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
