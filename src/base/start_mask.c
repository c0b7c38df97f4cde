/* Where byte strings may begin, by the classes of their first bytes: 64 places at a time. */
/* SPDX-License-Identifier: MIT */
/*
 * Each byte of the text is replaced by its entry, whose bit n says whether it is in the class of
 * offset n. Then a string may begin at a place if bit 0 is set there, bit 1 at the next place, and
 * so on. Three steps do that for all places: each takes what lies 1, 2 or 4 places further on,
 * shifted by as many bits.
 */
#include "base/start_mask.h"

#include <string.h>

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

uint64_t pmill_start_mask_match_plain(const struct pmill_start_mask *mask, const uint8_t *text)
{
	uint8_t bits[PMILL_START_REACH + 8] = {0};
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

WITH_AVX2 static uint64_t match_avx2(const struct pmill_start_mask *mask, const uint8_t *text)
{
	const __m256i low = repeat16(mask->low), high = repeat16(mask->high);
	__m256i a = look_up(_mm256_loadu_si256((const __m256i *)(const void *)text), low, high);
	__m256i b = look_up(_mm256_loadu_si256((const __m256i *)(const void *)(text + 32)), low, high);
	__m256i c = look_up(
		_mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(const void *)(text + 64))), low,
		high);
	a = TAKE_FURTHER(a, b, 1);
	b = TAKE_FURTHER(b, c, 1);
	c = TAKE_FURTHER(c, c, 1);
	a = TAKE_FURTHER(a, b, 2);
	b = TAKE_FURTHER(b, c, 2);
	c = TAKE_FURTHER(c, c, 2);
	a = TAKE_FURTHER(a, b, 4);
	b = TAKE_FURTHER(b, c, 4);
	return first_bits(a) | (uint64_t)first_bits(b) << 32;
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
static bool has_avx2(void)
{
	return false;
}
#define match_avx2 pmill_start_mask_match_plain
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
	*mask = (struct pmill_start_mask){
		.match = has_avx2() ? match_avx2 : pmill_start_mask_match_plain};
	set_classes(mask, strings, count);
	set_halves(mask);
}

/* How often a byte comes up, roughly and in thousandths. One beyond ASCII may come up anywhere. */
static unsigned weigh_byte(size_t byte)
{
	if (byte >= 0x80)
		return 30;
	if (byte == ' ')
		return 160;
	return byte >= 'a' && byte <= 'z' ? 30 : 2;
}

unsigned pmill_start_mask_weigh(const struct pmill_start_mask *mask)
{
	unsigned all = 1000;
	for (int offset = 0; offset < PMILL_START_OFFSETS; offset++) {
		unsigned weight = 0;
		for (size_t byte = 0; byte < 256; byte++)
			weight += (mask->classes[byte] >> offset & 1) * weigh_byte(byte);
		if (weight < 1000)
			all = all * weight / 1000;
	}
	return all;
}
