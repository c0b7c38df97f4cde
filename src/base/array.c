/* Growing arrays and byte buffers: with the arena, the only callers of realloc. */
/* SPDX-License-Identifier: MIT */
#include "base/array.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool pmill_array_reserve(void **items, size_t *capacity, size_t needed, size_t item_size)
{
	if (needed <= *capacity)
		return true;
	size_t wanted = *capacity > SIZE_MAX / 2 ? needed : *capacity * 2;
	if (wanted < needed)
		wanted = needed;
	if (wanted < 8)
		wanted = 8;
	if (wanted > SIZE_MAX / item_size)
		return false;
	void *grown = realloc(*items, wanted * item_size);
	if (grown == NULL)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}

void *pmill_array_allocate(size_t count, size_t item_size)
{
	return count > SIZE_MAX / item_size ? NULL : malloc(count * item_size);
}

void pmill_buffer_release(struct pmill_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct pmill_buffer){0};
}

bool pmill_buffer_reserve(struct pmill_buffer *buffer, size_t more)
{
	if (more > SIZE_MAX - buffer->len)
		return false;
	void *data = buffer->data;
	if (!pmill_array_reserve(&data, &buffer->capacity, buffer->len + more, 1))
		return false;
	buffer->data = data;
	return true;
}

bool pmill_buffer_append(struct pmill_buffer *buffer, const void *data, size_t len)
{
	if (!pmill_buffer_reserve(buffer, len))
		return false;
	if (len > 0)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	return true;
}

bool pmill_buffer_append_text(struct pmill_buffer *buffer, const char *text)
{
	return pmill_buffer_append(buffer, text, strlen(text));
}

bool pmill_buffer_append_format(struct pmill_buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	bool done = len >= 0 && pmill_buffer_reserve(buffer, (size_t)len + 1);
	if (done) {
		vsnprintf((char *)buffer->data + buffer->len, (size_t)len + 1, format, again);
		buffer->len += (size_t)len;
	}
	va_end(again);
	return done;
}

bool pmill_buffer_terminate(struct pmill_buffer *buffer)
{
	if (!pmill_buffer_reserve(buffer, 1))
		return false;
	buffer->data[buffer->len] = 0;
	return true;
}

char *pmill_copy_text(const void *text, size_t len)
{
	if (len == SIZE_MAX)
		return NULL;
	char *copy = malloc(len + 1);
	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}
