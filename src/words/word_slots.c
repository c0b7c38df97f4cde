/* Slots: growing, adding, freeing. */
/* SPDX-License-Identifier: MIT */
#include "words/word_slots.h"

enum {
	FIRST_CAPACITY = 1 << 11, /* 48 KiB: small texts stay in the cache */
	/*
	 * Between these, 192 KiB and 12 MiB, a roomy table grows fourfold: the system has to clear new
	 * pages, which added up to 28 MB for a table of 12 MB, and to 10 of 100 ms of counting on a
	 * busy machine.
	 */
	FIRST_FOURFOLD = 1 << 13,
	LAST_FOURFOLD = 1 << 17,
};

/*
 * A table is full beyond 5/8: a hit then probes at most 1.8 slots on average, and memory is at most
 * 77 bytes per word (for roomy tables up to 12 MiB, 154).
 */
static bool is_full(size_t capacity, size_t used)
{
	return used > capacity / 8 * 5;
}

static bool set_capacity(struct pmill_word_slots *slots, size_t capacity)
{
	if (capacity > SIZE_MAX / 2 / sizeof *slots->slots)
		return false;
	slots->slots = pmill_page_pool_allocate(slots->pool, capacity * sizeof *slots->slots);
	if (slots->slots == NULL)
		return false;
	slots->capacity = capacity;
	slots->shift = 64 - (unsigned)__builtin_ctzll(capacity);
	return true;
}

static void move_slots(
	struct pmill_word_slots *to, const struct pmill_word_slots *from, struct pmill_key_seed seed)
{
	for (size_t i = 0; i < from->capacity; i++) {
		const struct pmill_word_slot *slot = &from->slots[i];
		if (slot->count == 0)
			continue;
		size_t at = pmill_slot_home(to, pmill_slot_hash(seed, slot, to->is_long));
		while (to->slots[at].count != 0)
			at = (at + 1) & (to->capacity - 1);
		to->slots[at] = *slot;
	}
}

size_t pmill_slots_capacity(const struct pmill_word_slots *slots, size_t more)
{
	size_t capacity = slots->capacity > 0 ? slots->capacity : FIRST_CAPACITY;
	while (is_full(capacity, slots->used + more))
		capacity *= slots->is_roomy && capacity >= FIRST_FOURFOLD && capacity <= LAST_FOURFOLD ? 4
																							   : 2;
	return capacity;
}

bool pmill_slots_reserve(struct pmill_word_slots *slots, struct pmill_key_seed seed, size_t more)
{
	if (more > SIZE_MAX / 4 - slots->used)
		return false;
	size_t capacity = pmill_slots_capacity(slots, more);
	if (capacity == slots->capacity)
		return true;
	struct pmill_word_slots grown = *slots;
	if (!set_capacity(&grown, capacity))
		return false;
	if (slots->slots != NULL)
		move_slots(&grown, slots, seed);
	pmill_slots_release(slots);
	*slots = grown;
	return true;
}

void pmill_slots_release(struct pmill_word_slots *slots)
{
	if (slots->slots != NULL)
		pmill_page_pool_free(slots->pool, slots->slots, slots->capacity * sizeof *slots->slots);
	slots->slots = NULL;
	slots->capacity = 0;
	slots->used = 0;
}

/* The slot with the key of `wanted`, or the empty one where it belongs. There is always one. */
static struct pmill_word_slot *find_short(
	struct pmill_word_slots *slots, const struct pmill_word_slot *wanted, uint64_t hash)
{
	const size_t mask = slots->capacity - 1;
	size_t at = pmill_slot_home(slots, hash);
	while (slots->slots[at].count != 0 &&
		(slots->slots[at].first != wanted->first || slots->slots[at].second != wanted->second))
		at = (at + 1) & mask;
	return &slots->slots[at];
}

bool pmill_slots_add(
	struct pmill_word_slots *slots, const struct pmill_word_slot *word, uint64_t hash)
{
	struct pmill_word_slot *slot = find_short(slots, word, hash);
	if (slot->count != 0)
		return !__builtin_add_overflow(slot->count, word->count, &slot->count);
	*slot = *word;
	slots->used++;
	return true;
}
