/* An arena: bytes that are allocated one after another and freed together. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_ARENA_H
#define PMILL_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmill_arena_block;

/* All zero is an empty arena. */
struct pmill_arena {
	struct pmill_arena_block *block; /* the newest; each points to the one before */
	size_t used;                     /* bytes of the newest block */
	size_t total;                    /* bytes asked of the system */
};

void pmill_arena_release(struct pmill_arena *arena);
/* `len` bytes aligned to `alignment` (a power of two up to 16); NULL without memory. Never moved. */
void *pmill_arena_allocate(struct pmill_arena *arena, size_t len, size_t alignment);
/* At most so many bytes more will be asked of the system for allocations of `len` bytes in all. */
size_t pmill_arena_growth(const struct pmill_arena *arena, size_t len);
/* A copy with a NUL behind. */
char *pmill_arena_copy(struct pmill_arena *arena, const void *data, size_t len);

#endif
