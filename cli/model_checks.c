/* Checks of a model: one function each, in a table. */
/* SPDX-License-Identifier: MIT */
#include "model_checks.h"

#include <string.h>

#include "bytes.h"

uint32_t pmill_cli_model_byte_id(const pmill_tokenizer *tokenizer, unsigned byte)
{
	unsigned char text = (unsigned char)byte;
	return pmill_tokenizer_token_id(tokenizer, &text, 1);
}

static bool has_all_bytes(const pmill_tokenizer *tokenizer)
{
	for (unsigned byte = 0; byte < 256; byte++)
		if (pmill_cli_model_byte_id(tokenizer, byte) == PMILL_NO_ID)
			return false;
	return true;
}

static bool is_joined(pmill_bytes left, pmill_bytes right, pmill_bytes whole)
{
	if (left.data == NULL || right.data == NULL || whole.data == NULL)
		return false;
	return left.len + right.len == whole.len && memcmp(whole.data, left.data, left.len) == 0 &&
		memcmp((const char *)whole.data + left.len, right.data, right.len) == 0;
}

static bool joins_in_merges(const pmill_tokenizer *tokenizer)
{
	for (size_t rank = 0; rank < pmill_tokenizer_merge_count(tokenizer); rank++) {
		uint32_t left, right, id;
		pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
		if (!is_joined(pmill_tokenizer_token_bytes(tokenizer, left),
				pmill_tokenizer_token_bytes(tokenizer, right),
				pmill_tokenizer_token_bytes(tokenizer, id)))
			return false;
	}
	return true;
}

/* A special token may have the bytes of an ordinary one, which is found then. */
static bool is_found(const pmill_tokenizer *tokenizer)
{
	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(tokenizer); id++) {
		pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
		/* What isn't found at all is a token that no text becomes. */
		uint32_t found = token.data == NULL
			? PMILL_NO_ID
			: pmill_tokenizer_token_id(tokenizer, token.data, token.len);
		if (found == PMILL_NO_ID)
			continue;
		pmill_bytes same = pmill_tokenizer_token_bytes(tokenizer, found);
		if (same.len != token.len || memcmp(same.data, token.data, token.len) != 0)
			return false;
	}
	return true;
}

static bool decodes_to_itself(const pmill_tokenizer *tokenizer, uint32_t id, pmill_bytes token)
{
	void *data = NULL;
	size_t len = 0;
	pmill_status status = pmill_tokenizer_decode(tokenizer, &id, 1, NULL, &data, &len, NULL);
	bool is_same = status == PMILL_OK && len == token.len && memcmp(data, token.data, len) == 0;
	pmill_memory_free(data);
	return is_same;
}

static bool decodes(const pmill_tokenizer *tokenizer)
{
	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(tokenizer); id++) {
		pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
		if (token.data != NULL && !decodes_to_itself(tokenizer, id, token))
			return false;
	}
	return true;
}

static const struct pmill_cli_model_check checks[] = {
	{"all_bytes", "all 256 bytes are tokens", has_all_bytes},
	{"merges_join", "every merge's token is its left and right parts joined", joins_in_merges},
	{"found_by_bytes", "the bytes of a token find a token with these bytes", is_found},
	{"decodes", "every id decodes to its token's bytes", decodes},
};

const struct pmill_cli_model_check *pmill_cli_model_check_at(size_t index)
{
	return index < sizeof checks / sizeof *checks ? &checks[index] : NULL;
}

/* ---- Layout ---- */

/* Whether the ids from `first` on belong to the bytes in the order of `byte_at`. */
static bool has_byte_order(
	const pmill_tokenizer *tokenizer, uint32_t first, unsigned (*byte_at)(unsigned place))
{
	for (unsigned place = 0; place < 256; place++)
		if (pmill_cli_model_byte_id(tokenizer, byte_at(place)) != first + place)
			return false;
	return true;
}

static unsigned same(unsigned place)
{
	return place;
}

/* 33–126, 161–172 and 174–255 first, then the other 68: the printable order. */
static unsigned printable_order(unsigned place)
{
	if (place < 94)
		return place + 33;
	if (place < 106)
		return place - 94 + 161;
	if (place < 188)
		return place - 106 + 174;
	if (place < 188 + 33)
		return place - 188;
	return place < 255 ? place - 221 + 127 : 173;
}

/* Whether the ids of merges are consecutive; true if there are no merges. Sets `*first`. */
static bool has_merges_in_a_row(const pmill_tokenizer *tokenizer, uint32_t *first)
{
	uint32_t left, right, id;
	for (size_t rank = 0; rank < pmill_tokenizer_merge_count(tokenizer); rank++) {
		pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
		if (rank == 0)
			*first = id;
		if (id != *first + rank)
			return false;
	}
	return true;
}

/*
 * Looks at bytes and merges only: formats without special tokens store them as ordinary entries,
 * and padding is at the end in every layout.
 */
const char *pmill_cli_model_layout(const pmill_tokenizer *tokenizer)
{
	uint32_t first_merge = UINT32_MAX;
	if (!has_merges_in_a_row(tokenizer, &first_merge))
		return NULL;
	bool has_merges = first_merge != UINT32_MAX;
	if (has_byte_order(tokenizer, 0, same))
		return first_merge >= 256 ? "bytes-first" : NULL;
	uint32_t first_byte = pmill_cli_model_byte_id(tokenizer, '!');
	if (first_byte == PMILL_NO_ID || !has_byte_order(tokenizer, first_byte, printable_order))
		return NULL;
	if (has_merges && first_merge != first_byte + 256)
		return NULL;
	return first_byte == 0 ? "gpt2" : "hf";
}
