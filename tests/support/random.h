/* Random numbers for tests: SplitMix64, the same on every machine. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_RANDOM_H
#define PMILL_TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

/* Any state will do as a seed. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* A number in [0, limit). */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return next_random(state) % limit;
}

#endif
