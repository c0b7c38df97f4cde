/* Borrowed byte strings. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_BYTES_H
#define PMILL_BASE_BYTES_H

#include <stdbool.h>
#include <string.h>

#include "pairmill.h"

static inline bool pmill_bytes_are_equal(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
