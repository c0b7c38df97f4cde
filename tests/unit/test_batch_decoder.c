/* Batches of documents: as each alone, whatever the threads; ends, unknown ids, no memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/small_tokenizer.h"
#include "support/watch_progress.h"

/* More than several threads' least part of the ids (batch_decoder.c). */
enum { MANY = 150000, HOLE = 256, SPECIAL = 258, ADDED = 259 };

/* Ids 0–255 are the bytes; 256 is a hole; 257 is "€x"; then a special and an added token. */
static struct pmill_tokenizer *make_model(void)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	add_all_bytes(tokenizer);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, 257, "\xe2\x82\xacx", 4, false, NULL), PMILL_OK);
	add_special(tokenizer, "<|end|>", true);
	add_special(tokenizer, "<think>", false);
	return tokenizer;
}

/* Documents as an array of ids in both widths, and where they end. */
struct documents {
	uint32_t wide[MANY];
	uint16_t narrow[MANY];
	uint64_t ends[MANY];
	size_t count, document_count;
};

static void put_id(struct documents *documents, size_t index, uint32_t id)
{
	documents->wide[index] = id;
	documents->narrow[index] = (uint16_t)id;
}

static uint32_t random_id(uint64_t *random)
{
	const uint32_t id = (uint32_t)random_below(random, 260);
	return id == HOLE ? 257 : id;
}

/* Many short and empty documents, and some long ones. The last ids are of none. */
static struct documents *make_documents(uint64_t *random, size_t count)
{
	struct documents *documents = calloc(1, sizeof *documents);
	assert_non_null(documents);
	documents->count = count;
	for (size_t i = 0; i < count; i++)
		put_id(documents, i, random_id(random));
	for (uint64_t end = 0; documents->document_count < MANY;) {
		const uint64_t longest = random_below(random, 100) == 0 ? count / 3 + 1 : 8;
		end += random_below(random, longest);
		if (end > count)
			break;
		documents->ends[documents->document_count++] = end;
	}
	return documents;
}

static pmill_ids_view view_of(const struct documents *documents, unsigned id_bytes)
{
	return (pmill_ids_view){
		.size = sizeof(pmill_ids_view),
		.data = id_bytes == 2 ? (const void *)documents->narrow : documents->wide,
		.id_bytes = id_bytes,
		.count = documents->count,
		.ends = documents->ends,
		.document_count = documents->document_count,
	};
}

static pmill_status decode_batch(const struct pmill_tokenizer *tokenizer,
	const pmill_ids_view *view, int skips, unsigned threads, void **data, uint64_t **ends,
	pmill_error *error)
{
	const pmill_decode_options options = {.size = sizeof options, .skip_special_tokens = skips};
	const pmill_run_options run = {.size = sizeof run, .threads = threads};
	return pmill_tokenizer_decode_batch(tokenizer, view, &options, &run, data, ends, error);
}

static void assert_as_one_by_one(const struct pmill_tokenizer *tokenizer,
	const struct documents *documents, int skips, const void *data, const uint64_t *ends)
{
	const pmill_decode_options options = {.size = sizeof options, .skip_special_tokens = skips};
	uint64_t begin = 0, text_begin = 0;
	for (size_t i = 0; i < documents->document_count; i++) {
		void *alone;
		size_t len;
		assert_int_equal(pmill_tokenizer_decode(tokenizer, documents->wide + begin,
							 (size_t)(documents->ends[i] - begin), &options, &alone, &len, NULL),
			PMILL_OK);
		assert_int_equal(ends[i] - text_begin, len);
		if (len > 0)
			assert_memory_equal((const char *)data + text_begin, alone, len);
		pmill_memory_free(alone);
		begin = documents->ends[i];
		text_begin = ends[i];
	}
}

static void decodes_as_one_by_one(void **state)
{
	(void)state;
	const uint64_t seed = 21;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	struct pmill_tokenizer *tokenizer = make_model();
	static const size_t counts[] = {0, 1, 10, (1 << 14) - 1, 1 << 14, (1 << 14) + 1, 60000, MANY};
	static const unsigned threads[] = {0, 1, 2, 3, 7, 1000000};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct documents *documents = make_documents(&random, counts[i]);
		for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
			const pmill_ids_view view = view_of(documents, 2 + 2 * (k % 2));
			void *data = NULL;
			uint64_t *ends = NULL;
			const int skips = k % 3 == 1;
			assert_int_equal(
				decode_batch(tokenizer, &view, skips, threads[k], &data, &ends, NULL), PMILL_OK);
			assert_non_null(data);
			assert_non_null(ends);
			assert_as_one_by_one(tokenizer, documents, skips, data, ends);
			pmill_memory_free(data);
			pmill_memory_free(ends);
		}
		free(documents);
	}
	pmill_tokenizer_free(tokenizer);
}

/* All ends are where the parts of the threads are cut, many at once. */
static void ends_lie_between_parts(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct documents *documents = calloc(1, sizeof *documents);
	assert_non_null(documents);
	documents->count = 3 << 14;
	for (size_t i = 0; i < documents->count; i++)
		put_id(documents, i, 257);
	for (size_t cut = 0; cut <= 3; cut++) {
		for (size_t i = 0; i < 5; i++)
			documents->ends[documents->document_count++] = cut << 14;
	}
	const pmill_ids_view view = view_of(documents, 2);
	for (unsigned threads = 1; threads < 5; threads++) {
		void *data;
		uint64_t *ends;
		assert_int_equal(decode_batch(tokenizer, &view, 0, threads, &data, &ends, NULL), PMILL_OK);
		for (size_t i = 0; i < 20; i++)
			assert_int_equal(ends[i], (i / 5 << 14) * 4);
		pmill_memory_free(data);
		pmill_memory_free(ends);
	}
	free(documents);
	pmill_tokenizer_free(tokenizer);
}

/* ---- Unknown ids ---- */

static void assert_refused(const struct pmill_tokenizer *tokenizer, const pmill_ids_view *view,
	unsigned threads, uint64_t offset, const char *message)
{
	void *const untouched = &offset, *data = untouched;
	uint64_t *ends = &offset;
	pmill_error error;
	assert_int_equal(
		decode_batch(tokenizer, view, 0, threads, &data, &ends, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, offset);
	assert_string_equal(error.message, message);
	assert_ptr_equal(data, untouched);
	assert_ptr_equal(ends, &offset);
}

static void names_an_unknown_id_at_each_place(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct documents documents = {.ends = {0, 3, 3, 7}, .document_count = 4, .count = 9};
	static const unsigned document_of[] = {1, 1, 1, 3, 3, 3, 3};
	for (unsigned bad = 0; bad < 9; bad++) {
		for (unsigned i = 0; i < 9; i++)
			put_id(&documents, i, i < bad ? 'a' : HOLE + 4 * (i % 2));
		for (unsigned width = 2; width <= 4; width += 2) {
			const pmill_ids_view view = view_of(&documents, width);
			char message[100];
			if (bad < 7) {
				snprintf(message, sizeof message,
					"id %u at index %u, in document %u, is not in the vocab", HOLE + 4 * (bad % 2),
					bad, document_of[bad]);
				assert_refused(tokenizer, &view, 3, bad, message);
				continue;
			}
			/* Those are after the last end. */
			void *data;
			uint64_t *ends;
			assert_int_equal(decode_batch(tokenizer, &view, 0, 1, &data, &ends, NULL), PMILL_OK);
			assert_int_equal(ends[3], 7);
			pmill_memory_free(data);
			pmill_memory_free(ends);
		}
	}
	pmill_tokenizer_free(tokenizer);
}

/* Whichever thread meets one first. */
static void names_the_first_unknown_id(void **state)
{
	(void)state;
	uint64_t random = 5;
	struct pmill_tokenizer *tokenizer = make_model();
	struct documents *documents = calloc(1, sizeof *documents);
	assert_non_null(documents);
	documents->count = MANY;
	documents->ends[documents->document_count++] = MANY;
	for (unsigned round = 0; round < 20; round++) {
		size_t first = MANY;
		for (size_t i = 0; i < MANY; i++)
			put_id(documents, i, 'a');
		for (size_t i = 0; i < 4; i++) {
			const size_t bad = (size_t)random_below(&random, MANY);
			put_id(documents, bad, HOLE);
			first = bad < first ? bad : first;
		}
		const pmill_ids_view view = view_of(documents, 4);
		char message[100];
		snprintf(message, sizeof message, "id 256 at index %zu is not in the vocab", first);
		assert_refused(tokenizer, &view, 1 + round % 5, first, message);
	}
	free(documents);
	pmill_tokenizer_free(tokenizer);
}

/* ---- What the caller may get wrong ---- */

static void refuses_bad_views(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	static const uint32_t ids[] = {'a', 'b', 'c'};
	static const uint64_t falling[] = {2, 1}, beyond[] = {1, 4}, good[] = {1, 3};
	static const struct row {
		unsigned id_bytes;
		const uint64_t *ends;
		uint64_t offset;
	} rows[] = {{4, falling, 1}, {4, beyond, 1}, {0, good, PMILL_NO_OFFSET},
		{3, good, PMILL_NO_OFFSET}, {8, good, PMILL_NO_OFFSET}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const pmill_ids_view view = {.size = sizeof view,
			.data = ids,
			.id_bytes = rows[i].id_bytes,
			.count = 3,
			.ends = rows[i].ends,
			.document_count = 2};
		void *data = NULL;
		uint64_t *ends = NULL;
		pmill_error error;
		assert_int_equal(
			decode_batch(tokenizer, &view, 0, 1, &data, &ends, &error), PMILL_BAD_OPTION);
		assert_int_equal(error.offset, rows[i].offset);
		assert_null(data);
		assert_null(ends);
	}
	/* Without the ends, as a header without them would have it, there is no document. */
	pmill_ids_view view = {
		.size = 0, .data = ids, .id_bytes = 4, .count = 3, .ends = good, .document_count = 2};
	void *text = NULL;
	uint64_t *text_ends = NULL;
	assert_int_equal(
		decode_batch(tokenizer, &view, 0, 1, &text, &text_ends, NULL), PMILL_BAD_OPTION);
	assert_null(text);
	view.size = offsetof(pmill_ids_view, ends);
	assert_int_equal(decode_batch(tokenizer, &view, 0, 1, &text, &text_ends, NULL), PMILL_OK);
	pmill_memory_free(text);
	pmill_memory_free(text_ends);
	/* Options of NULL, no documents, and no arrays at all. */
	const pmill_ids_view none = {.size = sizeof none, .id_bytes = 2};
	void *data = NULL;
	uint64_t *ends = NULL;
	assert_int_equal(
		pmill_tokenizer_decode_batch(tokenizer, &none, NULL, NULL, &data, &ends, NULL), PMILL_OK);
	pmill_memory_free(data);
	pmill_memory_free(ends);
	pmill_tokenizer_free(tokenizer);
}

static void survives_no_memory(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	uint64_t random = 3;
	struct documents *documents = make_documents(&random, 40000);
	const pmill_ids_view view = view_of(documents, 2);
	for (long refused = 0;; refused++) {
		void *data = NULL;
		uint64_t *ends = NULL;
		pmill_error error;
		allocations_left = refused;
		const pmill_status status = decode_batch(tokenizer, &view, 0, 1, &data, &ends, &error);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_true(refused >= 3);
			pmill_memory_free(data);
			pmill_memory_free(ends);
			break;
		}
		if (status == PMILL_OK) { /* one that threads can do without */
			assert_as_one_by_one(tokenizer, documents, 0, data, ends);
			pmill_memory_free(data);
			pmill_memory_free(ends);
			continue;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(error.status, PMILL_NO_MEMORY);
		assert_null(data);
		assert_null(ends);
	}
	free(documents);
	pmill_tokenizer_free(tokenizer);
}

static void tells_its_progress_and_stops(void **state)
{
	(void)state;
	uint64_t random = 5;
	struct pmill_tokenizer *tokenizer = make_model();
	struct documents *documents = make_documents(&random, MANY);
	const pmill_ids_view view = view_of(documents, 4);
	for (size_t stop_at = 0; stop_at < 2; stop_at++) {
		struct watch watch = {.stage = "decode", .unit = "ids", .stop_at = stop_at};
		const pmill_run_options run = {.size = sizeof run,
			.threads = 2,
			.progress = watch_progress,
			.progress_context = &watch};
		void *data = NULL;
		uint64_t *ends = NULL;
		pmill_error error;
		const pmill_status status = pmill_tokenizer_decode_batch(
			tokenizer, &view, NULL, &run, &data, &ends, &error);
		assert_int_equal(watch.total, documents->ends[documents->document_count - 1]);
		if (stop_at == 0) {
			assert_int_equal(status, PMILL_OK);
			assert_int_equal(watch.done, watch.total);
			assert_as_one_by_one(tokenizer, documents, 0, data, ends);
		} else {
			assert_int_equal(status, PMILL_CANCELLED);
			assert_int_equal(error.status, PMILL_CANCELLED);
			assert_null(data);
		}
		pmill_memory_free(data);
		pmill_memory_free(ends);
	}
	free(documents);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_as_one_by_one),
		cmocka_unit_test(ends_lie_between_parts),
		cmocka_unit_test(names_an_unknown_id_at_each_place),
		cmocka_unit_test(names_the_first_unknown_id),
		cmocka_unit_test(refuses_bad_views),
		cmocka_unit_test(survives_no_memory),
		cmocka_unit_test(tells_its_progress_and_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
