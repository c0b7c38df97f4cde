/* The vocab: one buffer of bytes, spans by id, and an open-addressing table from bytes to id. */
/* SPDX-License-Identifier: MIT */
#include "model/vocab.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "unicode/quote.h"

enum { FIRST_SLOT_COUNT = 1024 };

void pmill_vocab_release(struct pmill_vocab *vocab)
{
	free(vocab->tokens);
	free(vocab->slots);
	pmill_buffer_release(&vocab->bytes);
	*vocab = (struct pmill_vocab){0};
}

static bool is_token(const struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len)
{
	const struct pmill_vocab_token *token = &vocab->tokens[id];
	return token->len == len && memcmp(vocab->bytes.data + token->offset, data, len) == 0;
}

/* The slot that holds the token, or the free slot where it belongs. The table is never full. */
static size_t find_slot(const struct pmill_vocab *vocab, const void *data, size_t len)
{
	const size_t mask = vocab->slot_count - 1;
	size_t slot = (size_t)pmill_hash64(data, len, vocab->seed) & mask;
	while (vocab->slots[slot] != 0 && !is_token(vocab, vocab->slots[slot] - 1, data, len))
		slot = (slot + 1) & mask;
	return slot;
}

/* Keeps the table at most half full: then misses, most of the lookups while merging, are short. */
static bool reserve_slots(struct pmill_vocab *vocab, size_t more)
{
	struct pmill_vocab grown = *vocab;
	if (grown.slot_count == 0)
		grown.slot_count = FIRST_SLOT_COUNT;
	while (grown.slot_count / 2 < vocab->used + more)
		grown.slot_count *= 2;
	if (grown.slot_count == vocab->slot_count)
		return true;
	grown.slots = calloc(grown.slot_count, sizeof *grown.slots);
	if (grown.slots == NULL)
		return false;
	if (vocab->slot_count == 0)
		grown.seed = pmill_hash_random_seed();
	for (size_t i = 0; i < vocab->slot_count; i++) {
		if (vocab->slots[i] == 0)
			continue;
		const struct pmill_vocab_token *token = &vocab->tokens[vocab->slots[i] - 1];
		grown.slots[find_slot(&grown, vocab->bytes.data + token->offset, token->len)] =
			vocab->slots[i];
	}
	free(vocab->slots);
	*vocab = grown;
	return true;
}

static bool reserve_id(struct pmill_vocab *vocab, uint32_t id)
{
	void *tokens = vocab->tokens;
	if (!pmill_array_reserve(&tokens, &vocab->capacity, (size_t)id + 1, sizeof *vocab->tokens))
		return false;
	vocab->tokens = tokens;
	return true;
}

bool pmill_vocab_reserve(struct pmill_vocab *vocab, size_t more)
{
	return more <= UINT32_MAX && vocab->count + more <= UINT32_MAX && reserve_slots(vocab, more) &&
		(more == 0 || reserve_id(vocab, (uint32_t)(vocab->count + more - 1)));
}

static pmill_status check_token(
	const struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len, pmill_error *error)
{
	struct pmill_quote quote, other;
	if (len == 0)
		return pmill_fail(
			error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "the token with id %u is empty", id);
	if (id == PMILL_NO_ID || len > UINT32_MAX)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the token %s is too long, or its id too large", pmill_quote(&quote, data, len));
	const pmill_bytes taken = pmill_vocab_token(vocab, id);
	if (taken.data != NULL)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the tokens %s and %s have the same id %u", pmill_quote(&quote, taken.data, taken.len),
			pmill_quote(&other, data, len), id);
	return PMILL_OK;
}

/* Finds the slot for a new token, which must not be in the table yet. */
static pmill_status choose_slot(struct pmill_vocab *vocab, uint32_t id, const void *data,
	size_t len, size_t *slot, pmill_error *error)
{
	if (!reserve_slots(vocab, 1))
		return pmill_fail_memory(error);
	*slot = find_slot(vocab, data, len);
	struct pmill_quote quote;
	if (vocab->slots[*slot] != 0)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the token %s occurs twice, with the ids %u and %u", pmill_quote(&quote, data, len),
			vocab->slots[*slot] - 1, id);
	return PMILL_OK;
}

pmill_status pmill_vocab_add(struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len,
	bool is_special, pmill_error *error)
{
	size_t slot = 0;
	pmill_status status = check_token(vocab, id, data, len, error);
	if (status == PMILL_OK && !is_special)
		status = choose_slot(vocab, id, data, len, &slot, error);
	if (status != PMILL_OK)
		return status;
	if (!reserve_id(vocab, id) || !pmill_buffer_reserve(&vocab->bytes, len))
		return pmill_fail_memory(error);
	if (id >= vocab->count) {
		memset(vocab->tokens + vocab->count, 0, (id + 1 - vocab->count) * sizeof *vocab->tokens);
		vocab->count = (size_t)id + 1;
	}
	vocab->tokens[id] = (struct pmill_vocab_token){vocab->bytes.len, (uint32_t)len, is_special};
	memcpy(vocab->bytes.data + vocab->bytes.len, data, len);
	vocab->bytes.len += len;
	if (!is_special) {
		vocab->slots[slot] = id + 1;
		vocab->used++;
	}
	return PMILL_OK;
}

pmill_bytes pmill_vocab_token(const struct pmill_vocab *vocab, uint32_t id)
{
	if (id >= vocab->count || vocab->tokens[id].len == 0)
		return (pmill_bytes){NULL, 0};
	const struct pmill_vocab_token *token = &vocab->tokens[id];
	return (pmill_bytes){vocab->bytes.data + token->offset, token->len};
}

uint32_t pmill_vocab_find(const struct pmill_vocab *vocab, const void *data, size_t len)
{
	if (vocab->slot_count == 0 || len == 0)
		return PMILL_NO_ID;
	/* A free slot holds 0, and 0 - 1 is PMILL_NO_ID. */
	return vocab->slots[find_slot(vocab, data, len)] - 1;
}
