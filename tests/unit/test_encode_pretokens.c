/* Encoding pretokens in batches, many of them known: against encoding them one by one. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/pretoken_texts.h"

/* ---- Counted: pretokens that aren't known, and merging ---- */

size_t __real_pmill_pretoken_encoder_find_cuts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity);
size_t __wrap_pmill_pretoken_encoder_find_cuts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity);
void __real_pmill_pretoken_encoder_encode_shorts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_short_pretoken *pretokens, size_t count);
void __wrap_pmill_pretoken_encoder_encode_shorts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_short_pretoken *pretokens, size_t count);
pmill_status __real_pmill_pretoken_encoder_merge(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error);
pmill_status __wrap_pmill_pretoken_encoder_merge(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error);

static size_t unknown_count, merged_count;

/* What isn't known is cut, or encoded with others, or long. */
size_t __wrap_pmill_pretoken_encoder_find_cuts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity)
{
	const bool is_first = walk->at == 0;
	const size_t count = __real_pmill_pretoken_encoder_find_cuts(encoder, walk, ends, capacity);
	unknown_count += is_first && (ends[0] < walk->len || walk->len > PMILL_SHORT_PRETOKEN);
	return count;
}

void __wrap_pmill_pretoken_encoder_encode_shorts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_short_pretoken *pretokens, size_t count)
{
	unknown_count += count;
	__real_pmill_pretoken_encoder_encode_shorts(encoder, pretokens, count);
}

pmill_status __wrap_pmill_pretoken_encoder_merge(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error)
{
	merged_count++;
	return __real_pmill_pretoken_encoder_merge(encoder, scratch, pretoken, len, ids, count, error);
}

/* Those that are long or have too many ids are never known. */
static size_t count_unknown(const struct text *text, const struct expected *expected, size_t most)
{
	size_t unknown = 0;
	for (size_t i = 0; i < text->count; i++)
		unknown += text->ends[i] - begin_of(text, i) > PMILL_SHORT_PRETOKEN ||
			expected->ends[i + 1] - expected->ends[i] > most;
	return unknown;
}

/* The same text again: nearly all that may be known is known then, the rest is looked at once. */
static void compare_twice(struct pmill_pretoken_state *state, const struct text *text, size_t batch,
	const struct expected *expected)
{
	compare(state, text, batch, expected);
	unknown_count = 0;
	compare(state, text, batch, expected);
	const size_t unknown = count_unknown(text, expected, state->known.most_ids);
	if (state->known.slots != NULL)
		assert_true(unknown_count >= unknown && unknown_count <= unknown + text->count / 50);
}

/* ---- Equal ids ---- */

static void compare_all_ways(
	const struct pmill_tokenizer *tokenizer, const struct text *text, uint64_t *random)
{
	static const size_t batches[] = {1, BATCH - 1, BATCH, BATCH + 1, MOST};
	struct pmill_pretoken_encoder *encoder = create_encoder(tokenizer);
	struct expected expected = encode_plainly(encoder, text);
	assert_int_equal(expected.status, PMILL_OK);
	/* After the last maker: without a table. */
	for (size_t m = 0; m == 0 || pmill_key_maker_at(m - 1) != NULL; m++) {
		const struct pmill_key_maker *maker = pmill_key_maker_at(m);
		if (maker != NULL && !maker->is_available())
			continue;
		for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
			struct pmill_pretoken_state state;
			if (i > 0 && text->count < batches[i - 1])
				break;
			init_state(&state, encoder, maker, next_random(random));
			compare_twice(&state, text, batches[i], &expected);
			pmill_pretoken_state_release(&state);
			pmill_pretoken_state_release(&state);
		}
	}
	free(expected.ids);
	pmill_pretoken_encoder_free(encoder);
}

/* ---- Queues ---- */

/* Encodes what is queued, and checks each document's end. */
static void take_queued(struct pmill_pretoken_queue *queue, struct pmill_pretoken_state *state,
	struct pmill_id_buffer *ids, const size_t **id_counts)
{
	assert_int_equal(pmill_pretoken_queue_encode(queue, state, ids), PMILL_OK);
	for (size_t i = 0; i < queue->end_count; i++)
		assert_int_equal(queue->ends[i].id_count, *(*id_counts)++);
	assert_true(pmill_pretoken_queue_clear(queue, state));
}

/* In documents of up to so many pretokens, some of them empty. */
static void compare_queued(struct pmill_pretoken_state *state, const struct text *text,
	const struct expected *expected, size_t most, uint64_t *random)
{
	struct pmill_pretoken_queue queue;
	struct pmill_id_buffer ids = {0};
	size_t id_counts[2 * MOST], count = 0;
	const size_t *next = id_counts;
	assert_true(pmill_pretoken_queue_clear(&queue, state));
	for (size_t i = 0; i < text->count;) {
		const size_t drawn = (size_t)random_below(random, most + 1);
		const size_t end = drawn < text->count - i ? i + drawn : text->count;
		while (i < end) {
			const size_t added = pmill_pretoken_queue_add(
				&queue, state, text->bytes, text->len, begin_of(text, i), text->ends + i, end - i);
			if (added == 0)
				take_queued(&queue, state, &ids, &next);
			i += added;
		}
		if (count < 2 * MOST - 1 || i == text->count) {
			id_counts[count++] = expected->ends[i];
			if (!pmill_pretoken_queue_end(&queue)) {
				take_queued(&queue, state, &ids, &next);
				assert_true(pmill_pretoken_queue_end(&queue));
			}
		}
	}
	take_queued(&queue, state, &ids, &next);
	assert_ptr_equal(next, id_counts + count);
	assert_int_equal(ids.count, expected->ends[text->count]);
	assert_memory_equal(ids.ids, expected->ids, ids.count * sizeof *ids.ids);
	free(ids.ids);
}

/* Of several documents in one batch each keeps its ids. */
static void queued_documents_do_too(void **state)
{
	(void)state;
	static const size_t most[] = {1, 2, 20, BATCH - 1, 3 * BATCH};
	uint64_t random = first_seed();
	for (unsigned round = 0; round < 3 * sizeof most / sizeof *most; round++) {
		struct pmill_tokenizer *tokenizer = make_bytes((enum pmill_meaning)(round % 3), &random);
		struct pmill_pretoken_encoder *encoder = create_encoder(tokenizer);
		struct text text = make_text(&random, MOST, ANY_BYTES);
		struct expected expected = encode_plainly(encoder, &text);
		struct pmill_pretoken_state queued = {
			.encoder = encoder, .key_maker = pmill_key_maker_fastest()};
		compare_queued(&queued, &text, &expected, most[round / 3], &random);
		compare_queued(&queued, &text, &expected, most[round / 3], &random);
		pmill_pretoken_state_release(&queued);
		free(expected.ids);
		release_text(&text);
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
}

/* ---- All ways ---- */

static void equals_one_by_one(void **state)
{
	(void)state;
	static const size_t counts[] = {MOST, 300, BATCH, 30};
	const uint64_t seed = first_seed();
	print_message("PMILL_SEED=%llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		for (int meaning = 0; meaning < 3; meaning++) {
			struct pmill_tokenizer *tokenizer = make_bytes((enum pmill_meaning)meaning, &random);
			struct text text = make_text(&random, counts[i], ANY_BYTES);
			compare_all_ways(tokenizer, &text, &random);
			release_text(&text);
			pmill_tokenizer_free(tokenizer);
		}
	}
}

/* A slot holds many small ids or a few large ones; a character's ids are kept up to 20 bits. */
static void ids_of_any_size_do_too(void **state)
{
	(void)state;
	static const uint32_t first_ids[] = {0, 70000, (1 << 20) - 50, 1 << 20};
	uint64_t random = first_seed();
	for (unsigned i = 0; i < 3 * sizeof first_ids / sizeof *first_ids; i++) {
		struct pmill_tokenizer *tokenizer = make_letters(
			(enum pmill_meaning)(i % 3), first_ids[i / 3], &random);
		struct text text = make_text(&random, 300, KNOWN_LETTERS);
		compare_all_ways(tokenizer, &text, &random);
		release_text(&text);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Of one to three pretokens, so that the text may be shorter than a key. */
static void short_texts_do_too(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	for (unsigned round = 0; round < 60; round++) {
		struct pmill_tokenizer *tokenizer = make_bytes((enum pmill_meaning)(round % 3), &random);
		struct text text = make_text(&random, 1 + round % 3, ANY_BYTES);
		compare_all_ways(tokenizer, &text, &random);
		release_text(&text);
		pmill_tokenizer_free(tokenizer);
	}
}

/* A token that merging doesn't make is taken whole as a pretoken, but not as a part of one. */
static void parts_are_not_taken_whole(void **state)
{
	(void)state;
	static const char *const pretokens[] = {
		"\xE6\x97\xA5", "\xE6\x97\xA5\xC3\xA9", "\xE6\x97\xA5", "\xE6\x97\xA5\xC3\xA9"};
	uint64_t random = first_seed();
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_bytes((enum pmill_meaning)meaning, &random);
		for (size_t first = 0; first < 2; first++) {
			struct text text = text_of(pretokens + first, 3);
			compare_all_ways(tokenizer, &text, &random);
			release_text(&text);
		}
		pmill_tokenizer_free(tokenizer);
	}
}

/* Parts of about the longest length that is known, which differ in the lowest bit of one byte. */
static void similar_parts_are_told_apart(void **state)
{
	(void)state;
	enum { LONGEST_RUN = 17 };
	uint64_t random = first_seed();
	struct pmill_tokenizer *tokenizer = make_bytes(PMILL_MEANING_MERGE_LIST, &random);
	for (int len = 1; len <= LONGEST_RUN; len++) {
		char runs[LONGEST_RUN + 1][LONGEST_RUN + 8];
		const char *pretokens[LONGEST_RUN + 1];
		for (int i = 0; i <= len; i++) {
			pretokens[i] = runs[i];
			snprintf(runs[i], sizeof runs[i], "\xC3\xA9%.*s\xC3\xA9", len, "bbbbbbbbbbbbbbbbb");
			if (i < len)
				runs[i][2 + i] = 'c';
		}
		struct text text = text_of(pretokens, (size_t)len + 1);
		compare_all_ways(tokenizer, &text, &random);
		release_text(&text);
	}
	pmill_tokenizer_free(tokenizer);
}

/* Characters that differ in one bit, and the first and the last of three bytes. */
static void similar_characters_are_told_apart(void **state)
{
	(void)state;
	static const uint32_t bits[] = {0x010000, 0x020000, 0x040000, 0x080000, 0x0100, 0x0200, 0x0400,
		0x0800, 0x1000, 0x2000, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0};
	enum { BITS = sizeof bits / sizeof *bits };
	static const uint32_t origins[] = {0xE69AA5, 0xE08080, 0xEFBFBF};
	uint64_t random = first_seed();
	struct pmill_tokenizer *tokenizer = make_bytes(PMILL_MEANING_MERGE_LIST, &random);
	for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
		char written[BITS][9];
		const char *pretokens[BITS];
		for (size_t k = 0; k < BITS; k++) {
			const uint32_t bytes = origins[i] ^ bits[k];
			pretokens[k] = written[k];
			snprintf(written[k], sizeof written[k], "\xC3\xA9%c%c%c\xC3\xA9", (char)(bytes >> 16),
				(char)(bytes >> 8), (char)bytes);
		}
		struct text text = text_of(pretokens, BITS);
		compare_all_ways(tokenizer, &text, &random);
		release_text(&text);
	}
	pmill_tokenizer_free(tokenizer);
}

/* Parts at the end of a pretoken that have three bytes, with the last bits of a character's. */
static void odd_ends_are_no_characters(void **state)
{
	(void)state;
	static const char *const pretokens[] = {"\xE6\x97\xA5\xE3\xA9\x80", "\xE6\x97\xA5\xC3\xA9\x80",
		"\xE6\x97\xA5\xE1\x80\x80", "\xE6\x97\xA5\x61\x80\x80"};
	uint64_t random = first_seed();
	struct pmill_tokenizer *tokenizer = make_bytes(PMILL_MEANING_MERGE_LIST, &random);
	struct text text = text_of(pretokens, sizeof pretokens / sizeof *pretokens);
	compare_all_ways(tokenizer, &text, &random);
	release_text(&text);
	pmill_tokenizer_free(tokenizer);
}

/* Here they are single characters. */
static void parts_are_merged_once(void **state)
{
	(void)state;
	enum { REPEATED = 50 };
	uint64_t random = first_seed();
	char pretoken[5 * REPEATED * CHARACTERS] = "";
	for (size_t i = 0; i < REPEATED * CHARACTERS; i++)
		strcat(pretoken, characters[3 * i % CHARACTERS]);
	struct text text = text_of(&(const char *){pretoken}, 1);
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_bytes((enum pmill_meaning)meaning, &random);
		struct pmill_pretoken_encoder *encoder = create_encoder(tokenizer);
		struct expected expected = encode_plainly(encoder, &text);
		struct pmill_pretoken_state parts;
		init_state(&parts, encoder, pmill_key_maker_fastest(), next_random(&random));
		merged_count = 0;
		compare(&parts, &text, 1, &expected);
		assert_int_equal(merged_count, CHARACTERS);
		compare(&parts, &text, 1, &expected);
		assert_int_equal(merged_count, CHARACTERS);
		free(expected.ids);
		pmill_pretoken_state_release(&parts);
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
	release_text(&text);
}

/* A state that is zero but for its encoder, as callers make it; and again after its release. */
static void zeroed_state_is_ready(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	struct pmill_tokenizer *tokenizer = make_bytes(PMILL_MEANING_MERGE_LIST, &random);
	struct pmill_pretoken_encoder *encoder = create_encoder(tokenizer);
	struct text text = make_text(&random, MOST, ANY_BYTES);
	struct expected expected = encode_plainly(encoder, &text);
	struct pmill_pretoken_state zeroed = {
		.encoder = encoder, .key_maker = pmill_key_maker_fastest()};
	struct pmill_id_buffer none = {0};
	assert_int_equal(
		pmill_encode_pretokens(&zeroed, text.bytes, text.len, BEFORE, text.ends, 0, &none, NULL),
		PMILL_OK);
	assert_int_equal(none.count, 0);
	for (unsigned i = 0; i < 2; i++) {
		compare(&zeroed, &text, MOST, &expected);
		assert_non_null(zeroed.known.slots);
		pmill_pretoken_state_release(&zeroed);
	}
	pmill_pretoken_state_release(&zeroed);
	struct pmill_pretoken_state unused = {0};
	pmill_pretoken_state_release(&unused);
	release_text(&text);
	free(none.ids);
	free(expected.ids);
	pmill_pretoken_encoder_free(encoder);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_one_by_one),
		cmocka_unit_test(queued_documents_do_too),
		cmocka_unit_test(ids_of_any_size_do_too),
		cmocka_unit_test(short_texts_do_too),
		cmocka_unit_test(parts_are_not_taken_whole),
		cmocka_unit_test(similar_parts_are_told_apart),
		cmocka_unit_test(similar_characters_are_told_apart),
		cmocka_unit_test(odd_ends_are_no_characters),
		cmocka_unit_test(parts_are_merged_once),
		cmocka_unit_test(zeroed_state_is_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
