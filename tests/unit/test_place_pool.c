/* The pool for lists of places: lists do not overlap, and freed memory is reused. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "merge/place_pool.h"
#include "support/random.h"

enum { LISTS = 500, STEPS = 60000 };

static uint64_t random_state = 11;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)random_below(&random_state, below);
}

/* Mostly short, sometimes long enough for pages of its own. */
static uint32_t draw_count(void)
{
	switch (draw(40)) {
	case 0: return 1 + draw(400000);
	case 1: return 1 + draw(20000);
	default: return 1 + draw(60);
	}
}

static void fill(struct pmill_places *places, uint32_t mark)
{
	for (uint32_t i = 0; i < places->count; i++)
		places->items[i] = mark + i;
}

static void check(const struct pmill_places *places, uint32_t count, uint32_t mark)
{
	assert_int_equal(places->count, count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(places->items[i], mark + i);
}

/* Live lists hold different numbers, so that one written over by another is noticed. */
static void lists_do_not_overlap(void **state)
{
	(void)state;
	static struct {
		struct pmill_places *places;
		uint32_t count, mark;
	} lists[LISTS];
	struct pmill_place_pool pool = {0};
	for (uint32_t step = 0; step < STEPS; step++) {
		size_t at = draw(LISTS);
		if (lists[at].places != NULL) {
			check(lists[at].places, lists[at].count, lists[at].mark);
			pmill_place_pool_free(&pool, lists[at].places);
			lists[at].places = NULL;
			continue;
		}
		lists[at].count = draw_count();
		lists[at].mark = step * 7919;
		lists[at].places = pmill_place_pool_allocate(&pool, lists[at].count);
		assert_non_null(lists[at].places);
		fill(lists[at].places, lists[at].mark);
	}
	for (size_t at = 0; at < LISTS; at++)
		if (lists[at].places != NULL) {
			check(lists[at].places, lists[at].count, lists[at].mark);
			pmill_place_pool_free(&pool, lists[at].places);
		}
	pmill_place_pool_release(&pool);
}

/* A thousand freed long lists leave enough for many short ones: the pool does not grow. */
static void long_lists_are_split(void **state)
{
	(void)state;
	struct pmill_place_pool pool = {0};
	static struct pmill_places *lists[1000];
	for (size_t i = 0; i < 1000; i++)
		assert_non_null(lists[i] = pmill_place_pool_allocate(&pool, 3000));
	for (size_t i = 0; i < 1000; i++)
		pmill_place_pool_free(&pool, lists[i]);
	const struct pmill_place_chunk *newest = pool.chunks;
	for (size_t i = 0; i < 100000; i++)
		assert_non_null(pmill_place_pool_allocate(&pool, 1 + draw(50)));
	assert_ptr_equal(pool.chunks, newest);
	pmill_place_pool_release(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_do_not_overlap),
		cmocka_unit_test(long_lists_are_split),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
