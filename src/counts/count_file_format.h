/* What the count file's writer and reader have in common: byte order, tags, checksums. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNT_FILE_FORMAT_H
#define PMILL_COUNTS_COUNT_FILE_FORMAT_H

#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "pretokenize/pattern.h"

#define PMILL_COUNT_FILE_MAGIC "PMCOUNTS"
#define PMILL_COUNT_FILE_BLOCK_TAG "BLCK"
#define PMILL_COUNT_FILE_END_TAG "END."

enum { PMILL_COUNT_FILE_VERSION = 1 };

enum {
	PMILL_COUNT_FILE_MAGIC_LEN = 8,
	PMILL_COUNT_FILE_FIXED_LEN = 16,  /* start of the header: magic, version, length of the rest */
	PMILL_COUNT_FILE_HEAD_LEN = 40,   /* head of a block */
	PMILL_COUNT_FILE_END_LEN = 72,    /* end record */
	PMILL_COUNT_FILE_BLOCK = 1 << 18, /* bytes, uncompressed, at which a block is written */
	PMILL_COUNT_FILE_MAX_BLOCK = 1 << 20, /* a longer block holds one word and is stored as is */
	PMILL_COUNT_FILE_MAX_HEADER = 1 << 28,
};

static inline void pmill_put32(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(x >> (8 * i));
}

static inline void pmill_put64(uint8_t *p, uint64_t x)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(x >> (8 * i));
}

static inline uint32_t pmill_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t pmill_get64(const uint8_t *p)
{
	return (uint64_t)pmill_get32(p) | (uint64_t)pmill_get32(p + 4) << 32;
}

/* Chains checksums: that of everything so far and that of the next section. */
static inline uint64_t pmill_count_file_chain(uint64_t chain, uint64_t check)
{
	uint8_t both[16];
	pmill_put64(both, chain);
	pmill_put64(both + 8, check);
	return pmill_hash64(both, sizeof both, 0);
}

/* Hashes the pattern's expression, as a later version may redefine its name. */
static inline void pmill_count_file_pattern_digest(const char *pattern, uint8_t digest[32])
{
	const struct pmill_pattern *known = pmill_pattern_find(pattern);
	const char *expression = known != NULL ? known->expression : pattern;
	struct pmill_sha256 sha;
	pmill_sha256_init(&sha);
	if (expression != NULL)
		pmill_sha256_add(&sha, expression, strlen(expression));
	pmill_sha256_finish(&sha, digest);
}

#endif
