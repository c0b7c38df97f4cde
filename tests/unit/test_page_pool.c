/* The pool of pages: reused pages are zeroed on request, joined, split, and returned. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/page_pool.h"
#include "base/pages.h"
#include "support/random.h"

enum { UNIT = PMILL_PAGES_UNIT };

static void reuses_pages(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	uint8_t *first = pmill_page_pool_allocate(pool, 3 * UNIT);
	memset(first, 7, 3 * UNIT);
	pmill_page_pool_free(pool, first, 3 * UNIT);
	uint8_t *raw = pmill_page_pool_allocate_raw(pool, UNIT + 1);
	assert_ptr_equal(raw, first);
	assert_int_equal(raw[0], 7);
	uint8_t *zeroed = pmill_page_pool_allocate(pool, UNIT);
	assert_ptr_equal(zeroed, first + 2 * UNIT);
	for (size_t i = 0; i < UNIT; i++)
		assert_int_equal(zeroed[i], 0);
	pmill_page_pool_free(pool, zeroed, UNIT);
	pmill_page_pool_free(pool, raw, UNIT + 1);
	/* Neighbours become one block again. */
	assert_ptr_equal(pmill_page_pool_allocate_raw(pool, 3 * UNIT), first);
	pmill_page_pool_free(pool, first, 3 * UNIT);
	pmill_page_pool_release(pool);
}

static void takes_the_smallest_that_fits(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	uint8_t *large = pmill_page_pool_allocate(pool, 8 * UNIT);
	uint8_t *small = pmill_page_pool_allocate(pool, 2 * UNIT);
	pmill_page_pool_free(pool, large, 8 * UNIT);
	pmill_page_pool_free(pool, small, 2 * UNIT);
	/* If the system has placed them side by side, they are one block. */
	uint8_t *again = pmill_page_pool_allocate(pool, 2 * UNIT);
	assert_true(again == small || again == large || again == small + 8 * UNIT);
	pmill_page_pool_drain(pool);
	pmill_page_pool_free(pool, again, 2 * UNIT);
	pmill_page_pool_release(pool);
}

/* Large and small sizes, and those without a pool, come from the system. */
static void uses_the_system_for_other_sizes(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	enum { LARGE = 40 * UNIT };
	void *a = pmill_page_pool_allocate_raw(pool, LARGE);
	assert_non_null(a);
	pmill_page_pool_free(pool, a, LARGE);
	uint8_t *small = pmill_page_pool_allocate(pool, 100);
	assert_int_equal(small[99], 0);
	pmill_page_pool_free(pool, small, 100);
	uint8_t *own = pmill_page_pool_allocate(NULL, UNIT);
	own[UNIT - 1] = 1;
	pmill_page_pool_free(NULL, own, UNIT);
	pmill_page_pool_free(pool, NULL, UNIT);
	assert_null(pmill_page_pool_allocate(pool, SIZE_MAX - 5));
	pmill_page_pool_release(pool);
	pmill_page_pool_release(NULL);
}

/* A sharer can return pages after the creator has released the pool. */
static void outlives_its_creator_if_shared(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	struct pmill_page_pool *other = pmill_page_pool_share(pool);
	void *pages = pmill_page_pool_allocate(other, UNIT);
	pmill_page_pool_release(pool);
	pmill_page_pool_free(other, pages, UNIT);
	pmill_page_pool_release(other);
	assert_null(pmill_page_pool_share(NULL));
}

/* Blocks of random sizes hold different numbers, so that an overlap is noticed. */
static void blocks_do_not_overlap(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	struct {
		uint8_t *pages;
		size_t len;
	} held[16] = {0};
	uint64_t random = 3;
	for (unsigned round = 0; round < 400; round++) {
		size_t at = random_below(&random, 16);
		if (held[at].pages != NULL) {
			for (size_t i = 0; i < held[at].len; i += UNIT / 4)
				assert_int_equal(held[at].pages[i], at);
			pmill_page_pool_free(pool, held[at].pages, held[at].len);
			held[at].pages = NULL;
			continue;
		}
		held[at].len = 1 + random_below(&random, 3 * UNIT);
		held[at].pages = pmill_page_pool_allocate(pool, held[at].len);
		for (size_t i = 0; i < held[at].len; i += UNIT / 4) {
			assert_int_equal(held[at].pages[i], 0);
			held[at].pages[i] = (uint8_t)at;
		}
	}
	for (size_t at = 0; at < 16; at++)
		pmill_page_pool_free(pool, held[at].pages, held[at].pages == NULL ? 0 : held[at].len);
	pmill_page_pool_release(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reuses_pages),
		cmocka_unit_test(takes_the_smallest_that_fits),
		cmocka_unit_test(uses_the_system_for_other_sizes),
		cmocka_unit_test(outlives_its_creator_if_shared),
		cmocka_unit_test(blocks_do_not_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
