/* The vocab: one buffer of bytes, spans by id, and an open-addressing table from bytes to id. */
/* SPDX-License-Identifier: MIT */
#include "model/vocab.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "unicode/quote.h"

enum {
	FIRST_SLOT_COUNT = 1024,
	FIND_BATCH = 64, /* look-ups in flight */
};

void pmill_vocab_release(struct pmill_vocab *vocab)
{
	free(vocab->tokens);
	free(vocab->slots);
	pmill_buffer_release(&vocab->bytes);
	*vocab = (struct pmill_vocab){0};
}

/* For len > 0. Reads the bytes in at most two pieces, which may overlap. */
static uint64_t hash_bytes(const struct pmill_key_seed *seed, const uint8_t *bytes, size_t len)
{
	uint64_t first, second = 0;
	if (len > PMILL_SHORT_PRETOKEN)
		return pmill_long_pretoken_hash(*seed, bytes, len);
	if (len >= 8) {
		first = pmill_load_word(bytes);
		second = pmill_load_word(bytes + len - 8);
	} else if (len >= 4) {
		first = pmill_load_half(bytes);
		second = pmill_load_half(bytes + len - 4);
	} else {
		first = bytes[0] | (uint64_t)bytes[len / 2] << 8 | (uint64_t)bytes[len - 1] << 16;
	}
	const uint64_t hash = pmill_fold(first ^ seed->first, second ^ seed->second);
	return pmill_fold(hash ^ len, seed->factor);
}

static bool is_token(const struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len)
{
	const struct pmill_vocab_token *token = &vocab->tokens[id];
	return token->len == len && memcmp(vocab->bytes.data + token->offset, data, len) == 0;
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

/* The first slot from `slot` on with the tag, or a free one. The table is never full. */
static size_t find_tag(const struct pmill_vocab *vocab, size_t slot, uint32_t tag)
{
	const size_t mask = vocab->slot_count - 1;
	slot &= mask;
	while (vocab->slots[slot].entry != 0 && vocab->slots[slot].tag != tag)
		slot = (slot + 1) & mask;
	return slot;
}

/* The slot that holds the token, or the free slot where it belongs. */
static size_t find_slot(
	const struct pmill_vocab *vocab, uint64_t hash, const void *data, size_t len)
{
	size_t slot = find_tag(vocab, (size_t)hash, tag_of(hash));
	while (
		vocab->slots[slot].entry != 0 && !is_token(vocab, vocab->slots[slot].entry - 1, data, len))
		slot = find_tag(vocab, slot + 1, tag_of(hash));
	return slot;
}

static void set_seed(struct pmill_vocab *vocab)
{
	const uint64_t random = pmill_hash_random_seed();
	vocab->seed = (struct pmill_key_seed){
		.first = random,
		.second = pmill_hash64(&random, sizeof random, 1),
		.factor = pmill_hash64(&random, sizeof random, 2) | 1,
	};
}

static size_t find_free(const struct pmill_vocab *vocab, uint64_t hash)
{
	const size_t mask = vocab->slot_count - 1;
	size_t slot = (size_t)hash & mask;
	while (vocab->slots[slot].entry != 0)
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
		set_seed(&grown);
	for (size_t i = 0; i < vocab->slot_count; i++) {
		if (vocab->slots[i].entry == 0)
			continue;
		const struct pmill_vocab_token *token = &vocab->tokens[vocab->slots[i].entry - 1];
		const uint64_t hash = hash_bytes(
			&vocab->seed, vocab->bytes.data + token->offset, token->len);
		grown.slots[find_free(&grown, hash)] = vocab->slots[i];
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
	size_t len, struct pmill_vocab_slot **slot, pmill_error *error)
{
	if (!reserve_slots(vocab, 1))
		return pmill_fail_memory(error);
	const uint64_t hash = hash_bytes(&vocab->seed, data, len);
	*slot = &vocab->slots[find_slot(vocab, hash, data, len)];
	struct pmill_quote quote;
	if ((*slot)->entry != 0)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the token %s occurs twice, with the ids %u and %u", pmill_quote(&quote, data, len),
			(*slot)->entry - 1, id);
	(*slot)->tag = tag_of(hash);
	return PMILL_OK;
}

/* Room for them has been made. */
static void add_holes(struct pmill_vocab *vocab, size_t count)
{
	if (count <= vocab->count)
		return;
	memset(vocab->tokens + vocab->count, 0, (count - vocab->count) * sizeof *vocab->tokens);
	vocab->count = count;
}

bool pmill_vocab_extend(struct pmill_vocab *vocab, size_t count)
{
	if (count == 0 || count > UINT32_MAX || !reserve_id(vocab, (uint32_t)(count - 1)))
		return count == 0;
	add_holes(vocab, count);
	return true;
}

pmill_status pmill_vocab_add(struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len,
	bool is_special, pmill_error *error)
{
	struct pmill_vocab_slot *slot = NULL;
	pmill_status status = check_token(vocab, id, data, len, error);
	if (status == PMILL_OK && !is_special)
		status = choose_slot(vocab, id, data, len, &slot, error);
	if (status != PMILL_OK)
		return status;
	if (!reserve_id(vocab, id) || !pmill_buffer_reserve(&vocab->bytes, len))
		return pmill_fail_memory(error);
	add_holes(vocab, (size_t)id + 1);
	vocab->tokens[id] = (struct pmill_vocab_token){vocab->bytes.len, (uint32_t)len, is_special};
	memcpy(vocab->bytes.data + vocab->bytes.len, data, len);
	vocab->bytes.len += len;
	if (!is_special) {
		slot->entry = id + 1;
		vocab->used++;
	}
	return PMILL_OK;
}

pmill_status pmill_vocab_add_read(struct pmill_vocab *vocab, uint32_t id, const void *data,
	size_t len, bool is_special, pmill_error *error)
{
	if (len > PMILL_LONGEST_TOKEN)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the token with id %u has %zu bytes, more than the 64 MiB that a token may have", id,
			len);
	return pmill_vocab_add(vocab, id, data, len, is_special, error);
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
	const uint64_t hash = hash_bytes(&vocab->seed, data, len);
	return vocab->slots[find_slot(vocab, hash, data, len)].entry - 1;
}

/* Each pass prefetches what the next one reads, so that cache misses overlap. */
static void find_batch(
	const struct pmill_vocab *vocab, const pmill_bytes *strings, size_t count, uint32_t *ids)
{
	uint64_t hashes[FIND_BATCH];
	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_bytes(&vocab->seed, strings[i].data, strings[i].len);
		__builtin_prefetch(&vocab->slots[hashes[i] & (vocab->slot_count - 1)]);
	}
	for (size_t i = 0; i < count; i++) {
		const size_t slot = find_tag(vocab, (size_t)hashes[i], tag_of(hashes[i]));
		ids[i] = vocab->slots[slot].entry - 1;
		if (ids[i] != PMILL_NO_ID)
			__builtin_prefetch(&vocab->tokens[ids[i]]);
	}
	for (size_t i = 0; i < count; i++)
		if (ids[i] != PMILL_NO_ID)
			__builtin_prefetch(vocab->bytes.data + vocab->tokens[ids[i]].offset);
	for (size_t i = 0; i < count; i++)
		if (ids[i] != PMILL_NO_ID && !is_token(vocab, ids[i], strings[i].data, strings[i].len))
			ids[i] = pmill_vocab_find(vocab, strings[i].data, strings[i].len);
}

void pmill_vocab_find_many(
	const struct pmill_vocab *vocab, const pmill_bytes *strings, size_t count, uint32_t *ids)
{
	for (size_t i = 0; i < count; i += FIND_BATCH) {
		const size_t batch = count - i < FIND_BATCH ? count - i : FIND_BATCH;
		if (vocab->slot_count == 0)
			memset(ids + i, 0xFF, batch * sizeof *ids); /* PMILL_NO_ID */
		else
			find_batch(vocab, strings + i, batch, ids + i);
	}
}
