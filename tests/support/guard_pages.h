/* Memory with an inaccessible page before it and after it, so that a byte too far is a crash. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_GUARD_PAGES_H
#define PMILL_TESTS_SUPPORT_GUARD_PAGES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded {
	uint8_t *pages;
	size_t room; /* between the two inaccessible pages */
};

static inline size_t guard_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Room for `len` bytes. */
static inline struct guarded guard_room(size_t len)
{
	const size_t page = guard_page(), room = (len / page + 1) * page;
	void *pages = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect((uint8_t *)pages + page, room, PROT_READ | PROT_WRITE) != 0)
		abort();
	return (struct guarded){pages, room};
}

static inline void guard_release(struct guarded *guarded)
{
	munmap(guarded->pages, guarded->room + 2 * guard_page());
}

/* A copy that begins right after the first page, or else ends right before the last one. */
static inline void *guard_copy(
	const struct guarded *guarded, int is_at_begin, const void *data, size_t len)
{
	uint8_t *begin = guarded->pages + guard_page();
	uint8_t *copy = is_at_begin ? begin : begin + guarded->room - len;
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

#endif
