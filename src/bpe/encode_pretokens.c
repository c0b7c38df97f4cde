/* Pretokens → ids, in batches: from the table of known ones, the others by merging. */
/* SPDX-License-Identifier: MIT */
/*
 * First all keys of a batch are made, and their lines in the table are prefetched, so that the
 * cache misses of a batch overlap; then each pretoken is looked up. At the first that isn't there
 * the next such ones are sought, and encoded side by side, for the same reason. Long pretokens have
 * no keys, and are merged, but cut first where no token lies between two characters; the parts are
 * looked up.
 */
#include "bpe/encode_pretokens.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "base/hash.h"

#define INLINE static inline __attribute__((always_inline))

enum {
	SPILL = 16, /* ids of a slot are stored whole, even if only some count */
	CHARACTERS = 1 << 16,
	CHARACTER_ID_BITS = 20,
	CHARACTER_COUNT_SHIFT = 62,
	MOST_PART = PMILL_SHORT_PRETOKEN - 1, /* bytes; longer parts have no key */
};

/* The last byte of a short pretoken, if the key has room for more than its bytes. */
#define PART_MARK (UINT64_C(1) << 48)

void pmill_pretoken_state_release(struct pmill_pretoken_state *state)
{
	pmill_pretoken_scratch_release(&state->scratch);
	pmill_known_pretokens_release(&state->known);
	free(state->characters);
	state->characters = NULL;
}

static void init(struct pmill_pretoken_state *state)
{
	state->key_maker = pmill_key_maker_fastest();
	pmill_known_pretokens_init(
		&state->known, pmill_hash_random_seed(), pmill_pretoken_encoder_id_limit(state->encoder));
}

/* Room for `more` ids. */
static bool reserve(struct pmill_id_buffer *ids, size_t more)
{
	if (more <= ids->capacity - ids->count)
		return true;
	void *items = ids->ids;
	if (more > SIZE_MAX / 2 - ids->count ||
		!pmill_array_reserve(&items, &ids->capacity, ids->count + more, sizeof *ids->ids))
		return false;
	ids->ids = items;
	return true;
}

bool pmill_id_buffer_add(struct pmill_id_buffer *ids, uint32_t id)
{
	if (!reserve(ids, 1))
		return false;
	ids->ids[ids->count++] = id;
	return true;
}

/* ---- What the table doesn't have ---- */

/* Of the errors that follow, the offset becomes that in the text: `at` is where the bytes are. */
static pmill_status fail_at(pmill_status status, size_t at, pmill_error *error)
{
	if (status != PMILL_OK && error != NULL && error->offset != PMILL_NO_OFFSET)
		error->offset += at;
	return status;
}

/* There is room for `len` ids. */
static pmill_status merge(struct pmill_pretoken_state *state, const uint8_t *bytes, size_t len,
	size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	size_t count = 0;
	const pmill_status status = pmill_pretoken_encoder_merge(
		state->encoder, &state->scratch, bytes, len, ids->ids + ids->count, &count, error);
	ids->count += count;
	return fail_at(status, at, error);
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

static pmill_status add_character(struct pmill_pretoken_state *state, const uint8_t *bytes,
	size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	const size_t first = ids->count;
	uint64_t *value = &state->characters[character_index(bytes)];
	if (*value != 0) {
		put_character(*value, ids);
		return PMILL_OK;
	}
	const pmill_status status = merge(state, bytes, 3, at, ids, error);
	if (status == PMILL_OK)
		*value = pack_character(ids->ids + first, ids->count - first);
	return status;
}

/*
 * A part of a pretoken is looked up like a pretoken, but isn't one: it is never taken whole. So its
 * key has a last byte that no pretoken of its length has.
 */
static pmill_status add_part(struct pmill_pretoken_state *state, const uint8_t *bytes, size_t len,
	size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	struct pmill_known_pretokens *known = &state->known;
	const size_t first = ids->count;
	if (is_character(bytes, len) && has_characters(state))
		return add_character(state, bytes, at, ids, error);
	if (len > MOST_PART)
		return merge(state, bytes, len, at, ids, error);
	struct pmill_pretoken_key key = pmill_pretoken_key_make(bytes, len);
	key.second |= PART_MARK;
	const uint64_t hash = pmill_pretoken_key_hash(known->seed, key);
	const struct pmill_known_slot *slot = pmill_known_pretokens_find(known, key, hash);
	if (slot != NULL) {
		ids->count += pmill_known_pretokens_unpack(known, slot, ids->ids + first);
		return PMILL_OK;
	}
	const pmill_status status = merge(state, bytes, len, at, ids, error);
	/* A long pretoken may have thousands of parts. */
	pmill_known_pretokens_prepare(known);
	if (status == PMILL_OK)
		pmill_known_pretokens_add(known, key, hash, ids->ids + first, ids->count - first);
	return status;
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

/*
 * A pretoken that isn't in the table: in parts, if it can be cut. Then it is no token itself, as
 * that would lie across the cut. There is room for its ids.
 */
static pmill_status add_unknown(struct pmill_pretoken_state *state, const uint8_t *pretoken,
	size_t len, size_t at, struct pmill_id_buffer *ids, pmill_error *error)
{
	const struct pmill_pretoken_encoder *encoder = state->encoder;
	const size_t first = ids->count;
	size_t begin = 0, end = pmill_pretoken_encoder_next_cut(encoder, pretoken, 0, len);
	if (end == len)
		return add_uncut(state, pretoken, len, at, ids, error);
	pmill_status status = PMILL_OK;
	while (begin < len && status == PMILL_OK) {
		status = add_part(state, pretoken + begin, end - begin, at + begin, ids, error);
		begin = end;
		end = pmill_pretoken_encoder_next_cut(encoder, pretoken, begin, len);
	}
	if (status != PMILL_OK)
		ids->count = first;
	return status;
}

/* What the home line of a pretoken doesn't have. */
static __attribute__((noinline)) pmill_status add_other(struct pmill_pretoken_state *state,
	struct pmill_pretoken_key key, uint64_t hash, const uint8_t *pretoken, size_t at,
	struct pmill_id_buffer *ids, pmill_error *error)
{
	const struct pmill_known_slot *slot = pmill_known_pretokens_find(&state->known, key, hash);
	const size_t first = ids->count;
	if (slot != NULL) {
		ids->count += pmill_known_pretokens_unpack(&state->known, slot, ids->ids + first);
		return PMILL_OK;
	}
	const size_t len = (size_t)(key.second >> 56);
	const pmill_status status = add_unknown(state, pretoken, len, at, ids, error);
	if (status == PMILL_OK)
		pmill_known_pretokens_add(&state->known, key, hash, ids->ids + first, ids->count - first);
	return status;
}

/* ---- Batches ---- */

/* Pretokens of a batch that weren't in the table, encoded side by side, in their order. */
struct ahead {
	size_t end; /* of those looked at, an index in the batch */
	size_t count, next;
	size_t indices[PMILL_MERGE_LANES];
	struct pmill_short_pretoken pretokens[PMILL_MERGE_LANES];
	uint32_t ids[PMILL_MERGE_LANES][PMILL_SHORT_PRETOKEN];
};

/* From pretoken `index`, which begins at `at`, to `end`. Leaves out those that can be cut. */
static __attribute__((noinline)) void look_ahead(struct pmill_pretoken_state *state,
	const struct pmill_pretoken_keys *keys, size_t index, size_t end, const uint8_t *text,
	size_t at, struct ahead *ahead)
{
	const struct pmill_known_pretokens *known = &state->known;
	size_t count = 0;
	for (; index < end && count < PMILL_MERGE_LANES; index++) {
		const struct pmill_pretoken_key key = keys->keys[index];
		const uint64_t hash = keys->hashes[index];
		const struct pmill_known_slot *home = pmill_known_home(known, hash);
		const size_t len = (size_t)(key.second >> 56);
		const uint8_t *bytes = text + at;
		at += len;
		/* As in add_shorts: which of both it is can't be predicted. */
		if (pmill_known_slot_is(&home[pmill_known_slot_is(&home[1], key)], key))
			continue;
		if (pmill_known_pretokens_find(known, key, hash) != NULL ||
			pmill_pretoken_encoder_next_cut(state->encoder, bytes, 0, len) < len)
			continue;
		ahead->pretokens[count] = (struct pmill_short_pretoken){bytes, len, ahead->ids[count], 0};
		ahead->indices[count++] = index;
	}
	pmill_pretoken_encoder_encode_shorts(state->encoder, ahead->pretokens, count);
	ahead->end = index;
	ahead->count = count;
	ahead->next = 0;
}

/* False if the pretoken isn't there, or holds a byte that the vocab lacks. */
static bool take_ahead(struct pmill_pretoken_state *state, const struct pmill_pretoken_keys *keys,
	size_t index, struct ahead *ahead, struct pmill_id_buffer *ids)
{
	struct pmill_known_pretokens *known = &state->known;
	const struct pmill_pretoken_key key = keys->keys[index];
	while (ahead->next < ahead->count && ahead->indices[ahead->next] < index)
		ahead->next++; /* it has come into the table */
	if (ahead->next == ahead->count || ahead->indices[ahead->next] > index)
		return false;
	const struct pmill_short_pretoken *pretoken = &ahead->pretokens[ahead->next++];
	if (pretoken->count == 0)
		return false;
	memcpy(ids->ids + ids->count, pretoken->symbols, pretoken->count * sizeof *ids->ids);
	ids->count += pretoken->count;
	if (pmill_known_pretokens_find(known, key, keys->hashes[index]) == NULL)
		pmill_known_pretokens_add(
			known, key, keys->hashes[index], pretoken->symbols, pretoken->count);
	return true;
}

/* The pretokens [*next, end) of a batch, all of them short. There is room for their ids. */
static pmill_status add_shorts(struct pmill_pretoken_state *state,
	const struct pmill_pretoken_keys *keys, size_t next, size_t end, const uint8_t *text,
	size_t *at, struct pmill_id_buffer *ids, pmill_error *error)
{
	const struct pmill_known_pretokens *known = &state->known;
	pmill_status status = PMILL_OK;
	struct ahead ahead;
	ahead.end = 0;
	for (; next < end && status == PMILL_OK; next++) {
		const struct pmill_pretoken_key key = keys->keys[next];
		const struct pmill_known_slot *home = pmill_known_home(known, keys->hashes[next]);
		const struct pmill_known_slot *slot = &home[pmill_known_slot_is(&home[1], key)];
		const size_t count = pmill_known_slot_count(slot);
		if (__builtin_expect(pmill_known_slot_is(slot, key) && count <= PMILL_KNOWN_PLAIN_IDS, 1)) {
			memcpy(ids->ids + ids->count, slot->ids, sizeof slot->ids);
			ids->count += count;
		} else {
			if (next >= ahead.end)
				look_ahead(state, keys, next, end, text, *at, &ahead);
			if (!take_ahead(state, keys, next, &ahead, ids))
				status = add_other(state, key, keys->hashes[next], text + *at, *at, ids, error);
		}
		*at += (size_t)(key.second >> 56);
	}
	return status;
}

/* Without a table. */
static pmill_status merge_all(struct pmill_pretoken_state *state, const uint8_t *text, size_t begin,
	const size_t *ends, size_t count, struct pmill_id_buffer *ids, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; begin = ends[i++]) {
		size_t found = 0;
		if (!reserve(ids, ends[i] - begin))
			return pmill_fail_memory(error);
		status = pmill_pretoken_encoder_encode(state->encoder, &state->scratch, text + begin,
			ends[i] - begin, ids->ids + ids->count, &found, error);
		ids->count += found;
		fail_at(status, begin, error);
	}
	return status;
}

static pmill_status add_batch(struct pmill_pretoken_state *state,
	const struct pmill_pretoken_keys *keys, const uint8_t *text, size_t at,
	struct pmill_id_buffer *ids, pmill_error *error)
{
	size_t next = 0;
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i <= keys->long_count && status == PMILL_OK; i++) {
		const struct pmill_long_pretoken *pretoken = &keys->longs[i];
		const bool is_long = i < keys->long_count;
		const size_t end = is_long ? pretoken->keys_before : keys->count;
		const size_t room = (end - next) * PMILL_SHORT_PRETOKEN + (is_long ? pretoken->len : 0);
		if (room > SIZE_MAX - SPILL || !reserve(ids, room + SPILL))
			return pmill_fail_memory(error);
		status = add_shorts(state, keys, next, end, text, &at, ids, error);
		if (status != PMILL_OK || !is_long)
			break;
		status = add_unknown(state, pretoken->bytes, pretoken->len, at, ids, error);
		at += pretoken->len;
		next = end;
	}
	return status;
}

pmill_status pmill_encode_pretokens(struct pmill_pretoken_state *state, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, struct pmill_id_buffer *ids,
	pmill_error *error)
{
	struct pmill_pretoken_keys keys;
	pmill_status status = PMILL_OK;
	if (state->key_maker == NULL)
		init(state);
	while (count > 0 && status == PMILL_OK) {
		pmill_known_pretokens_prepare(&state->known);
		if (state->known.slots == NULL)
			return merge_all(state, text, begin, ends, count, ids, error);
		const size_t part = pmill_pretoken_keys_fill(
			&keys, state->key_maker, &state->known.seed, text, readable, begin, ends, count);
		/* Not a function of its own: gcc drops one that only prefetches. */
		for (size_t i = 0; i < keys.count; i++)
			__builtin_prefetch(pmill_known_home(&state->known, keys.hashes[i]));
		status = add_batch(state, &keys, text, begin, ids, error);
		begin = ends[part - 1];
		ends += part;
		count -= part;
	}
	return status;
}
