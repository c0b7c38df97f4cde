/* Compresses and decompresses blocks of the count file with zstd, if this build has it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_BLOCK_CODEC_H
#define PMILL_COUNTS_BLOCK_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "pairmill.h"

/* Zeroed is empty; zstd's contexts are created on first use. */
struct pmill_block_codec {
	void *compressor, *decompressor;
};

/* PMILL_UNSUPPORTED in a build without zstd. */
pmill_status pmill_block_codec_check(pmill_error *error);
void pmill_block_codec_release(struct pmill_block_codec *codec);

/* Compresses `len` bytes into `out`, replacing its contents. */
pmill_status pmill_block_compress(struct pmill_block_codec *codec, const void *data, size_t len,
	struct pmill_buffer *out, pmill_error *error);

/*
 * Decompresses to exactly `out_len` bytes at `out`. PMILL_BAD_INPUT (without a message) if that
 * fails.
 */
pmill_status pmill_block_decompress(
	struct pmill_block_codec *codec, const void *data, size_t len, void *out, size_t out_len);

#endif
