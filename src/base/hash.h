/* Hashes: XXH64 for tables and checksums, SHA-256 for names of content. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_HASH_H
#define PMILL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH64 as its specification has it, so that checksums in files can be checked by others. */
uint64_t pmill_hash64(const void *data, size_t len, uint64_t seed);

/* A seed that others can't foresee, for tables that hold their input. Falls back on addresses and time. */
uint64_t pmill_hash_random_seed(void);

struct pmill_sha256 {
	uint32_t state[8];
	uint64_t len;
	uint8_t block[64];
};

void pmill_sha256_init(struct pmill_sha256 *sha);
void pmill_sha256_add(struct pmill_sha256 *sha, const void *data, size_t len);
void pmill_sha256_finish(struct pmill_sha256 *sha, uint8_t digest[32]);
/* The digest in 64 hexadecimal digits and a NUL. */
void pmill_sha256_text(const uint8_t digest[32], char text[65]);

#endif
