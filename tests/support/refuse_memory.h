/* Makes the k-th allocation of the library fail, by the linker's --wrap. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_REFUSE_MEMORY_H
#define PMILL_TESTS_SUPPORT_REFUSE_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* Any thread may allocate. */
static atomic_long allocations_left = -1; /* before one fails; negative: none fails */
static atomic_size_t bytes_asked;         /* by all allocations so far */

static inline int is_refused(void)
{
	long left = atomic_load(&allocations_left);
	while (left >= 0)
		if (atomic_compare_exchange_weak(&allocations_left, &left, left - 1))
			return left == 0;
	return 0;
}

/* Whether an allocation was refused since allocations_left was set to 0 or more. Resets it. */
static inline int was_refused(void)
{
	int refused = allocations_left < 0;
	allocations_left = -1;
	return refused;
}

void *__wrap_malloc(size_t size)
{
	bytes_asked += size;
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	bytes_asked += count * size;
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	bytes_asked += size;
	return is_refused() ? NULL : __real_realloc(memory, size);
}

#endif
