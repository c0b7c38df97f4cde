/* The known name nearest to one that somebody mistyped. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_NEAREST_H
#define PMILL_BASE_NEAREST_H

#include <stddef.h>

/* Gives name 0, 1, 2, … of a table, and NULL at its end. */
typedef const char *pmill_name_at(size_t index);

/* Without regard to case; NULL if none is close enough to be meant. */
const char *pmill_nearest_name(const char *wrong, pmill_name_at *name_at);

#endif
