/* Short pretokens met before → their ids, in bounded memory. */
/* SPDX-License-Identifier: MIT */
#include "bpe/known_pretokens.h"

#include <assert.h>

#include "base/pages.h"

enum {
	FIRST_LINES = 1 << 9, /* 32 KiB, so that a short text pays for little */
	MOST_LINES = 1 << 19, /* 32 MiB */
	GROWTH_SHIFT = 2,     /* by a factor of 4 */
	MOST_IDS = 15,        /* what the key's top bits hold */
	VALUE_BITS = 128,     /* of a slot's ids */
	FULL_NUMERATOR = 3,   /* grows at 3/8 */
	FULL_DENOMINATOR = 8,
};

void pmill_known_pretokens_init(
	struct pmill_known_pretokens *known, uint64_t seed, uint64_t id_limit)
{
	unsigned bits = 1;
	while (bits < 32 && (id_limit - 1) >> bits != 0)
		bits++;
	size_t most = VALUE_BITS / bits;
	most = most < PMILL_KNOWN_PLAIN_IDS ? PMILL_KNOWN_PLAIN_IDS : most;
	*known = (struct pmill_known_pretokens){.seed = pmill_key_seed_make(seed),
		.id_bits = bits,
		.most_ids = most < MOST_IDS ? most : MOST_IDS};
}

static size_t slots_len(size_t line_count)
{
	return line_count * PMILL_KNOWN_LINE * sizeof(struct pmill_known_slot);
}

void pmill_known_pretokens_release(struct pmill_known_pretokens *known)
{
	if (known->slots != NULL)
		pmill_pages_free(known->slots, slots_len(known->line_count));
	known->slots = NULL;
	known->line_count = known->used = 0;
}

/* ---- Packing ---- */

typedef unsigned __int128 packed_ids;
_Static_assert(sizeof(packed_ids) == PMILL_KNOWN_PLAIN_IDS * sizeof(uint32_t), "a slot's ids");

static void pack(const struct pmill_known_pretokens *known, struct pmill_known_slot *slot,
	const uint32_t *ids, size_t count)
{
	if (count <= PMILL_KNOWN_PLAIN_IDS) {
		memcpy(slot->ids, ids, count * sizeof *ids);
		return;
	}
	packed_ids value = 0;
	for (size_t i = 0; i < count; i++)
		value |= (packed_ids)ids[i] << i * known->id_bits;
	memcpy(slot->ids, &value, sizeof value);
}

size_t pmill_known_pretokens_unpack(
	const struct pmill_known_pretokens *known, const struct pmill_known_slot *slot, uint32_t *ids)
{
	const size_t count = pmill_known_slot_count(slot);
	if (count <= PMILL_KNOWN_PLAIN_IDS) {
		memcpy(ids, slot->ids, sizeof slot->ids);
		return count;
	}
	packed_ids value;
	memcpy(&value, slot->ids, sizeof value);
	for (size_t i = 0; i < count; i++, value >>= known->id_bits)
		ids[i] = (uint32_t)value & (uint32_t)((UINT64_C(1) << known->id_bits) - 1);
	return count;
}

/* ---- Finding ---- */

static inline bool is_free(const struct pmill_known_slot *slot)
{
	return slot->key.second == 0;
}

static inline size_t next_line(const struct pmill_known_pretokens *known, size_t line)
{
	return (line + 1) & (known->line_count - 1);
}

const struct pmill_known_slot *pmill_known_pretokens_find(
	const struct pmill_known_pretokens *known, struct pmill_pretoken_key key, uint64_t hash)
{
	size_t line = (size_t)(hash >> known->shift);
	for (size_t i = 0; i < PMILL_KNOWN_LINES; i++, line = next_line(known, line)) {
		const struct pmill_known_slot *slot = &known->slots[line * PMILL_KNOWN_LINE];
		for (size_t k = 0; k < PMILL_KNOWN_LINE; k++)
			if (pmill_known_slot_is(&slot[k], key))
				return &slot[k];
		if (is_free(&slot[PMILL_KNOWN_LINE - 1]))
			break;
	}
	return NULL;
}

/* Where a pretoken that isn't in the table goes; NULL: all places that it may have are taken. */
static struct pmill_known_slot *free_place_for(struct pmill_known_pretokens *known, uint64_t hash)
{
	size_t line = (size_t)(hash >> known->shift);
	for (size_t i = 0; i < PMILL_KNOWN_LINES; i++, line = next_line(known, line)) {
		struct pmill_known_slot *slot = &known->slots[line * PMILL_KNOWN_LINE];
		for (size_t k = 0; k < PMILL_KNOWN_LINE; k++) {
			if (!is_free(&slot[k]))
				continue;
			known->used++;
			return &slot[k];
		}
	}
	return NULL;
}

static struct pmill_known_slot *place_for(struct pmill_known_pretokens *known, uint64_t hash)
{
	struct pmill_known_slot *slot = free_place_for(known, hash);
	const size_t home = (size_t)(hash >> known->shift);
	return slot != NULL ? slot : &known->slots[home * PMILL_KNOWN_LINE + PMILL_KNOWN_LINE - 1];
}

static void put(const struct pmill_known_pretokens *known, struct pmill_known_slot *slot,
	struct pmill_pretoken_key key, const uint32_t *ids, size_t count)
{
	slot->key = key;
	slot->key.second |= (uint64_t)count << PMILL_KNOWN_COUNT_SHIFT;
	pack(known, slot, ids, count);
}

void pmill_known_pretokens_add(struct pmill_known_pretokens *known, struct pmill_pretoken_key key,
	uint64_t hash, const uint32_t *ids, size_t count)
{
	assert(count > 0);
	if (count <= known->most_ids)
		put(known, place_for(known, hash), key, ids, count);
}

void pmill_known_pretokens_add_free(struct pmill_known_pretokens *known,
	struct pmill_pretoken_key key, uint64_t hash, const uint32_t *ids, size_t count)
{
	struct pmill_known_slot *slot = count <= known->most_ids ? free_place_for(known, hash) : NULL;
	assert(count > 0);
	if (slot != NULL)
		put(known, slot, key, ids, count);
}

/* ---- Growing ---- */

static bool allocate(struct pmill_known_pretokens *known, size_t line_count)
{
	struct pmill_known_slot *slots = pmill_pages_allocate(slots_len(line_count));
	if (slots == NULL)
		return false;
	known->slots = slots;
	known->line_count = line_count;
	known->shift = 64 - (unsigned)__builtin_ctzll(line_count);
	known->used = 0;
	return true;
}

static void move_all(
	struct pmill_known_pretokens *known, const struct pmill_known_slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_free(&slots[i]))
			continue;
		struct pmill_pretoken_key key = slots[i].key;
		key.second &= (UINT64_C(1) << PMILL_KNOWN_COUNT_SHIFT) - 1;
		*place_for(known, pmill_pretoken_key_hash(known->seed, key)) = slots[i];
	}
}

static void grow(struct pmill_known_pretokens *known)
{
	struct pmill_known_slot *const old = known->slots;
	const size_t old_count = known->line_count;
	known->is_stuck = old_count >= MOST_LINES ||
		!allocate(known, old_count == 0 ? FIRST_LINES : old_count << GROWTH_SHIFT);
	if (known->is_stuck || old == NULL)
		return;
	move_all(known, old, old_count * PMILL_KNOWN_LINE);
	pmill_pages_free(old, slots_len(old_count));
}

void pmill_known_pretokens_prepare(struct pmill_known_pretokens *known)
{
	const size_t slots = known->line_count * PMILL_KNOWN_LINE;
	if (known->used >= slots * FULL_NUMERATOR / FULL_DENOMINATOR && !known->is_stuck)
		grow(known);
}
