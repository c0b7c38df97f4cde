/* The block scanner for x86-64 processors with AVX2. */
/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__) && defined(__LP64__)
#include "pretokenize/scan_block.h"

#include <immintrin.h>
#include <string.h>

#include "unicode/utf8.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

struct vector64 {
	__m256i low, high;
};

INLINE struct vector64 load64(const uint8_t *bytes)
{
	return (struct vector64){
		.low = _mm256_loadu_si256((const __m256i *)(const void *)bytes),
		.high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32)),
	};
}

INLINE uint64_t join_masks(__m256i low, __m256i high)
{
	return (unsigned)_mm256_movemask_epi8(low) |
		(uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32;
}

INLINE __m256i fit_range(__m256i part, __m256i base, __m256i span)
{
	__m256i above = _mm256_sub_epi8(part, base);
	return _mm256_cmpeq_epi8(_mm256_min_epu8(above, span), above);
}

INLINE uint64_t match_range64(struct vector64 vector, unsigned low, unsigned high)
{
	const __m256i base = _mm256_set1_epi8((char)low), span = _mm256_set1_epi8((char)(high - low));
	return join_masks(fit_range(vector.low, base, span), fit_range(vector.high, base, span));
}

INLINE uint64_t match64(struct vector64 vector, unsigned byte)
{
	const __m256i wanted = _mm256_set1_epi8((char)byte);
	return join_masks(
		_mm256_cmpeq_epi8(vector.low, wanted), _mm256_cmpeq_epi8(vector.high, wanted));
}

INLINE __m256i repeat_quarter(const uint8_t *row)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)row));
}

/*
 * Four tables of 16 entries, chosen by bits 4 and 5, which the shifts move to the top of each byte.
 */
INLINE __m256i look_up32(__m256i part, const uint8_t *row)
{
	__m256i place = _mm256_and_si256(part, _mm256_set1_epi8(15));
	__m256i bit4 = _mm256_slli_epi16(part, 3), bit5 = _mm256_slli_epi16(part, 2);
	__m256i low = _mm256_blendv_epi8(_mm256_shuffle_epi8(repeat_quarter(row), place),
		_mm256_shuffle_epi8(repeat_quarter(row + 16), place), bit4);
	__m256i high = _mm256_blendv_epi8(_mm256_shuffle_epi8(repeat_quarter(row + 32), place),
		_mm256_shuffle_epi8(repeat_quarter(row + 48), place), bit4);
	return _mm256_blendv_epi8(low, high, bit5);
}

INLINE struct vector64 look_up64(struct vector64 vector, const uint8_t *row)
{
	return (struct vector64){look_up32(vector.low, row), look_up32(vector.high, row)};
}

#include "pretokenize/scan_block_template.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

static bool is_available(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

const struct pmill_scanner pmill_scanner_avx2 = {
	"avx2", is_available, scan_functions, &pmill_key_maker_sse2};
#else
typedef int pmill_no_avx2; /* ISO C forbids an empty translation unit */
#endif
