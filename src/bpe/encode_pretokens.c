/* Pretokens → ids, in batches: from the table of known ones, the others by merging. */
/* SPDX-License-Identifier: MIT */
/*
 * First all keys of a batch are made, and their lines in the table are prefetched, so that the
 * cache misses of a batch overlap. Then all are looked up, then those that aren't there are encoded
 * together, then the ids of all are written: in none of these passes does a branch depend on which
 * pretokens are known, which nobody can predict. Long pretokens have no keys.
 */
#include "bpe/encode_pretokens.h"

#include "base/error.h"
#include "base/hash.h"
#include "bpe/pretoken_parts.h"

enum {
	SPILL = 16, /* ids of a slot are stored whole, even if only some count */
};

static void init(struct pmill_pretoken_state *state)
{
	pmill_known_pretokens_init(
		&state->known, pmill_hash_random_seed(), pmill_pretoken_encoder_id_limit(state->encoder));
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
	struct pmill_pretoken_cuts cuts;
	const struct pmill_pretoken_key key = missing->slot.key;
	if (is_ascii(key) || !pmill_pretoken_cuts_find(state, &cuts, missing->bytes, len_of(key)))
		return false;
	missing->count = 0;
	if (pmill_pretoken_add_parts(state, &cuts, 0, false, &ids, NULL) == PMILL_OK) {
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
		return pmill_pretoken_add_unknown(state, missing->bytes, len, 0, false, ids, error);
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
		return pmill_error_move(status, at, batch->error);
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
		if (!pmill_id_buffer_reserve(ids, ends[i] - begin))
			return pmill_fail_memory(error);
		status = pmill_pretoken_encoder_encode(state->encoder, &state->scratch, text + begin,
			ends[i] - begin, ids->ids + ids->count, &found, error);
		ids->count += found;
		pmill_error_move(status, begin, error);
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
		if (room > SIZE_MAX - SPILL || !pmill_id_buffer_reserve(batch->ids, room + SPILL))
			return pmill_fail_memory(batch->error);
		status = add_shorts(batch, next, end, i, at);
		if (status != PMILL_OK || !is_long)
			break;
		at = batch->text != NULL ? (size_t)(pretoken->bytes - batch->text) : 0;
		status = pmill_pretoken_add_unknown(
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
