/* Keys and hashes of pretokens in batches, by instruction set. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_PRETOKEN_KEYS_H
#define PMILL_PRETOKENIZE_PRETOKEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PMILL_SHORT_PRETOKEN = 15 }; /* bytes; longer pretokens have no key, only a hash */

struct pmill_key_seed {
	uint64_t first, second;
	uint64_t factor; /* odd */
};

struct pmill_key_seed pmill_key_seed_make(uint64_t seed);

/*
 * A pretoken of at most 15 bytes: bytes 0..7 and 8..14, little-endian, zero padded, and its length
 * in the top byte. So comparing 16 bytes compares two pretokens.
 */
struct pmill_pretoken_key {
	uint64_t first, second;
};

static inline uint64_t pmill_load_word(const uint8_t *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static inline uint64_t pmill_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t pmill_load_half(const uint8_t *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap32(x);
#endif
	return x;
}

/* Of 1 to 15 bytes; reads nothing beyond them, but some of them twice. */
static inline struct pmill_pretoken_key pmill_pretoken_key_make(const uint8_t *word, size_t len)
{
	const uint64_t top = (uint64_t)len << 56;
	if (len > 8)
		return (struct pmill_pretoken_key){
			pmill_load_word(word), pmill_load_word(word + len - 8) >> 8 * (16 - len) | top};
	if (len == 8)
		return (struct pmill_pretoken_key){pmill_load_word(word), top};
	if (len >= 4)
		return (struct pmill_pretoken_key){
			pmill_load_half(word) | pmill_load_half(word + len - 4) << 8 * (len - 4), top};
	const uint64_t middle = (uint64_t)word[len / 2] << 8 * (len / 2);
	return (struct pmill_pretoken_key){
		word[0] | middle | (uint64_t)word[len - 1] << 8 * (len - 1), top};
}

/* Its bytes, as many as its length says, then zeros; the last one is lost. */
static inline void pmill_pretoken_key_bytes(struct pmill_pretoken_key key, uint8_t bytes[16])
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	key.first = __builtin_bswap64(key.first);
	key.second = __builtin_bswap64(key.second);
#endif
	memcpy(bytes, &key, sizeof key);
}

#define PMILL_KEY_MIX 0x9E3779B97F4A7C15u

/*
 * Without this, words that differ by even steps (numbers, say) get hashes that differ by even steps
 * too, and with one seed in a hundred they fall into few slots.
 */
static inline uint64_t pmill_mix_hash(uint64_t hash, uint64_t factor)
{
	hash *= PMILL_KEY_MIX;
	return (hash ^ hash >> 32) * factor;
}

/*
 * Without the seed nobody can predict which words share a slot. For any two words, over all seeds,
 * the sums are equal with a chance of at most 2^-32 (this is UMAC's NH: four 32-bit parts, a key
 * added to each, two products), and if they differ, the top n bits of their products with an odd
 * factor are equal with a chance of at most 2^(1-n) (multiply-shift). It needs no 128-bit products,
 * which vector units lack.
 */
static inline uint64_t pmill_pretoken_key_hash(
	struct pmill_key_seed seed, struct pmill_pretoken_key key)
{
	uint32_t a = (uint32_t)key.first + (uint32_t)seed.first;
	uint32_t b = (uint32_t)(key.first >> 32) + (uint32_t)(seed.first >> 32);
	uint32_t c = (uint32_t)key.second + (uint32_t)seed.second;
	uint32_t d = (uint32_t)(key.second >> 32) + (uint32_t)(seed.second >> 32);
	return pmill_mix_hash((uint64_t)a * b + (uint64_t)c * d, seed.factor);
}

/*
 * Hashes a long word 16 bytes at a time; the last 16 may overlap the ones before. The length is
 * mixed in by a product of its own: next to the bytes, other bytes could cancel it under every
 * seed.
 */
static inline uint64_t pmill_long_pretoken_hash(
	struct pmill_key_seed seed, const uint8_t *word, size_t len)
{
	const uint8_t *last = word + len - 16;
	uint64_t hash = pmill_fold(seed.second, len ^ seed.first);
	for (; word < last; word += 16)
		hash = pmill_fold(pmill_load_word(word) ^ seed.first, pmill_load_word(word + 8) ^ hash);
	hash = pmill_fold(pmill_load_word(last) ^ seed.first, pmill_load_word(last + 8) ^ hash);
	return pmill_mix_hash(hash, seed.factor);
}

enum {
	PMILL_KEY_BATCH = 256, /* pretokens in flight: 64 are 5 % slower, 512 no faster */
	PMILL_KEY_SPILL = 8,   /* vectors are stored whole, even if only some lanes count */
};

/* A pretoken too long for a key: its place in the text, and the number of keys before it. */
struct pmill_long_pretoken {
	const uint8_t *bytes;
	size_t len, keys_before;
};

/* In text order, short and long pretokens apart. */
struct pmill_pretoken_keys {
	struct pmill_pretoken_key keys[PMILL_KEY_BATCH + PMILL_KEY_SPILL];
	uint64_t hashes[PMILL_KEY_BATCH + PMILL_KEY_SPILL]; /* of the keys */
	struct pmill_long_pretoken longs[PMILL_KEY_BATCH];
	size_t count, long_count;
};

/*
 * Appends `count` pretokens; there must be room. The first begins at `begin`, each of the others
 * where the previous one ends. 16 bytes must be readable from each beginning.
 */
typedef void (*pmill_key_function)(struct pmill_pretoken_keys *keys,
	const struct pmill_key_seed *seed, const uint8_t *text, size_t begin, const size_t *ends,
	size_t count);

struct pmill_key_maker {
	const char *name;
	bool (*is_available)(void); /* on this processor */
	pmill_key_function fill;
};

/* Fastest first; NULL at the end. The last one runs on every processor. */
const struct pmill_key_maker *pmill_key_maker_at(size_t index);
const struct pmill_key_maker *pmill_key_maker_fastest(void);

/*
 * Appends the first of `count` > 0 pretokens, and returns how many; 0 only if the batch is full.
 * Reads nothing past text + readable.
 */
size_t pmill_pretoken_keys_add(struct pmill_pretoken_keys *keys,
	const struct pmill_key_maker *maker, const struct pmill_key_seed *seed, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count);

extern const struct pmill_key_maker pmill_key_maker_plain;
#if defined(__x86_64__) && defined(__LP64__)
extern const struct pmill_key_maker pmill_key_maker_avx512;
extern const struct pmill_key_maker pmill_key_maker_sse2;
#endif

#endif
