/* A hash table from words to counts; each counting thread has one. */
/* SPDX-License-Identifier: MIT */
/*
 * Nearly every pretoken is short, so a short word is its own key: one unaligned load, one mask, one
 * comparison, no pointer to follow (word_slots.h shows the slot). Pretokens come in batches: first
 * all keys and hashes are computed and each slot is prefetched, then all are probed, so that the
 * cache misses of a batch overlap.
 *
 * A small table in front of this one, 2^12 slots with the most frequent words, was tried and
 * rejected: English ran at 0.7 times the speed. Two lookups take more instructions than one, and
 * what misses this table is rare words, which miss a front table too.
 */
#include "words/word_table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "words/word_slots.h"

pmill_status pmill_word_table_create(
	uint64_t seed, struct pmill_word_table **table, pmill_error *error)
{
	struct pmill_word_table *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->seed = pmill_key_seed_make(seed);
	made->long_words.is_long = true;
	made->key_maker = pmill_key_maker_fastest();
	*table = made;
	return PMILL_OK;
}

void pmill_word_table_set_key_maker(
	struct pmill_word_table *table, const struct pmill_key_maker *maker)
{
	table->key_maker = maker;
}

void pmill_word_table_make_roomy(struct pmill_word_table *table, struct pmill_page_pool *pool)
{
	table->short_words.is_roomy = true;
	table->short_words.pool = table->long_words.pool = pool;
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

/* The slot of the long word, or the empty slot where it belongs. */
static inline struct pmill_word_slot *find_long(
	const struct pmill_word_slots *slots, uint64_t hash, const uint8_t *word, size_t len)
{
	size_t at = pmill_slot_home(slots, hash);
	for (;; at = (at + 1) & (slots->capacity - 1)) {
		struct pmill_word_slot *slot = &slots->slots[at];
		if (slot->count == 0)
			return slot;
		if (slot->first == hash && slot->long_word->len == len &&
			memcmp(slot->long_word->bytes, word, len) == 0)
			return slot;
	}
}

/* Room for one must have been reserved. */
static pmill_status add_long(struct pmill_word_table *table, uint64_t hash, const uint8_t *word,
	size_t len, int64_t count, pmill_error *error)
{
	struct pmill_word_slot *slot = find_long(&table->long_words, hash, word, len);
	if (slot->count != 0)
		return __builtin_add_overflow(slot->count, count, &slot->count) ? fail_overflow(error)
																		: PMILL_OK;
	struct pmill_long_word *copy = NULL;
	if (len < SIZE_MAX - sizeof *copy)
		copy = pmill_arena_allocate(
			&table->long_bytes, sizeof *copy + len, _Alignof(struct pmill_long_word));
	if (copy == NULL)
		return pmill_fail_memory(error);
	copy->len = len;
	memcpy(copy->bytes, word, len);
	*slot = (struct pmill_word_slot){.first = hash, .long_word = copy, .count = count};
	table->long_words.used++;
	return PMILL_OK;
}

/* ---- Adding ---- */

pmill_status pmill_word_table_add(struct pmill_word_table *table, const uint8_t *word, size_t len,
	int64_t count, pmill_error *error)
{
	assert(len > 0 && count > 0);
	if (len > PMILL_SHORT_PRETOKEN) {
		if (!pmill_slots_reserve(&table->long_words, table->seed, 1))
			return pmill_fail_memory(error);
		uint64_t hash = pmill_long_pretoken_hash(table->seed, word, len);
		return add_long(table, hash, word, len, count, error);
	}
	if (!pmill_slots_reserve(&table->short_words, table->seed, 1))
		return pmill_fail_memory(error);
	struct pmill_pretoken_key key = pmill_pretoken_key_make(word, len);
	struct pmill_word_slot slot = {.first = key.first, .second = key.second, .count = count};
	if (!pmill_slots_add(&table->short_words, &slot, pmill_pretoken_key_hash(table->seed, key)))
		return fail_overflow(error);
	return PMILL_OK;
}

/*
 * Swaps the word at `slot` with a rarer one at `home`, so that most words are found at the first
 * probe. Both stay at or after their home slots, with no empty slot in between.
 */
static inline void advance(struct pmill_word_slot *home, struct pmill_word_slot *slot)
{
	if (slot->count <= home->count)
		return;
	struct pmill_word_slot word = *slot;
	*slot = *home;
	*home = word;
}

/* A batch of pretokens and their home slots: all are prefetched, then probed. */
struct batch {
	struct pmill_pretoken_keys keys;
	struct pmill_word_slot *homes[PMILL_KEY_BATCH];
	uint64_t long_hashes[PMILL_KEY_BATCH];
};

static inline void find_home(
	const struct pmill_word_slots *slots, struct batch *batch, size_t index)
{
	batch->homes[index] = slots->slots + (size_t)(batch->keys.hashes[index] >> slots->shift);
	pmill_slot_prefetch(batch->homes[index]);
}

/* Unrolling by eight saves a tenth of the instructions; the compiler's own doesn't. */
static inline void find_homes(const struct pmill_word_slots *table_slots, struct batch *batch)
{
	enum { STEP = 8 };
	const struct pmill_word_slots slots = *table_slots; /* a copy no store to the batch changes */
	size_t i = 0;
	for (; i + STEP <= batch->keys.count; i += STEP)
#pragma GCC unroll 8
		for (size_t k = 0; k < STEP; k++)
			find_home(&slots, batch, i + k);
	for (; i < batch->keys.count; i++)
		find_home(&slots, batch, i);
}

/* Returns false if a count overflows. Room for the whole batch must have been reserved. */
static inline bool probe_batch(struct pmill_word_slots *slots, const struct batch *batch)
{
	struct pmill_word_slot *const end = slots->slots + slots->capacity;
	bool overflows = false;
	for (size_t i = 0; i < batch->keys.count; i++) {
		struct pmill_pretoken_key key = batch->keys.keys[i];
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
		overflows |= __builtin_add_overflow(slot->count, 1, &slot->count);
		if (slot != batch->homes[i])
			advance(batch->homes[i], slot);
	}
	return !overflows;
}

/* Long words: first hashes, then slots, then records, so that the misses of a batch overlap. */
static pmill_status add_longs(
	struct pmill_word_table *table, struct batch *batch, pmill_error *error)
{
	struct pmill_word_slots *slots = &table->long_words;
	const struct pmill_long_pretoken *longs = batch->keys.longs;
	size_t count = batch->keys.long_count;
	if (count == 0)
		return PMILL_OK;
	if (!pmill_slots_reserve(slots, table->seed, count))
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		batch->long_hashes[i] = pmill_long_pretoken_hash(table->seed, longs[i].bytes, longs[i].len);
		pmill_slot_prefetch(slots->slots + pmill_slot_home(slots, batch->long_hashes[i]));
	}
	for (size_t i = 0; i < count; i++) {
		const struct pmill_word_slot *slot = slots->slots +
			pmill_slot_home(slots, batch->long_hashes[i]);
		if (slot->count != 0)
			__builtin_prefetch(slot->long_word);
	}
	for (size_t i = 0; i < count; i++) {
		pmill_status status = add_long(
			table, batch->long_hashes[i], longs[i].bytes, longs[i].len, 1, error);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

pmill_status pmill_word_table_add_pretokens(struct pmill_word_table *table, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, pmill_error *error)
{
	struct batch batch;
	while (count > 0) {
		size_t most = count < PMILL_KEY_BATCH ? count : PMILL_KEY_BATCH;
		if (!pmill_slots_reserve(&table->short_words, table->seed, most))
			return pmill_fail_memory(error);
		batch.keys.count = batch.keys.long_count = 0;
		size_t part = pmill_pretoken_keys_add(
			&batch.keys, table->key_maker, &table->seed, text, readable, begin, ends, count);
		find_homes(&table->short_words, &batch);
		if (!probe_batch(&table->short_words, &batch))
			return fail_overflow(error);
		pmill_status status = add_longs(table, &batch, error);
		if (status != PMILL_OK)
			return status;
		begin = ends[part - 1];
		ends += part;
		count -= part;
	}
	return PMILL_OK;
}
