/* An arena: memory allocated piece by piece and freed at once. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_ARENA_H
#define PMILL_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmill_arena_block;

/* An all-zero arena is empty. */
struct pmill_arena {
	struct pmill_arena_block *block; /* the newest; each links to the previous one */
	size_t used;                     /* bytes of the newest block */
	size_t total;                    /* bytes allocated from the system */
};

void pmill_arena_release(struct pmill_arena *arena);
/*
 * `len` bytes aligned to `alignment` (a power of two up to 16); NULL if out of memory. Never moves.
 */
void *pmill_arena_allocate(struct pmill_arena *arena, size_t len, size_t alignment);
/* An upper bound on the bytes that allocations of `len` bytes in all will add to `total`. */
size_t pmill_arena_growth(const struct pmill_arena *arena, size_t len);
/* A copy with a NUL appended; NULL if out of memory. */
char *pmill_arena_copy(struct pmill_arena *arena, const void *data, size_t len);

#endif
