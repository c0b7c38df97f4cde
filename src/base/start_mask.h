/* Where byte strings may begin, by the classes of their first bytes: 56 places at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_START_MASK_H
#define PMILL_BASE_START_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

enum {
	PMILL_START_OFFSETS = 8,
	PMILL_START_PLACES = 56,
	PMILL_START_REACH = PMILL_START_PLACES + PMILL_START_OFFSETS,
};

struct pmill_start_mask;
typedef void pmill_start_matcher(
	const struct pmill_start_mask *mask, const uint8_t *text, uint64_t *places, size_t count);

/*
 * For each of the first eight offsets, the class of the bytes that some string has there. Bit n of
 * an entry says that the byte is in the class of offset n; all are, of an offset that not every
 * string has. Immutable once set.
 */
struct pmill_start_mask {
	uint8_t classes[256];
	/* The bits of a byte are at most those that these have for its lower and upper half. */
	uint8_t low[16], high[16];
	pmill_start_matcher *match;
};

/* None of the strings may be empty; there is at least one. */
void pmill_start_mask_set(struct pmill_start_mask *mask, const pmill_bytes *strings, size_t count);

/*
 * Bit n of places[k] is set if a string may begin at text + PMILL_START_PLACES * k + n, and may be
 * set if not. Reads count * PMILL_START_PLACES + PMILL_START_OFFSETS bytes.
 */
static inline void pmill_start_mask_match(
	const struct pmill_start_mask *mask, const uint8_t *text, uint64_t *places, size_t count)
{
	mask->match(mask, text, places, count);
}

/* The implementation in plain C, for tests. */
pmill_start_matcher pmill_start_mask_match_plain;

#endif
