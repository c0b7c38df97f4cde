/* Where byte strings may begin, by the classes of their first bytes: 56 places at a time. */
/* SPDX-License-Identifier: MIT */
/*
 * Each byte of the text is replaced by its entry, whose bit n says whether it is in the class of
 * offset n. Then a string may begin at a place if bit 0 is set there, bit 1 at the next place, and
 * so on. Three steps do that for all places: each takes what lies 1, 2 or 4 places further on,
 * shifted by as many bits.
 */
#include "base/start_mask.h"

#include <string.h>

#define PLACES (((uint64_t)1 << PMILL_START_PLACES) - 1)

/* ---- In plain C ---- */

static inline uint64_t load_word(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	return word;
}

/* Eight places at a time. Shifts also move bits from byte to byte, but none that is needed. */
static inline void take_further(uint8_t *bits, size_t len, int distance)
{
	for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
		uint64_t word = load_word(bits + at) & load_word(bits + at + distance) >> distance;
		memcpy(bits + at, &word, sizeof word);
	}
}

/* Bit 0 of eight bytes. The partial products don't overlap in the bits that matter. */
static inline uint64_t gather_first_bits(const uint8_t *bits)
{
	uint64_t word = load_word(bits);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return (word & 0x0101010101010101u) * 0x0102040810204080u >> 56;
}

static uint64_t match_block(const struct pmill_start_mask *mask, const uint8_t *text)
{
	uint8_t bits[PMILL_START_REACH + 4] = {0};
	for (size_t at = 0; at < PMILL_START_REACH; at++)
		bits[at] = mask->classes[text[at]];
	take_further(bits, PMILL_START_REACH, 1);
	take_further(bits, PMILL_START_REACH, 2);
	take_further(bits, PMILL_START_PLACES, 4);
	uint64_t places = 0;
	for (size_t at = 0; at < PMILL_START_PLACES; at += 8)
		places |= gather_first_bits(bits + at) << at;
	return places;
}

void pmill_start_mask_match_plain(
	const struct pmill_start_mask *mask, const uint8_t *text, uint64_t *places, size_t count)
{
	for (size_t k = 0; k < count; k++)
		places[k] = match_block(mask, text + k * PMILL_START_PLACES);
}

/* ---- With AVX2 ---- */

#if defined(__x86_64__) && defined(__LP64__)
#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2")))

WITH_AVX2 static inline __m256i repeat16(const uint8_t *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

WITH_AVX2 static inline __m256i look_up(__m256i text, __m256i low, __m256i high)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i upper = _mm256_and_si256(_mm256_srli_epi16(text, 4), half);
	return _mm256_and_si256(
		_mm256_shuffle_epi8(low, _mm256_and_si256(text, half)), _mm256_shuffle_epi8(high, upper));
}

/* The bytes from `distance` on, of two vectors in a row. */
#define FURTHER(bits, next, distance)                                                              \
	_mm256_alignr_epi8(_mm256_permute2x128_si256(bits, next, 0x21), bits, distance)

#define TAKE_FURTHER(bits, next, distance)                                                         \
	_mm256_and_si256(bits, _mm256_srli_epi16(FURTHER(bits, next, distance), distance))

WITH_AVX2 static inline unsigned first_bits(__m256i bits)
{
	return (unsigned)_mm256_movemask_epi8(_mm256_slli_epi16(bits, 7));
}

WITH_AVX2 static void match_avx2(
	const struct pmill_start_mask *mask, const uint8_t *text, uint64_t *places, size_t count)
{
	const __m256i low = repeat16(mask->low), high = repeat16(mask->high);
	for (size_t k = 0; k < count; k++, text += PMILL_START_PLACES) {
		const __m256i *bytes = (const void *)text;
		__m256i a = look_up(_mm256_loadu_si256(bytes), low, high);
		__m256i b = look_up(_mm256_loadu_si256(bytes + 1), low, high);
		a = TAKE_FURTHER(a, b, 1);
		b = TAKE_FURTHER(b, b, 1);
		a = TAKE_FURTHER(a, b, 2);
		b = TAKE_FURTHER(b, b, 2);
		a = TAKE_FURTHER(a, b, 4);
		b = TAKE_FURTHER(b, b, 4);
		places[k] = (first_bits(a) | (uint64_t)first_bits(b) << 32) & PLACES;
	}
}

/* ---- With AVX-512 ---- */

#define WITH_AVX512 __attribute__((target("avx512bw,avx512vbmi")))

WITH_AVX512 static inline __m512i take_further_512(__m512i bits, int distance)
{
	static const uint8_t own[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
		18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
		41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i places = _mm512_add_epi8(
		_mm512_loadu_si512((const void *)own), _mm512_set1_epi8((char)distance));
	__m512i further = _mm512_permutexvar_epi8(places, bits);
	return _mm512_and_si512(bits, _mm512_srl_epi16(further, _mm_cvtsi32_si128(distance)));
}

/* Unlike AVX2, looks up whole bytes, in two tables of 128 entries. */
WITH_AVX512 static void match_avx512(
	const struct pmill_start_mask *mask, const uint8_t *text, uint64_t *places, size_t count)
{
	const uint8_t *classes = mask->classes;
	for (size_t k = 0; k < count; k++, text += PMILL_START_PLACES) {
		__m512i bytes = _mm512_loadu_si512((const void *)text);
		__m512i lower = _mm512_permutex2var_epi8(_mm512_loadu_si512((const void *)classes), bytes,
			_mm512_loadu_si512((const void *)(classes + 64)));
		__m512i upper = _mm512_permutex2var_epi8(_mm512_loadu_si512((const void *)(classes + 128)),
			bytes, _mm512_loadu_si512((const void *)(classes + 192)));
		__m512i bits = _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), lower, upper);
		bits = take_further_512(bits, 1);
		bits = take_further_512(bits, 2);
		bits = take_further_512(bits, 4);
		places[k] = _mm512_test_epi8_mask(bits, _mm512_set1_epi8(1)) & PLACES;
	}
}

static pmill_start_matcher *fastest(void)
{
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi"))
		return match_avx512;
	return __builtin_cpu_supports("avx2") ? match_avx2 : pmill_start_mask_match_plain;
}
#else
static pmill_start_matcher *fastest(void)
{
	return pmill_start_mask_match_plain;
}
#endif

/* ---- Setting ---- */

static void set_classes(struct pmill_start_mask *mask, const pmill_bytes *strings, size_t count)
{
	size_t shortest = PMILL_START_OFFSETS;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *bytes = strings[i].data;
		if (strings[i].len < shortest)
			shortest = strings[i].len;
		for (size_t at = 0; at < shortest; at++)
			mask->classes[bytes[at]] |= (uint8_t)(1 << at);
	}
	for (size_t byte = 0; byte < 256; byte++)
		mask->classes[byte] |= (uint8_t)(0xFF << shortest);
}

static void set_halves(struct pmill_start_mask *mask)
{
	for (size_t byte = 0; byte < 256; byte++) {
		mask->low[byte & 15] |= mask->classes[byte];
		mask->high[byte >> 4] |= mask->classes[byte];
	}
}

void pmill_start_mask_set(struct pmill_start_mask *mask, const pmill_bytes *strings, size_t count)
{
	*mask = (struct pmill_start_mask){.match = fastest()};
	set_classes(mask, strings, count);
	set_halves(mask);
}
