/* Pairs as items of an array, and the search for the best one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_PAIRS_H
#define PMILL_STUDY_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/* What the article's array holds for a pair. */
struct pmill_study_item {
	int64_t count;
	uint32_t left, right; /* tokens */
};

/* The byte strings of a pair: they decide ties. */
struct pmill_study_strings {
	pmill_bytes left, right;
};

/* Token i is bytes[offsets[i], offsets[i + 1]). */
struct pmill_study_tokens {
	uint8_t *bytes;
	uint32_t *offsets;
	size_t count;
	size_t capacity, bytes_capacity; /* offsets has capacity for count + 1 */
};

static inline pmill_bytes pmill_study_token(const struct pmill_study_tokens *tokens, uint32_t token)
{
	return (pmill_bytes){tokens->bytes + tokens->offsets[token],
		tokens->offsets[token + 1] - tokens->offsets[token]};
}

/* Whether the strings of `a` are greater, left before right: it then wins a tie. */
bool pmill_study_wins_tie(const struct pmill_study_strings *a, const struct pmill_study_strings *b);
bool pmill_study_item_is_better(const struct pmill_study_tokens *tokens,
	const struct pmill_study_item *a, const struct pmill_study_item *b);

/*
 * The best of `count` items: the highest count; the greater (left bytes, right bytes) wins a tie.
 * A count of 0 in the result: no items.
 */
struct pmill_study_item pmill_study_best_of(
	const struct pmill_study_tokens *tokens, const struct pmill_study_item *items, size_t count);

/* The same if the strings of item i are strings[i]. */
struct pmill_study_item pmill_study_best_with_strings(
	const struct pmill_study_item *items, const struct pmill_study_strings *strings, size_t count);

#endif
