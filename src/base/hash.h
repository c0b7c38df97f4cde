/* Hashes: XXH64 for tables and checksums, SHA-256 to identify content. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_HASH_H
#define PMILL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH64 exactly as specified, so that other programs can verify checksums in files. */
uint64_t pmill_hash64(const void *data, size_t len, uint64_t seed);

/*
 * An unpredictable seed, so that no input can be made to collide. Falls back on addresses and time.
 */
uint64_t pmill_hash_random_seed(void);

struct pmill_sha256 {
	uint32_t state[8];
	uint64_t len;
	uint8_t block[64];
};

void pmill_sha256_init(struct pmill_sha256 *sha);
void pmill_sha256_add(struct pmill_sha256 *sha, const void *data, size_t len);
void pmill_sha256_finish(struct pmill_sha256 *sha, uint8_t digest[32]);
/* The digest as 64 hexadecimal digits and a NUL. */
void pmill_sha256_text(const uint8_t digest[32], char text[65]);

#endif
