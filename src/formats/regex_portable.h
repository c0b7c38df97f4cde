/* Whether an expression means the same to PCRE2 and to Oniguruma. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_REGEX_PORTABLE_H
#define PMILL_FORMATS_REGEX_PORTABLE_H

#include <stddef.h>

/*
 * NULL where both read `expression` alike; else a phrase that names the first thing of which that
 * is not sure, and its offset. Careful: of what it does not know it says no.
 */
const char *pmill_regex_find_unportable(const char *expression, size_t *offset);

#endif
