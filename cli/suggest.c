/* The known word nearest to an unknown one. */
/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <string.h>

enum { LONGEST = 32 }; /* no known word is longer */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance with swaps of adjacent letters (optimal string alignment), in three rows. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(change, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

/* Allows a third of the letters to be wrong. A prefix of a word counts as distance 1. */
void pmill_cli_suggestion_offer(struct pmill_cli_suggestion *suggestion, const char *wrong,
	size_t wrong_len, const char *candidate)
{
	size_t len = strlen(candidate);
	if (wrong_len == 0 || wrong_len > LONGEST || len > LONGEST)
		return;
	size_t found = distance(wrong, wrong_len, candidate, len);
	if (wrong_len >= 3 && wrong_len < len && memcmp(wrong, candidate, wrong_len) == 0)
		found = 1;
	if (found > 1 + (wrong_len > len ? wrong_len : len) / 3)
		return;
	if (suggestion->nearest == NULL || found < suggestion->distance) {
		suggestion->nearest = candidate;
		suggestion->distance = found;
	}
}
