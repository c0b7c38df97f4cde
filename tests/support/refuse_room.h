/* Makes what arenas and arrays give count as allocations, too, even where they have room. */
/* SPDX-License-Identifier: MIT */
/*
 * Where they need more memory depends on what came before: so any request may be the one to fail.
 * Needs refuse_memory.h, which a test includes itself, so that the linker hears of its wrappers.
 */
#ifndef PMILL_TESTS_SUPPORT_REFUSE_ROOM_H
#define PMILL_TESTS_SUPPORT_REFUSE_ROOM_H

#include "base/arena.h"
#include "base/array.h"
#include "support/refuse_memory.h"

void *__real_pmill_arena_allocate(struct pmill_arena *arena, size_t len, size_t alignment);
char *__real_pmill_arena_copy(struct pmill_arena *arena, const void *data, size_t len);
bool __real_pmill_array_reserve(void **items, size_t *capacity, size_t needed, size_t item_size);
bool __real_pmill_buffer_reserve(struct pmill_buffer *buffer, size_t more);
void *__wrap_pmill_arena_allocate(struct pmill_arena *arena, size_t len, size_t alignment);
char *__wrap_pmill_arena_copy(struct pmill_arena *arena, const void *data, size_t len);
bool __wrap_pmill_array_reserve(void **items, size_t *capacity, size_t needed, size_t item_size);
bool __wrap_pmill_buffer_reserve(struct pmill_buffer *buffer, size_t more);

void *__wrap_pmill_arena_allocate(struct pmill_arena *arena, size_t len, size_t alignment)
{
	return is_refused() ? NULL : __real_pmill_arena_allocate(arena, len, alignment);
}

char *__wrap_pmill_arena_copy(struct pmill_arena *arena, const void *data, size_t len)
{
	return is_refused() ? NULL : __real_pmill_arena_copy(arena, data, len);
}

bool __wrap_pmill_array_reserve(void **items, size_t *capacity, size_t needed, size_t item_size)
{
	return !is_refused() && __real_pmill_array_reserve(items, capacity, needed, item_size);
}

bool __wrap_pmill_buffer_reserve(struct pmill_buffer *buffer, size_t more)
{
	return !is_refused() && __real_pmill_buffer_reserve(buffer, more);
}

#endif
