/* The block scanner for x86-64 processors without AVX2. */
/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__) && defined(__LP64__)
#include "pretokenize/scan_block.h"

#include <nmmintrin.h>
#include <string.h>

#include "unicode/utf8.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("sse4.2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("sse4.2,popcnt")
#endif

struct vector64 {
	__m128i parts[4];
};

INLINE __m128i load16(const uint8_t *bytes)
{
	return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

INLINE struct vector64 load64(const uint8_t *bytes)
{
	return (struct vector64){
		{load16(bytes), load16(bytes + 16), load16(bytes + 32), load16(bytes + 48)}};
}

INLINE uint64_t join_masks(__m128i a, __m128i b, __m128i c, __m128i d)
{
	uint64_t low = (unsigned)_mm_movemask_epi8(a) | (unsigned)_mm_movemask_epi8(b) << 16;
	uint64_t high = (unsigned)_mm_movemask_epi8(c) | (unsigned)_mm_movemask_epi8(d) << 16;
	return low | high << 32;
}

INLINE __m128i fit_range(__m128i part, __m128i base, __m128i span)
{
	__m128i above = _mm_sub_epi8(part, base);
	return _mm_cmpeq_epi8(_mm_min_epu8(above, span), above);
}

INLINE uint64_t match_range64(struct vector64 vector, unsigned low, unsigned high)
{
	const __m128i base = _mm_set1_epi8((char)low), span = _mm_set1_epi8((char)(high - low));
	const __m128i *parts = vector.parts;
	return join_masks(fit_range(parts[0], base, span), fit_range(parts[1], base, span),
		fit_range(parts[2], base, span), fit_range(parts[3], base, span));
}

INLINE uint64_t match64(struct vector64 vector, unsigned byte)
{
	const __m128i wanted = _mm_set1_epi8((char)byte), *parts = vector.parts;
	return join_masks(_mm_cmpeq_epi8(parts[0], wanted), _mm_cmpeq_epi8(parts[1], wanted),
		_mm_cmpeq_epi8(parts[2], wanted), _mm_cmpeq_epi8(parts[3], wanted));
}

/*
 * Four tables of 16 entries, chosen by bits 4 and 5, which the shifts move to the top of each byte.
 */
INLINE __m128i look_up16(__m128i part, const uint8_t *row)
{
	__m128i place = _mm_and_si128(part, _mm_set1_epi8(15));
	__m128i bit4 = _mm_slli_epi16(part, 3), bit5 = _mm_slli_epi16(part, 2);
	__m128i low = _mm_blendv_epi8(
		_mm_shuffle_epi8(load16(row), place), _mm_shuffle_epi8(load16(row + 16), place), bit4);
	__m128i high = _mm_blendv_epi8(
		_mm_shuffle_epi8(load16(row + 32), place), _mm_shuffle_epi8(load16(row + 48), place), bit4);
	return _mm_blendv_epi8(low, high, bit5);
}

INLINE struct vector64 look_up64(struct vector64 vector, const uint8_t *row)
{
	return (struct vector64){{look_up16(vector.parts[0], row), look_up16(vector.parts[1], row),
		look_up16(vector.parts[2], row), look_up16(vector.parts[3], row)}};
}

#include "pretokenize/scan_block_template.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

static bool is_available(void)
{
	return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}

const struct pmill_scanner pmill_scanner_sse4 = {
	"sse4", is_available, scan_functions, &pmill_key_maker_sse2};
#else
typedef int pmill_no_sse4; /* ISO C forbids an empty translation unit */
#endif
