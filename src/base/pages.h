/* Large zeroed allocations straight from the system, on huge pages if it has them. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PAGES_H
#define PMILL_BASE_PAGES_H

#include <stddef.h>

enum {
	PMILL_PAGES_UNIT = 1 << 21, /* a huge page */
	/*
	 * Smaller allocations come from the heap; mapped ones are a multiple of the unit, and aligned
	 * to it.
	 */
	PMILL_PAGES_LEAST = PMILL_PAGES_UNIT / 8,
	/* While an allocation is moved, this many bytes of it at most are in memory twice. */
	PMILL_PAGES_MOVED = 3 * PMILL_PAGES_UNIT,
};

/* The memory that an allocation of `len` bytes takes. */
static inline size_t pmill_pages_size(size_t len)
{
	return len < PMILL_PAGES_LEAST
		? len
		: (len + PMILL_PAGES_UNIT - 1) / PMILL_PAGES_UNIT * PMILL_PAGES_UNIT;
}

/* `len` > 0 zeroed bytes; NULL if out of memory. Free with pmill_pages_free and the same `len`. */
void *pmill_pages_allocate(size_t len);
void pmill_pages_free(void *pages, size_t len);

/* Gives up bytes [begin, end) of an allocation of `len`; their contents are lost. */
void pmill_pages_drop(void *pages, size_t len, size_t begin, size_t end);

#endif
