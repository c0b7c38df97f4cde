/* The known name nearest to one that somebody mistyped. */
/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST = 32 }; /* no known name is longer */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, in one row. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[LONGEST + 1];
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 0; i < a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < b_len; j++) {
			const size_t change = diagonal + (lower(a[i]) != lower(b[j]));
			diagonal = row[j + 1];
			row[j + 1] = least(change, least(diagonal, row[j]) + 1);
		}
	}
	return row[b_len];
}

static size_t common_prefix(const char *a, const char *b)
{
	size_t len = 0;
	while (a[len] != '\0' && lower(a[len]) == lower(b[len]))
		len++;
	return len;
}

/*
 * A third of the letters may be wrong, and one more; a name with something added, or cut short,
 * counts as one.
 */
const char *pmill_nearest_name(const char *wrong, pmill_name_at *name_at)
{
	const size_t wrong_len = strlen(wrong);
	const char *nearest = NULL, *name;
	size_t best = SIZE_MAX;
	for (size_t i = 0; (name = name_at(i)) != NULL; i++) {
		const size_t len = strlen(name), shared = common_prefix(wrong, name);
		if (wrong_len == 0 || wrong_len > LONGEST || len > LONGEST)
			continue;
		size_t found = distance(wrong, wrong_len, name, len);
		if (shared >= 3 && (shared == len || shared == wrong_len))
			found = least(found, 1);
		if (found <= 1 + (wrong_len > len ? wrong_len : len) / 3 && found < best) {
			best = found;
			nearest = name;
		}
	}
	return nearest;
}
