/* The block scanner for x86-64 processors with AVX-512 (Ice Lake, Zen 4 and later). */
/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__) && defined(__LP64__)
#include "pretokenize/scan_block.h"

#include <immintrin.h>
#include <string.h>

#include "unicode/utf8.h"

#if defined(__clang__)
#pragma clang attribute push(                                                                      \
	__attribute__((target("avx512bw,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt"))),                    \
	apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512bw,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")
#endif

struct vector64 {
	__m512i all;
};

INLINE struct vector64 load64(const uint8_t *bytes)
{
	return (struct vector64){_mm512_loadu_si512(bytes)};
}

INLINE uint64_t match_range64(struct vector64 vector, unsigned low, unsigned high)
{
	__m512i above = _mm512_sub_epi8(vector.all, _mm512_set1_epi8((char)low));
	return _mm512_cmple_epu8_mask(above, _mm512_set1_epi8((char)(high - low)));
}

INLINE uint64_t match64(struct vector64 vector, unsigned byte)
{
	return _mm512_cmpeq_epi8_mask(vector.all, _mm512_set1_epi8((char)byte));
}

INLINE struct vector64 look_up64(struct vector64 vector, const uint8_t *row)
{
	return (struct vector64){_mm512_permutexvar_epi8(vector.all, _mm512_loadu_si512(row))};
}

/* See scan_block_template.h: packs the positions of the bits, then widens them eight at a time. */
#define HAVE_PUT_ENDS
INLINE void put_ends(uint64_t bits, size_t base, size_t *ends)
{
	static const uint8_t numbers[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
		17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
		40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
		63};
	__m512i places = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
	const __m512i origin = _mm512_set1_epi64((long long)base);
	__m128i low = _mm512_castsi512_si128(places), high = _mm512_extracti32x4_epi32(places, 1);
	int count = __builtin_popcountll(bits);
	_mm512_storeu_si512(ends, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(low)));
	_mm512_storeu_si512(
		ends + 8, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(_mm_srli_si128(low, 8))));
	if (count <= 16)
		return;
	_mm512_storeu_si512(ends + 16, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(high)));
	_mm512_storeu_si512(
		ends + 24, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(_mm_srli_si128(high, 8))));
	if (count <= 32)
		return;
	low = _mm512_extracti32x4_epi32(places, 2);
	high = _mm512_extracti32x4_epi32(places, 3);
	_mm512_storeu_si512(ends + 32, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(low)));
	_mm512_storeu_si512(
		ends + 40, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(_mm_srli_si128(low, 8))));
	_mm512_storeu_si512(ends + 48, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(high)));
	_mm512_storeu_si512(
		ends + 56, _mm512_add_epi64(origin, _mm512_cvtepu8_epi64(_mm_srli_si128(high, 8))));
}

#include "pretokenize/scan_block_template.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

static bool is_available(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
		__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

const struct pmill_scanner pmill_scanner_avx512 = {
	"avx512", is_available, scan_functions, &pmill_key_maker_avx512};
#else
typedef int pmill_no_avx512; /* ISO C forbids an empty translation unit */
#endif
