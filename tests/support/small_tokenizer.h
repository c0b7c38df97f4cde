/* Small tokenizers generated from bytes, and naive merging, for tests of the encoder. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_SMALL_TOKENIZER_H
#define PMILL_TESTS_SUPPORT_SMALL_TOKENIZER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tokenizer.h"
#include "support/random.h"

/* The bytes that steer generation; zeros after the end. */
struct byte_source {
	const uint8_t *data;
	size_t len;
	size_t used;
};

static inline unsigned take_byte(struct byte_source *source)
{
	return source->used < source->len ? source->data[source->used++] : 0;
}

static inline void fill_random(uint64_t *state, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)next_random(state);
}

static inline void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "small tokenizer: %s\n", what);
		abort();
	}
}

static inline void set_pattern(struct pmill_tokenizer *tokenizer, const char *pattern)
{
	require(pmill_tokenizer_set_text(tokenizer, pattern, "16.0", NULL) == PMILL_OK, "pattern");
}

/* Returns the token's id. A new token gets the next one. */
static inline uint32_t add_token(struct pmill_tokenizer *tokenizer, const void *data, size_t len)
{
	uint32_t id = pmill_vocab_find(&tokenizer->vocab, data, len);
	if (id != PMILL_NO_ID)
		return id;
	id = (uint32_t)tokenizer->vocab.count;
	require(pmill_vocab_add(&tokenizer->vocab, id, data, len, false, NULL) == PMILL_OK, "token");
	return id;
}

static inline uint32_t add_joined(struct pmill_tokenizer *tokenizer, uint32_t left, uint32_t right)
{
	uint8_t joined[512];
	pmill_bytes a = pmill_vocab_token(&tokenizer->vocab, left);
	pmill_bytes b = pmill_vocab_token(&tokenizer->vocab, right);
	require(a.len + b.len <= sizeof joined, "token too long");
	memcpy(joined, a.data, a.len);
	memcpy(joined + a.len, b.data, b.len);
	return add_token(tokenizer, joined, a.len + b.len);
}

static inline void add_merge(struct pmill_tokenizer *tokenizer, uint32_t left, uint32_t right)
{
	struct pmill_merge *grown = realloc(
		tokenizer->listed_merges, (tokenizer->listed_count + 1) * sizeof *grown);
	require(grown != NULL, "memory");
	tokenizer->listed_merges = grown;
	uint32_t id = add_joined(tokenizer, left, right);
	grown[tokenizer->listed_count++] = (struct pmill_merge){left, right, id};
}

/* Adds a special or an added token, with the next id. */
static inline void add_special(
	struct pmill_tokenizer *tokenizer, const char *content, bool is_special)
{
	size_t count = tokenizer->special_count, len = strlen(content);
	struct pmill_special *specials = calloc(count + 1, sizeof *specials);
	require(specials != NULL, "memory");
	if (count > 0)
		memcpy(specials, tokenizer->specials, count * sizeof *specials);
	uint32_t id = (uint32_t)tokenizer->vocab.count;
	specials[count] = (struct pmill_special){
		.content = {content, len}, .id = id, .is_special = is_special};
	require(pmill_vocab_add(&tokenizer->vocab, id, content, len, is_special, NULL) == PMILL_OK &&
			pmill_tokenizer_set_specials(tokenizer, specials, count + 1, NULL) == PMILL_OK,
		"special token");
	free(specials);
}

static inline void add_all_bytes(struct pmill_tokenizer *tokenizer)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t value = (uint8_t)byte;
		add_token(tokenizer, &value, 1);
	}
}

/* The letters that tokens consist of. The letter after the last may be missing in the vocab. */
static inline uint8_t letter_at(unsigned index)
{
	return (uint8_t)('a' + index);
}

/* Merges of any two tokens, some of them twice, and shuffled unless `is_ordered`. */
static inline void add_random_merges(
	struct pmill_tokenizer *tokenizer, struct byte_source *source, unsigned count, bool is_ordered)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t left = take_byte(source) % (uint32_t)tokenizer->vocab.count;
		uint32_t right = take_byte(source) % (uint32_t)tokenizer->vocab.count;
		if (tokenizer->vocab.tokens[left].len + tokenizer->vocab.tokens[right].len <= 200)
			add_merge(tokenizer, left, right);
	}
	for (size_t i = tokenizer->listed_count; i > 1 && !is_ordered; i--) {
		size_t other = take_byte(source) % i;
		struct pmill_merge swapped = tokenizer->listed_merges[other];
		tokenizer->listed_merges[other] = tokenizer->listed_merges[i - 1];
		tokenizer->listed_merges[i - 1] = swapped;
	}
}

static inline void add_random_tokens(
	struct pmill_tokenizer *tokenizer, struct byte_source *source, unsigned count, unsigned letters)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t token[16];
		size_t len = 1 + take_byte(source) % 8;
		for (size_t j = 0; j < len; j++)
			token[j] = letter_at(take_byte(source) % letters);
		add_token(tokenizer, token, len);
	}
}

/* A tokenizer over a few letters, whose number is stored in `letters`, and perhaps all bytes. */
static inline struct pmill_tokenizer *make_tokenizer(
	struct byte_source *source, bool has_all_bytes, bool is_ordered, unsigned *letters)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	require(tokenizer != NULL, "memory");
	tokenizer->meaning = (enum pmill_meaning)(take_byte(source) % 3);
	set_pattern(tokenizer, "none");
	*letters = 1 + take_byte(source) % 4;
	unsigned count = take_byte(source) % 60;
	/* If bytes come after tokens, a token of one byte may have any rank among the others. */
	bool bytes_are_last = take_byte(source) % 2;
	if (tokenizer->meaning == PMILL_MEANING_RANK_BY_ID && bytes_are_last)
		add_random_tokens(tokenizer, source, count, *letters + !has_all_bytes);
	for (unsigned i = 0; i < *letters; i++) {
		uint8_t letter = letter_at(i);
		add_token(tokenizer, &letter, 1);
	}
	if (tokenizer->meaning == PMILL_MEANING_RANK_BY_ID && !bytes_are_last)
		add_random_tokens(tokenizer, source, count, *letters + !has_all_bytes);
	if (tokenizer->meaning != PMILL_MEANING_RANK_BY_ID)
		add_random_merges(tokenizer, source, count, is_ordered);
	if (has_all_bytes)
		add_all_bytes(tokenizer);
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

/* ---- Naive merging ---- */

struct naive_part {
	const uint8_t *data;
	size_t len;
};

/* A linear search through all tokens. */
static inline uint32_t naive_find(
	const struct pmill_tokenizer *tokenizer, const uint8_t *data, size_t len)
{
	for (uint32_t id = 0; id < tokenizer->vocab.count; id++) {
		pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
		if (!tokenizer->vocab.tokens[id].is_special && token.len == len &&
			memcmp(token.data, data, len) == 0)
			return id;
	}
	return PMILL_NO_ID;
}

static inline bool naive_is_token(
	const struct pmill_tokenizer *tokenizer, uint32_t id, const struct naive_part *part)
{
	pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
	return token.len == part->len && memcmp(token.data, part->data, part->len) == 0;
}

/* The parts are adjacent, so that the joined bytes begin where the left one does. */
static inline size_t naive_rank(const struct pmill_tokenizer *tokenizer,
	const struct naive_part *left, const struct naive_part *right)
{
	if (tokenizer->meaning == PMILL_MEANING_RANK_BY_ID) {
		uint32_t id = naive_find(tokenizer, left->data, left->len + right->len);
		return id == PMILL_NO_ID ? SIZE_MAX : id;
	}
	for (size_t rank = 0; rank < tokenizer->listed_count; rank++) {
		if (naive_is_token(tokenizer, tokenizer->listed_merges[rank].left, left) &&
			naive_is_token(tokenizer, tokenizer->listed_merges[rank].right, right))
			return rank;
	}
	return SIZE_MAX;
}

static inline size_t naive_merge_parts(
	const struct pmill_tokenizer *tokenizer, struct naive_part *parts, size_t count)
{
	for (;;) {
		size_t best = 0, best_rank = SIZE_MAX;
		for (size_t i = 0; i + 1 < count; i++) {
			size_t rank = naive_rank(tokenizer, &parts[i], &parts[i + 1]);
			if (rank < best_rank) {
				best = i;
				best_rank = rank;
			}
		}
		if (best_rank == SIZE_MAX)
			return count;
		parts[best].len += parts[best + 1].len;
		count--;
		for (size_t i = best + 1; i < count; i++)
			parts[i] = parts[i + 1];
	}
}

/*
 * As pmill_pretoken_encoder_encode. Returns false if the vocab lacks a byte, whose offset is
 * `*missing`.
 */
static inline bool naive_merge(const struct pmill_tokenizer *tokenizer, const uint8_t *pretoken,
	size_t len, uint32_t *ids, size_t *count, size_t *missing)
{
	struct naive_part *parts = malloc((len + 1) * sizeof *parts);
	require(parts != NULL, "memory");
	for (size_t i = 0; i < len; i++)
		parts[i] = (struct naive_part){pretoken + i, 1};
	*count = len;
	if (len > 0 && tokenizer->meaning != PMILL_MEANING_MERGE_LIST &&
		naive_find(tokenizer, pretoken, len) != PMILL_NO_ID) {
		parts[0].len = len;
		*count = 1;
	} else {
		*count = naive_merge_parts(tokenizer, parts, len);
	}
	bool is_whole = true;
	for (size_t i = 0; i < *count && is_whole; i++) {
		ids[i] = naive_find(tokenizer, parts[i].data, parts[i].len);
		is_whole = ids[i] != PMILL_NO_ID;
		*missing = (size_t)(parts[i].data - pretoken);
	}
	free(parts);
	return is_whole;
}

#endif
