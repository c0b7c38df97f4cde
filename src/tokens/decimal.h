/* Whole numbers in decimal digits. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_DECIMAL_H
#define PMILL_TOKENS_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { PMILL_LONGEST_DECIMAL = 20 }; /* digits of 2^64 - 1 */

/* Writes the digits and returns how many. */
static inline size_t pmill_decimal_put(uint64_t value, uint8_t *out)
{
	uint8_t digits[PMILL_LONGEST_DECIMAL];
	size_t count = 0;
	do {
		digits[count++] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < count; i++)
		out[i] = digits[count - 1 - i];
	return count;
}

#endif
