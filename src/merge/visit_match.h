/* Finds a pair among several tokens at once. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_VISIT_MATCH_H
#define PMILL_MERGE_VISIT_MATCH_H

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Eight bytes of tokens. */
typedef uint64_t __attribute__((may_alias)) pmill_aliasing_unit;

/*
 * How many offsets one call searches. Bit i of its result is set if tokens i and i + 1 are left and
 * right, so it reads one more token.
 */
enum { PMILL_MATCH_NARROW = 8, PMILL_MATCH_WIDE = 4 };

#ifdef __SSE2__
static inline unsigned match_narrow(const uint16_t *tokens, uint16_t left, uint16_t right)
{
	__m128i own = _mm_loadu_si128((const __m128i *)(const void *)tokens);
	__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(tokens + 1));
	__m128i equal = _mm_and_si128(_mm_cmpeq_epi16(own, _mm_set1_epi16((short)left)),
		_mm_cmpeq_epi16(next, _mm_set1_epi16((short)right)));
	return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}

static inline unsigned match_wide(const uint32_t *tokens, uint32_t left, uint32_t right)
{
	__m128i own = _mm_loadu_si128((const __m128i *)(const void *)tokens);
	__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(tokens + 1));
	__m128i equal = _mm_and_si128(_mm_cmpeq_epi32(own, _mm_set1_epi32((int)left)),
		_mm_cmpeq_epi32(next, _mm_set1_epi32((int)right)));
	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(equal));
}
#else
static inline unsigned match_narrow(const uint16_t *tokens, uint16_t left, uint16_t right)
{
	unsigned matches = 0;
	for (unsigned i = 0; i < PMILL_MATCH_NARROW; i++)
		matches |= (unsigned)((tokens[i] == left) & (tokens[i + 1] == right)) << i;
	return matches;
}

static inline unsigned match_wide(const uint32_t *tokens, uint32_t left, uint32_t right)
{
	unsigned matches = 0;
	for (unsigned i = 0; i < PMILL_MATCH_WIDE; i++)
		matches |= (unsigned)((tokens[i] == left) & (tokens[i + 1] == right)) << i;
	return matches;
}
#endif

#endif
