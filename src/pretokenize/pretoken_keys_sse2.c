/* Keys and hashes of pretokens on any x86-64 processor: a key is one vector. */
/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__) && defined(__LP64__)
#include "pretokenize/pretoken_keys.h"

#include <assert.h>
#include <emmintrin.h>

/* Read at 16 - n, a mask that keeps the first n of 16 bytes; the second half is zero. */
static const uint8_t keep[32] = {
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

static inline __m128i load16(const uint8_t *bytes)
{
	return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

static inline __m128i make_key(const uint8_t *word, size_t len)
{
	__m128i own = _mm_and_si128(load16(word), load16(keep + 16 - len));
	return _mm_or_si128(own, _mm_slli_si128(_mm_cvtsi32_si128((int)len), 15));
}

/* See pmill_pretoken_key_hash. */
static inline uint64_t hash_key(__m128i key, __m128i seed, uint64_t factor)
{
	__m128i seeded = _mm_add_epi32(key, seed);
	__m128i products = _mm_mul_epu32(seeded, _mm_srli_epi64(seeded, 32));
	__m128i sum = _mm_add_epi64(products, _mm_unpackhi_epi64(products, products));
	return pmill_mix_hash((uint64_t)_mm_cvtsi128_si64(sum), factor);
}

static void fill_sse2(struct pmill_pretoken_keys *keys, const struct pmill_key_seed *seed,
	const uint8_t *text, size_t begin, const size_t *ends, size_t count)
{
	const __m128i key_seed = _mm_set_epi64x((long long)seed->second, (long long)seed->first);
	const uint64_t factor = seed->factor;
	size_t filled = keys->count;
	for (size_t i = 0; i < count; begin = ends[i++]) {
		size_t len = ends[i] - begin;
		assert(ends[i] > begin);
		if (__builtin_expect(len > PMILL_SHORT_PRETOKEN, 0)) {
			keys->longs[keys->long_count++] = (struct pmill_long_pretoken){
				text + begin, len, filled};
			continue;
		}
		__m128i key = make_key(text + begin, len);
		_mm_storeu_si128((__m128i *)(void *)&keys->keys[filled], key);
		keys->hashes[filled++] = hash_key(key, key_seed, factor);
	}
	keys->count = filled;
}

static bool is_available(void)
{
	return true;
}

const struct pmill_key_maker pmill_key_maker_sse2 = {"sse2", is_available, fill_sse2};
#else
typedef int pmill_no_sse2_words; /* ISO C forbids an empty translation unit */
#endif
