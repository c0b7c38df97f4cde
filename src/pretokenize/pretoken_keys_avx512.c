/* Keys and hashes of pretokens, eight at a time, with AVX-512 (Ice Lake, Zen 4 and later). */
/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__) && defined(__LP64__)
#include "pretokenize/pretoken_keys.h"

#include <assert.h>
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8 };

#if defined(__clang__)
#pragma clang attribute push(                                                                      \
	__attribute__((target("avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2,popcnt"))),              \
	apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2,popcnt")
#endif

/* Loop invariants. */
struct constants {
	__m512i seed, factor;
};

INLINE struct constants make_constants(const struct pmill_key_seed *seed)
{
	return (struct constants){
		.seed = _mm512_set4_epi64((long long)seed->second, (long long)seed->first,
			(long long)seed->second, (long long)seed->first),
		.factor = _mm512_set1_epi64((long long)seed->factor),
	};
}

INLINE __m128i load16(const uint8_t *bytes)
{
	return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* 16 bytes of text from each of four offsets. */
INLINE __m512i load_four(const uint8_t *text, size_t a, size_t b, size_t c, size_t d)
{
	__m256i low = _mm256_inserti128_si256(
		_mm256_castsi128_si256(load16(text + a)), load16(text + b), 1);
	__m256i high = _mm256_inserti128_si256(
		_mm256_castsi128_si256(load16(text + c)), load16(text + d), 1);
	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* Keys of four pretokens: keeps their own bytes and puts their lengths on top. `which`: 0 or 4. */
INLINE __m512i make_keys(__m512i bytes, __m512i lens, int which)
{
	const __m512i places = _mm512_broadcast_i32x4(
		_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
	const __mmask64 tops = 0x8000800080008000u;
	/* The lowest byte of each length, copied to all bytes of its key. */
	__m512i spread = _mm512_shuffle_epi8(
		_mm512_permutexvar_epi64(_mm512_setr_epi64(which, which, which + 1, which + 1, which + 2,
									 which + 2, which + 3, which + 3),
			lens),
		_mm512_setzero_si512());
	__mmask64 own = _mm512_cmplt_epu8_mask(places, spread);
	return _mm512_mask_mov_epi8(_mm512_maskz_mov_epi8(own, bytes), tops, spread);
}

/* See pmill_pretoken_key_hash: the two products of each key, not yet added. */
INLINE __m512i multiply(__m512i keys, __m512i seed)
{
	__m512i seeded = _mm512_add_epi32(keys, seed);
	return _mm512_mul_epu32(seeded, _mm512_srli_epi64(seeded, 32));
}

INLINE __m512i make_hashes(__m512i low_keys, __m512i high_keys, const struct constants *constants)
{
	__m512i low = multiply(low_keys, constants->seed), high = multiply(high_keys, constants->seed);
	__m512i sums = _mm512_add_epi64(
		_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high));
	sums = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), sums);
	sums = _mm512_mullo_epi64(sums, _mm512_set1_epi64((long long)PMILL_KEY_MIX));
	sums = _mm512_xor_si512(sums, _mm512_srli_epi64(sums, 32));
	return _mm512_mullo_epi64(sums, constants->factor);
}

/* For eight of which some are long: separates the long ones and closes the gaps. */
INLINE void put_some(struct pmill_pretoken_keys *keys, const uint8_t *text, __m512i begins,
	__m512i lens, unsigned is_long, const __m512i both[2], __m512i hashes)
{
	uint64_t begin[LANES], len[LANES];
	_mm512_storeu_si512(begin, begins);
	_mm512_storeu_si512(len, lens);
	unsigned rest = ~is_long & 0xFF;
	for (; is_long != 0; is_long &= is_long - 1) {
		unsigned i = (unsigned)__builtin_ctz(is_long);
		size_t before = (size_t)__builtin_popcount(_bzhi_u32(rest, i));
		keys->longs[keys->long_count++] = (struct pmill_long_pretoken){
			text + begin[i], len[i], keys->count + before};
	}
	unsigned pairs = _pdep_u32(rest, 0x5555) * 3;
	size_t low_count = (size_t)__builtin_popcount(rest & 0xF);
	size_t at = keys->count;
	_mm512_storeu_si512(&keys->keys[at], _mm512_maskz_compress_epi64((__mmask8)pairs, both[0]));
	_mm512_storeu_si512(
		&keys->keys[at + low_count], _mm512_maskz_compress_epi64((__mmask8)(pairs >> 8), both[1]));
	_mm512_storeu_si512(&keys->hashes[at], _mm512_maskz_compress_epi64((__mmask8)rest, hashes));
	keys->count += (size_t)__builtin_popcount(rest);
}

INLINE void put_eight(struct pmill_pretoken_keys *keys, const __m512i both[2], __m512i hashes)
{
	size_t at = keys->count;
	_mm512_storeu_si512(&keys->keys[at], both[0]);
	_mm512_storeu_si512(&keys->keys[at + LANES / 2], both[1]);
	_mm512_storeu_si512(&keys->hashes[at], hashes);
	keys->count += LANES;
}

static void fill_avx512(struct pmill_pretoken_keys *keys, const struct pmill_key_seed *seed,
	const uint8_t *text, size_t begin, const size_t *ends, size_t count)
{
	const struct constants constants = make_constants(seed);
	__m512i before = _mm512_set1_epi64((long long)begin);
	size_t i = 0;
	for (; i + LANES <= count; i += LANES) {
		const size_t *end = ends + i;
		__m512i now = _mm512_loadu_si512(end);
		__m512i begins = _mm512_alignr_epi64(now, before, LANES - 1);
		__m512i lens = _mm512_sub_epi64(now, begins);
		__m512i both[2];
		both[0] = make_keys(load_four(text, begin, end[0], end[1], end[2]), lens, 0);
		both[1] = make_keys(load_four(text, end[3], end[4], end[5], end[6]), lens, 4);
		__m512i hashes = make_hashes(both[0], both[1], &constants);
		unsigned is_long = _mm512_cmpgt_epu64_mask(lens, _mm512_set1_epi64(PMILL_SHORT_PRETOKEN));
		/* gcc 12 may spill the mask as one byte, and read four: so it goes to a register first. */
		__asm__("" : "+r"(is_long));
		if (is_long == 0)
			put_eight(keys, both, hashes);
		else
			put_some(keys, text, begins, lens, is_long, both, hashes);
		before = now;
		begin = end[LANES - 1];
	}
	pmill_key_maker_plain.fill(keys, seed, text, begin, ends + i, count - i);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

static bool is_available(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
		__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
		__builtin_cpu_supports("popcnt");
}

const struct pmill_key_maker pmill_key_maker_avx512 = {"avx512", is_available, fill_avx512};
#else
typedef int pmill_no_avx512_words; /* ISO C forbids an empty translation unit */
#endif
