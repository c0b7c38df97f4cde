/* Counts all pairs of all words again, in the middle of a training. */
/* SPDX-License-Identifier: MIT */
/*
 * Most pairs are below the floor, and a table of all of them would be the largest of the training.
 * So there are two walks over the words: the first adds up counts in a sketch, whose slots many
 * pairs share; the second counts exactly the pairs whose slot reaches the floor. A third walk
 * writes their places.
 *
 * All threads share one sketch. A slot that has reached the floor is not written any more, so
 * threads seldom meet. There are only a few tables for all threads: with one for each of 32
 * threads, they were half of the peak.
 */
#include "merge/pair_survey.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/pages.h"

enum {
	/* Four slots per 8 bytes of packed words; beyond a million slots, one. A slot has 4 bytes. */
	LEAST_SKETCH_BITS = 8,
	DENSE_SKETCH_BITS = 20,
	MOST_SKETCH_BITS = 23,
	/*
	 * Slots count up to here, in units that grow with the floor: not even many threads overflow
	 * one.
	 */
	MOST_NEEDED = 1 << 16,
	MOST_TABLES = 4,
	FIRST_SLOTS = 1 << 12,
	DROPPED_SLOTS = 1 << 18, /* PMILL_PAGES_MOVED: what a table that moves returns at a time */
};

/* A pair in the words of some shares. */
struct entry {
	uint64_t key; /* left in the upper half, right + 1 in the lower; 0: a free slot */
	union {
		int64_t count;
		uint32_t *fill; /* later: where the next place is written; NULL: nowhere */
	};
	union {
		uint32_t place_count;
		uint32_t before; /* later: places of the pair in earlier tables */
	};
	uint32_t last; /* the place seen last */
};

struct survey;

/* The pairs of the shares [first_share, end_share). */
struct table {
	struct survey *survey;
	unsigned first_share, end_share;
	struct entry *slots; /* at most two thirds full */
	size_t slot_count, used;
};

struct survey {
	struct pmill_merge_state *state;
	struct table *tables;
	unsigned table_count;
	int64_t floor;
	_Atomic uint32_t *sketch;
	unsigned sketch_bits;
	unsigned shift;         /* a unit of the sketch is 2^shift occurrences */
	uint32_t needed;        /* units that a pair at the floor has at least */
	atomic_bool has_failed; /* out of memory */
};

static uint64_t key_of(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | (right + 1);
}

static uint64_t hash_of(uint64_t key)
{
	return (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
}

static _Atomic uint32_t *sketch_slot(const struct survey *survey, uint64_t key)
{
	return &survey->sketch[hash_of(key) >> (64 - survey->sketch_bits)];
}

/* ---- 1: the sketch ---- */

static uint32_t units_of(const struct survey *survey, int64_t count)
{
	if (count >= survey->floor)
		return survey->needed;
	return (uint32_t)(count >> survey->shift) + (survey->shift > 0);
}

static void add_to_sketch(
	void *context, uint32_t left, uint32_t right, uint32_t place, int64_t count)
{
	const struct survey *survey = context;
	(void)place;
	_Atomic uint32_t *slot = sketch_slot(survey, key_of(left, right));
	uint32_t sum = atomic_load_explicit(slot, memory_order_relaxed);
	if (sum >= survey->needed)
		return;
	uint32_t more = units_of(survey, count);
	if (survey->state->words.share_count == 1)
		atomic_store_explicit(slot, sum + more, memory_order_relaxed);
	else
		atomic_fetch_add_explicit(slot, more, memory_order_relaxed);
}

static void sketch_share(void *context, unsigned index)
{
	struct survey *survey = context;
	const struct pmill_packed_words *words = &survey->state->words;
	pmill_packed_words_walk(words, &words->shares[index], add_to_sketch, survey);
}

/* ---- 2: pairs that may reach the floor ---- */

/* In the order of hashes, so a table that grows fills from front to back as the old one is read. */
static struct entry *find_slot(const struct table *table, uint64_t key)
{
	size_t at = (size_t)((hash_of(key) >> 20 & UINT32_MAX) * table->slot_count >> 32);
	while (table->slots[at].key != key && table->slots[at].key != 0)
		if (++at == table->slot_count)
			at = 0;
	return &table->slots[at];
}

static bool grow(struct table *table)
{
	const struct table old = *table;
	size_t size = old.slot_count * sizeof *old.slots;
	size_t slot_count = old.slot_count == 0 ? FIRST_SLOTS : old.slot_count + old.slot_count / 2;
	if (slot_count > UINT32_MAX)
		return false;
	struct pmill_page_pool *pool = table->survey->state->settings->pool;
	struct entry *slots = old.slots == NULL
		? pmill_page_pool_allocate(pool, slot_count * sizeof *slots)
		: pmill_page_pool_allocate_larger(pool, slot_count * sizeof *slots, size);
	if (slots == NULL)
		return false;
	table->slots = slots;
	table->slot_count = slot_count;
	for (size_t i = 0; i < old.slot_count; i++) {
		if (i % DROPPED_SLOTS == 0 && i > 0)
			pmill_pages_drop(
				old.slots, size, (i - DROPPED_SLOTS) * sizeof *slots, i * sizeof *slots);
		if (old.slots[i].key != 0)
			*find_slot(table, old.slots[i].key) = old.slots[i];
	}
	if (old.slots != NULL)
		pmill_page_pool_free_moved(pool, old.slots, size);
	return true;
}

static bool may_reach_floor(const struct survey *survey, uint32_t left, uint32_t right)
{
	const _Atomic uint32_t *slot = sketch_slot(survey, key_of(left, right));
	return atomic_load_explicit(slot, memory_order_relaxed) >= survey->needed &&
		pmill_merge_state_is_allowed(survey->state, left, right);
}

static bool has_failed(const struct survey *survey)
{
	return atomic_load_explicit(&survey->has_failed, memory_order_relaxed);
}

static void count_pair(void *context, uint32_t left, uint32_t right, uint32_t place, int64_t count)
{
	struct table *table = context;
	if (!may_reach_floor(table->survey, left, right))
		return;
	if (table->used >= table->slot_count / 3 * 2 && !grow(table)) {
		atomic_store(&table->survey->has_failed, true);
		return;
	}
	struct entry *entry = find_slot(table, key_of(left, right));
	if (entry->key == 0) {
		entry->key = key_of(left, right);
		entry->last = UINT32_MAX;
		table->used++;
	}
	entry->count += count;
	entry->place_count += entry->last != place;
	entry->last = place;
}

static void walk_table(struct survey *survey, unsigned index, pmill_pair_visitor *visit)
{
	const struct pmill_packed_words *words = &survey->state->words;
	struct table *table = &survey->tables[index];
	for (unsigned share = table->first_share; share < table->end_share && !has_failed(survey);
		 share++)
		pmill_packed_words_walk(words, &words->shares[share], visit, table);
}

static void count_entries(void *context, unsigned index)
{
	struct survey *survey = context;
	if (index < survey->table_count)
		walk_table(survey, index, count_pair);
}

/* ---- 3: the index ---- */

static void split_key(uint64_t key, uint32_t *left, uint32_t *right)
{
	*left = (uint32_t)(key >> 32);
	*right = (uint32_t)key - 1;
}

/* Calls visit() for every entry of the part, table by table, until it returns false. */
static bool visit_part(struct survey *survey, unsigned part,
	bool (*visit)(struct survey *survey, unsigned part, struct entry *entry))
{
	struct pmill_pair_index *index = &survey->state->index;
	for (unsigned i = 0; i < survey->table_count; i++) {
		const struct table *table = &survey->tables[i];
		for (size_t slot = 0; slot < table->slot_count; slot++) {
			struct entry *entry = &table->slots[slot];
			uint32_t left, right;
			if (entry->key == 0)
				continue;
			split_key(entry->key, &left, &right);
			if (pmill_pair_index_part(index, left, right) == part && !visit(survey, part, entry))
				return false;
		}
	}
	return true;
}

static struct pmill_pair *find_pair(struct survey *survey, const struct entry *entry)
{
	uint32_t left, right;
	split_key(entry->key, &left, &right);
	return pmill_pair_index_add(&survey->state->index, left, right);
}

/* Until it has places, a pair holds twice their number: even, so not a single place. */
static bool add_entry(struct survey *survey, unsigned part, struct entry *entry)
{
	if (!pmill_pair_index_reserve(&survey->state->index, part, 1))
		return false;
	struct pmill_pair *pair = find_pair(survey, entry);
	uint32_t place_count = entry->place_count;
	entry->before = (uint32_t)(pair->places / 2);
	pair->count += entry->count;
	pair->places += 2 * (uint64_t)place_count;
	return true;
}

/* The first table that has the pair allocates its places; those of later tables follow. */
static bool place_entry(struct survey *survey, unsigned part, struct entry *entry)
{
	struct pmill_merge_state *state = survey->state;
	struct pmill_pair *pair = find_pair(survey, entry);
	uint32_t left, right, single, *places;
	size_t count;
	split_key(entry->key, &left, &right);
	entry->fill = NULL;
	if (entry->before > 0) {
		places = (uint32_t *)(uintptr_t)pmill_pair_places(pair, &single, &count);
		entry->fill = count > 0 ? places + entry->before : NULL;
		return true;
	}
	uint32_t place_count = (uint32_t)(pair->places / 2);
	pair->places = 0;
	if (pair->count < survey->floor)
		return true;
	entry->fill = pmill_pair_index_allocate_places(&state->index, part, pair, place_count);
	if (entry->fill == NULL || !pmill_pair_queue_reserve(&state->queues[part], 1))
		return false;
	pmill_pair_queue_push(&state->queues[part], (struct pmill_candidate){pair->count, left, right});
	return true;
}

static void index_part(void *context, unsigned part)
{
	struct survey *survey = context;
	if (part < survey->state->part_count &&
		!(visit_part(survey, part, add_entry) && visit_part(survey, part, place_entry)))
		atomic_store(&survey->has_failed, true);
}

/* ---- 4: places ---- */

static void write_place(void *context, uint32_t left, uint32_t right, uint32_t place, int64_t count)
{
	struct table *table = context;
	(void)count;
	if (!may_reach_floor(table->survey, left, right))
		return;
	struct entry *entry = find_slot(table, key_of(left, right));
	if (entry->fill == NULL || entry->last == place)
		return;
	entry->last = place;
	*entry->fill++ = place;
}

static void write_places(void *context, unsigned index)
{
	struct survey *survey = context;
	if (index >= survey->table_count)
		return;
	struct table *table = &survey->tables[index];
	for (size_t i = 0; i < table->slot_count; i++)
		table->slots[i].last = UINT32_MAX;
	if (table->slot_count > 0)
		walk_table(survey, index, write_place);
}

/* ---- All ---- */

static unsigned bits_for(uint64_t slots, unsigned most)
{
	unsigned bits = LEAST_SKETCH_BITS;
	while (bits < most && slots >> bits > 0)
		bits++;
	return bits;
}

static unsigned choose_sketch_bits(uint64_t units, uint64_t positions)
{
	unsigned dense = bits_for(4 * units + positions, DENSE_SKETCH_BITS);
	unsigned large = bits_for(units + positions / 4, MOST_SKETCH_BITS);
	return dense > large ? dense : large;
}

static bool init(struct survey *survey)
{
	const struct pmill_packed_words *words = &survey->state->words;
	survey->floor = survey->state->index.floor;
	while (survey->floor >> survey->shift >= MOST_NEEDED)
		survey->shift++;
	survey->needed = (uint32_t)(survey->floor >> survey->shift);
	survey->sketch_bits = choose_sketch_bits(words->unit_count, words->position_count);
	survey->sketch = pmill_page_pool_allocate(
		survey->state->settings->pool, sizeof *survey->sketch << survey->sketch_bits);
	unsigned shares = words->share_count;
	survey->table_count = shares < MOST_TABLES ? shares : MOST_TABLES;
	survey->tables = calloc(survey->table_count, sizeof *survey->tables);
	for (unsigned i = 0; survey->tables != NULL && i < survey->table_count; i++)
		survey->tables[i] = (struct table){.survey = survey,
			.first_share = shares * i / survey->table_count,
			.end_share = shares * (i + 1) / survey->table_count};
	return survey->sketch != NULL && survey->tables != NULL;
}

static void release(struct survey *survey)
{
	struct pmill_page_pool *pool = survey->state->settings->pool;
	for (unsigned i = 0; survey->tables != NULL && i < survey->table_count; i++) {
		struct table *table = &survey->tables[i];
		if (table->slots != NULL)
			pmill_page_pool_free(pool, table->slots, table->slot_count * sizeof *table->slots);
	}
	if (survey->sketch != NULL)
		pmill_page_pool_free(
			pool, (void *)survey->sketch, sizeof *survey->sketch << survey->sketch_bits);
	free(survey->tables);
}

static bool survey_pairs(struct survey *survey)
{
	struct pmill_merge_state *state = survey->state;
	pmill_team_run(state->team, sketch_share, survey);
	pmill_team_run(state->team, count_entries, survey);
	if (has_failed(survey))
		return false;
	/* A table that grows must not drop a pair whose sum is still incomplete. */
	state->index.floor = 1;
	pmill_team_run(state->team, index_part, survey);
	state->index.floor = survey->floor;
	if (has_failed(survey))
		return false;
	pmill_team_run(state->team, write_places, survey);
	return true;
}

static bool survey_all(struct pmill_merge_state *state)
{
	struct survey survey = {.state = state};
	pmill_pair_index_clear(&state->index);
	for (unsigned part = 0; part < state->part_count; part++)
		pmill_pair_queue_clear(&state->queues[part]);
	bool done = init(&survey) && survey_pairs(&survey);
	release(&survey);
	return done;
}

/*
 * The safe floor, if that is lower: without filters no merge falls below it. Otherwise extrapolates
 * from the merges so far to the last one, as if the count of merge k fell as 1/k, and takes half of
 * that.
 */
static int64_t estimate_lower_floor(const struct pmill_merge_state *state)
{
	if (state->index.floor > state->safe_floor && state->safe_floor > 0)
		return state->safe_floor;
	int64_t floor = state->index.floor / 4;
	double reached = (double)state->result->merge_count / (double)state->settings->merge_limit;
	double estimate = (double)state->index.floor * reached / 2;
	return estimate < (double)floor ? (int64_t)estimate : floor;
}

pmill_status pmill_pair_survey_lower_floor(struct pmill_merge_state *state, bool *is_done)
{
	*is_done = state->index.floor <= state->settings->min_count;
	if (*is_done)
		return PMILL_OK;
	pmill_merge_state_set_floor(state, estimate_lower_floor(state));
	state->result->surveys++;
	return survey_all(state) ? PMILL_OK : pmill_fail_memory(state->error);
}
