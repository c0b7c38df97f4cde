/* The tokens of a training: their bytes, lengths, and order for ties. */
/* SPDX-License-Identifier: MIT */
#include "merge/learned_tokens.h"

#include <string.h>

#include "base/page_pool.h"

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
	if (!pmill_memory_account_reserve(
			tokens->account, &items, &tokens->capacity, tokens->count + 1, sizeof *tokens->items))
		return false;
	tokens->items = items;
	size_t len = tokens->byte_count - offset;
	tokens->items[tokens->count++] = (struct pmill_learned_token){
		.prefix = prefix_of(tokens->bytes + offset, len), .offset = offset, .len = (uint32_t)len};
	return true;
}

static bool reserve_bytes(struct pmill_learned_tokens *tokens, size_t more)
{
	void *bytes = tokens->bytes;
	bool done = pmill_memory_account_reserve(
		tokens->account, &bytes, &tokens->byte_capacity, tokens->byte_count + more, 1);
	tokens->bytes = bytes;
	return done;
}

static bool add_byte(struct pmill_learned_tokens *tokens, uint8_t byte)
{
	if (!reserve_bytes(tokens, 1))
		return false;
	tokens->bytes[tokens->byte_count++] = byte;
	return add_token(tokens, tokens->byte_count - 1);
}

bool pmill_learned_tokens_init(
	struct pmill_learned_tokens *tokens, const struct pmill_merger_settings *settings)
{
	*tokens = (struct pmill_learned_tokens){.account = pmill_page_pool_account(settings->pool)};
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned token = 0;
		for (unsigned other = 0; other < 256; other++)
			token += settings->byte_ids[other] < settings->byte_ids[byte];
		tokens->token_of[byte] = (uint16_t)token;
		tokens->byte_of[token] = (uint8_t)byte;
	}
	for (unsigned token = 0; token < 256; token++) {
		if (!add_byte(tokens, tokens->byte_of[token])) {
			pmill_learned_tokens_release(tokens);
			return false;
		}
	}
	return true;
}

void pmill_learned_tokens_release(struct pmill_learned_tokens *tokens)
{
	pmill_memory_account_free(
		tokens->account, tokens->items, tokens->capacity, sizeof *tokens->items);
	pmill_memory_account_free(tokens->account, tokens->bytes, tokens->byte_capacity, 1);
	*tokens = (struct pmill_learned_tokens){0};
}

bool pmill_learned_tokens_join(struct pmill_learned_tokens *tokens, uint32_t left, uint32_t right)
{
	struct pmill_learned_token a = tokens->items[left], b = tokens->items[right];
	size_t offset = tokens->byte_count;
	if (b.len > UINT32_MAX - a.len || !reserve_bytes(tokens, (size_t)a.len + b.len))
		return false;
	uint8_t *bytes = tokens->bytes;
	memcpy(bytes + offset, bytes + a.offset, a.len);
	memcpy(bytes + offset + a.len, bytes + b.offset, b.len);
	tokens->byte_count += (size_t)a.len + b.len;
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
	const uint8_t *bytes = tokens->bytes;
	return compare_bytes(bytes + x->offset, x->len, bytes + y->offset, y->len);
}

int pmill_learned_tokens_compare_joined(
	const struct pmill_learned_tokens *tokens, uint32_t left, uint32_t right, uint32_t other)
{
	if (!pmill_learned_tokens_begins_with(tokens, other, left))
		return pmill_learned_tokens_compare(tokens, left, other);
	const struct pmill_learned_token *a = &tokens->items[left], *b = &tokens->items[right],
									 *x = &tokens->items[other];
	const uint8_t *bytes = tokens->bytes;
	return compare_bytes(bytes + b->offset, b->len, bytes + x->offset + a->len, x->len - a->len);
}

bool pmill_learned_tokens_begins_with(
	const struct pmill_learned_tokens *tokens, uint32_t token, uint32_t beginning)
{
	const struct pmill_learned_token *x = &tokens->items[token], *y = &tokens->items[beginning];
	const uint8_t *bytes = tokens->bytes;
	return x->len >= y->len && memcmp(bytes + x->offset, bytes + y->offset, y->len) == 0;
}
