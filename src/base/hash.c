/* Hashes: XXH64 for tables and checksums, SHA-256 to identify content. */
/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PRIME_1 0x9E3779B185EBCA87u
#define PRIME_2 0xC2B2AE3D27D4EB4Fu
#define PRIME_3 0x165667B19E3779F9u
#define PRIME_4 0x85EBCA77C2B2AE63u
#define PRIME_5 0x27D4EB2F165667C5u

static uint64_t rotate64(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t mix_lane(uint64_t lane, uint64_t input)
{
	return rotate64(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t join_lane(uint64_t hash, uint64_t lane)
{
	return (hash ^ mix_lane(0, lane)) * PRIME_1 + PRIME_4;
}

static uint64_t hash_stripes(const uint8_t **at, const uint8_t *end, uint64_t seed)
{
	uint64_t lane[4] = {seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};
	const uint8_t *p = *at;
	for (; end - p >= 32; p += 32)
		for (int i = 0; i < 4; i++)
			lane[i] = mix_lane(lane[i], load64(p + 8 * i));
	*at = p;
	uint64_t hash = rotate64(lane[0], 1) + rotate64(lane[1], 7) + rotate64(lane[2], 12) +
		rotate64(lane[3], 18);
	for (int i = 0; i < 4; i++)
		hash = join_lane(hash, lane[i]);
	return hash;
}

uint64_t pmill_hash64(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p = data;
	if (len == 0)
		p = (const uint8_t *)"";
	const uint8_t *end = p + len;
	uint64_t hash = len >= 32 ? hash_stripes(&p, end, seed) : seed + PRIME_5;
	hash += len;
	for (; end - p >= 8; p += 8)
		hash = rotate64(hash ^ mix_lane(0, load64(p)), 27) * PRIME_1 + PRIME_4;
	if (end - p >= 4) {
		hash = rotate64(hash ^ load32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
		p += 4;
	}
	for (; p < end; p++)
		hash = rotate64(hash ^ *p * PRIME_5, 11) * PRIME_1;
	hash = (hash ^ hash >> 33) * PRIME_2;
	hash = (hash ^ hash >> 29) * PRIME_3;
	return hash ^ hash >> 32;
}

/* macOS has only getentropy, which may have to wait just after the system has started. */
static bool get_random(uint64_t *seed)
{
#ifdef GRND_NONBLOCK
	return getrandom(seed, sizeof *seed, GRND_NONBLOCK) == (ssize_t)sizeof *seed;
#else
	return getentropy(seed, sizeof *seed) == 0;
#endif
}

uint64_t pmill_hash_random_seed(void)
{
	uint64_t seed;
	if (get_random(&seed))
		return seed;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t parts[3] = {(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, (uintptr_t)&now};
	return pmill_hash64(parts, sizeof parts, PRIME_3);
}

/* From FIPS 180-4. */
static const uint32_t sha_constants[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate32(uint32_t x, int bits)
{
	return x >> bits | x << (32 - bits);
}

static void expand_block(const uint8_t *block, uint32_t w[64])
{
	for (int i = 0; i < 16; i++)
		w[i] = __builtin_bswap32(load32(block + 4 * i));
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + w[i - 7] + (rotate32(a, 7) ^ rotate32(a, 18) ^ a >> 3) +
			(rotate32(b, 17) ^ rotate32(b, 19) ^ b >> 10);
	}
}

static void sha_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], s[8];
	expand_block(block, w);
	memcpy(s, state, sizeof s);
	for (int i = 0; i < 64; i += 8) {
		/* Instead of moving the numbers on by one, each round begins one place earlier. */
#pragma GCC unroll 8
		for (int k = 0; k < 8; k++) {
			const uint32_t a = s[(8 - k) % 8], b = s[(9 - k) % 8], c = s[(10 - k) % 8];
			const uint32_t e = s[(12 - k) % 8], f = s[(13 - k) % 8], g = s[(14 - k) % 8];
			uint32_t *d = &s[(11 - k) % 8], *h = &s[(15 - k) % 8];
			const uint32_t sum1 = rotate32(e, 6) ^ rotate32(e, 11) ^ rotate32(e, 25);
			const uint32_t t1 = *h + sum1 + ((e & f) ^ (~e & g)) + sha_constants[i + k] + w[i + k];
			const uint32_t sum0 = rotate32(a, 2) ^ rotate32(a, 13) ^ rotate32(a, 22);
			*d += t1;
			*h = t1 + sum0 + ((a & b) ^ (a & c) ^ (b & c));
		}
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

void pmill_sha256_init(struct pmill_sha256 *sha)
{
	static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
		0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	memcpy(sha->state, initial, sizeof initial);
	sha->len = 0;
}

void pmill_sha256_add(struct pmill_sha256 *sha, const void *data, size_t len)
{
	const uint8_t *p = data;
	while (len > 0) {
		size_t used = sha->len % 64;
		size_t part = 64 - used < len ? 64 - used : len;
		if (part == 64) {
			sha_block(sha->state, p);
		} else {
			memcpy(sha->block + used, p, part);
			if (used + part == 64)
				sha_block(sha->state, sha->block);
		}
		sha->len += part;
		p += part;
		len -= part;
	}
}

void pmill_sha256_finish(struct pmill_sha256 *sha, uint8_t digest[32])
{
	static const uint8_t padding[64] = {0x80};
	uint64_t bits = sha->len * 8;
	size_t used = sha->len % 64;
	pmill_sha256_add(sha, padding, used < 56 ? 56 - used : 120 - used);
	uint8_t tail[8];
	for (int i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	pmill_sha256_add(sha, tail, sizeof tail);
	for (int i = 0; i < 32; i++)
		digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

void pmill_sha256_text(const uint8_t digest[32], char text[65])
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < 32; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[64] = '\0';
}
