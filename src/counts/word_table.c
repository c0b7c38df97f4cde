/* A hash table from words to counts: one for each thread while counting. */
/* SPDX-License-Identifier: MIT */
/*
 * Nearly every pretoken is short, so a short word is its own key: one unaligned load, one mask, one
 * compare, no pointer to follow (word_slots.h draws the slot). Pretokens come in batches: the keys
 * and hashes of all are made first, each slot is prefetched, and only then probed, so that the
 * misses of a batch overlap.
 */
#include "counts/word_slots.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pages.h"

enum {
	FIRST_CAPACITY = 1 << 11, /* 48 KiB: small texts stay in the cache */
	BATCH = 64,               /* pretokens in flight; 16 to 256 measure alike */
};

/*
 * Full beyond 5/8: a hit then takes 1.8 slots at most on average, and memory is at most 77 bytes a
 * word.
 */
static bool is_full(size_t capacity, size_t used)
{
	return used > capacity / 8 * 5;
}

static bool set_capacity(struct pmill_word_slots *slots, size_t capacity)
{
	if (capacity > SIZE_MAX / 2 / sizeof *slots->slots)
		return false;
	slots->slots = pmill_pages_allocate(capacity * sizeof *slots->slots);
	if (slots->slots == NULL)
		return false;
	slots->capacity = capacity;
	slots->shift = 64 - (unsigned)__builtin_ctzll(capacity);
	return true;
}

static void move_slots(
	struct pmill_word_slots *to, const struct pmill_word_slots *from, struct pmill_word_seed seed)
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

bool pmill_slots_reserve(struct pmill_word_slots *slots, struct pmill_word_seed seed, size_t more)
{
	if (more > SIZE_MAX / 4 - slots->used)
		return false;
	size_t capacity = slots->capacity > 0 ? slots->capacity : FIRST_CAPACITY;
	while (is_full(capacity, slots->used + more))
		capacity *= 2;
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
		pmill_pages_free(slots->slots, slots->capacity * sizeof *slots->slots);
	slots->slots = NULL;
	slots->capacity = 0;
	slots->used = 0;
}

bool pmill_slots_add(
	struct pmill_word_slots *slots, const struct pmill_word_slot *word, uint64_t hash)
{
	struct pmill_word_slot *slot = pmill_slots_find(slots, word, hash, slots->is_long);
	if (slot->count != 0)
		return !__builtin_add_overflow(slot->count, word->count, &slot->count);
	*slot = *word;
	slots->used++;
	return true;
}

pmill_status pmill_word_table_create(
	uint64_t seed, struct pmill_word_table **table, pmill_error *error)
{
	struct pmill_word_table *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->seed.first = pmill_hash64("first", 5, seed);
	made->seed.second = pmill_hash64("second", 6, seed);
	made->long_words.is_long = true;
	*table = made;
	return PMILL_OK;
}

void pmill_word_table_clear(struct pmill_word_table *table)
{
	pmill_slots_release(&table->short_words);
	pmill_slots_release(&table->long_words);
	pmill_arena_release(&table->long_bytes);
}

void pmill_word_table_free(struct pmill_word_table *table)
{
	if (table == NULL)
		return;
	pmill_word_table_clear(table);
	free(table);
}

size_t pmill_word_table_count(const struct pmill_word_table *table)
{
	return table->short_words.used + table->long_words.used;
}

size_t pmill_word_table_memory(const struct pmill_word_table *table)
{
	size_t slots = table->short_words.capacity + table->long_words.capacity;
	return sizeof *table + slots * sizeof(struct pmill_word_slot) + table->long_bytes.total;
}

static pmill_status fail_overflow(pmill_error *error)
{
	return pmill_fail(
		error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the count of a word does not fit 63 bits");
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

/* Read from 16 - n on: a mask that keeps the first n of 16 bytes. */
static const uint8_t keep[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xFF, /* with zeros behind */
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/* `word` must be readable for 16 bytes, whatever its length. */
static inline struct pmill_short_key load_key(const uint8_t *word, size_t len)
{
	const uint8_t *mask = keep + 16 - len;
	return (struct pmill_short_key){
		load64(word) & load64(mask), (load64(word + 8) & load64(mask + 8)) | (uint64_t)len << 56};
}

static struct pmill_short_key copy_key(const uint8_t *word, size_t len)
{
	uint8_t padded[16] = {0};
	memcpy(padded, word, len);
	return load_key(padded, len);
}

static pmill_status add_long(struct pmill_word_table *table, const uint8_t *word, size_t len,
	int64_t count, pmill_error *error)
{
	struct pmill_word_slots *slots = &table->long_words;
	if (!pmill_slots_reserve(slots, table->seed, 1))
		return pmill_fail_memory(error);
	uint64_t hash = pmill_hash64(word, len, table->seed.first);
	size_t at = pmill_slot_home(slots, hash);
	for (;; at = (at + 1) & (slots->capacity - 1)) {
		struct pmill_word_slot *slot = &slots->slots[at];
		if (slot->count == 0)
			break;
		if (slot->first != hash || slot->long_word->len != len ||
			memcmp(slot->long_word->bytes, word, len) != 0)
			continue;
		if (__builtin_add_overflow(slot->count, count, &slot->count))
			return fail_overflow(error);
		return PMILL_OK;
	}
	struct pmill_long_word *copy = NULL;
	if (len < SIZE_MAX - sizeof *copy)
		copy = pmill_arena_allocate(
			&table->long_bytes, sizeof *copy + len, _Alignof(struct pmill_long_word));
	if (copy == NULL)
		return pmill_fail_memory(error);
	copy->len = len;
	memcpy(copy->bytes, word, len);
	slots->slots[at] = (struct pmill_word_slot){.first = hash, .long_word = copy, .count = count};
	slots->used++;
	return PMILL_OK;
}

pmill_status pmill_word_table_add(struct pmill_word_table *table, const uint8_t *word, size_t len,
	int64_t count, pmill_error *error)
{
	assert(len > 0 && count > 0);
	if (len > PMILL_SHORT_WORD)
		return add_long(table, word, len, count, error);
	if (!pmill_slots_reserve(&table->short_words, table->seed, 1))
		return pmill_fail_memory(error);
	struct pmill_short_key key = copy_key(word, len);
	struct pmill_word_slot slot = {.first = key.first, .second = key.second, .count = count};
	if (!pmill_slots_add(&table->short_words, &slot, pmill_short_hash(table->seed, key)))
		return fail_overflow(error);
	return PMILL_OK;
}

struct batch {
	struct pmill_short_key keys[BATCH];
	struct pmill_word_slot *homes[BATCH];
	size_t count;
};

/* Keys and first slots of up to BATCH pretokens; long ones are added at once. */
static inline pmill_status fill_batch(struct pmill_word_table *table, struct batch *batch,
	const uint8_t *text, size_t readable, size_t begin, const size_t *ends, size_t count,
	pmill_error *error)
{
	const struct pmill_word_slots *slots = &table->short_words;
	size_t filled = 0;
	for (size_t i = 0; i < count; begin = ends[i++]) {
		size_t len = ends[i] - begin;
		assert(ends[i] > begin && ends[i] <= readable);
		if (__builtin_expect(len > PMILL_SHORT_WORD, 0)) {
			pmill_status status = add_long(table, text + begin, len, 1, error);
			if (status != PMILL_OK)
				return status;
			continue;
		}
		struct pmill_short_key key = __builtin_expect(readable - begin >= 16, 1)
			? load_key(text + begin, len)
			: copy_key(text + begin, len);
		struct pmill_word_slot *home = slots->slots +
			pmill_slot_home(slots, pmill_short_hash(table->seed, key));
		__builtin_prefetch(home, 1);
		batch->keys[filled] = key;
		batch->homes[filled++] = home;
	}
	batch->count = filled;
	return PMILL_OK;
}

/* False where a count does not fit. Room for all of the batch must be reserved. */
static inline bool probe_batch(struct pmill_word_slots *slots, const struct batch *batch)
{
	struct pmill_word_slot *const end = slots->slots + slots->capacity;
	bool fits = true;
	for (size_t i = 0; i < batch->count; i++) {
		struct pmill_short_key key = batch->keys[i];
		struct pmill_word_slot *slot = batch->homes[i];
		while (slot->first != key.first || slot->second != key.second) {
			if (slot->count == 0) {
				slot->first = key.first;
				slot->second = key.second;
				slots->used++;
				break;
			}
			if (++slot == end)
				slot = slots->slots;
		}
		fits &= !__builtin_add_overflow(slot->count, 1, &slot->count);
	}
	return fits;
}

pmill_status pmill_word_table_add_pretokens(struct pmill_word_table *table, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, pmill_error *error)
{
	struct batch batch;
	while (count > 0) {
		size_t part = count < BATCH ? count : BATCH;
		if (!pmill_slots_reserve(&table->short_words, table->seed, part))
			return pmill_fail_memory(error);
		pmill_status status = fill_batch(table, &batch, text, readable, begin, ends, part, error);
		if (status != PMILL_OK)
			return status;
		if (!probe_batch(&table->short_words, &batch))
			return fail_overflow(error);
		begin = ends[part - 1];
		ends += part;
		count -= part;
	}
	return PMILL_OK;
}
