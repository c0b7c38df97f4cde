/* Refuses one allocation of a program that it is preloaded into. */
/* SPDX-License-Identifier: MIT */
/*
 * Thousands of allocations come from a few hundred places. So they are told apart by their chains
 * of callers, and counted by these: PMILL_REFUSE=k refuses the first allocation of the k-th chain,
 * from 0. A program that has no more than k of them ends with the status NOTHING_REFUSED.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	NOTHING_REFUSED = 99,
	DEPTH = 8,       /* callers that tell chains apart */
	OWN_DEPTH = 2,   /* the functions of this file before them */
	CAPACITY = 4096, /* chains; a power of two */
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t chains[CAPACITY];
static long chains_left = -1; /* before one is refused; negative: none is */
static bool is_over = true;
static bool was_refused;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool is_inside; /* finding the callers allocates, too */

__attribute__((constructor)) static void begin(void)
{
	const char *number = getenv("PMILL_REFUSE");
	if (number == NULL)
		return;
	chains_left = strtol(number, NULL, 10);
	is_over = false;
}

/* What allocates after the program's end, such as gcov, may not expect a refusal. */
static void end(void)
{
	is_over = true;
}

static void end_before_others(void)
{
	atexit(end);
}

__attribute__((destructor)) static void tell(void)
{
	if (chains_left >= 0 && !was_refused)
		_exit(NOTHING_REFUSED);
}

static uint64_t hash_callers(void *const *callers, int depth)
{
	uint64_t hash = 1;
	for (int i = 0; i < depth; i++)
		hash = (hash ^ (uintptr_t)callers[i]) * 0x9E3779B97F4A7C15u;
	return hash | 1;
}

static bool is_new(uint64_t chain)
{
	size_t at = chain >> 52;
	for (size_t i = 0; i < CAPACITY; i++, at = (at + 1) % CAPACITY) {
		if (chains[at] == chain)
			return false;
		if (chains[at] == 0) {
			chains[at] = chain;
			return true;
		}
	}
	return false;
}

static bool is_due(void *const *callers, int depth)
{
	pthread_mutex_lock(&lock);
	const bool due = !is_over && is_new(hash_callers(callers, depth)) && chains_left-- == 0;
	was_refused |= due;
	is_over |= due;
	pthread_mutex_unlock(&lock);
	return due;
}

static __attribute__((noinline)) bool is_refused(void)
{
	if (is_over || is_inside)
		return false;
	void *callers[DEPTH + OWN_DEPTH];
	is_inside = true;
	pthread_once(&once, end_before_others);
	const int depth = backtrace(callers, DEPTH + OWN_DEPTH);
	is_inside = false;
	if (depth <= OWN_DEPTH || !is_due(callers + OWN_DEPTH, depth - OWN_DEPTH))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return is_refused() ? NULL : __libc_realloc(memory, size);
}
