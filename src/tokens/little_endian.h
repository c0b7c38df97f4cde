/* Little-endian numbers of 1 to 8 bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_LITTLE_ENDIAN_H
#define PMILL_TOKENS_LITTLE_ENDIAN_H

#include <stddef.h>
#include <stdint.h>

static inline void pmill_put_little_endian(uint8_t *bytes, uint64_t number, size_t width)
{
	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
}

static inline uint64_t pmill_get_little_endian(const uint8_t *bytes, size_t width)
{
	uint64_t number = 0;
	for (size_t i = 0; i < width; i++)
		number |= (uint64_t)bytes[i] << 8 * i;
	return number;
}

#endif
