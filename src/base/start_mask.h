/* Where byte strings may begin, by the classes of their first bytes: 64 places at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_START_MASK_H
#define PMILL_BASE_START_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

enum {
	PMILL_START_OFFSETS = 8,
	PMILL_START_PLACES = 64,
	PMILL_START_REACH = PMILL_START_PLACES + PMILL_START_OFFSETS, /* bytes that are read */
};

/*
 * For each of the first eight offsets, the class of the bytes that some string has there. Bit n of
 * an entry says that the byte is in the class of offset n; all are, of an offset that not every
 * string has. Immutable once set.
 */
struct pmill_start_mask {
	uint8_t classes[256];
	/* The bits of a byte are at most those that these have for its lower and upper half. */
	uint8_t low[16], high[16];
	uint64_t (*match)(const struct pmill_start_mask *mask, const uint8_t *text);
};

/* None of the strings may be empty; there is at least one. */
void pmill_start_mask_set(struct pmill_start_mask *mask, const pmill_bytes *strings, size_t count);

/* About how many of a thousand places in text of many kinds may be beginnings. */
unsigned pmill_start_mask_weigh(const struct pmill_start_mask *mask);

/*
 * Bit n of the result is set if a string may begin at text + n, and may be set if not. Reads
 * PMILL_START_REACH bytes.
 */
static inline uint64_t pmill_start_mask_match(
	const struct pmill_start_mask *mask, const uint8_t *text)
{
	return mask->match(mask, text);
}

/* The implementation in plain C, for tests. */
uint64_t pmill_start_mask_match_plain(const struct pmill_start_mask *mask, const uint8_t *text);

#endif
