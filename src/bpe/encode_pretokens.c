/* Pretokens → ids, in batches: from the table of known ones, the others by merging. */
/* SPDX-License-Identifier: MIT */
/*
 * First all keys of a batch are made, and their lines in the table are prefetched, so that the
 * cache misses of a batch overlap. Then all are looked up, then those that aren't there are encoded
 * together, then the ids of all are written: in none of these passes does a branch depend on
 * which pretokens are known, which nobody can predict. Long pretokens have no keys, and are merged,
 * but cut first where no token lies between two characters; the parts are looked up.
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
	PARTS = 16, /* that are looked up together */
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

/* Where a pretoken can be cut; the last end is its own. */
struct cuts {
	struct pmill_cut_walk walk;
	size_t ends[PARTS], count;
};

/* The first cuts. False if there is none. */
static bool find_cuts(const struct pmill_pretoken_state *state, struct cuts *cuts,
	const uint8_t *pretoken, size_t len)
{
	pmill_cut_walk_start(&cuts->walk, pretoken, len);
	cuts->count = pmill_pretoken_encoder_find_cuts(state->encoder, &cuts->walk, cuts->ends, PARTS);
	return cuts->ends[0] < len;
}

/*
 * A pretoken that can be cut. It is no token itself, as that would lie across the cut. There is
 * room for its ids. The table may grow for its parts, of which a long pretoken may have thousands,
 * only if no slot of it is in use.
 */
static pmill_status add_parts(struct pmill_pretoken_state *state, struct cuts *cuts, size_t at,
	bool may_grow, struct pmill_id_buffer *ids, pmill_error *error)
{
	const uint8_t *pretoken = cuts->walk.bytes;
	struct part parts[PARTS];
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
			state->encoder, &cuts->walk, cuts->ends, PARTS);
	}
	if (status != PMILL_OK)
		ids->count = first;
	return status;
}

/* A pretoken that isn't in the table. There is room for its ids. */
static pmill_status add_unknown(struct pmill_pretoken_state *state, const uint8_t *pretoken,
	size_t len, size_t at, bool may_grow, struct pmill_id_buffer *ids, pmill_error *error)
{
	struct cuts cuts;
	return find_cuts(state, &cuts, pretoken, len)
		? add_parts(state, &cuts, at, may_grow, ids, error)
		: add_uncut(state, pretoken, len, at, ids, error);
}

/* ---- Batches ---- */

/* A pretoken of a batch that isn't in its home line, or has more ids than a slot shows. */
struct missing {
	struct pmill_known_slot slot; /* its key, and its ids if there are no more than fit */
	size_t index;                 /* in the batch */
	uint8_t bytes[sizeof(struct pmill_pretoken_key)];
	bool is_known; /* it is in the table */
	size_t count;  /* of ids; 0: it can't be encoded, or isn't yet */
	uint32_t ids[PMILL_SHORT_PRETOKEN];
};

struct lookup {
	const struct pmill_known_slot *slots[PMILL_KEY_BATCH]; /* NULL: more ids than a slot shows */
	struct missing missing[PMILL_KEY_BATCH + 1];
	size_t missing_count;
};

static inline size_t len_of(struct pmill_pretoken_key key)
{
	return (size_t)(key.second >> 56);
}

/* Looks up the pretokens [next, end) of a batch, each in its home line. */
static void look_up(const struct pmill_known_pretokens *known,
	const struct pmill_pretoken_keys *keys, size_t next, size_t end, struct lookup *lookup)
{
	size_t count = 0;
	for (; next < end; next++) {
		const struct pmill_pretoken_key key = keys->keys[next];
		const struct pmill_known_slot *home = pmill_known_home(known, keys->hashes[next]);
		const struct pmill_known_slot *slot = &home[pmill_known_slot_is(&home[1], key)];
		struct missing *missing = &lookup->missing[count]; /* of this one, if it is */
		lookup->slots[next] = slot;
		missing->slot.key = key;
		missing->index = next;
		missing->is_known = pmill_known_slot_is(slot, key);
		const bool is_packed = pmill_known_slot_count(slot) > PMILL_KNOWN_PLAIN_IDS;
		count += !missing->is_known | is_packed;
	}
	lookup->missing_count = count;
}

static inline bool is_ascii(struct pmill_pretoken_key key)
{
	const uint64_t high = 0x8080808080808080;
	return ((key.first | key.second) & high) == 0;
}

/* False if it isn't in the table. */
static bool find_known(
	const struct pmill_pretoken_state *state, uint64_t hash, struct missing *missing)
{
	uint32_t ids[SPILL];
	if (!missing->is_known && pmill_known_home_has_room(&state->known, hash))
		return false;
	const struct pmill_known_slot *slot = pmill_known_pretokens_find(
		&state->known, missing->slot.key, hash);
	missing->is_known = slot != NULL;
	if (slot == NULL)
		return false;
	missing->count = pmill_known_pretokens_unpack(&state->known, slot, ids);
	memcpy(missing->ids, ids, sizeof missing->ids);
	return true;
}

/* False if it can't be cut. */
static bool encode_parts(struct pmill_pretoken_state *state, struct missing *missing)
{
	uint32_t room[PMILL_SHORT_PRETOKEN + SPILL];
	struct pmill_id_buffer ids = {room, 0, sizeof room / sizeof *room};
	struct cuts cuts;
	const struct pmill_pretoken_key key = missing->slot.key;
	if (is_ascii(key) || !find_cuts(state, &cuts, missing->bytes, len_of(key)))
		return false;
	missing->count = 0;
	if (add_parts(state, &cuts, 0, false, &ids, NULL) == PMILL_OK) {
		missing->count = ids.count;
		memcpy(missing->ids, room, sizeof missing->ids);
	}
	return true;
}

/* Where the ids of what wasn't found are. */
static void set_slots(struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->missing_count; i++) {
		struct missing *missing = &lookup->missing[i];
		const bool fits = missing->count > 0 && missing->count <= PMILL_KNOWN_PLAIN_IDS;
		memcpy(missing->slot.ids, missing->ids, sizeof missing->slot.ids);
		missing->slot.key.second |= (uint64_t)missing->count << PMILL_KNOWN_COUNT_SHIFT;
		lookup->slots[missing->index] = fits ? &missing->slot : NULL;
	}
}

/* Pretokens to encode together, and whose ids these will be. */
struct shorts {
	struct pmill_short_pretoken pretokens[PMILL_MOST_SHORTS];
	struct missing *owners[PMILL_MOST_SHORTS];
	size_t count;
};

static void encode_shorts(const struct pmill_pretoken_encoder *encoder, struct shorts *shorts)
{
	pmill_pretoken_encoder_encode_shorts(encoder, shorts->pretokens, shorts->count);
	for (size_t i = 0; i < shorts->count; i++)
		shorts->owners[i]->count = shorts->pretokens[i].count;
	shorts->count = 0;
}

/* Encodes what wasn't found. No slot of the table changes that isn't free. */
static void encode_missing(struct pmill_pretoken_state *state,
	const struct pmill_pretoken_keys *keys, struct lookup *lookup)
{
	struct shorts shorts;
	shorts.count = 0;
	for (size_t i = 0; i < lookup->missing_count; i++) {
		struct missing *missing = &lookup->missing[i];
		if (find_known(state, keys->hashes[missing->index], missing))
			continue;
		pmill_pretoken_key_bytes(missing->slot.key, missing->bytes);
		if (encode_parts(state, missing))
			continue;
		shorts.pretokens[shorts.count] = (struct pmill_short_pretoken){
			missing->bytes, len_of(missing->slot.key), missing->ids, 0};
		shorts.owners[shorts.count++] = missing;
		if (shorts.count == PMILL_MOST_SHORTS)
			encode_shorts(state->encoder, &shorts);
	}
	encode_shorts(state->encoder, &shorts);
	set_slots(lookup);
}

/* What has more ids than a slot shows, or none. There is room for its ids. */
static __attribute__((noinline)) pmill_status add_missing(struct pmill_pretoken_state *state,
	const struct missing *missing, struct pmill_id_buffer *ids, pmill_error *error)
{
	const size_t len = (size_t)(missing->slot.key.second >> 56) & 0xF;
	if (missing->count == 0)
		return add_unknown(state, missing->bytes, len, 0, false, ids, error);
	memcpy(ids->ids + ids->count, missing->ids, sizeof missing->ids);
	ids->count += missing->count;
	return PMILL_OK;
}

/* A queue that is being encoded. */
struct batch {
	struct pmill_pretoken_state *state;
	struct pmill_pretoken_queue *queue;
	size_t next_end;     /* of a document */
	const uint8_t *text; /* of all pretokens; NULL if there are several */
	struct pmill_id_buffer *ids;
	pmill_error *error;
};

/* The short pretokens [next, end). *missing is the first one from there on, or one before it. */
static pmill_status write_ids(struct batch *batch, size_t next, size_t end,
	const struct lookup *lookup, const struct missing **missing)
{
	struct pmill_id_buffer *ids = batch->ids;
	uint32_t *out = ids->ids + ids->count;
	pmill_status status = PMILL_OK;
	for (; next < end && status == PMILL_OK; next++) {
		const struct pmill_known_slot *slot = lookup->slots[next];
		if (__builtin_expect(slot != NULL, 1)) {
			memcpy(out, slot->ids, sizeof slot->ids);
			out += pmill_known_slot_count(slot);
			continue;
		}
		while ((*missing)->index < next)
			++*missing;
		ids->count = (size_t)(out - ids->ids);
		status = add_missing(batch->state, *missing, ids, batch->error);
		out = ids->ids + ids->count;
	}
	ids->count = (size_t)(out - ids->ids);
	return status;
}

/* A pretoken may occur several times in a batch. */
static void remember_missing(struct pmill_known_pretokens *known,
	const struct pmill_pretoken_keys *keys, const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->missing_count; i++) {
		const struct missing *missing = &lookup->missing[i];
		const struct pmill_pretoken_key key = keys->keys[missing->index];
		const uint64_t hash = keys->hashes[missing->index];
		if (!missing->is_known && pmill_known_pretokens_find(known, key, hash) == NULL)
			pmill_known_pretokens_add(known, key, hash, missing->ids, missing->count);
	}
}

/* Whether the next document ends before the next long pretoken. */
static bool is_end_next(const struct batch *batch, size_t longs_before)
{
	const struct pmill_pretoken_queue *queue = batch->queue;
	return batch->next_end < queue->end_count &&
		queue->ends[batch->next_end].longs_before == longs_before;
}

/*
 * The short pretokens [next, end), which follow so many long ones and begin at `at`, and the ends
 * of documents among them. There is room for their ids.
 */
static pmill_status add_shorts(
	struct batch *batch, size_t next, size_t end, size_t longs_before, size_t at)
{
	struct pmill_pretoken_keys *keys = &batch->queue->keys;
	struct lookup lookup;
	const struct missing *missing = lookup.missing;
	pmill_status status = PMILL_OK;
	look_up(&batch->state->known, keys, next, end, &lookup);
	if (lookup.missing_count > 0)
		encode_missing(batch->state, keys, &lookup);
	size_t begin = next;
	while (status == PMILL_OK && is_end_next(batch, longs_before)) {
		struct pmill_queued_end *document = &batch->queue->ends[batch->next_end++];
		status = write_ids(batch, begin, document->keys_before, &lookup, &missing);
		document->id_count = batch->ids->count;
		begin = document->keys_before;
	}
	if (status == PMILL_OK)
		status = write_ids(batch, begin, end, &lookup, &missing);
	if (status != PMILL_OK) {
		for (; next < missing->index; next++)
			at += len_of(keys->keys[next]);
		return fail_at(status, at, batch->error);
	}
	if (lookup.missing_count > 0)
		remember_missing(&batch->state->known, keys, &lookup);
	return PMILL_OK;
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

/* All that is in the queue; its first pretoken begins at `at`. */
static pmill_status add_batch(struct batch *batch, size_t at)
{
	const struct pmill_pretoken_keys *keys = &batch->queue->keys;
	size_t next = 0;
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i <= keys->long_count && status == PMILL_OK; i++) {
		const struct pmill_long_pretoken *pretoken = &keys->longs[i];
		const bool is_long = i < keys->long_count;
		const size_t end = is_long ? pretoken->keys_before : keys->count;
		const size_t room = (end - next) * PMILL_SHORT_PRETOKEN + (is_long ? pretoken->len : 0);
		if (room > SIZE_MAX - SPILL || !reserve(batch->ids, room + SPILL))
			return pmill_fail_memory(batch->error);
		status = add_shorts(batch, next, end, i, at);
		if (status != PMILL_OK || !is_long)
			break;
		at = batch->text != NULL ? (size_t)(pretoken->bytes - batch->text) : 0;
		status = add_unknown(
			batch->state, pretoken->bytes, pretoken->len, at, true, batch->ids, batch->error);
		at += pretoken->len;
		next = end;
	}
	return status;
}

/* ---- The queue ---- */

bool pmill_pretoken_queue_clear(
	struct pmill_pretoken_queue *queue, struct pmill_pretoken_state *state)
{
	queue->keys.count = queue->keys.long_count = queue->end_count = 0;
	if (pmill_pretoken_state_is_new(state))
		init(state);
	pmill_known_pretokens_prepare(&state->known);
	return state->known.slots != NULL;
}

size_t pmill_pretoken_queue_add(struct pmill_pretoken_queue *queue,
	const struct pmill_pretoken_state *state, const uint8_t *text, size_t readable, size_t begin,
	const size_t *ends, size_t count)
{
	struct pmill_pretoken_keys *keys = &queue->keys;
	size_t i = keys->count;
	const size_t added = pmill_pretoken_keys_add(
		keys, state->key_maker, &state->known.seed, text, readable, begin, ends, count);
	/* Not a function of its own: gcc drops one that only prefetches. */
	for (; i < keys->count; i++)
		__builtin_prefetch(pmill_known_home(&state->known, keys->hashes[i]));
	return added;
}

bool pmill_pretoken_queue_end(struct pmill_pretoken_queue *queue)
{
	if (queue->end_count == sizeof queue->ends / sizeof *queue->ends)
		return false;
	queue->ends[queue->end_count++] = (struct pmill_queued_end){
		.keys_before = queue->keys.count, .longs_before = queue->keys.long_count};
	return true;
}

pmill_status pmill_pretoken_queue_encode(struct pmill_pretoken_queue *queue,
	struct pmill_pretoken_state *state, struct pmill_id_buffer *ids)
{
	struct batch batch = {.state = state, .queue = queue, .ids = ids};
	return add_batch(&batch, 0);
}

pmill_status pmill_encode_pretokens(struct pmill_pretoken_state *state, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, struct pmill_id_buffer *ids,
	pmill_error *error)
{
	struct pmill_pretoken_queue queue;
	pmill_status status = PMILL_OK;
	while (count > 0 && status == PMILL_OK) {
		struct batch batch = {
			.state = state, .queue = &queue, .text = text, .ids = ids, .error = error};
		if (!pmill_pretoken_queue_clear(&queue, state))
			return merge_all(state, text, begin, ends, count, ids, error);
		const size_t added = pmill_pretoken_queue_add(
			&queue, state, text, readable, begin, ends, count);
		status = add_batch(&batch, begin);
		begin = ends[added - 1];
		ends += added;
		count -= added;
	}
	return status;
}
