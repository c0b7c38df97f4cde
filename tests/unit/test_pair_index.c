/* The pair index: counts and places of a plain table, however its parts grow. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "merge/pair_index.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/refuse_pages.h"

enum { TOKENS = 400, MOST_PLACES = 40, ROUNDS = 24, STEPS = 60000, MOST_PARTS = 5 };

static size_t below(uint64_t *random, size_t limit)
{
	return (size_t)(next_random(random) % limit);
}

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- A plain table of pairs ---- */

struct naive_pair {
	int64_t count;
	uint32_t first_place; /* its places are first_place, first_place + 7, … */
	uint32_t place_count;
	bool is_there;
};

static struct naive_pair naive[TOKENS][TOKENS];

/* Token numbers from 0 to 399, and the last of those that 32 bits can hold. */
static uint32_t token_at(size_t i)
{
	return i < TOKENS - 2 ? (uint32_t)i : UINT32_MAX - (uint32_t)(TOKENS - 1 - i);
}

static bool is_of_bytes(size_t left, size_t right)
{
	return left < 256 && right < 256;
}

static void check_pair(const struct pmill_pair_index *index, size_t left, size_t right)
{
	const struct naive_pair *expected = &naive[left][right];
	const struct pmill_pair *pair = pmill_pair_index_find(index, token_at(left), token_at(right));
	pmill_pair_index_prefetch(index, token_at(left), token_at(right));
	if (pair == NULL) {
		/* Only a table that grows drops pairs, and only those below the floor. */
		assert_true(!expected->is_there || expected->count < index->floor);
		return;
	}
	assert_true(expected->is_there || is_of_bytes(left, right));
	assert_int_equal(pair->count, expected->count);
	uint32_t single;
	size_t count;
	const uint32_t *places = pmill_pair_places(pair, &single, &count);
	assert_int_equal(count, expected->place_count);
	assert_int_equal(pair->places & 1, count == 1);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(places[i], expected->first_place + 7 * i);
}

static void check_all(const struct pmill_pair_index *index)
{
	for (size_t left = 0; left < TOKENS; left++)
		for (size_t right = 0; right < TOKENS; right++)
			check_pair(index, left, right);
}

/* ---- Steps ---- */

static unsigned part_of(const struct pmill_pair_index *index, size_t left, size_t right)
{
	unsigned part = pmill_pair_index_part(index, token_at(left), token_at(right));
	assert_true(part < index->part_count);
	return part;
}

/* Adds a pair, or finds it again; without places it gets some. */
static void add_pair(struct pmill_pair_index *index, size_t left, size_t right, uint64_t *random)
{
	struct naive_pair *expected = &naive[left][right];
	unsigned part = part_of(index, left, right);
	assert_true(pmill_pair_index_reserve(index, part, 1 + below(random, 3)));
	/* It may be new, or have been dropped. */
	if (pmill_pair_index_find(index, token_at(left), token_at(right)) == NULL)
		*expected = (struct naive_pair){0};
	struct pmill_pair *pair = pmill_pair_index_add(index, token_at(left), token_at(right));
	assert_int_equal(pair->count, expected->count);
	expected->is_there = true;
	expected->count = pair->count = pair->count + (int64_t)below(random, 40);
	if (expected->place_count > 0)
		return;
	expected->place_count = 1 + (uint32_t)below(random, below(random, 4) == 0 ? MOST_PLACES : 2);
	expected->first_place = (uint32_t)next_random(random);
	uint32_t *places = pmill_pair_index_allocate_places(index, part, pair, expected->place_count);
	assert_non_null(places);
	for (uint32_t i = 0; i < expected->place_count; i++)
		places[i] = expected->first_place + 7 * i;
}

static void free_places(struct pmill_pair_index *index, size_t left, size_t right)
{
	struct pmill_pair *pair = pmill_pair_index_find(index, token_at(left), token_at(right));
	if (pair == NULL)
		return;
	pmill_pair_index_free_places(index, part_of(index, left, right), pair);
	naive[left][right].place_count = 0;
}

/* Pairs of bytes and others, in about equal numbers. */
static size_t choose_token(uint64_t *random)
{
	return below(random, 3) == 0 ? 256 + below(random, TOKENS - 256) : below(random, TOKENS);
}

static void take_step(struct pmill_pair_index *index, uint64_t *random)
{
	size_t left = choose_token(random), right = choose_token(random);
	switch (below(random, 4)) {
	case 0: check_pair(index, left, right); return;
	case 1: free_places(index, left, right); return;
	default: add_pair(index, left, right, random);
	}
}

static void check_empty(const struct pmill_pair_index *index)
{
	for (unsigned part = 0; part < index->part_count; part++)
		assert_int_equal(index->parts[part].used, 0);
	memset(naive, 0, sizeof naive);
	check_all(index);
}

static void check_round(uint64_t seed, struct pmill_page_pool *pool)
{
	uint64_t random = seed;
	struct pmill_pair_index index;
	unsigned part_count = 1 + (unsigned)below(&random, MOST_PARTS);
	assert_true(pmill_pair_index_init(&index, part_count, pool));
	assert_int_equal(index.floor, 1);
	memset(naive, 0, sizeof naive);
	for (unsigned part = 0; part < part_count; part++)
		assert_true(pmill_pair_index_reserve(&index, part, 0));
	for (size_t i = 0; i < STEPS; i++) {
		if (i == STEPS / 3)
			index.floor = 1 + (int64_t)below(&random, 40);
		take_step(&index, &random);
	}
	check_all(&index);
	for (unsigned part = 0; part < part_count; part++)
		assert_true(index.parts[part].used > 0 &&
			index.parts[part].used <= index.parts[part].slot_count / 3 * 2);
	pmill_pair_index_clear(&index);
	for (unsigned part = 0; part < part_count; part++)
		assert_true(pmill_pair_index_reserve(&index, part, 0));
	check_empty(&index);
	pmill_pair_index_release(&index);
	pmill_pair_index_release(&index);
}

static void test_random_steps(void **state)
{
	(void)state;
	uint64_t seed = first_seed();
	print_message("seeds %llu to %llu (PMILL_SEED)\n", (unsigned long long)seed,
		(unsigned long long)seed + ROUNDS - 1);
	struct pmill_page_pool *pool = pmill_page_pool_create();
	assert_non_null(pool);
	for (uint64_t i = 0; i < ROUNDS; i++)
		check_round(seed + i, i % 2 == 0 ? NULL : pool);
	pmill_page_pool_release(pool);
}

/* When a table grows, pairs at the floor stay, and those below it go with their places. */
static void test_floor(void **state)
{
	(void)state;
	struct pmill_pair_index index;
	assert_true(pmill_pair_index_init(&index, 1, NULL));
	index.floor = 10;
	assert_true(pmill_pair_index_reserve(&index, 0, 1000));
	for (uint32_t token = 256; token < 1256; token++) {
		struct pmill_pair *pair = pmill_pair_index_add(&index, token, token);
		pair->count = 9 + token % 2;
		assert_non_null(pmill_pair_index_allocate_places(&index, 0, pair, 1 + token % 3));
	}
	size_t slot_count = index.parts[0].slot_count;
	assert_int_equal(index.parts[0].used, 1000);
	assert_true(pmill_pair_index_reserve(&index, 0, slot_count));
	assert_true(index.parts[0].slot_count > slot_count);
	assert_int_equal(index.parts[0].used, 500);
	for (uint32_t token = 256; token < 1256; token++) {
		const struct pmill_pair *pair = pmill_pair_index_find(&index, token, token);
		assert_int_equal(pair != NULL, token % 2);
		assert_true(pair == NULL || pair->count == 10);
	}
	pmill_pair_index_release(&index);
}

/* The places of dropped pairs are used again: the pool doesn't grow. */
static void test_places_of_dropped_pairs(void **state)
{
	(void)state;
	struct pmill_pair_index index;
	assert_true(pmill_pair_index_init(&index, 1, NULL));
	const struct pmill_place_pool *pool = &index.parts[0].pool;
	const struct pmill_place_chunk *newest = NULL;
	for (uint32_t round = 0; round < 4; round++) {
		assert_true(pmill_pair_index_reserve(&index, 0, index.parts[0].slot_count + 1000));
		for (uint32_t token = 256; token < 1256; token++) {
			struct pmill_pair *pair = pmill_pair_index_add(&index, token, round);
			assert_non_null(pmill_pair_index_allocate_places(&index, 0, pair, 3000));
		}
		assert_true(round == 0 || pool->chunks == newest);
		newest = pool->chunks;
	}
	pmill_pair_index_release(&index);
}

/* A refusal leaves the index as it was. */
static void test_out_of_memory(void **state)
{
	(void)state;
	struct pmill_pair_index index;
	long k = 0;
	for (;; k++) {
		allocations_left = k;
		bool done = pmill_pair_index_init(&index, 3, NULL);
		if (!was_refused())
			break;
		assert_false(done);
		assert_null(index.dense);
	}
	assert_int_equal(k, 2);
	for (unsigned tries = 0; tries < 2; tries++) {
		unsigned part = pmill_pair_index_part(&index, 300, 7);
		allocations_left = 0;
		assert_false(pmill_pair_index_reserve(&index, part, 100000 * tries + 1));
		assert_true(was_refused());
		assert_true(pmill_pair_index_reserve(&index, part, 1));
		struct pmill_pair *pair = pmill_pair_index_add(&index, 300, 7);
		assert_int_equal(pair->count, 5 * tries);
		pair->count = 5;
		allocations_left = 0;
		assert_int_equal(
			pmill_pair_index_allocate_places(&index, part, pair, 100) == NULL, was_refused());
	}
	pmill_pair_index_release(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_steps),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_places_of_dropped_pairs),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
