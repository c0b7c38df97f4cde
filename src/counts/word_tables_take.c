/* Several word tables → one sorted word list, on threads. */
/* SPDX-License-Identifier: MIT */
/*
 * Four steps, each parallel, none serial in the number of words:
 *
 *   1. merge     a part is a range of hashes; what other tables have of its words is added to the
 *                fullest table, which is not moved for that, or else to a table of the part
 *   2. split     slots become entries where they stand; a sample of the words gives borders between
 *                buckets; each part deals its words out
 *   3. sort      each bucket
 *   4. write     each bucket to its place in the list
 *
 * Which words share a part or a bucket depends on the seed; the list does not, nor on the threads.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "base/pages.h"
#include "base/thread.h"
#include "counts/word_sort.h"

enum {
	MOST_PARTS = 256,     /* below the smallest capacity: a part is whole slots of every table */
	PART_WORDS = 1 << 14, /* a part's table should stay in the second-level cache */
	MOST_BUCKETS = 1024,
	BUCKET_WORDS = 1 << 13,
	SAMPLES = 16, /* for each bucket */
	/* Tables from here on give back what is used up. Less is not worth the other threads' TLBs. */
	DROPPED_BYTES = 64 << 20,
};

static_assert(sizeof(struct pmill_word_slot) == sizeof(struct pmill_word_entry),
	"a slot is as long as an entry");

/*
 * The parts' own hash: their words come in the order of the tables' hash, and would crowd under it.
 */
#define PART_HASH 0x9E3779B97F4A7C15u

struct piece {
	struct pmill_word_entry *entries;
	size_t count;
};

/* The pieces of a part: short words where they stand, in the fullest table and in its own; long ones. */
enum { FULLEST, OWN, LONG, PIECES };

struct part {
	struct pmill_word_slots short_words, long_words; /* that the fullest table has not */
	struct piece pieces[PIECES];
	struct pmill_word_entry *long_entries; /* of LONG */
	uint16_t *buckets;                     /* of each entry, piece by piece */
	size_t count;
	pmill_status status;
};

struct bucket {
	size_t begin, end; /* entries */
	uint64_t bytes;    /* where its words begin in the list; before that, how long they are */
};

struct take {
	struct pmill_word_table *const *tables;
	size_t table_count;
	struct pmill_word_table *fullest;
	unsigned threads;
	unsigned part_bits;
	size_t part_count;
	struct pmill_word_seed part_seed;
	struct part *parts;
	size_t bucket_count;        /* a power of two */
	unsigned __int128 *borders; /* bucket_count - 1 keys, sorted: bucket i + 1 begins at border i */
	size_t *places; /* part by part, for each bucket: how many entries, then where the next goes */
	struct bucket *buckets;
	struct pmill_word_entry *entries;
	size_t entry_count;
	struct pmill_word_list list;
};

static unsigned part_of(const struct take *take, uint64_t hash)
{
	return take->part_bits == 0 ? 0 : (unsigned)(hash >> (64 - take->part_bits));
}

/*
 * The word's slot in a table to which no word is added any more, or NULL. Reads no counts: other
 * threads may add to those of the slots next to it.
 */
static struct pmill_word_slot *find_kept(
	const struct pmill_word_slots *slots, const struct pmill_word_slot *wanted, uint64_t hash)
{
	if (slots->slots == NULL)
		return NULL;
	bool is_long = slots->is_long;
	for (size_t at = pmill_slot_home(slots, hash);; at = (at + 1) & (slots->capacity - 1)) {
		struct pmill_word_slot *slot = &slots->slots[at];
		if (is_long ? slot->long_word == NULL : slot->second == 0)
			return NULL;
		if (pmill_slot_equals(slot, wanted, is_long))
			return slot;
	}
}

/* Adds a slot to the fullest table or to the part's, if it belongs to the part. */
static pmill_status merge_slot(const struct take *take, struct pmill_word_slots *into,
	const struct pmill_word_slot *slot, size_t part)
{
	uint64_t hash = pmill_slot_hash(take->fullest->seed, slot, into->is_long);
	if (part_of(take, hash) != part)
		return PMILL_OK;
	struct pmill_word_slot *kept = find_kept(
		into->is_long ? &take->fullest->long_words : &take->fullest->short_words, slot, hash);
	if (kept != NULL)
		return __builtin_add_overflow(kept->count, slot->count, &kept->count) ? PMILL_OVERFLOW
																			  : PMILL_OK;
	if (!pmill_slots_reserve(into, take->part_seed, 1))
		return PMILL_NO_MEMORY;
	struct pmill_word_slot moved = *slot;
	if (into->is_long)
		moved.first = hash * PART_HASH;
	hash = pmill_slot_hash(take->part_seed, &moved, into->is_long);
	return pmill_slots_add(into, &moved, hash) ? PMILL_OK : PMILL_OVERFLOW;
}

/*
 * The words of a part stand in its own run of slots, or were pushed beyond its end and stand before
 * the next empty slot. Likewise the run may begin with words of the part before: so only what lies
 * behind the run's first empty slot is nobody else's and can be dropped.
 */
static pmill_status merge_run(const struct take *take, struct pmill_word_slots *into,
	struct pmill_word_slots *from, size_t part)
{
	if (from->slots == NULL)
		return PMILL_OK;
	size_t run = from->capacity >> take->part_bits;
	size_t begin = part * run, end = begin + run, own = end;
	pmill_status status = PMILL_OK;
	for (size_t i = begin; i < end && status == PMILL_OK; i++) {
		if (from->slots[i].count != 0)
			status = merge_slot(take, into, &from->slots[i], part);
		else if (own == end)
			own = i;
	}
	size_t mask = from->capacity - 1;
	for (size_t i = 0; i < from->capacity && status == PMILL_OK; i++) {
		const struct pmill_word_slot *slot = &from->slots[(end + i) & mask];
		if (slot->count == 0)
			break;
		if (((end + i) & mask) / run != part)
			status = merge_slot(take, into, slot, part);
	}
	size_t size = sizeof *from->slots;
	if (from->capacity * size >= DROPPED_BYTES)
		pmill_pages_drop(from->slots, from->capacity * size, own * size, end * size);
	return status;
}

/* Slots [begin, end) as entries, from `to` on: it may be where they stand. */
static size_t gather(const struct pmill_word_slots *slots, size_t begin, size_t end, void *to)
{
	struct pmill_word_entry *entries = to;
	size_t count = 0;
	for (size_t i = begin; i < end; i++) {
		if (slots->slots[i].count == 0)
			continue;
		struct pmill_word_entry entry = pmill_word_entry_make(&slots->slots[i], slots->is_long);
		entries[count++] = entry;
	}
	return count;
}

static pmill_status merge_part(const struct take *take, struct part *part, size_t index)
{
	part->long_words.is_long = true;
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < take->table_count && status == PMILL_OK; i++) {
		struct pmill_word_table *table = take->tables[i];
		if (table == take->fullest)
			continue;
		status = merge_run(take, &part->short_words, &table->short_words, index);
		if (status == PMILL_OK)
			status = merge_run(take, &part->long_words, &table->long_words, index);
	}
	return status;
}

static void merge_parts(void *context, unsigned index)
{
	struct take *take = context;
	for (size_t i = index; i < take->part_count; i += take->threads)
		take->parts[i].status = merge_part(take, &take->parts[i], i);
}

static size_t count_words(const struct pmill_word_slots *slots, size_t begin, size_t end)
{
	size_t count = 0;
	for (size_t i = begin; i < end; i++)
		count += slots->slots[i].count != 0;
	return count;
}

static bool gather_long(const struct take *take, struct part *part, size_t index)
{
	const struct pmill_word_slots *fullest = &take->fullest->long_words, *own = &part->long_words;
	size_t run = fullest->capacity >> take->part_bits, begin = index * run;
	size_t count = own->used + count_words(fullest, begin, begin + run);
	if (count == 0)
		return true;
	part->long_entries = malloc(count * sizeof *part->long_entries);
	if (part->long_entries == NULL)
		return false;
	count = gather(fullest, begin, begin + run, part->long_entries);
	count += gather(own, 0, own->capacity, part->long_entries + count);
	part->pieces[LONG] = (struct piece){part->long_entries, count};
	return true;
}

/* The part's own words and a run of the fullest table, whoever's words stand there. */
static pmill_status gather_part(const struct take *take, struct part *part, size_t index)
{
	struct pmill_word_slots *fullest = &take->fullest->short_words, *own = &part->short_words;
	size_t run = fullest->capacity >> take->part_bits, begin = index * run;
	if (!gather_long(take, part, index))
		return PMILL_NO_MEMORY;
	if (run > 0) {
		void *to = &fullest->slots[begin];
		part->pieces[FULLEST] = (struct piece){to, gather(fullest, begin, begin + run, to)};
	}
	if (own->capacity > 0)
		part->pieces[OWN] = (struct piece){
			(void *)own->slots, gather(own, 0, own->capacity, own->slots)};
	for (int piece = 0; piece < PIECES; piece++)
		part->count += part->pieces[piece].count;
	part->buckets = malloc((part->count + 1) * sizeof *part->buckets);
	return part->buckets == NULL ? PMILL_NO_MEMORY : PMILL_OK;
}

static void gather_parts(void *context, unsigned index)
{
	struct take *take = context;
	for (size_t i = index; i < take->part_count; i += take->threads)
		take->parts[i].status = gather_part(take, &take->parts[i], i);
}

/* The number of borders at or before the entry. The steps are as many for all: nothing to foresee. */
static inline size_t find_bucket(const struct take *take, const struct pmill_word_entry *entry)
{
	unsigned __int128 key = pmill_word_entry_key(entry);
	size_t at = 0;
	for (size_t step = take->bucket_count / 2; step > 0; step /= 2)
		at += key < take->borders[at + step - 1] ? 0 : step;
	return at;
}

static void classify_parts(void *context, unsigned index)
{
	struct take *take = context;
	for (size_t p = index; p < take->part_count; p += take->threads) {
		struct part *part = &take->parts[p];
		size_t *places = &take->places[p * take->bucket_count], at = 0;
		for (const struct piece *piece = part->pieces; piece < part->pieces + PIECES; piece++)
			for (size_t i = 0; i < piece->count; i++) {
				size_t bucket = find_bucket(take, &piece->entries[i]);
				part->buckets[at++] = (uint16_t)bucket;
				places[bucket]++;
			}
	}
}

static void deal_parts(void *context, unsigned index)
{
	struct take *take = context;
	for (size_t p = index; p < take->part_count; p += take->threads) {
		struct part *part = &take->parts[p];
		size_t *places = &take->places[p * take->bucket_count], at = 0;
		for (const struct piece *piece = part->pieces; piece < part->pieces + PIECES; piece++)
			for (size_t i = 0; i < piece->count; i++)
				take->entries[places[part->buckets[at++]]++] = piece->entries[i];
	}
}

static void sort_buckets(void *context, unsigned index)
{
	struct take *take = context;
	for (size_t b = index; b < take->bucket_count; b += take->threads) {
		struct bucket *bucket = &take->buckets[b];
		pmill_word_entries_sort(&take->entries[bucket->begin], bucket->end - bucket->begin);
		for (size_t i = bucket->begin; i < bucket->end; i++)
			bucket->bytes += pmill_word_entry_len(&take->entries[i]);
	}
}

static void write_bucket(const struct take *take, const struct bucket *bucket, uint64_t end)
{
	uint64_t offset = bucket->bytes;
	for (size_t i = bucket->begin; i < bucket->end; i++) {
		const struct pmill_word_entry *entry = &take->entries[i];
		take->list.offsets[i] = offset;
		take->list.counts[i] = pmill_word_entry_count(entry);
		pmill_word_entry_write(entry, take->list.bytes + offset, (size_t)(end - offset));
		offset += pmill_word_entry_len(entry);
	}
}

static void write_buckets(void *context, unsigned index)
{
	struct take *take = context;
	for (size_t b = index; b < take->bucket_count; b += take->threads) {
		bool is_last = b + 1 == take->bucket_count;
		write_bucket(take, &take->buckets[b],
			is_last ? take->list.offsets[take->entry_count] : take->buckets[b + 1].bytes);
	}
}

static const struct pmill_word_entry *entry_at(const struct part *part, size_t index)
{
	const struct piece *piece = part->pieces;
	while (index >= piece->count)
		index -= (piece++)->count;
	return &piece->entries[index];
}

/*
 * Evenly out of all parts: their order is that of the hash, so this is a random sample of the
 * words.
 */
static bool choose_borders(struct take *take)
{
	size_t wanted = take->bucket_count * SAMPLES;
	if (take->bucket_count == 1)
		return true;
	struct pmill_word_entry *samples = malloc(wanted * sizeof *samples);
	if (samples == NULL)
		return false;
	size_t part = 0, before = 0; /* entries of the parts before */
	for (size_t i = 0; i < wanted; i++) {
		size_t at = (size_t)((unsigned __int128)take->entry_count * i / wanted);
		while (at - before >= take->parts[part].count)
			before += take->parts[part++].count;
		samples[i] = *entry_at(&take->parts[part], at - before);
	}
	pmill_word_entries_sort(samples, wanted);
	for (size_t i = 0; i + 1 < take->bucket_count; i++)
		take->borders[i] = pmill_word_entry_key(&samples[(i + 1) * SAMPLES]);
	free(samples);
	return true;
}

/* Turns the number of entries of each part in each bucket into places, bucket by bucket. */
static void place_buckets(struct take *take)
{
	size_t next = 0;
	for (size_t b = 0; b < take->bucket_count; b++) {
		take->buckets[b].begin = next;
		for (size_t p = 0; p < take->part_count; p++) {
			size_t *place = &take->places[p * take->bucket_count + b];
			size_t count = *place;
			*place = next;
			next += count;
		}
		take->buckets[b].end = next;
	}
}

/* Room for all words, and where the bytes of each bucket go. */
static bool prepare_list(struct take *take)
{
	uint64_t bytes = 0;
	for (size_t b = 0; b < take->bucket_count; b++) {
		uint64_t len = take->buckets[b].bytes;
		take->buckets[b].bytes = bytes;
		bytes += len;
	}
	if (!pmill_word_list_reserve(&take->list, take->entry_count, (size_t)bytes))
		return false;
	take->list.count = take->entry_count;
	take->list.offsets[take->entry_count] = bytes;
	return true;
}

/* Of several parts' errors the first. */
static pmill_status run_parts(struct take *take, void (*work)(void *context, unsigned index))
{
	pmill_threads_run(take->threads, work, take);
	for (size_t i = 0; i < take->part_count; i++)
		if (take->parts[i].status != PMILL_OK)
			return take->parts[i].status;
	return PMILL_OK;
}

static pmill_status merge_all(struct take *take)
{
	take->parts = calloc(take->part_count, sizeof *take->parts);
	if (take->parts == NULL)
		return PMILL_NO_MEMORY;
	pmill_status status = take->table_count > 1 ? run_parts(take, merge_parts) : PMILL_OK;
	for (size_t i = 0; i < take->table_count && status == PMILL_OK; i++) {
		if (take->tables[i] == take->fullest)
			continue;
		pmill_slots_release(&take->tables[i]->short_words);
		pmill_slots_release(&take->tables[i]->long_words);
	}
	if (status == PMILL_OK)
		status = run_parts(take, gather_parts);
	if (status != PMILL_OK)
		return status;
	for (size_t i = 0; i < take->part_count; i++)
		take->entry_count += take->parts[i].count;
	return PMILL_OK;
}

/* What stands in the buckets now. Long words are still needed for what their entries point to. */
static void release_dealt(struct take *take)
{
	pmill_slots_release(&take->fullest->short_words);
	for (size_t i = 0; i < take->part_count; i++) {
		struct part *part = &take->parts[i];
		pmill_slots_release(&part->short_words);
		free(part->long_entries);
		free(part->buckets);
		part->long_entries = NULL;
		part->buckets = NULL;
	}
}

static pmill_status sort_all(struct take *take)
{
	take->bucket_count = 1;
	while (
		take->bucket_count < MOST_BUCKETS && take->entry_count / take->bucket_count > BUCKET_WORDS)
		take->bucket_count *= 2;
	take->borders = malloc(take->bucket_count * sizeof *take->borders);
	take->buckets = calloc(take->bucket_count, sizeof *take->buckets);
	take->places = calloc(take->part_count * take->bucket_count, sizeof *take->places);
	take->entries = pmill_pages_allocate(take->entry_count * sizeof *take->entries);
	if (take->borders == NULL || take->buckets == NULL || take->places == NULL ||
		take->entries == NULL || !choose_borders(take))
		return PMILL_NO_MEMORY;
	pmill_threads_run(take->threads, classify_parts, take);
	place_buckets(take);
	pmill_threads_run(take->threads, deal_parts, take);
	release_dealt(take);
	pmill_threads_run(take->threads, sort_buckets, take);
	if (!prepare_list(take))
		return PMILL_NO_MEMORY;
	pmill_threads_run(take->threads, write_buckets, take);
	return PMILL_OK;
}

static void release_take(struct take *take)
{
	for (size_t i = 0; take->parts != NULL && i < take->part_count; i++) {
		pmill_slots_release(&take->parts[i].short_words);
		pmill_slots_release(&take->parts[i].long_words);
		free(take->parts[i].long_entries);
		free(take->parts[i].buckets);
	}
	free(take->parts);
	free(take->borders);
	free(take->buckets);
	free(take->places);
	if (take->entries != NULL)
		pmill_pages_free(take->entries, take->entry_count * sizeof *take->entries);
	pmill_word_list_release(&take->list);
}

/* Parts of some PART_WORDS words, and no more threads than there is work for. */
static void plan(struct take *take, unsigned threads)
{
	size_t words = 0;
	take->fullest = take->tables[0];
	for (size_t i = 0; i < take->table_count; i++) {
		words += pmill_word_table_count(take->tables[i]);
		if (pmill_word_table_count(take->tables[i]) > pmill_word_table_count(take->fullest))
			take->fullest = take->tables[i];
	}
	take->part_count = 1;
	while (take->part_count < MOST_PARTS && words / take->part_count > PART_WORDS) {
		take->part_count *= 2;
		take->part_bits++;
	}
	take->threads = pmill_thread_count(threads);
	if (take->threads > take->part_count)
		take->threads = (unsigned)take->part_count;
}

pmill_status pmill_word_tables_take(struct pmill_word_table *const *tables, size_t table_count,
	unsigned threads, struct pmill_word_list *words, pmill_error *error)
{
	if (table_count == 0) {
		*words = (struct pmill_word_list){0};
		return PMILL_OK;
	}
	struct take take = {.tables = tables, .table_count = table_count};
	for (size_t i = 0; i < table_count; i++) {
		assert(tables[i]->seed.first == tables[0]->seed.first);
		take.part_seed.first = tables[i]->seed.first * PART_HASH;
		take.part_seed.second = tables[i]->seed.second * PART_HASH;
		take.part_seed.factor = tables[i]->seed.factor * PART_HASH;
	}
	plan(&take, threads);
	pmill_status status = merge_all(&take);
	if (status == PMILL_OK && take.entry_count > 0)
		status = sort_all(&take);
	if (status == PMILL_OK) {
		*words = take.list;
		take.list = (struct pmill_word_list){0};
	}
	release_take(&take);
	for (size_t i = 0; i < table_count; i++)
		pmill_word_table_clear(tables[i]);
	if (status == PMILL_OVERFLOW)
		return pmill_fail(
			error, status, PMILL_NO_OFFSET, "the count of a word does not fit 63 bits");
	return status == PMILL_OK ? PMILL_OK : pmill_fail_memory(error);
}
