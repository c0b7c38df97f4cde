/* The pool of pages: what is used again is zeroed where asked, joined, cut, and given back. */
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

enum { UNIT = PMILL_PAGES_UNIT };

static void is_used_again(void **state)
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
	/* Neighbours are one block again. */
	assert_ptr_equal(pmill_page_pool_allocate_raw(pool, 3 * UNIT), first);
	pmill_page_pool_free(pool, first, 3 * UNIT);
	pmill_page_pool_release(pool);
}

static void the_smallest_that_fits(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	uint8_t *large = pmill_page_pool_allocate(pool, 8 * UNIT);
	uint8_t *small = pmill_page_pool_allocate(pool, 2 * UNIT);
	pmill_page_pool_free(pool, large, 8 * UNIT);
	pmill_page_pool_free(pool, small, 2 * UNIT);
	/* The system may have put them side by side: then they are one. */
	uint8_t *again = pmill_page_pool_allocate(pool, 2 * UNIT);
	assert_true(again == small || again == large || again == small + 8 * UNIT);
	pmill_page_pool_drain(pool);
	pmill_page_pool_free(pool, again, 2 * UNIT);
	pmill_page_pool_release(pool);
}

/* Beyond what is kept, small sizes, no pool at all: the system's. */
static void what_is_not_kept(void **state)
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

/* Who has a reference can give back after the one who made it is gone. */
static void is_shared(void **state)
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

/* Random sizes, each filled with its own number: nothing overlaps. */
static void nothing_overlaps(void **state)
{
	(void)state;
	struct pmill_page_pool *pool = pmill_page_pool_create();
	struct {
		uint8_t *pages;
		size_t len;
	} held[16] = {0};
	uint64_t random = 3;
	for (unsigned round = 0; round < 400; round++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t at = random >> 60;
		if (held[at].pages != NULL) {
			for (size_t i = 0; i < held[at].len; i += UNIT / 4)
				assert_int_equal(held[at].pages[i], at);
			pmill_page_pool_free(pool, held[at].pages, held[at].len);
			held[at].pages = NULL;
			continue;
		}
		held[at].len = 1 + (random >> 20) % (3 * UNIT);
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
		cmocka_unit_test(is_used_again),
		cmocka_unit_test(the_smallest_that_fits),
		cmocka_unit_test(what_is_not_kept),
		cmocka_unit_test(is_shared),
		cmocka_unit_test(nothing_overlaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
