/* Short pretokens met before → their ids, in bounded memory. */
/* SPDX-License-Identifier: MIT */
/*
 * A line of the processor's cache holds two slots. A pretoken is in its home line, or, if that was
 * full when it came, in one of the next few: so a lookup takes a bounded number of steps, whatever
 * the pretokens are. The hash is seeded.
 *
 * A table that has reached its largest size, or can't grow, goes on: a new pretoken that finds no
 * free slot takes the second one of its home line.
 */
#ifndef PMILL_BPE_KNOWN_PRETOKENS_H
#define PMILL_BPE_KNOWN_PRETOKENS_H

#include "pretokenize/pretoken_keys.h"

enum {
	PMILL_KNOWN_LINE = 2,        /* slots */
	PMILL_KNOWN_LINES = 4,       /* at which a pretoken may be: 8 probes */
	PMILL_KNOWN_PLAIN_IDS = 4,   /* as many ids are stored as they are; more are packed */
	PMILL_KNOWN_COUNT_SHIFT = 60 /* in the key's second word: the number of ids starts there */
};

/*
 * The key's top byte holds the number of ids above the length, which takes four bits. All zero is
 * free: no pretoken has length 0.
 */
struct pmill_known_slot {
	struct pmill_pretoken_key key;
	uint32_t ids[PMILL_KNOWN_PLAIN_IDS];
};

/* One per thread; all zero has no slots, and may be used and released. */
struct pmill_known_pretokens {
	struct pmill_known_slot *slots;
	size_t line_count; /* a power of two */
	unsigned shift;    /* of a hash, to a line */
	size_t used;
	struct pmill_key_seed seed;
	bool is_stuck; /* it has its largest size, or there is no memory */
	unsigned id_bits;
	size_t most_ids;
};

/* All ids will be below the limit. */
void pmill_known_pretokens_init(
	struct pmill_known_pretokens *known, uint64_t seed, uint64_t id_limit);
void pmill_known_pretokens_release(struct pmill_known_pretokens *known);

/* Makes room for more, if it is time for that: slots may move, and some pretokens be forgotten. */
void pmill_known_pretokens_prepare(struct pmill_known_pretokens *known);

/*
 * Remembers the ids of a pretoken that isn't in the table, unless there are too many of them. There
 * must be slots.
 */
void pmill_known_pretokens_add(struct pmill_known_pretokens *known, struct pmill_pretoken_key key,
	uint64_t hash, const uint32_t *ids, size_t count);

/* The same, but only if that takes a free slot. */
void pmill_known_pretokens_add_free(struct pmill_known_pretokens *known,
	struct pmill_pretoken_key key, uint64_t hash, const uint32_t *ids, size_t count);

/* The first slot of the home line. */
static inline const struct pmill_known_slot *pmill_known_home(
	const struct pmill_known_pretokens *known, uint64_t hash)
{
	return known->slots + PMILL_KNOWN_LINE * (size_t)(hash >> known->shift);
}

/* If so, a pretoken that isn't in its home line isn't in the table. */
static inline bool pmill_known_home_has_room(
	const struct pmill_known_pretokens *known, uint64_t hash)
{
	return pmill_known_home(known, hash)[PMILL_KNOWN_LINE - 1].key.second == 0;
}

static inline bool pmill_known_slot_is(
	const struct pmill_known_slot *slot, struct pmill_pretoken_key key)
{
	const uint64_t others = slot->key.second ^ key.second;
	return ((slot->key.first ^ key.first) | (others << 4)) == 0;
}

static inline size_t pmill_known_slot_count(const struct pmill_known_slot *slot)
{
	return (size_t)(slot->key.second >> PMILL_KNOWN_COUNT_SHIFT);
}

/* Looks at all lines where the pretoken may be; NULL: it isn't known. There must be slots. */
const struct pmill_known_slot *pmill_known_pretokens_find(
	const struct pmill_known_pretokens *known, struct pmill_pretoken_key key, uint64_t hash);

/* Writes the ids of a slot, and returns their number. There must be room for `most_ids`. */
size_t pmill_known_pretokens_unpack(
	const struct pmill_known_pretokens *known, const struct pmill_known_slot *slot, uint32_t *ids);

#endif
