/* All pairs of all words counted afresh, in the middle of a run. */
/* SPDX-License-Identifier: MIT */
/*
 * Most pairs are below the floor, and a table of all would be the largest of the run. So there are two
 * walks over the words: the first adds the counts up in a sketch, a few slots that many pairs share; the second
 * counts one by one the pairs whose slot reaches the floor. A third one names their places.
 */
#include "train/pair_survey.h"

#include <stdlib.h>

#include "base/pages.h"

enum {
	/* About as many slots as tokens, within these. */
	LEAST_SKETCH_BITS = 8,
	MOST_SKETCH_BITS = 20,
	FIRST_SLOTS = 1 << 12,
};

/* A pair in the words of one share. */
struct local_pair {
	uint64_t key; /* left in the upper half, right + 1 in the lower; 0: a free slot */
	int64_t count;
	uint32_t places;
	uint32_t last;   /* the place that was seen last */
	uint32_t before; /* places of the pair in the shares before */
	uint32_t *fill;  /* where the next name is written; NULL: nowhere */
};

struct local {
	const struct pmill_merge_run *run;
	const uint64_t *sketch; /* of all shares */
	uint64_t *own_sketch;
	unsigned sketch_bits;
	struct local_pair *slots; /* a power of two of them, at most half full */
	size_t slot_count, used;
	size_t owned;    /* pairs of all shares that belong to this part */
	bool has_failed; /* no memory */
};

struct survey {
	struct pmill_merge_run *run;
	struct local *locals; /* one for each share */
	unsigned count;
	unsigned sketch_bits;
};

static uint64_t key_of(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | (right + 1);
}

static uint64_t hash_of(uint64_t key)
{
	return (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
}

static size_t sketch_slot(const struct local *local, uint64_t key)
{
	return (size_t)(hash_of(key) >> (64 - local->sketch_bits));
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* ---- 1: the sketch ---- */

static void add_to_sketch(
	void *context, uint32_t left, uint32_t right, uint32_t name, int64_t count)
{
	struct local *local = context;
	(void)name;
	uint64_t *slot = &local->own_sketch[sketch_slot(local, key_of(left, right))];
	*slot = add_up(*slot, (uint64_t)count);
}

static void sketch_share(void *context, unsigned index)
{
	struct survey *survey = context;
	const struct pmill_packed_words *words = &survey->run->words;
	struct local *local = &survey->locals[index];
	pmill_packed_words_walk(words, &words->shares[index], add_to_sketch, local);
}

/* One range of slots for each of the team. */
static void add_sketches(void *context, unsigned index)
{
	struct survey *survey = context;
	size_t slots = (size_t)1 << survey->sketch_bits;
	size_t begin = slots * index / survey->count, end = slots * (index + 1) / survey->count;
	uint64_t *sum = survey->locals[0].own_sketch;
	for (unsigned i = 1; i < survey->count; i++)
		for (size_t slot = begin; slot < end; slot++)
			sum[slot] = add_up(sum[slot], survey->locals[i].own_sketch[slot]);
}

/* ---- 2: pairs that may reach the floor ---- */

static struct local_pair *find_slot(const struct local *local, uint64_t key)
{
	size_t mask = local->slot_count - 1, at = hash_of(key) >> 20 & mask;
	while (local->slots[at].key != key && local->slots[at].key != 0)
		at = (at + 1) & mask;
	return &local->slots[at];
}

static bool grow(struct local *local)
{
	struct local bigger = *local;
	bigger.slot_count = local->slot_count == 0 ? FIRST_SLOTS : 2 * local->slot_count;
	bigger.slots = pmill_pages_allocate(bigger.slot_count * sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < local->slot_count; i++)
		if (local->slots[i].key != 0)
			*find_slot(&bigger, local->slots[i].key) = local->slots[i];
	if (local->slots != NULL)
		pmill_pages_free(local->slots, local->slot_count * sizeof *local->slots);
	*local = bigger;
	return true;
}

static bool is_in_question(const struct local *local, uint32_t left, uint32_t right)
{
	return local->sketch[sketch_slot(local, key_of(left, right))] >=
		(uint64_t)local->run->index.floor &&
		pmill_merge_run_is_allowed(local->run, left, right);
}

static void count_pair(void *context, uint32_t left, uint32_t right, uint32_t name, int64_t count)
{
	struct local *local = context;
	if (local->has_failed || !is_in_question(local, left, right))
		return;
	if (local->used >= local->slot_count / 2 && !grow(local)) {
		local->has_failed = true;
		return;
	}
	struct local_pair *pair = find_slot(local, key_of(left, right));
	if (pair->key == 0) {
		pair->key = key_of(left, right);
		pair->last = UINT32_MAX;
		local->used++;
	}
	pair->count += count;
	pair->places += pair->last != name;
	pair->last = name;
}

static void count_share(void *context, unsigned index)
{
	struct survey *survey = context;
	const struct pmill_packed_words *words = &survey->run->words;
	struct local *local = &survey->locals[index];
	pmill_packed_words_walk(words, &words->shares[index], count_pair, local);
}

/* ---- 3: owners ---- */

static void split_key(uint64_t key, uint32_t *left, uint32_t *right)
{
	*left = (uint32_t)(key >> 32);
	*right = (uint32_t)key - 1;
}

/* Calls visit(…) for each pair of each share that `owner` owns; false as soon as that returns it. */
static bool visit_owned(struct survey *survey, unsigned owner,
	bool (*visit)(struct survey *survey, unsigned owner, struct local_pair *local))
{
	struct pmill_pair_index *index = &survey->run->index;
	for (unsigned i = 0; i < survey->count; i++) {
		const struct local *local = &survey->locals[i];
		for (size_t slot = 0; slot < local->slot_count; slot++) {
			struct local_pair *pair = &local->slots[slot];
			uint32_t left, right;
			if (pair->key == 0)
				continue;
			split_key(pair->key, &left, &right);
			if (pmill_pair_index_part(index, left, right) == owner && !visit(survey, owner, pair))
				return false;
		}
	}
	return true;
}

static bool count_owned(struct survey *survey, unsigned owner, struct local_pair *local)
{
	(void)local;
	survey->locals[owner].owned++;
	return true;
}

static struct pmill_pair *find_pair(struct survey *survey, const struct local_pair *local)
{
	uint32_t left, right;
	split_key(local->key, &left, &right);
	return pmill_pair_index_add(&survey->run->index, left, right);
}

/* Until it has places, a pair holds their number: twice, so that it is no single place. */
static bool add_local(struct survey *survey, unsigned owner, struct local_pair *local)
{
	(void)owner;
	struct pmill_pair *pair = find_pair(survey, local);
	local->before = (uint32_t)(pair->places / 2);
	pair->count += local->count;
	pair->places += 2 * (uint64_t)local->places;
	return true;
}

/* The first share that has the pair gives it its places; those of later shares follow. */
static bool place_local(struct survey *survey, unsigned owner, struct local_pair *local)
{
	struct pmill_merge_run *run = survey->run;
	struct pmill_pair *pair = find_pair(survey, local);
	uint32_t left, right, single, *names;
	size_t count;
	split_key(local->key, &left, &right);
	if (local->before > 0) {
		names = (uint32_t *)(uintptr_t)pmill_pair_places(pair, &single, &count);
		local->fill = count > 0 ? names + local->before : NULL;
		return true;
	}
	uint32_t places = (uint32_t)(pair->places / 2);
	pair->places = 0;
	if (pair->count < run->index.floor)
		return true;
	local->fill = pmill_pair_index_allocate_places(&run->index, owner, pair, places);
	pmill_pair_queue_push(&run->queues[owner], (struct pmill_candidate){pair->count, left, right});
	return local->fill != NULL;
}

static void index_owned(void *context, unsigned owner)
{
	struct survey *survey = context;
	struct local *local = &survey->locals[owner];
	if (owner >= survey->run->part_count)
		return;
	bool done = visit_owned(survey, owner, count_owned) &&
		pmill_pair_index_reserve(&survey->run->index, owner, local->owned) &&
		pmill_pair_queue_reserve(&survey->run->queues[owner], local->owned) &&
		visit_owned(survey, owner, add_local) && visit_owned(survey, owner, place_local);
	local->has_failed |= !done;
}

/* ---- 4: places ---- */

static void name_place(void *context, uint32_t left, uint32_t right, uint32_t name, int64_t count)
{
	struct local *local = context;
	(void)count;
	if (!is_in_question(local, left, right))
		return;
	struct local_pair *pair = find_slot(local, key_of(left, right));
	if (pair->fill == NULL || pair->last == name)
		return;
	pair->last = name;
	*pair->fill++ = name;
}

static void name_share(void *context, unsigned index)
{
	struct survey *survey = context;
	const struct pmill_packed_words *words = &survey->run->words;
	struct local *local = &survey->locals[index];
	for (size_t i = 0; i < local->slot_count; i++)
		local->slots[i].last = UINT32_MAX;
	pmill_packed_words_walk(words, &words->shares[index], name_place, local);
}

/* ---- All ---- */

static bool has_failed(const struct survey *survey)
{
	for (unsigned i = 0; i < survey->count; i++)
		if (survey->locals[i].has_failed)
			return true;
	return false;
}

static unsigned choose_sketch_bits(const struct pmill_packed_words *words)
{
	uint64_t tokens = 4 * (uint64_t)words->unit_count + words->position_count;
	unsigned bits = LEAST_SKETCH_BITS;
	while (bits < MOST_SKETCH_BITS && tokens >> bits > 0)
		bits++;
	return bits;
}

static bool init(struct survey *survey)
{
	survey->sketch_bits = choose_sketch_bits(&survey->run->words);
	survey->locals = calloc(survey->count, sizeof *survey->locals);
	for (unsigned i = 0; survey->locals != NULL && i < survey->count; i++) {
		struct local *local = &survey->locals[i];
		local->run = survey->run;
		local->sketch_bits = survey->sketch_bits;
		local->own_sketch = pmill_pages_allocate(sizeof *local->own_sketch << survey->sketch_bits);
		local->sketch = survey->locals[0].own_sketch;
		if (local->own_sketch == NULL)
			return false;
	}
	return survey->locals != NULL;
}

static void release(struct survey *survey)
{
	for (unsigned i = 0; survey->locals != NULL && i < survey->count; i++) {
		struct local *local = &survey->locals[i];
		if (local->own_sketch != NULL)
			pmill_pages_free(local->own_sketch, sizeof *local->own_sketch << survey->sketch_bits);
		if (local->slots != NULL)
			pmill_pages_free(local->slots, local->slot_count * sizeof *local->slots);
	}
	free(survey->locals);
}

static bool survey_pairs(struct survey *survey)
{
	struct pmill_team *team = survey->run->team;
	pmill_team_run(team, sketch_share, survey);
	pmill_team_run(team, add_sketches, survey);
	pmill_team_run(team, count_share, survey);
	if (has_failed(survey))
		return false;
	pmill_team_run(team, index_owned, survey);
	if (has_failed(survey))
		return false;
	pmill_team_run(team, name_share, survey);
	return true;
}

bool pmill_pair_survey_run(struct pmill_merge_run *run)
{
	struct survey survey = {.run = run, .count = run->words.share_count};
	pmill_pair_index_clear(&run->index);
	for (unsigned part = 0; part < run->part_count; part++)
		pmill_pair_queue_clear(&run->queues[part]);
	bool done = init(&survey) && survey_pairs(&survey);
	release(&survey);
	return done;
}
