/* What a merge changes, gathered by neighbour: the sums and places of a plain list of events. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "merge/neighbours.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { TOKENS = 400, MOST_PLACES = 300, MOST_MATCHES = 6, MERGES = 400 };

static size_t below(uint64_t *random, size_t limit)
{
	return (size_t)(next_random(random) % limit);
}

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- One side of a merge, match by match ---- */

struct match {
	uint32_t token, place;
	int64_t count;
};

struct naive_side {
	struct match matches[MOST_PLACES * MOST_MATCHES];
	size_t count;
};

static bool is_earlier(const struct naive_side *naive, size_t index)
{
	bool found = false;
	for (size_t i = 0; i < index; i++)
		found |= naive->matches[i].token == naive->matches[index].token;
	return found;
}

/* The distinct places of a token's matches, in order. Places are distinct from merge to merge. */
static size_t find_places(const struct naive_side *naive, uint32_t token, uint32_t *places)
{
	size_t count = 0;
	for (size_t i = 0; i < naive->count; i++) {
		const struct match *match = &naive->matches[i];
		if (match->token == token && (count == 0 || places[count - 1] != match->place))
			places[count++] = match->place;
	}
	return count;
}

static int64_t sum_counts(const struct naive_side *naive, uint32_t token)
{
	int64_t sum = 0;
	for (size_t i = 0; i < naive->count; i++)
		sum += naive->matches[i].token == token ? naive->matches[i].count : 0;
	return sum;
}

/* Every other change gets room for its places; the rest are written nowhere. */
static void check_fill(struct pmill_change_side *side, const struct naive_side *naive)
{
	static uint32_t filled[MOST_PLACES * MOST_MATCHES];
	uint32_t *room = filled;
	for (size_t i = 0; i < side->count; i += 2) {
		side->items[i].fill = room;
		room += side->items[i].place_count;
	}
	pmill_change_side_fill(side);
	const uint32_t *next = filled;
	for (size_t i = 0; i < side->count; i++) {
		const struct pmill_change *change = &side->items[i];
		static uint32_t places[MOST_PLACES];
		if (i % 2 == 1) {
			assert_null(change->fill);
			continue;
		}
		size_t count = find_places(naive, change->token, places);
		assert_memory_equal(next, places, count * sizeof *places);
		next += count;
		assert_ptr_equal(change->fill, next);
	}
}

/* The changes are in the order in which their neighbours were met first. */
static void check_side(struct pmill_change_side *side, const struct naive_side *naive)
{
	size_t next = 0, events = 0;
	for (size_t i = 0; i < naive->count; i++) {
		if (is_earlier(naive, i))
			continue;
		static uint32_t places[MOST_PLACES];
		uint32_t token = naive->matches[i].token;
		assert_true(next < side->count);
		const struct pmill_change *change = &side->items[next++];
		assert_int_equal(change->token, token);
		assert_int_equal(change->count, sum_counts(naive, token));
		assert_int_equal(change->place_count, find_places(naive, token, places));
		events += change->place_count;
	}
	assert_int_equal(side->count, next);
	assert_int_equal(side->event_count, events);
	check_fill(side, naive);
}

/* ---- A merge of random places ---- */

struct gathering {
	struct pmill_neighbours neighbours;
	struct pmill_changes changes;
	struct naive_side left, right, both;
};

static void add_match(struct pmill_change_side *side, struct naive_side *naive, uint32_t *number,
	struct match match, uint32_t visit)
{
	naive->matches[naive->count++] = match;
	if (visit > 0)
		pmill_change_add(side, number, match.token, visit, match.place, match.count);
	else
		pmill_change_add_single(side, number, match.token, match.place, match.count);
}

/* Adds a match to one side or another; visit 0: the only one at its place. */
static void add_somewhere(struct gathering *gathering, uint32_t token, uint32_t place,
	int64_t count, uint32_t visit, size_t side)
{
	struct pmill_changes *changes = &gathering->changes;
	struct pmill_neighbours *neighbours = &gathering->neighbours;
	const struct match match = {side == 2 ? TOKENS : token, place, count};
	if (side == 0)
		add_match(
			&changes->sides[PMILL_LEFT], &gathering->left, &neighbours->left[token], match, visit);
	else if (side == 1)
		add_match(&changes->sides[PMILL_RIGHT], &gathering->right, &neighbours->right[token], match,
			visit);
	else
		add_match(
			&changes->sides[PMILL_BETWEEN], &gathering->both, &neighbours->between, match, visit);
}

static void visit_place(
	struct gathering *gathering, uint32_t place, size_t token_count, uint64_t *random)
{
	int64_t count = 1 + (int64_t)below(random, 1000);
	assert_true(pmill_changes_reserve(&gathering->changes, MOST_MATCHES));
	if (below(random, 2) == 0) {
		for (size_t side = 0; side < 2; side++)
			if (below(random, 4) > 0)
				add_somewhere(
					gathering, (uint32_t)below(random, token_count), place, count, 0, side);
		return;
	}
	uint32_t visit = ++gathering->changes.visit;
	for (size_t matches = 1 + below(random, MOST_MATCHES); matches > 0; matches--)
		add_somewhere(
			gathering, (uint32_t)below(random, token_count), place, count, visit, below(random, 3));
}

static void check_forgotten(const struct pmill_neighbours *neighbours)
{
	for (size_t token = 0; token < TOKENS; token++)
		assert_true(neighbours->left[token] == 0 && neighbours->right[token] == 0);
	assert_int_equal(neighbours->between, 0);
}

/* Few tokens or many, so that neighbours repeat or don't. */
static void check_merge(struct gathering *gathering, uint64_t *random)
{
	size_t token_count = below(random, 2) == 0 ? 3 : TOKENS;
	gathering->left.count = gathering->right.count = gathering->both.count = 0;
	for (size_t i = below(random, MOST_PLACES); i > 0; i--)
		visit_place(gathering, (uint32_t)(i * 7), token_count, random);
	check_side(&gathering->changes.sides[PMILL_LEFT], &gathering->left);
	check_side(&gathering->changes.sides[PMILL_RIGHT], &gathering->right);
	check_side(&gathering->changes.sides[PMILL_BETWEEN], &gathering->both);
	size_t left = gathering->changes.sides[PMILL_LEFT].count;
	pmill_neighbours_clear(&gathering->neighbours, &gathering->changes);
	check_forgotten(&gathering->neighbours);
	assert_int_equal(gathering->changes.sides[PMILL_LEFT].count, left);
	pmill_changes_clear(&gathering->changes);
	assert_int_equal(gathering->changes.visit, 0);
}

/* Several merges with the same tables: none sees what another left. */
static void test_merges(void **state)
{
	(void)state;
	static struct gathering gathering;
	uint64_t random = first_seed();
	print_message("seed %llu (PMILL_SEED)\n", (unsigned long long)random);
	assert_true(pmill_neighbours_reserve(&gathering.neighbours, TOKENS));
	check_forgotten(&gathering.neighbours);
	for (size_t i = 0; i < MERGES; i++)
		check_merge(&gathering, &random);
	pmill_changes_release(&gathering.changes);
	pmill_neighbours_release(&gathering.neighbours);
	pmill_changes_release(&gathering.changes);
	pmill_neighbours_release(&gathering.neighbours);
}

/* New tokens have no numbers, and those of the others are kept. */
static void test_growing(void **state)
{
	(void)state;
	struct pmill_neighbours neighbours = {0};
	for (size_t count = 1; count < 5000; count += 1 + count / 3) {
		size_t before = neighbours.left_capacity;
		assert_true(pmill_neighbours_reserve(&neighbours, count));
		assert_true(neighbours.left_capacity >= count && neighbours.right_capacity >= count);
		for (size_t token = 0; token < before; token++)
			assert_true(
				neighbours.left[token] == token + 1 && neighbours.right[token] == token + 2);
		for (size_t token = before; token < neighbours.left_capacity; token++) {
			assert_true(neighbours.left[token] == 0 && neighbours.right[token] == 0);
			neighbours.left[token] = (uint32_t)token + 1;
			neighbours.right[token] = (uint32_t)token + 2;
		}
	}
	pmill_neighbours_release(&neighbours);
}

/* After a refusal all is as it was, and a second try succeeds. */
static void test_out_of_memory(void **state)
{
	(void)state;
	struct pmill_neighbours neighbours = {0};
	struct pmill_changes changes = {0};
	for (long k = 0; k < 2; k++) {
		allocations_left = k;
		assert_false(pmill_neighbours_reserve(&neighbours, (size_t)100 << 4 * k));
		assert_true(was_refused());
	}
	assert_true(pmill_neighbours_reserve(&neighbours, 100));
	for (size_t token = 0; token < 100; token++)
		assert_true(neighbours.left[token] == 0 && neighbours.right[token] == 0);
	for (long k = 0; k < 6; k++) {
		pmill_changes_release(&changes);
		allocations_left = k;
		assert_false(pmill_changes_reserve(&changes, 10));
		assert_true(was_refused());
	}
	assert_true(pmill_changes_reserve(&changes, 10));
	pmill_changes_release(&changes);
	pmill_neighbours_release(&neighbours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
