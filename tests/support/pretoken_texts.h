/* Texts cut into pretokens, tokenizers for them, and their ids: one by one, and in batches. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_PRETOKEN_TEXTS_H
#define PMILL_TESTS_SUPPORT_PRETOKEN_TEXTS_H

#include "bpe/encode_pretokens.h"
#include "support/guard_pages.h"
#include "support/small_tokenizer.h"

enum {
	MOST = 2000, /* pretokens of a text */
	LONGEST = 1000,
	SHORTS = 40, /* most pretokens are up to as many bytes long */
	BATCH = PMILL_KEY_BATCH,
	BEFORE = 3, /* ids in the buffer, and bytes in the text, before what is encoded */
};

static inline uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 20261205;
}

/* ---- Tokenizers ---- */

/* What pretokens are cut between. */
static const char *const characters[] = {"\xC3\xA9", "\xE6\x97\xA5", "\xE6\x9C\xAC", "\xC3\xA8",
	"\xF0\x9F\x98\x80", "\xE8\xAA\x9E", "\xF0\x9F\x98\x81", "\xE0\x80\x80", "\xEF\xBF\xBF",
	"\xED\xA0\x80", "\xE6\x97\xA4"};

enum { CHARACTERS = sizeof characters / sizeof *characters, FEW = 2 };

static inline uint32_t id_of_byte(const struct pmill_tokenizer *tokenizer, char byte)
{
	return pmill_vocab_find(&tokenizer->vocab, &byte, 1);
}

/* Merges any two tokens, with ids from `first_id` on. */
static inline void merge_any(
	struct pmill_tokenizer *tokenizer, uint32_t first_id, unsigned merges, uint64_t *random)
{
	enum { LONGEST_TOKEN = 40 };
	for (unsigned i = 0; i < merges; i++) {
		const uint64_t tokens = tokenizer->vocab.count - first_id;
		const uint32_t left = first_id + (uint32_t)random_below(random, tokens);
		const uint32_t right = first_id + (uint32_t)random_below(random, tokens);
		if (tokenizer->vocab.tokens[left].len + tokenizer->vocab.tokens[right].len <= LONGEST_TOKEN)
			add_merge(tokenizer, left, right);
	}
}

/* Tokens of the letters a to d and of the bytes of a few characters. No other byte is there. */
static inline struct pmill_tokenizer *make_letters(
	enum pmill_meaning meaning, uint32_t first_id, uint64_t *random)
{
	enum { LETTERS = 4, MERGES = 25 };
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	tokenizer->meaning = meaning;
	/* So that the next token gets the first id. */
	if (first_id > 0)
		assert_int_equal(
			pmill_vocab_add(&tokenizer->vocab, first_id - 1, "filler", 6, false, NULL), PMILL_OK);
	for (unsigned i = 0; i < LETTERS; i++) {
		const uint8_t letter = letter_at(i);
		add_token(tokenizer, &letter, 1);
	}
	merge_any(tokenizer, first_id, MERGES, random);
	for (size_t i = 0; i < FEW; i++)
		for (const char *byte = characters[i]; *byte != '\0'; byte++)
			add_token(tokenizer, byte, 1);
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

/*
 * Of every four characters, one is a token that merging makes, one a token that it doesn't, one has
 * its first two bytes merged, and one none.
 */
static inline void add_characters(struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < CHARACTERS; i++) {
		const char *bytes = characters[i];
		uint32_t id = id_of_byte(tokenizer, bytes[0]);
		const size_t len = strlen(bytes), merged = i % 4 == 0 ? len : i % 4 == 2 ? 2 : 1;
		for (size_t k = 1; k < merged; k++) {
			add_merge(tokenizer, id, id_of_byte(tokenizer, bytes[k]));
			id = tokenizer->listed_merges[tokenizer->listed_count - 1].id;
		}
		if (i % 4 == 1)
			add_token(tokenizer, bytes, len);
	}
}

/* All bytes, merges of letters, and characters. */
static inline struct pmill_tokenizer *make_bytes(enum pmill_meaning meaning, uint64_t *random)
{
	uint8_t bytes[300];
	unsigned letters;
	fill_random(random, bytes, sizeof bytes);
	bytes[0] = (uint8_t)meaning;
	bytes[1] = 3; /* the letters a to d */
	struct byte_source source = {bytes, sizeof bytes, 0};
	struct pmill_tokenizer *tokenizer = make_tokenizer(&source, true, true, &letters);
	assert_int_equal(tokenizer->meaning, meaning);
	assert_int_equal(letters, 4);
	add_characters(tokenizer);
	return tokenizer;
}

static inline struct pmill_pretoken_encoder *create_encoder(const struct pmill_tokenizer *tokenizer)
{
	struct pmill_pretoken_encoder *encoder = NULL;
	assert_int_equal(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL), PMILL_OK);
	return encoder;
}

/* ---- Texts ---- */

/* Its pretokens begin at BEFORE; it ends where its memory does. */
struct text {
	struct guarded guarded;
	uint8_t *bytes;
	size_t len, count;
	size_t ends[MOST];
};

enum bytes { KNOWN_LETTERS, ANY_BYTES }; /* the bytes of make_letters, or all */

static inline size_t random_len(uint64_t *random)
{
	static const size_t lens[] = {14, 15, 16, 17, 63, 64, 65};
	const uint64_t kind = random_below(random, 200);
	if (kind == 0)
		return LONGEST;
	if (kind < 20)
		return lens[random_below(random, sizeof lens / sizeof *lens)];
	return 1 + (size_t)random_below(random, kind < 70 ? SHORTS : PMILL_SHORT_PRETOKEN);
}

/* Characters and runs of letters; the last may be cut off. */
static inline void fill_with_characters(
	uint64_t *random, uint8_t *pretoken, size_t len, size_t most)
{
	for (size_t i = 0; i < len;) {
		const char *character = characters[random_below(random, most)];
		const size_t run = 1 + (size_t)random_below(random, 16);
		const bool is_run = random_below(random, 3) == 0;
		for (size_t k = 0; i < len && (is_run ? k < run : character[k] != '\0'); k++)
			pretoken[i++] = is_run ? letter_at(random_below(random, 4)) : (uint8_t)character[k];
	}
}

static inline void fill_pretoken(uint64_t *random, uint8_t *pretoken, size_t len, enum bytes kind)
{
	static const uint8_t invalid[] = {0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF0, 0xF5, 0xFE, 0xFF};
	const uint64_t which = random_below(random, kind == ANY_BYTES ? 6 : 2);
	if (which == 0) {
		fill_with_characters(random, pretoken, len, kind == ANY_BYTES ? CHARACTERS : FEW);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		const uint8_t value = (uint8_t)random_below(random, 256);
		if (which == 1 || which == 2)
			pretoken[i] = letter_at(value % 4);
		else
			pretoken[i] = which == 3 ? value : which == 4 ? 0 : invalid[value % sizeof invalid];
	}
}

/* Copies the bytes of a text whose ends are set. */
static inline void place_text(struct text *text, const uint8_t *bytes)
{
	text->len = text->ends[text->count - 1];
	text->guarded = guard_room(text->len);
	text->bytes = guard_copy(&text->guarded, 0, bytes, text->len);
}

/* Half of the pretokens are the same as others before them. */
static inline struct text make_text(uint64_t *random, size_t count, enum bytes kind)
{
	struct text text = {.count = count};
	uint8_t *bytes = malloc(BEFORE + count * LONGEST);
	assert_non_null(bytes);
	assert_true(count <= MOST);
	size_t end = BEFORE;
	memset(bytes, 'x', BEFORE);
	for (size_t i = 0; i < count; i++) {
		const size_t other = i > 0 ? (size_t)random_below(random, i) : 0;
		const size_t begin = other > 0 ? text.ends[other - 1] : BEFORE;
		const bool is_same = i > 0 && random_below(random, 2) == 0;
		const size_t len = is_same ? text.ends[other] - begin : random_len(random);
		if (is_same)
			memcpy(bytes + end, bytes + begin, len);
		else
			fill_pretoken(random, bytes + end, len, kind);
		text.ends[i] = end += len;
	}
	place_text(&text, bytes);
	free(bytes);
	return text;
}

static inline struct text text_of(const char *const *pretokens, size_t count)
{
	struct text text = {.count = count};
	struct pmill_buffer bytes = {0};
	assert_true(pmill_buffer_append(&bytes, "xxx", BEFORE));
	for (size_t i = 0; i < count; i++) {
		assert_true(pmill_buffer_append_text(&bytes, pretokens[i]));
		text.ends[i] = bytes.len;
	}
	place_text(&text, bytes.data);
	pmill_buffer_release(&bytes);
	return text;
}

static inline void release_text(struct text *text)
{
	guard_release(&text->guarded);
}

static inline size_t begin_of(const struct text *text, size_t index)
{
	return index > 0 ? text->ends[index - 1] : BEFORE;
}

/* ---- One by one ---- */

struct expected {
	pmill_status status;
	pmill_error error;
	uint32_t *ids;
	size_t ends[MOST + 1]; /* of the ids of the first, the second, … pretokens */
	size_t encoded;        /* pretokens, before one that fails */
};

static inline struct expected encode_plainly(
	const struct pmill_pretoken_encoder *encoder, const struct text *text)
{
	struct expected expected = {.ids = malloc((text->len + 1) * sizeof *expected.ids)};
	struct pmill_pretoken_scratch scratch = {0};
	assert_non_null(expected.ids);
	for (size_t i = 0; i < text->count && expected.status == PMILL_OK; i++) {
		const size_t begin = begin_of(text, i);
		size_t count = 0;
		expected.status = pmill_pretoken_encoder_encode(encoder, &scratch, text->bytes + begin,
			text->ends[i] - begin, expected.ids + expected.ends[i], &count, &expected.error);
		expected.ends[i + 1] = expected.ends[i] + count;
		expected.encoded += expected.status == PMILL_OK;
		if (expected.status != PMILL_OK)
			expected.error.offset += begin;
	}
	pmill_pretoken_scratch_release(&scratch);
	return expected;
}

/* ---- In batches ---- */

/* With a table, unless `maker` is NULL. */
static inline void init_state(struct pmill_pretoken_state *state,
	const struct pmill_pretoken_encoder *encoder, const struct pmill_key_maker *maker,
	uint64_t seed)
{
	*state = (struct pmill_pretoken_state){.encoder = encoder};
	state->key_maker = maker != NULL ? maker : pmill_key_maker_fastest();
	pmill_known_pretokens_init(&state->known, seed, pmill_pretoken_encoder_id_limit(encoder));
	state->known.is_stuck = maker == NULL;
}

/* In calls of `batch` pretokens each, behind ids that are there already. */
static inline pmill_status encode(struct pmill_pretoken_state *state, const struct text *text,
	size_t batch, struct pmill_id_buffer *ids, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (uint32_t id = 0; id < BEFORE; id++)
		assert_true(pmill_id_buffer_add(ids, id));
	for (size_t i = 0; i < text->count && status == PMILL_OK; i += batch) {
		const size_t count = batch < text->count - i ? batch : text->count - i;
		status = pmill_encode_pretokens(
			state, text->bytes, text->len, begin_of(text, i), text->ends + i, count, ids, error);
	}
	return status;
}

/* The ids of the first `count` pretokens, and no more. */
static inline void check_ids(
	const struct pmill_id_buffer *ids, const struct expected *expected, size_t count)
{
	assert_int_equal(ids->count, BEFORE + expected->ends[count]);
	assert_true(ids->count <= ids->capacity);
	for (uint32_t i = 0; i < BEFORE; i++)
		assert_int_equal(ids->ids[i], i);
	assert_memory_equal(ids->ids + BEFORE, expected->ids, expected->ends[count] * sizeof *ids->ids);
}

static inline void compare(struct pmill_pretoken_state *state, const struct text *text,
	size_t batch, const struct expected *expected)
{
	struct pmill_id_buffer ids = {0};
	pmill_error error;
	const pmill_status status = encode(state, text, batch, &ids, &error);
	assert_int_equal(status, expected->status);
	check_ids(&ids, expected, expected->encoded);
	if (status != PMILL_OK) {
		assert_int_equal(error.offset, expected->error.offset);
		assert_string_equal(error.message, expected->error.message);
	}
	free(ids.ids);
}

#endif
