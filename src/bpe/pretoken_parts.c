/* Pretokens that aren't known → ids: cut into parts, which are looked up, or merged. */
/* SPDX-License-Identifier: MIT */
#include "bpe/pretoken_parts.h"

#include <stdlib.h>

#include "base/error.h"

enum {
	CHARACTERS = 1 << 16,
	CHARACTER_ID_BITS = 20,
	CHARACTER_COUNT_SHIFT = 62,
};

/* The last byte of a short pretoken, if the key has room for more than its bytes. */
#define PART_MARK (UINT64_C(1) << 48)

/* There is room for `len` ids. */
static pmill_status merge(struct pmill_pretoken_state *state, const uint8_t *bytes, size_t len,
	size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	size_t count = 0;
	const pmill_status status = pmill_pretoken_encoder_merge(
		state->encoder, &state->scratch, bytes, len, ids->ids + ids->count, &count, error);
	ids->count += count;
	return pmill_error_move(status, at, error);
}

/*
 * A character of three bytes that stands alone has its ids in an array by the 16 bits that these
 * bytes hold: up to three, of 20 bits each, and their number above them; 0: not known.
 */
static inline bool is_character(const uint8_t *bytes, size_t len)
{
	return len == 3 && (bytes[0] & 0xF0) == 0xE0 && (bytes[1] & 0xC0) == 0x80 &&
		(bytes[2] & 0xC0) == 0x80;
}

static inline size_t character_index(const uint8_t *bytes)
{
	return (size_t)(bytes[0] & 0x0F) << 12 | (size_t)(bytes[1] & 0x3F) << 6 | (bytes[2] & 0x3F);
}

static bool has_characters(struct pmill_pretoken_state *state)
{
	if (state->characters != NULL || state->is_without_characters)
		return state->characters != NULL;
	if (state->known.id_bits <= CHARACTER_ID_BITS)
		state->characters = calloc(CHARACTERS, sizeof *state->characters);
	state->is_without_characters = state->characters == NULL;
	return !state->is_without_characters;
}

static void put_character(uint64_t value, struct pmill_id_buffer *ids)
{
	const uint32_t mask = (UINT32_C(1) << CHARACTER_ID_BITS) - 1;
	uint32_t *out = ids->ids + ids->count;
	out[0] = (uint32_t)value & mask;
	out[1] = (uint32_t)(value >> CHARACTER_ID_BITS) & mask;
	out[2] = (uint32_t)(value >> 2 * CHARACTER_ID_BITS) & mask;
	ids->count += (size_t)(value >> CHARACTER_COUNT_SHIFT);
}

static uint64_t pack_character(const uint32_t *ids, size_t count)
{
	uint64_t value = (uint64_t)count << CHARACTER_COUNT_SHIFT;
	for (size_t i = 0; i < count; i++)
		value |= (uint64_t)ids[i] << i * CHARACTER_ID_BITS;
	return value;
}

/* A part of a pretoken, with the place of its ids. */
struct part {
	const uint8_t *bytes;
	size_t len;
	uint64_t *character; /* if it is one of those */
	bool has_key;        /* otherwise, it may be in the table */
	struct pmill_pretoken_key key;
	uint64_t hash;
};

/*
 * A part is looked up like a pretoken, but isn't one: it is never taken whole. So its key has a
 * last byte that no pretoken of its length has, or for want of room no length.
 */
static struct pmill_pretoken_key make_part_key(const uint8_t *bytes, size_t len)
{
	struct pmill_pretoken_key key = pmill_pretoken_key_make(bytes, len);
	if (len < PMILL_SHORT_PRETOKEN)
		key.second |= PART_MARK;
	else
		key.second &= (UINT64_C(1) << 56) - 1;
	return key;
}

/* Finds out where the ids of the part are, and fetches that. */
static void seek_part(
	struct pmill_pretoken_state *state, struct part *part, const uint8_t *bytes, size_t len)
{
	part->bytes = bytes;
	part->len = len;
	part->character = NULL;
	part->has_key = false;
	if (is_character(bytes, len) && has_characters(state)) {
		part->character = &state->characters[character_index(bytes)];
		__builtin_prefetch(part->character);
	} else if (len <= PMILL_SHORT_PRETOKEN) {
		part->key = make_part_key(bytes, len);
		part->has_key = part->key.second != 0; /* otherwise it would look like a free slot */
		part->hash = pmill_pretoken_key_hash(state->known.seed, part->key);
		__builtin_prefetch(pmill_known_home(&state->known, part->hash));
	}
}

static pmill_status add_character(struct pmill_pretoken_state *state, const struct part *part,
	size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	const size_t first = ids->count;
	if (*part->character != 0) {
		put_character(*part->character, ids);
		return PMILL_OK;
	}
	const pmill_status status = merge(state, part->bytes, part->len, at, ids, error);
	if (status == PMILL_OK)
		*part->character = pack_character(ids->ids + first, ids->count - first);
	return status;
}

static pmill_status add_part(struct pmill_pretoken_state *state, const struct part *part, size_t at,
	bool may_grow, struct pmill_id_buffer *ids, pmill_error *error)
{
	struct pmill_known_pretokens *known = &state->known;
	const size_t first = ids->count;
	if (part->character != NULL)
		return add_character(state, part, at, ids, error);
	const struct pmill_known_slot *slot = part->has_key
		? pmill_known_pretokens_find(known, part->key, part->hash)
		: NULL;
	if (slot != NULL) {
		ids->count += pmill_known_pretokens_unpack(known, slot, ids->ids + first);
		return PMILL_OK;
	}
	const pmill_status status = merge(state, part->bytes, part->len, at, ids, error);
	if (status != PMILL_OK || !part->has_key)
		return status;
	if (may_grow)
		pmill_known_pretokens_prepare(known);
	pmill_known_pretokens_add_free(
		known, part->key, part->hash, ids->ids + first, ids->count - first);
	return PMILL_OK;
}

/* There is room for its ids. */
static pmill_status add_uncut(struct pmill_pretoken_state *state, const uint8_t *pretoken,
	size_t len, size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	const uint32_t whole = pmill_pretoken_encoder_find_whole(state->encoder, pretoken, len);
	if (whole == PMILL_NO_ID)
		return merge(state, pretoken, len, at, ids, error);
	ids->ids[ids->count++] = whole;
	return PMILL_OK;
}

bool pmill_pretoken_cuts_find(const struct pmill_pretoken_state *state,
	struct pmill_pretoken_cuts *cuts, const uint8_t *pretoken, size_t len)
{
	pmill_cut_walk_start(&cuts->walk, pretoken, len);
	cuts->count = pmill_pretoken_encoder_find_cuts(
		state->encoder, &cuts->walk, cuts->ends, PMILL_PARTS);
	return cuts->ends[0] < len;
}

pmill_status pmill_pretoken_add_parts(struct pmill_pretoken_state *state,
	struct pmill_pretoken_cuts *cuts, size_t at, bool may_grow, struct pmill_id_buffer *ids,
	pmill_error *error)
{
	const uint8_t *pretoken = cuts->walk.bytes;
	struct part parts[PMILL_PARTS];
	const size_t first = ids->count;
	size_t begin = 0;
	pmill_status status = PMILL_OK;
	for (;;) {
		for (size_t i = 0; i < cuts->count; begin = cuts->ends[i++])
			seek_part(state, &parts[i], pretoken + begin, cuts->ends[i] - begin);
		for (size_t i = 0; i < cuts->count && status == PMILL_OK; i++)
			status = add_part(
				state, &parts[i], at + (size_t)(parts[i].bytes - pretoken), may_grow, ids, error);
		if (status != PMILL_OK || begin == cuts->walk.len)
			break;
		cuts->count = pmill_pretoken_encoder_find_cuts(
			state->encoder, &cuts->walk, cuts->ends, PMILL_PARTS);
	}
	if (status != PMILL_OK)
		ids->count = first;
	return status;
}

pmill_status pmill_pretoken_add_unknown(struct pmill_pretoken_state *state, const uint8_t *pretoken,
	size_t len, size_t at, bool may_grow, struct pmill_id_buffer *ids, pmill_error *error)
{
	struct pmill_pretoken_cuts cuts;
	return pmill_pretoken_cuts_find(state, &cuts, pretoken, len)
		? pmill_pretoken_add_parts(state, &cuts, at, may_grow, ids, error)
		: add_uncut(state, pretoken, len, at, ids, error);
}
