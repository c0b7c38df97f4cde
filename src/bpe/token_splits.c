/* Every way to split a token into two symbols: look-ups by the hundred, for ends and beginnings. */
/* SPDX-License-Identifier: MIT */
/*
 * o200k has 1.2 million places to cut a token at, and 446 thousand of them leave two tokens. All
 * are looked up, many at once, as each look-up waits for memory: first whether the end is a token,
 * and where it is, the beginning.
 */
#include "bpe/token_splits.h"

#include <stdlib.h>

enum { ROUND = 256 }; /* cuts in flight */

struct cut {
	uint32_t id; /* of the token */
	uint32_t left_len, right_len;
	uint32_t right; /* symbol */
};

/* Cuts of which one part is looked up next. */
struct round {
	struct cut cuts[ROUND];
	pmill_bytes parts[ROUND];
	size_t count;
};

struct search {
	struct pmill_pair_table *table;
	struct pmill_byte_pair *byte_pairs;
	const struct pmill_vocab *vocab;
	const uint32_t *symbols;
	uint8_t *has_len; /* for each length, whether a symbol can have it */
	struct round ends, beginnings;
};

static void append(struct round *round, struct cut cut, const uint8_t *part, size_t len)
{
	round->cuts[round->count] = cut;
	round->parts[round->count++] = (pmill_bytes){part, len};
}

static bool add_pair(
	struct search *search, const struct cut *cut, uint32_t left, const uint8_t *token)
{
	pmill_byte_pairs_add(search->byte_pairs, (pmill_bytes){token, cut->left_len},
		(pmill_bytes){token + cut->left_len, cut->right_len}, cut->id);
	return pmill_pair_table_add(search->table, left, cut->right, cut->id);
}

static bool add_beginnings(struct search *search)
{
	struct round *round = &search->beginnings;
	uint32_t ids[ROUND];
	pmill_vocab_find_many(search->vocab, round->parts, round->count, ids);
	bool done = true;
	for (size_t i = 0; i < round->count && done; i++)
		if (ids[i] != PMILL_NO_ID)
			done = add_pair(search, &round->cuts[i], ids[i], round->parts[i].data);
	round->count = 0;
	return done;
}

/* The part after the cut is a symbol. */
static bool add_end(struct search *search, struct cut cut, const uint8_t *token)
{
	if (cut.left_len == 1)
		return add_pair(search, &cut, search->symbols[token[0]], token);
	append(&search->beginnings, cut, token, cut.left_len);
	return search->beginnings.count < ROUND || add_beginnings(search);
}

static bool add_ends(struct search *search)
{
	struct round *round = &search->ends;
	uint32_t ids[ROUND];
	pmill_vocab_find_many(search->vocab, round->parts, round->count, ids);
	bool done = true;
	for (size_t i = 0; i < round->count && done; i++) {
		struct cut cut = round->cuts[i];
		cut.right = ids[i];
		if (cut.right != PMILL_NO_ID)
			done = add_end(search, cut, (const uint8_t *)round->parts[i].data - cut.left_len);
	}
	round->count = 0;
	return done;
}

static bool add_cut(struct search *search, uint32_t id, pmill_bytes token, size_t len)
{
	const uint8_t *bytes = token.data;
	struct cut cut = {id, (uint32_t)len, (uint32_t)(token.len - len), 0};
	if (!search->has_len[len] || !search->has_len[token.len - len])
		return true;
	if (len + 1 == token.len) {
		cut.right = search->symbols[bytes[len]];
		return add_end(search, cut, bytes);
	}
	append(&search->ends, cut, bytes + len, token.len - len);
	return search->ends.count < ROUND || add_ends(search);
}

static bool add_token(struct search *search, uint32_t id)
{
	const pmill_bytes token = pmill_vocab_token(search->vocab, id);
	bool done = true;
	for (size_t len = 1; len < token.len && done; len++)
		done = add_cut(search, id, token, len);
	return done;
}

/*
 * The lengths that occur, so that a very long token is not hashed at every cut: n bytes of tokens
 * have at most sqrt(2n) different lengths. Returns NULL if out of memory.
 */
static uint8_t *mark_lengths(const struct pmill_vocab *vocab)
{
	size_t longest = 1;
	for (size_t id = 0; id < vocab->count; id++) {
		if (vocab->tokens[id].len > longest)
			longest = vocab->tokens[id].len;
	}
	uint8_t *has_len = calloc(longest + 1, 1);
	if (has_len == NULL)
		return NULL;
	has_len[1] = 1;
	for (size_t id = 0; id < vocab->count; id++) {
		if (!vocab->tokens[id].is_special)
			has_len[vocab->tokens[id].len] = 1;
	}
	return has_len;
}

static bool add_all(struct search *search)
{
	const struct pmill_vocab *vocab = search->vocab;
	for (size_t id = 0; id < vocab->count; id++)
		if (!vocab->tokens[id].is_special && !add_token(search, (uint32_t)id))
			return false;
	return add_ends(search) && add_beginnings(search);
}

bool pmill_token_splits_add(struct pmill_pair_table *table, struct pmill_byte_pair *byte_pairs,
	const struct pmill_vocab *vocab, const uint32_t symbols[256])
{
	struct search search = {
		table, byte_pairs, vocab, symbols, mark_lengths(vocab), {.count = 0}, {.count = 0}};
	const bool done = search.has_len != NULL && add_all(&search);
	free(search.has_len);
	return done;
}
