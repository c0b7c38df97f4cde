/* An arena: memory allocated piece by piece and freed at once. */
/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BLOCK = 4096,
	LARGEST_BLOCK = 1 << 20, /* beyond this, doubling would waste more than it saves */
};

struct pmill_arena_block {
	struct pmill_arena_block *before;
	size_t capacity;
	_Alignas(16) uint8_t data[];
};

void pmill_arena_release(struct pmill_arena *arena)
{
	struct pmill_arena_block *block = arena->block;
	while (block != NULL) {
		struct pmill_arena_block *before = block->before;
		free(block);
		block = before;
	}
	*arena = (struct pmill_arena){0};
}

static size_t next_capacity(const struct pmill_arena *arena)
{
	size_t capacity = arena->block == NULL ? FIRST_BLOCK : arena->block->capacity * 2;
	return capacity < LARGEST_BLOCK ? capacity : LARGEST_BLOCK;
}

/* Small blocks at least double; a large one may leave as much unused as it takes. */
size_t pmill_arena_growth(const struct pmill_arena *arena, size_t len)
{
	if (arena->block != NULL && len <= arena->block->capacity - arena->used)
		return 0;
	size_t next = next_capacity(arena);
	return len < SIZE_MAX / 2 - next ? 2 * (len + next) : SIZE_MAX;
}

static bool add_block(struct pmill_arena *arena, size_t len)
{
	size_t capacity = next_capacity(arena);
	if (capacity < len)
		capacity = len;
	if (capacity > SIZE_MAX - sizeof(struct pmill_arena_block))
		return false;
	struct pmill_arena_block *block = malloc(sizeof *block + capacity);
	if (block == NULL)
		return false;
	block->before = arena->block;
	block->capacity = capacity;
	arena->block = block;
	arena->used = 0;
	arena->total += sizeof *block + capacity;
	return true;
}

void *pmill_arena_allocate(struct pmill_arena *arena, size_t len, size_t alignment)
{
	size_t begin = (arena->used + alignment - 1) & ~(alignment - 1);
	if (arena->block == NULL || begin > arena->block->capacity ||
		len > arena->block->capacity - begin) {
		if (!add_block(arena, len))
			return NULL;
		begin = 0;
	}
	arena->used = begin + len;
	return arena->block->data + begin;
}

char *pmill_arena_copy(struct pmill_arena *arena, const void *data, size_t len)
{
	if (len == SIZE_MAX)
		return NULL;
	char *copy = pmill_arena_allocate(arena, len + 1, 1);
	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}
