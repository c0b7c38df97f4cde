/* Buffers of ids: widths, growth, ends, offsets, rewinding, handing over, no memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/small_tokenizer.h"
#include "tokens/ids.h"

static pmill_ids *create(unsigned id_bytes, const char *offsets)
{
	const pmill_ids_options options = {
		.size = sizeof options, .id_bytes = id_bytes, .offsets = offsets};
	pmill_ids *ids = NULL;
	assert_int_equal(pmill_ids_create(NULL, &options, &ids, NULL), PMILL_OK);
	return ids;
}

static pmill_ids_view get(const pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	assert_int_equal(pmill_ids_get(ids, &view), PMILL_OK);
	return view;
}

static uint32_t id_at(const pmill_ids_view *view, size_t index)
{
	return view->id_bytes == 2 ? ((const uint16_t *)view->data)[index]
							   : ((const uint32_t *)view->data)[index];
}

static void append(pmill_ids *ids, uint32_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint32_t id = first + (uint32_t)i;
		assert_int_equal(pmill_ids_append(ids, &id, 1, NULL), PMILL_OK);
	}
}

/* ---- Widths ---- */

static struct pmill_tokenizer *make_model(uint32_t entries)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	add_all_bytes(tokenizer);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, entries - 1, "last", 4, false, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), entries);
	return tokenizer;
}

static void follows_the_vocab(void **state)
{
	(void)state;
	static const struct row {
		uint32_t entries;         /* 0: no tokenizer */
		unsigned asked, expected; /* 0: refused */
	} rows[] = {
		{300, 0, 2},
		{65536, 0, 2},
		{65537, 0, 4},
		{0, 0, 4}, /* the narrowest */
		{300, 2, 2},
		{65536, 2, 2},
		{65537, 2, 0},
		{0, 2, 2},
		{300, 4, 4},
		{65537, 4, 4},
		{0, 4, 4},
		{300, 1, 0},
		{300, 3, 0},
		{0, 8, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pmill_tokenizer *tokenizer = rows[i].entries > 0 ? make_model(rows[i].entries)
																: NULL;
		const pmill_ids_options options = {.size = sizeof options, .id_bytes = rows[i].asked};
		pmill_ids *ids = NULL;
		pmill_error error = {0};
		const pmill_status status = pmill_ids_create(tokenizer, &options, &ids, &error);
		assert_int_equal(status, rows[i].expected > 0 ? PMILL_OK : PMILL_BAD_OPTION);
		assert_int_equal(error.status, status);
		if (ids != NULL)
			assert_int_equal(get(ids).id_bytes, rows[i].expected);
		assert_int_equal(ids != NULL, rows[i].expected > 0);
		pmill_ids_free(ids);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_ids_free(NULL);
}

static void refuses_what_has_no_room(void **state)
{
	(void)state;
	static const uint32_t more[] = {65535, 7, 65536, UINT32_MAX};
	pmill_ids *narrow = create(2, NULL), *wide = create(4, NULL);
	pmill_error error;
	assert_int_equal(pmill_ids_append(narrow, more, 4, &error), PMILL_OVERFLOW);
	assert_int_equal(error.offset, 2);
	assert_string_equal(error.message, "id 65536 at index 2 has no room in 2 bytes");
	assert_int_equal(get(narrow).count, 0);
	assert_int_equal(pmill_ids_append(narrow, more, 2, &error), PMILL_OK);
	assert_int_equal(pmill_ids_append(wide, more, 4, &error), PMILL_OK);
	const pmill_ids_view two = get(narrow), four = get(wide);
	assert_int_equal(two.count, 2);
	assert_int_equal(four.count, 4);
	for (size_t i = 0; i < 4; i++) {
		if (i < 2)
			assert_int_equal(id_at(&two, i), more[i]);
		assert_int_equal(id_at(&four, i), more[i]);
	}
	pmill_ids_free(narrow);
	pmill_ids_free(wide);
}

/* ---- Growth ---- */

/* Pieces of every length around the block of the narrowing, at every place in a block. */
static void holds_pieces_of_any_length(void **state)
{
	(void)state;
	const uint64_t seed = 14;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned width = 2; width <= 4; width += 2) {
		pmill_ids *ids = create(width, NULL);
		uint32_t expected[4000];
		size_t count = 0;
		for (size_t len = 0; len < 70; len++) {
			for (size_t i = 0; i < len; i++)
				expected[count + i] = (uint32_t)(next_random(&random) & 0xffff);
			assert_int_equal(pmill_ids_append(ids, expected + count, len, NULL), PMILL_OK);
			count += len;
			const pmill_ids_view view = get(ids);
			assert_int_equal(view.count, count);
			for (size_t i = 0; i < count; i++)
				assert_int_equal(id_at(&view, i), expected[i]);
		}
		assert_int_equal(pmill_ids_append(ids, NULL, 0, NULL), PMILL_OK);
		assert_int_equal(get(ids).count, count);
		pmill_ids_free(ids);
	}
}

static void refuses_sizes_that_overflow(void **state)
{
	(void)state;
	pmill_ids *ids = create(4, "byte");
	append(ids, 0, 3);
	static const size_t too_many[] = {SIZE_MAX, SIZE_MAX - 2, SIZE_MAX / 4 + 1};
	for (size_t i = 0; i < 3; i++)
		assert_false(pmill_ids_reserve(ids, too_many[i]));
	const pmill_ids_view view = get(ids);
	assert_int_equal(view.count, 3);
	assert_int_equal(id_at(&view, 2), 2);
	pmill_ids_free(ids);
}

static void reuses_its_memory(void **state)
{
	(void)state;
	pmill_ids *ids = create(2, "char");
	append(ids, 0, 1000);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	const pmill_ids_view before = get(ids);
	pmill_ids_clear(ids);
	assert_int_equal(get(ids).count, 0);
	assert_int_equal(get(ids).document_count, 0);
	allocations_left = 0;
	append(ids, 5, 1000);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	assert_false(was_refused());
	const pmill_ids_view after = get(ids);
	assert_ptr_equal(after.data, before.data);
	assert_ptr_equal(after.ends, before.ends);
	assert_ptr_equal(after.offsets, before.offsets);
	assert_int_equal(id_at(&after, 0), 5);
	assert_int_equal(after.ends[0], 1000);
	pmill_ids_free(ids);
}

/* ---- Ends ---- */

static void knows_where_documents_end(void **state)
{
	(void)state;
	pmill_ids *ids = create(4, NULL);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	append(ids, 7, 3);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	append(ids, 9, 1);
	const pmill_ids_view view = get(ids);
	static const uint64_t ends[] = {0, 3, 3};
	assert_int_equal(view.document_count, 3);
	assert_memory_equal(view.ends, ends, sizeof ends);
	assert_int_equal(view.count, 4);
	assert_null(view.offsets);
	pmill_ids_free(ids);
}

static void appends_another_buffer(void **state)
{
	(void)state;
	for (unsigned width = 2; width <= 4; width += 2) {
		for (size_t kept = 0; kept < 2; kept++) {
			pmill_ids *ids = create(width, kept > 0 ? "byte" : NULL);
			pmill_ids *other = create(width, kept > 0 ? "byte" : NULL);
			static const uint32_t two[] = {8, 9};
			static const uint64_t pairs[] = {1, 3, 3, 4};
			assert_true(pmill_ids_append_all(ids, other));
			append(ids, 1, 3);
			assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
			assert_int_equal(pmill_ids_end_document(other, NULL), PMILL_OK);
			assert_true(pmill_ids_reserve(other, 2));
			pmill_ids_put(other, two, 2);
			pmill_ids_put_offsets(other, pairs, 2);
			pmill_ids_put_end(other);
			assert_true(pmill_ids_append_all(ids, other));
			assert_true(pmill_ids_append_all(ids, other));
			const pmill_ids_view view = get(ids);
			static const uint64_t ends[] = {3, 3, 5, 5, 7};
			static const uint32_t expected[] = {1, 2, 3, 8, 9, 8, 9};
			static const uint64_t offsets[14] = {0, 0, 0, 0, 0, 0, 1, 3, 3, 4, 1, 3, 3, 4};
			assert_int_equal(view.document_count, 5);
			assert_memory_equal(view.ends, ends, sizeof ends);
			assert_int_equal(view.count, 7);
			for (size_t i = 0; i < 7; i++)
				assert_int_equal(id_at(&view, i), expected[i]);
			if (kept > 0)
				assert_memory_equal(view.offsets, offsets, sizeof offsets);
			else
				assert_null(view.offsets);
			pmill_ids_free(ids);
			pmill_ids_free(other);
		}
	}
}

/* ---- Offsets ---- */

static void keeps_offsets_if_asked(void **state)
{
	(void)state;
	static const char *const units[] = {NULL, "byte", "char"};
	static const enum pmill_offset_unit expected[] = {
		PMILL_OFFSETS_NONE, PMILL_OFFSETS_BYTE, PMILL_OFFSETS_CHAR};
	static const uint64_t pairs[] = {0, 2, 2, 5, 5, 6};
	static const uint32_t three[] = {1, 2, 3};
	for (size_t i = 0; i < 3; i++) {
		pmill_ids *ids = create(2, units[i]);
		assert_int_equal(pmill_ids_unit(ids), expected[i]);
		assert_int_equal(pmill_ids_wants_offsets(ids), i > 0);
		append(ids, 5, 1);
		assert_true(pmill_ids_reserve(ids, 3));
		pmill_ids_put(ids, three, 3);
		pmill_ids_put_offsets(ids, pairs, 1);
		pmill_ids_put_offsets(ids, pairs + 2, 2);
		uint64_t *since = pmill_ids_offsets_since(ids, 2);
		if (i == 0) {
			assert_null(since);
			assert_null(get(ids).offsets);
		} else {
			assert_int_equal(since[0], 2);
			since[3] = 99;
			static const uint64_t changed[] = {0, 0, 0, 2, 2, 5, 5, 99};
			assert_memory_equal(get(ids).offsets, changed, sizeof changed);
		}
		pmill_ids_free(ids);
	}
	const pmill_ids_options options = {.size = sizeof options, .offsets = "word"};
	pmill_ids *ids = NULL;
	assert_int_equal(pmill_ids_create(NULL, &options, &ids, NULL), PMILL_BAD_OPTION);
	assert_null(ids);
}

/* ---- Rewinding ---- */

static void goes_back_to_a_mark(void **state)
{
	(void)state;
	for (size_t kept = 0; kept < 2; kept++) {
		pmill_ids *ids = create(2, kept > 0 ? "byte" : NULL);
		append(ids, 1, 5);
		assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
		const struct pmill_ids_mark mark = pmill_ids_mark(ids);
		append(ids, 50, 100);
		assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
		if (kept > 0)
			memset(pmill_ids_offsets_since(ids, 5), 0x55, 100 * 2 * sizeof(uint64_t));
		/* A failure may come between ids and their offsets. */
		assert_true(pmill_ids_reserve(ids, 1));
		pmill_ids_put(ids, &(const uint32_t){3}, 1);
		pmill_ids_rewind(ids, mark);
		assert_int_equal(get(ids).count, 5);
		assert_int_equal(get(ids).document_count, 1);
		append(ids, 9, 1);
		const pmill_ids_view view = get(ids);
		assert_int_equal(view.count, 6);
		assert_int_equal(id_at(&view, 4), 5);
		assert_int_equal(id_at(&view, 5), 9);
		if (kept > 0)
			assert_int_equal(view.offsets[11], 0);
		pmill_ids_free(ids);
	}
}

/* ---- Handing over ---- */

static void hands_over_its_memory(void **state)
{
	(void)state;
	pmill_ids *ids = create(2, "byte");
	append(ids, 1, 5);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	const pmill_ids_view before = get(ids);
	pmill_ids_view taken = {.size = sizeof taken};
	allocations_left = 0;
	assert_int_equal(pmill_ids_take(ids, &taken), PMILL_OK);
	assert_false(was_refused());
	assert_ptr_equal(taken.data, before.data);
	assert_ptr_equal(taken.ends, before.ends);
	assert_ptr_equal(taken.offsets, before.offsets);
	assert_int_equal(taken.count, 5);
	assert_int_equal(taken.document_count, 1);
	const pmill_ids_view empty = get(ids);
	assert_int_equal(empty.count, 0);
	assert_int_equal(empty.document_count, 0);
	assert_int_equal(empty.id_bytes, 2);
	append(ids, 7, 3);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	assert_int_equal(get(ids).ends[0], 3);
	assert_int_equal(id_at(&taken, 4), 5);
	assert_int_equal(taken.ends[0], 5);
	pmill_ids_free(ids);
	pmill_memory_free((void *)taken.data);
	pmill_memory_free((void *)taken.ends);
	pmill_memory_free((void *)taken.offsets);
	ids = create(4, NULL);
	assert_int_equal(pmill_ids_take(ids, &taken), PMILL_OK);
	assert_null(taken.data);
	assert_null(taken.ends);
	assert_null(taken.offsets);
	pmill_ids_free(ids);
}

/* What a struct of an older header has no field for is not lost: it stays in the buffer. */
static void hands_over_to_shorter_structs(void **state)
{
	(void)state;
	for (size_t size = sizeof(size_t); size <= sizeof(pmill_ids_view); size += sizeof(size_t)) {
		pmill_ids *ids = create(2, "byte");
		append(ids, 1, 5);
		assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
		pmill_ids_view taken = {.size = size};
		assert_int_equal(pmill_ids_take(ids, &taken), PMILL_OK);
		assert_int_equal(taken.size, size);
		assert_int_equal(get(ids).count, 0);
		append(ids, 1, 100);
		pmill_ids_free(ids);
		pmill_memory_free((void *)taken.data);
		pmill_memory_free((void *)taken.ends);
		pmill_memory_free((void *)taken.offsets);
	}
	pmill_ids *ids = create(2, NULL);
	append(ids, 1, 5);
	pmill_ids_view bad = {0};
	assert_int_equal(pmill_ids_take(ids, &bad), PMILL_BAD_OPTION);
	assert_int_equal(get(ids).count, 5);
	pmill_ids_free(ids);
}

/* ---- No memory ---- */

/* Leaves what it has made in *ids, which a failed call must not have changed. */
static pmill_status fill(pmill_ids **ids, size_t *count, size_t *documents)
{
	const pmill_ids_options options = {.size = sizeof options, .id_bytes = 2, .offsets = "byte"};
	static const uint32_t more[20] = {1, 2, 3};
	pmill_status status = pmill_ids_create(NULL, &options, ids, NULL);
	for (size_t round = 0; round < 20 && status == PMILL_OK; round++) {
		status = pmill_ids_append(*ids, more, 20, NULL);
		*count += status == PMILL_OK ? 20 : 0;
		if (status == PMILL_OK)
			status = pmill_ids_end_document(*ids, NULL);
		*documents += status == PMILL_OK;
	}
	return status;
}

static pmill_status fill_twice(pmill_ids **ids, pmill_ids **other, size_t counts[4])
{
	pmill_status status = fill(ids, &counts[0], &counts[1]);
	if (status == PMILL_OK)
		status = fill(other, &counts[2], &counts[3]);
	if (status != PMILL_OK)
		return status;
	if (!pmill_ids_append_all(*ids, *other))
		return PMILL_NO_MEMORY;
	counts[0] += counts[2];
	counts[1] += counts[3];
	return PMILL_OK;
}

static void survives_no_memory(void **state)
{
	(void)state;
	for (long refused = 0;; refused++) {
		pmill_ids *ids = NULL, *other = NULL;
		size_t counts[4] = {0};
		allocations_left = refused;
		const pmill_status status = fill_twice(&ids, &other, counts);
		const int is_refused_once = was_refused();
		if (ids != NULL) {
			assert_int_equal(get(ids).count, counts[0]);
			assert_int_equal(get(ids).document_count, counts[1]);
		}
		pmill_ids_free(ids);
		pmill_ids_free(other);
		assert_int_equal(status, is_refused_once ? PMILL_NO_MEMORY : PMILL_OK);
		if (!is_refused_once) {
			assert_true(refused > 20);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_vocab),
		cmocka_unit_test(refuses_what_has_no_room),
		cmocka_unit_test(holds_pieces_of_any_length),
		cmocka_unit_test(refuses_sizes_that_overflow),
		cmocka_unit_test(reuses_its_memory),
		cmocka_unit_test(knows_where_documents_end),
		cmocka_unit_test(appends_another_buffer),
		cmocka_unit_test(keeps_offsets_if_asked),
		cmocka_unit_test(goes_back_to_a_mark),
		cmocka_unit_test(hands_over_its_memory),
		cmocka_unit_test(hands_over_to_shorter_structs),
		cmocka_unit_test(survives_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
