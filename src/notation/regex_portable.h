/* Whether an expression means the same to PCRE2 and to Oniguruma. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_REGEX_PORTABLE_H
#define PMILL_FORMATS_REGEX_PORTABLE_H

#include <stddef.h>

/*
 * Returns NULL if both read `expression` alike; else a phrase that names the first thing they may
 * read differently, and its offset. Conservative: refuses whatever it does not know.
 */
const char *pmill_regex_find_unportable(const char *expression, size_t *offset);

#endif
