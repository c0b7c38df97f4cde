/* The memory account: charges, refusals, and arrays and pages that are charged to it. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/page_pool.h"
#include "base/pages.h"
#include "base/process_memory.h"
#include "base/thread.h"

enum { MIB = 1 << 20 };

static uint64_t used(const struct pmill_memory_account *account)
{
	return atomic_load(&account->used);
}

/* With `room` bytes left, whatever the process uses. */
static void open_with(struct pmill_memory_account *account, uint64_t room)
{
	pmill_memory_account_open(account, 0, 1);
	account->limit = used(account) + room;
}

static void test_charges(void **state)
{
	(void)state;
	struct pmill_memory_account account;
	pmill_memory_account_open(&account, UINT64_MAX, 4);
	assert_true(used(&account) > pmill_current_memory() / 2);
	open_with(&account, 1000);
	uint64_t before = used(&account);
	assert_true(pmill_memory_account_charge(&account, 600));
	assert_int_equal(pmill_memory_account_refused(&account), 0);
	assert_false(pmill_memory_account_charge(&account, 401));
	assert_int_equal(pmill_memory_account_refused(&account), before + 1001);
	assert_false(pmill_memory_account_charge(&account, UINT64_MAX));
	assert_int_equal(pmill_memory_account_refused(&account), UINT64_MAX);
	assert_true(pmill_memory_account_charge(&account, 400));
	pmill_memory_account_credit(&account, 1000);
	assert_int_equal(used(&account), before);
	pmill_memory_account_open(&account, 1, 1);
	assert_false(pmill_memory_account_charge(&account, 0));
	assert_true(pmill_memory_account_charge(NULL, UINT64_MAX));
	pmill_memory_account_credit(NULL, 1);
	assert_int_equal(pmill_memory_account_refused(NULL), 0);
}

struct items {
	uint8_t *bytes;
	size_t capacity, item_size;
};

static bool reserve(struct pmill_memory_account *account, struct items *items, size_t needed)
{
	void *bytes = items->bytes;
	bool done = pmill_memory_account_reserve(
		account, &bytes, &items->capacity, needed, items->item_size);
	items->bytes = bytes;
	return done;
}

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 131 + (at >> 9));
}

/* Grows item by item from nothing to several huge pages, and keeps what it holds. */
static void grow(struct pmill_memory_account *account, size_t item_size, size_t len)
{
	struct items items = {NULL, 0, item_size};
	size_t filled = 0;
	while (filled + item_size <= len) {
		assert_true(reserve(account, &items, filled / item_size + 1));
		for (size_t end = filled + item_size; filled < end; filled++)
			items.bytes[filled] = pattern(filled);
	}
	if (account != NULL)
		assert_true(items.capacity * item_size <= len + len / 8 + 4 * MIB);
	for (size_t at = 0; at < filled; at++)
		assert_int_equal(items.bytes[at], pattern(at));
	pmill_memory_account_free(account, items.bytes, items.capacity, item_size);
}

static void test_arrays(void **state)
{
	(void)state;
	static const size_t item_sizes[] = {1, 4, 24, 1000};
	struct pmill_memory_account account;
	for (size_t i = 0; i < sizeof item_sizes / sizeof *item_sizes; i++) {
		open_with(&account, 64 * MIB);
		uint64_t before = used(&account);
		grow(&account, item_sizes[i], 20 * MIB);
		assert_int_equal(used(&account), before);
		grow(NULL, item_sizes[i], 3 * MIB);
	}
}

/* A refused array stays as it is, and can still be freed. */
static void test_refused_arrays(void **state)
{
	(void)state;
	struct pmill_memory_account account;
	for (size_t room = 1000; room < 40 * (size_t)MIB; room = room * 3 / 2) {
		open_with(&account, room);
		uint64_t before = used(&account);
		struct items items = {NULL, 0, 8};
		size_t count = 0;
		while (reserve(&account, &items, count + 1)) {
			memset(items.bytes + 8 * count, (int)(count & 255), 8);
			count = items.capacity;
			memset(items.bytes, 7, 8);
		}
		assert_true(used(&account) <= account.limit && items.capacity * 8 <= room);
		assert_true(pmill_memory_account_refused(&account) > account.limit);
		assert_int_equal(items.capacity, count);
		assert_true(count == 0 || items.bytes[0] == 7);
		assert_false(reserve(&account, &items, SIZE_MAX / 8));
		pmill_memory_account_free(&account, items.bytes, items.capacity, 8);
		assert_int_equal(used(&account), before);
	}
}

static void test_pages(void **state)
{
	(void)state;
	struct pmill_memory_account account;
	open_with(&account, 20 * MIB);
	uint64_t before = used(&account);
	struct pmill_page_pool *pool = pmill_page_pool_create_limited(&account);
	assert_non_null(pool);
	assert_ptr_equal(pmill_page_pool_account(pool), &account);
	assert_null(pmill_page_pool_account(NULL));
	/* Not kept for the next stage: that would count, too. */
	for (int i = 0; i < 10; i++) {
		uint8_t *pages = pmill_page_pool_allocate(pool, 9 * MIB);
		assert_non_null(pages);
		assert_int_equal(used(&account), before + 10 * MIB);
		pmill_page_pool_free(pool, pages, 9 * MIB);
		assert_int_equal(used(&account), before);
	}
	uint8_t *small = pmill_page_pool_allocate_raw(pool, 1000);
	assert_int_equal(used(&account), before + 1000);
	pmill_page_pool_free(pool, small, 1000);
	assert_null(pmill_page_pool_allocate(pool, 21 * MIB));
	assert_null(pmill_page_pool_allocate_raw(pool, SIZE_MAX - 5));
	pmill_page_pool_free(pool, NULL, 21 * MIB);
	assert_int_equal(used(&account), before);
	pmill_page_pool_release(pool);
}

/* While a table moves, only what is in memory twice is charged in addition. */
static void test_moved_pages(void **state)
{
	(void)state;
	struct pmill_memory_account account;
	open_with(&account, 20 * MIB);
	uint64_t before = used(&account);
	struct pmill_page_pool *pool = pmill_page_pool_create_limited(&account);
	uint8_t *old = pmill_page_pool_allocate(pool, 10 * MIB);
	assert_non_null(old);
	assert_null(pmill_page_pool_allocate_larger(pool, 16 * MIB, 10 * MIB));
	uint8_t *larger = pmill_page_pool_allocate_larger(pool, 14 * MIB, 10 * MIB);
	assert_non_null(larger);
	assert_int_equal(used(&account), before + 14 * MIB + PMILL_PAGES_MOVED);
	pmill_page_pool_free_moved(pool, old, 10 * MIB);
	assert_int_equal(used(&account), before + 14 * MIB);
	pmill_page_pool_free(pool, larger, 14 * MIB);
	assert_int_equal(used(&account), before);
	pmill_page_pool_release(pool);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void charge_and_credit(void *context, unsigned index)
{
	struct pmill_memory_account *account = context;
	for (unsigned i = 0; i < ROUNDS; i++)
		if (pmill_memory_account_charge(account, 100 + index))
			pmill_memory_account_credit(account, 100 + index);
}

/* There is room for two or three of them at a time. */
static void test_threads(void **state)
{
	(void)state;
	struct pmill_memory_account account;
	open_with(&account, 303);
	uint64_t before = used(&account);
	pmill_threads_run(THREADS, charge_and_credit, &account);
	assert_int_equal(used(&account), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_charges),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_refused_arrays),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_moved_pages),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
