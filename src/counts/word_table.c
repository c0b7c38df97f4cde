/* A hash table from words to counts: one for each thread while counting. */
/* SPDX-License-Identifier: MIT */
/*
 * Nearly every pretoken is short, so a short word is its own key: one unaligned load, one mask, one
 * compare, no pointer to follow (word_slots.h draws the slot). Pretokens come in batches: the keys
 * and hashes of all are made first, each slot is prefetched, and only then probed, so that the
 * misses of a batch overlap (word_batch.h).
 *
 * A small table in front of this one, 2^12 slots that hold the words counted most often, was tried and
 * lost: English at 0.7 times the speed. Two looks take more instructions than one, and what the
 * one misses is rare words, which miss a front too.
 */
#include "counts/word_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

enum {
	FIRST_CAPACITY = 1 << 11, /* 48 KiB: small texts stay in the cache */
	/*
	 * Between these, 192 KiB and 12 MiB, a roomy table grows fourfold: new pages have to be cleared, which took 28 MB for
	 * a table of 12, and 10 of 100 ms of counting where the machine was busy.
	 */
	FIRST_FOURFOLD = 1 << 13,
	LAST_FOURFOLD = 1 << 17,
};

/*
 * Full beyond 5/8: a hit then takes 1.8 slots at most on average, and memory is at most 77 bytes a
 * word (of roomy ones up to 12 MiB, 154).
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

size_t pmill_slots_capacity(const struct pmill_word_slots *slots, size_t more)
{
	size_t capacity = slots->capacity > 0 ? slots->capacity : FIRST_CAPACITY;
	while (is_full(capacity, slots->used + more))
		capacity *= slots->is_roomy && capacity >= FIRST_FOURFOLD && capacity <= LAST_FOURFOLD ? 4
																							   : 2;
	return capacity;
}

bool pmill_slots_reserve(struct pmill_word_slots *slots, struct pmill_word_seed seed, size_t more)
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
	made->seed.factor = pmill_hash64("factor", 6, seed) | 1;
	made->long_words.is_long = true;
	made->batcher = pmill_word_batcher_fastest();
	*table = made;
	return PMILL_OK;
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

/* The slot of the long word, or the empty one where it belongs. */
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

/* Room for one must be reserved. */
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
	if (len > PMILL_SHORT_WORD) {
		if (!pmill_slots_reserve(&table->long_words, table->seed, 1))
			return pmill_fail_memory(error);
		uint64_t hash = pmill_long_hash(table->seed, word, len);
		return add_long(table, hash, word, len, count, error);
	}
	if (!pmill_slots_reserve(&table->short_words, table->seed, 1))
		return pmill_fail_memory(error);
	struct pmill_short_key key = pmill_short_key_make(word, len);
	struct pmill_word_slot slot = {.first = key.first, .second = key.second, .count = count};
	if (!pmill_slots_add(&table->short_words, &slot, pmill_short_hash(table->seed, key)))
		return fail_overflow(error);
	return PMILL_OK;
}

/*
 * The word at `slot` takes the place of a rarer one on its way from `home`, so that most words are found
 * at the first look. Both stay behind their homes, with no empty slot before them.
 */
static inline void advance(struct pmill_word_slot *home, struct pmill_word_slot *slot)
{
	if (slot->count <= home->count)
		return;
	struct pmill_word_slot word = *slot;
	*slot = *home;
	*home = word;
}

/* False where a count does not fit. Room for all of the batch must be reserved. */
static inline bool probe_batch(struct pmill_word_slots *slots, const struct pmill_word_batch *batch)
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
		if (slot != batch->homes[i])
			advance(batch->homes[i], slot);
	}
	return fits;
}

/* Long words: hashes, then slots, then records, so that the misses of a batch overlap. */
static pmill_status add_spans(
	struct pmill_word_table *table, struct pmill_word_batch *batch, pmill_error *error)
{
	struct pmill_word_slots *slots = &table->long_words;
	size_t count = batch->span_count;
	if (count == 0)
		return PMILL_OK;
	if (!pmill_slots_reserve(slots, table->seed, count))
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		struct pmill_word_span *span = &batch->spans[i];
		span->hash = pmill_long_hash(table->seed, span->word, span->len);
		pmill_slot_prefetch(slots->slots + pmill_slot_home(slots, span->hash));
	}
	for (size_t i = 0; i < count; i++) {
		const struct pmill_word_slot *slot = slots->slots +
			pmill_slot_home(slots, batch->spans[i].hash);
		if (slot->count != 0)
			__builtin_prefetch(slot->long_word);
	}
	for (size_t i = 0; i < count; i++) {
		const struct pmill_word_span *span = &batch->spans[i];
		pmill_status status = add_long(table, span->hash, span->word, span->len, 1, error);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

/* Of the pretokens those from whose begin on 16 bytes can be read. */
static size_t count_open(size_t readable, size_t begin, const size_t *ends, size_t count)
{
	enum { KEY = 16 };
	if (readable < KEY || begin > readable - KEY)
		return 0;
	while (count > 1 && ends[count - 2] > readable - KEY)
		count--;
	return count;
}

/* Puts pretokens into the batch, of which the first `open` are; returns how many. */
static size_t fill_batch(const struct pmill_word_table *table, struct pmill_word_batch *batch,
	const uint8_t *text, size_t begin, const size_t *ends, size_t count, size_t open)
{
	const struct pmill_word_slots *slots = &table->short_words;
	batch->count = 0;
	batch->span_count = 0;
	size_t part = open > 0 ? open : count;
	part = part < PMILL_WORD_BATCH ? part : PMILL_WORD_BATCH;
	if (open > 0) {
		table->batcher->fill(batch, slots, &table->seed, text, begin, ends, part);
		return part;
	}
	for (size_t i = 0; i < part; begin = ends[i++])
		pmill_word_batch_add(batch, slots, &table->seed, text + begin, ends[i] - begin);
	return part;
}

pmill_status pmill_word_table_add_pretokens(struct pmill_word_table *table, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, pmill_error *error)
{
	struct pmill_word_batch batch;
	size_t open = count_open(readable, begin, ends, count);
	while (count > 0) {
		size_t most = count < PMILL_WORD_BATCH ? count : PMILL_WORD_BATCH;
		if (!pmill_slots_reserve(&table->short_words, table->seed, most))
			return pmill_fail_memory(error);
		size_t part = fill_batch(table, &batch, text, begin, ends, count, open);
		if (!probe_batch(&table->short_words, &batch))
			return fail_overflow(error);
		pmill_status status = add_spans(table, &batch, error);
		if (status != PMILL_OK)
			return status;
		begin = ends[part - 1];
		ends += part;
		count -= part;
		open -= open > 0 ? part : 0;
	}
	return PMILL_OK;
}
