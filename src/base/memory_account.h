/* A memory limit that large allocations share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_MEMORY_ACCOUNT_H
#define PMILL_BASE_MEMORY_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Begins with what the process uses, and an allowance for what is too small to be charged. Whatever
 * large is allocated after that is charged before, and credited when it is freed; so the process
 * stays within the limit. Threads may share an account. NULL stands for no limit.
 */
struct pmill_memory_account {
	uint64_t limit;
	_Atomic uint64_t used;
	_Atomic uint64_t refused; /* what would have been used, had the last charge not been refused */
};

/* For work on `threads` threads. */
void pmill_memory_account_open(
	struct pmill_memory_account *account, uint64_t limit, unsigned threads);

/* Returns false, and charges nothing, if that would exceed the limit. */
bool pmill_memory_account_charge(struct pmill_memory_account *account, uint64_t bytes);
void pmill_memory_account_credit(struct pmill_memory_account *account, uint64_t bytes);

/* If the limit made an allocation fail: what it would have taken to allow it. Otherwise 0. */
uint64_t pmill_memory_account_refused(const struct pmill_memory_account *account);

/* What pmill_memory_account_reserve does if there is no room yet. */
bool pmill_memory_account_grow(struct pmill_memory_account *account, void **items, size_t *capacity,
	size_t needed, size_t item_size);

/*
 * As pmill_array_reserve, for arrays that may be large; they are freed with the capacity they have.
 * With a limit they grow in smaller steps, and are in memory only once while they move.
 */
static inline bool pmill_memory_account_reserve(struct pmill_memory_account *account, void **items,
	size_t *capacity, size_t needed, size_t item_size)
{
	return needed <= *capacity ||
		pmill_memory_account_grow(account, items, capacity, needed, item_size);
}

/* The same for numbers, of which all that are new are 0. */
bool pmill_memory_account_reserve_numbers(
	struct pmill_memory_account *account, uint32_t **numbers, size_t *capacity, size_t needed);
void pmill_memory_account_free(
	struct pmill_memory_account *account, void *items, size_t capacity, size_t item_size);

#endif
