/* Encoding pretokens in batches that fails: for want of a byte in the vocab, or of memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/pretoken_texts.h"
#include "support/refuse_memory.h"
#include "support/refuse_pages.h"
#include "support/refuse_room.h"

/* A text whose pretoken at `index` has an x, at the returned offset. */
static size_t spoil(struct text *text, size_t index, uint64_t *random)
{
	const size_t begin = begin_of(text, index), len = text->ends[index] - begin;
	const size_t offset = begin + (size_t)random_below(random, len);
	text->bytes[offset] = 'x';
	return offset;
}

/* Twice, and without an error to fill; then the text without its x. */
static void fail_in_all_ways(const struct pmill_pretoken_encoder *encoder, struct text *text,
	const struct expected *expected, size_t offset)
{
	for (size_t m = 0; m == 0 || pmill_key_maker_at(m - 1) != NULL; m++) {
		const struct pmill_key_maker *maker = pmill_key_maker_at(m);
		struct pmill_pretoken_state state;
		struct pmill_id_buffer ids = {0};
		if (maker != NULL && !maker->is_available())
			continue;
		init_state(&state, encoder, maker, offset);
		compare(&state, text, MOST, expected);
		compare(&state, text, BATCH / 2, expected);
		assert_int_equal(encode(&state, text, MOST, &ids, NULL), PMILL_BAD_INPUT);
		check_ids(&ids, expected, expected->encoded);
		text->bytes[offset] = 'a';
		struct expected good = encode_plainly(encoder, text);
		assert_int_equal(good.status, PMILL_OK);
		compare(&state, text, MOST, &good);
		text->bytes[offset] = 'x';
		free(good.ids);
		free(ids.ids);
		pmill_pretoken_state_release(&state);
	}
}

static void names_a_missing_byte(void **state)
{
	(void)state;
	enum { COUNT = 600 };
	static const size_t places[] = {
		0, 1, 2, 3, 7, 8, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 5, COUNT - 2, COUNT - 1};
	uint64_t random = first_seed();
	print_message("PMILL_SEED=%llu\n", (unsigned long long)random);
	for (unsigned round = 0; round < 2 * sizeof places / sizeof *places; round++) {
		struct pmill_tokenizer *tokenizer = make_letters(
			(enum pmill_meaning)(round % 3), 0, &random);
		struct pmill_pretoken_encoder *encoder = create_encoder(tokenizer);
		struct text text = make_text(&random, COUNT, KNOWN_LETTERS);
		const size_t offset = spoil(&text, places[round / 2], &random);
		struct expected expected = encode_plainly(encoder, &text);
		assert_int_equal(expected.status, PMILL_BAD_INPUT);
		assert_int_equal(expected.encoded, places[round / 2]);
		assert_int_equal(expected.error.offset, offset);
		fail_in_all_ways(encoder, &text, &expected, offset);
		free(expected.ids);
		release_text(&text);
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
}

/* The index of the pretoken after whose predecessors there are `count` ids. */
static size_t find_end(const struct expected *expected, size_t count)
{
	size_t i = 0;
	while (i < expected->encoded && expected->ends[i] < count)
		i++;
	return i;
}

/* Refuses the k-th allocation of encoding; returns false if there are fewer. */
static bool refuse(struct pmill_pretoken_state *state, const struct text *text,
	const struct expected *expected, long k)
{
	const bool has_table = !state->known.is_stuck;
	struct pmill_id_buffer ids = {0};
	pmill_error error;
	for (uint32_t id = 0; id < BEFORE; id++)
		assert_true(pmill_id_buffer_add(&ids, id));
	allocations_left = k;
	const pmill_status status = pmill_encode_pretokens(
		state, text->bytes, text->len, BEFORE, text->ends, text->count, &ids, &error);
	const bool refused = was_refused();
	if (status == PMILL_OK) {
		check_ids(&ids, expected, text->count);
		/* What remembers ids can be done without. */
		assert_true(!refused || has_table);
	} else {
		assert_true(refused && status == PMILL_NO_MEMORY);
		assert_int_equal(error.status, PMILL_NO_MEMORY);
		assert_true(error.offset == PMILL_NO_OFFSET);
		check_ids(&ids, expected, find_end(expected, ids.count - BEFORE));
	}
	compare(state, text, MOST, expected);
	free(ids.ids);
	return refused;
}

/* Each allocation, with a table and without. */
static void refuse_each(const struct pmill_pretoken_encoder *encoder, const struct text *text)
{
	struct expected expected = encode_plainly(encoder, text);
	for (unsigned i = 0; i < 2; i++) {
		bool is_refused = true;
		long k = 0;
		for (; is_refused; k++) {
			struct pmill_pretoken_state state;
			init_state(&state, encoder, i == 0 ? pmill_key_maker_fastest() : NULL, first_seed());
			is_refused = refuse(&state, text, &expected, k);
			pmill_pretoken_state_release(&state);
		}
		assert_true(k > 5);
	}
	free(expected.ids);
}

static void survives_refused_memory(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_bytes((enum pmill_meaning)meaning, &random);
		struct pmill_pretoken_encoder *encoder = create_encoder(tokenizer);
		struct text text = make_text(&random, 600, ANY_BYTES);
		refuse_each(encoder, &text);
		release_text(&text);
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_missing_byte),
		cmocka_unit_test(survives_refused_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
