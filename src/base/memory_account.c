/* A memory limit that large allocations share. */
/* SPDX-License-Identifier: MIT */
#include "base/memory_account.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/pages.h"
#include "base/process_memory.h"

enum {
	/* Small allocations, and what the C library can't give back of them. */
	ALLOWANCE = 3 << 19,
	THREAD_ALLOWANCE = 1 << 17, /* the used part of its stack, and its heap */
	/* Arrays up to this are in the heap: many of them, in huge pages, would take too much. */
	LARGEST_IN_HEAP = PMILL_PAGES_UNIT / 2,
};

void pmill_memory_account_open(
	struct pmill_memory_account *account, uint64_t limit, unsigned threads)
{
	uint64_t used = pmill_current_memory() + ALLOWANCE + (uint64_t)threads * THREAD_ALLOWANCE;
	account->limit = limit;
	atomic_init(&account->used, used);
	atomic_init(&account->refused, 0);
}

bool pmill_memory_account_charge(struct pmill_memory_account *account, uint64_t bytes)
{
	if (account == NULL)
		return true;
	uint64_t used = atomic_load_explicit(&account->used, memory_order_relaxed);
	do {
		if (used > account->limit || bytes > account->limit - used) {
			atomic_store(&account->refused, bytes > UINT64_MAX - used ? UINT64_MAX : used + bytes);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&account->used, &used, used + bytes));
	return true;
}

void pmill_memory_account_credit(struct pmill_memory_account *account, uint64_t bytes)
{
	if (account != NULL)
		atomic_fetch_sub(&account->used, bytes);
}

uint64_t pmill_memory_account_refused(const struct pmill_memory_account *account)
{
	return account == NULL ? 0 : atomic_load(&account->refused);
}

/* ---- Arrays ---- */

static bool is_paged(size_t size)
{
	return size > LARGEST_IN_HEAP;
}

/* In the heap, an array that grows leaves a hole of about half its size. */
static uint64_t charge_for(size_t size)
{
	return is_paged(size) ? pmill_pages_size(size) : size + size / 2;
}

static void free_array(void *items, size_t size)
{
	if (is_paged(size))
		pmill_pages_free(items, size);
	else
		free(items);
}

/* Moves the array to pages, and gives up its old ones on the way. */
static void *move_to_pages(void *items, size_t old_size, size_t size)
{
	uint8_t *pages = pmill_pages_allocate(size), *old = items;
	if (pages == NULL)
		return NULL;
	for (size_t at = 0; at < old_size; at += PMILL_PAGES_MOVED) {
		size_t left = old_size - at, len = left < PMILL_PAGES_MOVED ? left : PMILL_PAGES_MOVED;
		memcpy(pages + at, old + at, len);
		if (is_paged(old_size))
			pmill_pages_drop(old, old_size, at, at + len);
	}
	free_array(items, old_size);
	return pages;
}

/* What is there twice while an array moves to pages. */
static uint64_t moved_at_once(size_t old_size)
{
	return old_size < PMILL_PAGES_MOVED ? old_size : PMILL_PAGES_MOVED;
}

static size_t choose_size(size_t old_size, size_t needed)
{
	size_t size = is_paged(old_size) ? old_size + old_size / 8 : old_size * 2;
	size = size < needed ? needed : size;
	size = size < 64 ? 64 : size;
	return is_paged(size) ? pmill_pages_size(size) : size;
}

bool pmill_memory_account_grow(struct pmill_memory_account *account, void **items, size_t *capacity,
	size_t needed, size_t item_size)
{
	if (account == NULL)
		return pmill_array_reserve(items, capacity, needed, item_size);
	if (needed > SIZE_MAX / 4 / item_size)
		return false;
	/* The size that was chosen is known by the capacity only, if it is a multiple of the item's. */
	size_t old_size = *capacity * item_size;
	size_t size = choose_size(old_size, needed * item_size) / item_size * item_size;
	uint64_t before = charge_for(old_size), after = charge_for(size);
	uint64_t moving = is_paged(size) ? moved_at_once(old_size) : 0;
	if (!pmill_memory_account_charge(account, after - before + moving))
		return false;
	void *grown = is_paged(size) ? move_to_pages(*items, old_size, size) : realloc(*items, size);
	pmill_memory_account_credit(account, grown != NULL ? moving : after - before + moving);
	if (grown == NULL)
		return false;
	*items = grown;
	*capacity = size / item_size;
	return true;
}

bool pmill_memory_account_reserve_numbers(
	struct pmill_memory_account *account, uint32_t **numbers, size_t *capacity, size_t needed)
{
	size_t before = *capacity;
	void *grown = *numbers;
	bool done = pmill_memory_account_reserve(account, &grown, capacity, needed, sizeof **numbers);
	*numbers = grown;
	if (*capacity > before)
		memset(*numbers + before, 0, (*capacity - before) * sizeof **numbers);
	return done;
}

void pmill_memory_account_free(
	struct pmill_memory_account *account, void *items, size_t capacity, size_t item_size)
{
	if (account == NULL) {
		free(items);
		return;
	}
	free_array(items, capacity * item_size);
	pmill_memory_account_credit(account, charge_for(capacity * item_size));
}
