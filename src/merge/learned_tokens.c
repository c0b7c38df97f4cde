/* The tokens of a training: their bytes, lengths, and order for ties. */
/* SPDX-License-Identifier: MIT */
#include "merge/learned_tokens.h"

#include <stdlib.h>

static uint64_t prefix_of(const uint8_t *bytes, size_t len)
{
	uint64_t prefix = 0;
	for (size_t i = 0; i < 8; i++)
		prefix = prefix << 8 | (i < len ? bytes[i] : 0);
	return prefix;
}

static bool add_token(struct pmill_learned_tokens *tokens, size_t offset)
{
	void *items = tokens->items;
	if (!pmill_array_reserve(&items, &tokens->capacity, tokens->count + 1, sizeof *tokens->items))
		return false;
	tokens->items = items;
	size_t len = tokens->bytes.len - offset;
	tokens->items[tokens->count++] = (struct pmill_learned_token){
		.prefix = prefix_of(tokens->bytes.data + offset, len),
		.offset = offset,
		.len = (uint32_t)len};
	return true;
}

bool pmill_learned_tokens_init(
	struct pmill_learned_tokens *tokens, const struct pmill_merger_settings *settings)
{
	*tokens = (struct pmill_learned_tokens){0};
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned token = 0;
		for (unsigned other = 0; other < 256; other++)
			token += settings->byte_ids[other] < settings->byte_ids[byte];
		tokens->token_of[byte] = (uint16_t)token;
		tokens->byte_of[token] = (uint8_t)byte;
	}
	for (unsigned token = 0; token < 256; token++) {
		uint8_t byte = tokens->byte_of[token];
		if (!pmill_buffer_append(&tokens->bytes, &byte, 1) || !add_token(tokens, token)) {
			pmill_learned_tokens_release(tokens);
			return false;
		}
	}
	return true;
}

void pmill_learned_tokens_release(struct pmill_learned_tokens *tokens)
{
	free(tokens->items);
	pmill_buffer_release(&tokens->bytes);
	*tokens = (struct pmill_learned_tokens){0};
}

bool pmill_learned_tokens_join(struct pmill_learned_tokens *tokens, uint32_t left, uint32_t right)
{
	struct pmill_learned_token a = tokens->items[left], b = tokens->items[right];
	size_t offset = tokens->bytes.len;
	if (b.len > UINT32_MAX - a.len || !pmill_buffer_reserve(&tokens->bytes, (size_t)a.len + b.len))
		return false;
	uint8_t *bytes = tokens->bytes.data;
	memcpy(bytes + offset, bytes + a.offset, a.len);
	memcpy(bytes + offset + a.len, bytes + b.offset, b.len);
	tokens->bytes.len += (size_t)a.len + b.len;
	return add_token(tokens, offset);
}

static int compare_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int pmill_learned_tokens_compare(const struct pmill_learned_tokens *tokens, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	const struct pmill_learned_token *x = &tokens->items[a], *y = &tokens->items[b];
	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	const uint8_t *bytes = tokens->bytes.data;
	return compare_bytes(bytes + x->offset, x->len, bytes + y->offset, y->len);
}

int pmill_learned_tokens_compare_joined(
	const struct pmill_learned_tokens *tokens, uint32_t left, uint32_t right, uint32_t other)
{
	if (!pmill_learned_tokens_begins_with(tokens, other, left))
		return pmill_learned_tokens_compare(tokens, left, other);
	const struct pmill_learned_token *a = &tokens->items[left], *b = &tokens->items[right],
									 *x = &tokens->items[other];
	const uint8_t *bytes = tokens->bytes.data;
	return compare_bytes(bytes + b->offset, b->len, bytes + x->offset + a->len, x->len - a->len);
}

bool pmill_learned_tokens_begins_with(
	const struct pmill_learned_tokens *tokens, uint32_t token, uint32_t beginning)
{
	const struct pmill_learned_token *x = &tokens->items[token], *y = &tokens->items[beginning];
	const uint8_t *bytes = tokens->bytes.data;
	return x->len >= y->len && memcmp(bytes + x->offset, bytes + y->offset, y->len) == 0;
}
