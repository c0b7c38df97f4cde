/* Merging in exact batches, on several threads, or on one where that is faster. */
/* SPDX-License-Identifier: MIT */
/*
 * Each thread has one share of the words and one part of the pair index; no other thread changes
 * them. A batch takes three steps, and the threads wait for one another after each:
 *
 *   1. One thread picks the batch.
 *   2. Each thread applies all its merges to its share, and records what changes, by part.
 *   3. Each thread adds up what all have recorded for its part, gives new pairs their places, and
 *      offers them.
 *
 * There are no locks, and no atomics on counts. If a batch has few places, one thread applies its
 * merges one by one.
 */
#include <stdlib.h>

#include "base/thread.h"
#include "merge/merge_alone.h"
#include "merge/merge_method.h"
#include "merge/pace.h"
#include "merge/visit.h"

enum {
	/* Places from which waking the others may pay (about 10 µs of visits), and always does. */
	TOGETHER_PLACES = 500,
	ALWAYS_TOGETHER_PLACES = 1 << 16,
	PREFETCH_AHEAD = 4,
};

/* A pair that lost occurrences. */
struct lowered {
	uint32_t left, right;
	int64_t count;
};

/* A pair that gained occurrences, in one share. */
struct gained {
	uint32_t left, right;
	int64_t count;
	uint32_t place_count;
	uint32_t before;    /* places of the pair in earlier shares */
	size_t first_place; /* index in the worker's places */
	struct pmill_pair *pair;
};

/* From the worker of one share to one part. */
struct outbox {
	struct lowered *lowered;
	struct gained *gained;
	size_t lowered_count, lowered_capacity;
	size_t gained_count, gained_capacity;
};

struct worker {
	struct pmill_neighbours neighbours;
	struct pmill_changes changes;
	struct outbox *outboxes; /* by part */
	uint32_t *places;
	size_t place_count, place_capacity;
	bool has_failed; /* out of memory */
};

struct together {
	struct pmill_merge_state *state;
	struct pmill_memory_account *account;
	const struct pmill_batch *batch;
	struct worker *workers;
	unsigned count;
	struct pmill_merge_alone alone; /* for batches too small to wake the others */
	struct pmill_pace paces[64];    /* by log2 of the number of places */
};

/* ---- 2: the shares ---- */

static struct outbox *find_outbox(
	const struct together *together, struct worker *worker, struct pmill_two_tokens pair)
{
	return &worker->outboxes[pmill_pair_index_part(&together->state->index, pair.left, pair.right)];
}

static bool send_lowered(const struct together *together, struct worker *worker,
	struct pmill_two_tokens pair, int64_t count)
{
	struct outbox *outbox = find_outbox(together, worker, pair);
	void *items = outbox->lowered;
	if (!pmill_memory_account_reserve(together->account, &items, &outbox->lowered_capacity,
			outbox->lowered_count + 1, sizeof *outbox->lowered))
		return false;
	outbox->lowered = items;
	outbox->lowered[outbox->lowered_count++] = (struct lowered){pair.left, pair.right, count};
	return true;
}

/* Its places go after those of earlier pairs, and the change is told where. */
static bool send_gained(const struct together *together, struct worker *worker,
	struct pmill_two_tokens pair, struct pmill_change *change)
{
	struct outbox *outbox = find_outbox(together, worker, pair);
	void *items = outbox->gained;
	if (!pmill_memory_account_reserve(together->account, &items, &outbox->gained_capacity,
			outbox->gained_count + 1, sizeof *outbox->gained))
		return false;
	outbox->gained = items;
	outbox->gained[outbox->gained_count++] = (struct gained){.left = pair.left,
		.right = pair.right,
		.count = change->count,
		.place_count = change->place_count,
		.first_place = worker->place_count};
	change->fill = worker->places + worker->place_count;
	worker->place_count += change->place_count;
	return true;
}

static bool reserve_places(const struct together *together, struct worker *worker)
{
	void *places = worker->places;
	size_t more = 0;
	for (int side = 0; side < PMILL_SIDES; side++)
		more += worker->changes.sides[side].event_count;
	bool done = pmill_memory_account_reserve(together->account, &places, &worker->place_capacity,
		worker->place_count + more, sizeof *worker->places);
	worker->places = places;
	return done;
}

/*
 * A pair below the floor is not in the index, and whatever is made from it is below the floor, too.
 * Counts don't change while words are visited, so all threads see the same. Tokens of this very
 * batch are not in the index yet.
 */
static bool is_hidden(const struct together *together, struct pmill_two_tokens pair)
{
	uint32_t first_joined = together->batch->first_joined;
	return pair.left < first_joined && pair.right < first_joined &&
		pmill_merge_state_find_pair(together->state, pair.left, pair.right) == NULL;
}

static inline void prefetch(const struct together *together, const struct pmill_token_merge *merge,
	enum pmill_side side, const struct pmill_change *change)
{
	struct pmill_two_tokens before = pmill_pair_before(merge, side, change->token);
	pmill_pair_index_prefetch(&together->state->index, before.left, before.right);
}

static inline bool send_side(const struct together *together, struct worker *worker,
	const struct pmill_token_merge *merge, enum pmill_side side)
{
	struct pmill_change_side *changes = &worker->changes.sides[side];
	for (size_t i = 0; i < changes->count; i++) {
		struct pmill_change *change = &changes->items[i];
		if (i + PREFETCH_AHEAD < changes->count)
			prefetch(together, merge, side, &change[PREFETCH_AHEAD]);
		struct pmill_two_tokens before = pmill_pair_before(merge, side, change->token);
		if (is_hidden(together, before))
			continue;
		struct pmill_two_tokens after = pmill_pair_after(merge, side, change->token);
		if (!send_lowered(together, worker, before, change->count) ||
			!send_gained(together, worker, after, change))
			return false;
	}
	pmill_change_side_fill(changes);
	return true;
}

static bool visit_pair(const struct together *together, struct worker *worker, unsigned share,
	const struct pmill_token_merge *merge)
{
	const struct pmill_merge_state *state = together->state;
	uint32_t single;
	size_t count;
	const uint32_t *places = pmill_pair_places(
		pmill_pair_index_find(&state->index, merge->left, merge->right), &single, &count);
	pmill_packed_words_narrow(&state->words, share, &places, &count);
	if (count == 0)
		return true;
	bool done = pmill_visit_places(
					&state->words, places, count, merge, &worker->neighbours, &worker->changes) &&
		reserve_places(together, worker) && send_side(together, worker, merge, PMILL_LEFT) &&
		send_side(together, worker, merge, PMILL_RIGHT) &&
		send_side(together, worker, merge, PMILL_BETWEEN);
	pmill_neighbours_clear(&worker->neighbours, &worker->changes);
	pmill_changes_clear(&worker->changes);
	return done;
}

static void visit_share(void *context, unsigned share)
{
	const struct together *together = context;
	struct worker *worker = &together->workers[share];
	worker->place_count = 0;
	for (unsigned part = 0; part < together->count; part++) {
		worker->outboxes[part].lowered_count = 0;
		worker->outboxes[part].gained_count = 0;
	}
	bool done = pmill_neighbours_reserve(&worker->neighbours, together->state->tokens.count);
	for (size_t i = 0; i < together->batch->count && done; i++) {
		struct pmill_token_merge merge = pmill_batch_merge(together->batch, i);
		done = visit_pair(together, worker, share, &merge);
	}
	worker->has_failed |= !done;
}

/* ---- 3: the parts ---- */

static bool reserve_pairs(struct together *together, unsigned part)
{
	size_t more = 0;
	for (unsigned i = 0; i < together->count; i++)
		more += together->workers[i].outboxes[part].gained_count;
	return pmill_pair_index_reserve(&together->state->index, part, more) &&
		pmill_pair_queue_reserve(&together->state->queues[part], more);
}

/* Until it has places, a new pair holds twice their number: even, so not a single place. */
static void add_gained(struct together *together, unsigned part)
{
	struct pmill_pair_index *index = &together->state->index;
	for (unsigned i = 0; i < together->count; i++) {
		const struct outbox *outbox = &together->workers[i].outboxes[part];
		for (size_t g = 0; g < outbox->gained_count; g++) {
			struct gained *gained = &outbox->gained[g];
			if (g + PREFETCH_AHEAD < outbox->gained_count)
				pmill_pair_index_prefetch(
					index, gained[PREFETCH_AHEAD].left, gained[PREFETCH_AHEAD].right);
			gained->pair = pmill_pair_index_add(index, gained->left, gained->right);
			gained->pair->count += gained->count;
			gained->before = (uint32_t)(gained->pair->places / 2);
			gained->pair->places += 2 * (uint64_t)gained->place_count;
		}
	}
}

static void subtract_lowered(struct together *together, unsigned part)
{
	struct pmill_merge_state *state = together->state;
	for (unsigned i = 0; i < together->count; i++) {
		const struct outbox *outbox = &together->workers[i].outboxes[part];
		for (size_t l = 0; l < outbox->lowered_count; l++) {
			const struct lowered *lowered = &outbox->lowered[l];
			if (l + PREFETCH_AHEAD < outbox->lowered_count)
				pmill_pair_index_prefetch(
					&state->index, lowered[PREFETCH_AHEAD].left, lowered[PREFETCH_AHEAD].right);
			struct pmill_pair *pair = pmill_pair_index_find(
				&state->index, lowered->left, lowered->right);
			if (pair != NULL)
				pair->count -= lowered->count;
		}
	}
}

/* Pairs that have dropped below the floor need no places. */
static void free_lowered(struct together *together, unsigned part)
{
	struct pmill_merge_state *state = together->state;
	for (unsigned i = 0; i < together->count; i++) {
		const struct outbox *outbox = &together->workers[i].outboxes[part];
		for (size_t l = 0; l < outbox->lowered_count; l++) {
			struct pmill_pair *pair = pmill_pair_index_find(
				&state->index, outbox->lowered[l].left, outbox->lowered[l].right);
			if (pair != NULL && pair->count < state->index.floor)
				pmill_pair_index_free_places(&state->index, part, pair);
		}
	}
}

/* A pair's first record allocates its places; those of later shares follow. */
static bool place_gained(struct together *together, unsigned part)
{
	struct pmill_merge_state *state = together->state;
	for (unsigned i = 0; i < together->count; i++) {
		const struct worker *worker = &together->workers[i];
		const struct outbox *outbox = &worker->outboxes[part];
		for (size_t g = 0; g < outbox->gained_count; g++) {
			const struct gained *gained = &outbox->gained[g];
			struct pmill_pair *pair = gained->pair;
			uint32_t single, *places;
			size_t count;
			if (gained->before > 0) {
				places = (uint32_t *)(uintptr_t)pmill_pair_places(pair, &single, &count);
				if (count == 0)
					continue;
			} else {
				uint32_t place_count = (uint32_t)(pair->places / 2);
				pair->places = 0;
				if (!pmill_merge_state_is_candidate(
						state, gained->left, gained->right, pair->count))
					continue;
				places = pmill_pair_index_allocate_places(&state->index, part, pair, place_count);
				if (places == NULL)
					return false;
				pmill_pair_queue_push(&state->queues[part],
					(struct pmill_candidate){pair->count, gained->left, gained->right});
			}
			memcpy(places + gained->before, worker->places + gained->first_place,
				gained->place_count * sizeof *places);
		}
	}
	return true;
}

static void remove_merged(struct together *together, unsigned part)
{
	struct pmill_pair_index *index = &together->state->index;
	for (size_t i = 0; i < together->batch->count; i++) {
		const struct pmill_candidate *merged = &together->batch->pairs[i];
		if (pmill_pair_index_part(index, merged->left, merged->right) == part)
			pmill_pair_index_remove(index, merged->left, merged->right);
	}
}

static void update_part(void *context, unsigned part)
{
	struct together *together = context;
	remove_merged(together, part);
	bool done = reserve_pairs(together, part);
	if (done) {
		add_gained(together, part);
		subtract_lowered(together, part);
		done = place_gained(together, part);
	}
	if (done) { /* otherwise pairs may still hold a number instead of places */
		free_lowered(together, part);
		remove_merged(together, part);
	}
	together->workers[part].has_failed |= !done;
}

/* ---- One batch ---- */

static size_t count_places(const struct together *together)
{
	size_t place_count = 0;
	for (size_t i = 0; i < together->batch->count; i++) {
		const struct pmill_candidate *pair = &together->batch->pairs[i];
		uint32_t single;
		size_t count;
		pmill_pair_places(pmill_pair_index_find(&together->state->index, pair->left, pair->right),
			&single, &count);
		place_count += count;
	}
	return place_count;
}

static bool has_failed(const struct together *together)
{
	for (unsigned i = 0; i < together->count; i++)
		if (together->workers[i].has_failed)
			return true;
	return false;
}

static bool apply_together(struct together *together, size_t place_count)
{
	together->state->result->visits += place_count;
	pmill_team_run(together->state->team, visit_share, together);
	if (has_failed(together))
		return false;
	pmill_team_run(together->state->team, update_part, together);
	return !has_failed(together);
}

/*
 * If it is unclear whether several threads pay, measures that and takes the faster way. A method
 * that was asked for by name is always used.
 */
static bool apply_timed(struct together *together, size_t place_count)
{
	enum { ALONE, TOGETHER };
	struct pmill_pace *pace = &together->paces[63 - __builtin_clzll(place_count)];
	unsigned way = pmill_pace_choose(pace);
	uint64_t began = pmill_clock_ns();
	bool done = way == ALONE ? pmill_merge_alone_apply(&together->alone, together->batch)
							 : apply_together(together, place_count);
	pmill_pace_note(pace, way, (double)(pmill_clock_ns() - began), place_count);
	return done;
}

static bool apply_batch(void *applier, const struct pmill_batch *batch)
{
	struct together *together = applier;
	together->batch = batch;
	size_t place_count = count_places(together);
	if (place_count < TOGETHER_PLACES)
		return pmill_merge_alone_apply(&together->alone, batch);
	if (place_count < ALWAYS_TOGETHER_PLACES && together->state->settings->method == NULL)
		return apply_timed(together, place_count);
	return apply_together(together, place_count);
}

/* ---- The method ---- */

static bool init_workers(struct together *together)
{
	together->workers = calloc(together->count, sizeof *together->workers);
	for (unsigned i = 0; together->workers != NULL && i < together->count; i++) {
		struct worker *worker = &together->workers[i];
		worker->neighbours.account = worker->changes.account = together->account;
		worker->outboxes = calloc(together->count, sizeof *worker->outboxes);
		if (worker->outboxes == NULL)
			return false;
	}
	return together->workers != NULL;
}

static void free_outbox(struct pmill_memory_account *account, struct outbox *outbox)
{
	pmill_memory_account_free(
		account, outbox->lowered, outbox->lowered_capacity, sizeof *outbox->lowered);
	pmill_memory_account_free(
		account, outbox->gained, outbox->gained_capacity, sizeof *outbox->gained);
}

static void free_worker(struct together *together, struct worker *worker)
{
	for (unsigned part = 0; worker->outboxes != NULL && part < together->count; part++)
		free_outbox(together->account, &worker->outboxes[part]);
	free(worker->outboxes);
	pmill_memory_account_free(
		together->account, worker->places, worker->place_capacity, sizeof *worker->places);
	pmill_neighbours_release(&worker->neighbours);
	pmill_changes_release(&worker->changes);
}

static void free_together(void *applier)
{
	struct together *together = applier;
	if (together == NULL)
		return;
	for (unsigned i = 0; together->workers != NULL && i < together->count; i++)
		free_worker(together, &together->workers[i]);
	free(together->workers);
	pmill_merge_alone_release(&together->alone);
	free(together);
}

static void *create_together(struct pmill_merge_state *state)
{
	struct together *together = calloc(1, sizeof *together);
	if (together == NULL)
		return NULL;
	together->state = state;
	together->account = pmill_page_pool_account(state->settings->pool);
	pmill_merge_alone_init(&together->alone, state);
	together->count = state->part_count;
	if (init_workers(together))
		return together;
	free_together(together);
	return NULL;
}

const struct pmill_merge_method pmill_merge_method_batches = {
	.name = "batches",
	.batch_limit = PMILL_BATCH_LIMIT,
	.has_parts = true,
	.create = create_together,
	.apply = apply_batch,
	.free = free_together,
};
