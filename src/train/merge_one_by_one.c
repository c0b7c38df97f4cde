/* Merging one pair at a time: the plain way, which all others must equal. */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "train/merge_alone.h"
#include "train/visit.h"

enum {
	PREFETCH_AHEAD = 4,
	MERGES_A_LOOK = 16, /* between looks at the clock */
};

static bool take_best(struct pmill_merge_run *run, struct pmill_candidate *best)
{
	unsigned part = pmill_merge_run_find_best(run, best);
	if (part == run->part_count)
		return false;
	pmill_pair_queue_pop(&run->queues[part]);
	return true;
}

/* Takes what the merge used up from a pair that was there before. False where that is below the floor already. */
static bool lower_pair(struct pmill_merge_run *run, uint32_t left, uint32_t right, int64_t count)
{
	struct pmill_pair *pair = pmill_merge_run_find_pair(run, left, right);
	if (pair == NULL)
		return false;
	pair->count -= count;
	if (pair->count < run->index.floor)
		pmill_pair_index_free_places(
			&run->index, pmill_pair_index_part(&run->index, left, right), pair);
	return true;
}

static bool add_pair(
	struct pmill_merge_run *run, uint32_t left, uint32_t right, struct pmill_neighbour *neighbour)
{
	if (!pmill_merge_run_is_candidate(run, left, right, neighbour->count))
		return true;
	struct pmill_pair *pair = pmill_pair_index_add(&run->index, left, right);
	unsigned part = pmill_pair_index_part(&run->index, left, right);
	pair->count = neighbour->count;
	neighbour->fill = pmill_pair_index_allocate_places(&run->index, part, pair, neighbour->words);
	pmill_pair_queue_push(
		&run->queues[part], (struct pmill_candidate){neighbour->count, left, right});
	return neighbour->fill != NULL;
}

/* (before) becomes (after), for one neighbour. */
static bool change_pair(struct pmill_merge_run *run, const uint32_t before[2],
	const uint32_t after[2], struct pmill_neighbour *neighbour)
{
	return !lower_pair(run, before[0], before[1], neighbour->count) ||
		add_pair(run, after[0], after[1], neighbour);
}

static void fill_places(struct pmill_neighbour_side *side)
{
	for (size_t i = 0; i < side->event_count; i++) {
		struct pmill_neighbour *neighbour = &side->by_token[side->events[i].token];
		if (neighbour->fill != NULL)
			*neighbour->fill++ = side->events[i].word;
	}
}

/* Room for all new pairs at once: what a pair holds itself must not move until it is filled. */
static bool reserve(struct pmill_merge_alone *alone)
{
	const struct pmill_neighbours *neighbours = &alone->neighbours;
	size_t more = neighbours->left.touched_count + neighbours->right.touched_count +
		neighbours->both.touched_count;
	for (unsigned part = 0; part < alone->run->part_count; part++)
		if (!pmill_pair_index_reserve(&alone->run->index, part, more) ||
			!pmill_pair_queue_reserve(&alone->run->queues[part], more))
			return false;
	return true;
}

static bool apply_left(
	struct pmill_merge_alone *alone, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbour_side *side = &alone->neighbours.left;
	for (size_t i = 0; i < side->touched_count; i++) {
		uint32_t token = side->touched[i];
		if (i + PREFETCH_AHEAD < side->touched_count)
			pmill_pair_index_prefetch(
				&alone->run->index, side->touched[i + PREFETCH_AHEAD], best->left);
		if (!change_pair(alone->run, (uint32_t[]){token, best->left}, (uint32_t[]){token, joined},
				&side->by_token[token]))
			return false;
	}
	fill_places(side);
	return true;
}

static bool apply_right(
	struct pmill_merge_alone *alone, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbour_side *side = &alone->neighbours.right;
	for (size_t i = 0; i < side->touched_count; i++) {
		uint32_t token = side->touched[i];
		if (i + PREFETCH_AHEAD < side->touched_count)
			pmill_pair_index_prefetch(
				&alone->run->index, best->right, side->touched[i + PREFETCH_AHEAD]);
		if (!change_pair(alone->run, (uint32_t[]){best->right, token}, (uint32_t[]){joined, token},
				&side->by_token[token]))
			return false;
	}
	fill_places(side);
	return true;
}

static bool apply_both(
	struct pmill_merge_alone *alone, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_neighbour_side *side = &alone->neighbours.both;
	if (side->touched_count == 0)
		return true;
	if (!change_pair(alone->run, (uint32_t[]){best->right, best->left},
			(uint32_t[]){joined, joined}, &side->by_token[0]))
		return false;
	fill_places(side);
	return true;
}

static bool visit(
	struct pmill_merge_alone *alone, const struct pmill_candidate *best, uint32_t joined)
{
	struct pmill_merge_run *run = alone->run;
	struct pmill_pair *pair = pmill_pair_index_find(&run->index, best->left, best->right);
	uint32_t single;
	size_t count;
	const uint32_t *names = pmill_pair_places(pair, &single, &count);
	run->result->visits += count;
	bool done = pmill_visit_places(
		&run->words, names, count, best->left, best->right, joined, &alone->neighbours);
	pmill_pair_index_free_places(
		&run->index, pmill_pair_index_part(&run->index, best->left, best->right), pair);
	return done;
}

/*
 * A pair of equal tokens lowers itself while its runs are visited (aaaa → zz takes the pair in the middle);
 * setting the count to 0 in the end covers that: none is left.
 */
bool pmill_merge_alone_apply(struct pmill_merge_alone *alone, const struct pmill_candidate *best)
{
	struct pmill_merge_run *run = alone->run;
	uint32_t joined = (uint32_t)run->tokens.count;
	bool done = pmill_merge_run_record(run, best) &&
		pmill_neighbours_reserve_tokens(&alone->neighbours, run->tokens.count) &&
		visit(alone, best, joined) && reserve(alone) && apply_left(alone, best, joined) &&
		apply_right(alone, best, joined) && apply_both(alone, best, joined);
	pmill_pair_index_find(&run->index, best->left, best->right)->count = 0;
	pmill_neighbours_clear(&alone->neighbours);
	return done;
}

static pmill_status merge_all(struct pmill_merge_alone *alone)
{
	struct pmill_merge_run *run = alone->run;
	struct pmill_merger_result *result = run->result;
	struct pmill_candidate best;
	while (result->merge_count < run->settings->merge_limit) {
		if (!take_best(run, &best)) {
			bool is_done;
			pmill_status status = pmill_merge_run_lower_floor(run, &is_done);
			if (status == PMILL_OK && !is_done)
				continue;
			result->stopped = pmill_merge_run_why_empty(run);
			return status;
		}
		if (!pmill_merge_alone_apply(alone, &best))
			return pmill_fail_memory(run->error);
		if (result->merge_count % MERGES_A_LOOK == 0 && pmill_merge_run_is_cancelled(run))
			return PMILL_CANCELLED;
	}
	result->stopped = "full";
	return PMILL_OK;
}

static pmill_status merge_one_by_one(struct pmill_merge_run *run)
{
	struct pmill_merge_alone alone = {.run = run};
	pmill_status status = merge_all(&alone);
	pmill_neighbours_release(&alone.neighbours);
	return status;
}

const struct pmill_merge_method pmill_merge_one_by_one = {"one-by-one", merge_one_by_one};
