/* Growing arrays and byte buffers: with the arena, the only callers of realloc. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_ARRAY_H
#define PMILL_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Makes room for `needed` items in all, at least doubling the capacity. `*items` may be NULL if
 * `*capacity` is 0. Returns false, and leaves the array as it was, if out of memory.
 */
bool pmill_array_reserve(void **items, size_t *capacity, size_t needed, size_t item_size);

/* Room for `count` items that don't grow; NULL if out of memory. The caller frees it. */
void *pmill_array_allocate(size_t count, size_t item_size);

/* A growing byte string. An all-zero buffer is empty. */
struct pmill_buffer {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

void pmill_buffer_release(struct pmill_buffer *buffer);
/*
 * Makes room for `more` bytes after the first `len`. This and the appends return false if out of
 * memory.
 */
bool pmill_buffer_reserve(struct pmill_buffer *buffer, size_t more);
bool pmill_buffer_append(struct pmill_buffer *buffer, const void *data, size_t len);
bool pmill_buffer_append_text(struct pmill_buffer *buffer, const char *text);
bool pmill_buffer_append_format(struct pmill_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds a NUL that `len` does not count, so that `data` is a C string. */
bool pmill_buffer_terminate(struct pmill_buffer *buffer);

/* A copy of `len` bytes with a NUL appended; NULL if out of memory. The caller frees it. */
char *pmill_copy_text(const void *text, size_t len);

#endif
