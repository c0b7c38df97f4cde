/* Borrowed byte strings. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_BYTES_H
#define PMILL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pairmill.h"

static inline bool pmill_bytes_are_equal(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* memrchr, which some systems lack: the last place of the byte; NULL if there is none. */
static inline const uint8_t *pmill_bytes_find_last(const uint8_t *data, size_t len, uint8_t byte)
{
	while (len > 0)
		if (data[--len] == byte)
			return data + len;
	return NULL;
}

#endif
