/* Compresses and decompresses blocks of the count file with zstd, if this build has it. */
/* SPDX-License-Identifier: MIT */
#include "counts/block_codec.h"

#include "base/error.h"

#if PMILL_HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

enum {
	LEVEL = 3
}; /* zstd's default: higher levels save 5 % of the bytes at several times the time */

pmill_status pmill_block_codec_check(pmill_error *error)
{
	(void)error;
	return PMILL_OK;
}

void pmill_block_codec_release(struct pmill_block_codec *codec)
{
	ZSTD_freeCCtx(codec->compressor);
	ZSTD_freeDCtx(codec->decompressor);
	*codec = (struct pmill_block_codec){0};
}

pmill_status pmill_block_compress(struct pmill_block_codec *codec, const void *data, size_t len,
	struct pmill_buffer *out, pmill_error *error)
{
	if (codec->compressor == NULL)
		codec->compressor = ZSTD_createCCtx();
	out->len = 0;
	if (codec->compressor == NULL || !pmill_buffer_reserve(out, ZSTD_compressBound(len)))
		return pmill_fail_memory(error);
	size_t got = ZSTD_compressCCtx(codec->compressor, out->data, out->capacity, data, len, LEVEL);
	if (ZSTD_isError(got))
		return pmill_fail_memory(error); /* with enough room nothing else can fail */
	out->len = got;
	return PMILL_OK;
}

pmill_status pmill_block_decompress(
	struct pmill_block_codec *codec, const void *data, size_t len, void *out, size_t out_len)
{
	if (codec->decompressor == NULL)
		codec->decompressor = ZSTD_createDCtx();
	if (codec->decompressor == NULL)
		return PMILL_NO_MEMORY;
	size_t got = ZSTD_decompressDCtx(codec->decompressor, out, out_len, data, len);
	if (ZSTD_isError(got) && ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
		return PMILL_NO_MEMORY;
	return got == out_len ? PMILL_OK : PMILL_BAD_INPUT;
}

#else

pmill_status pmill_block_codec_check(pmill_error *error)
{
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"count files need zstd, which this build of pairmill lacks; use a TSV instead");
}

void pmill_block_codec_release(struct pmill_block_codec *codec)
{
	(void)codec;
}

pmill_status pmill_block_compress(struct pmill_block_codec *codec, const void *data, size_t len,
	struct pmill_buffer *out, pmill_error *error)
{
	(void)codec, (void)data, (void)len, (void)out;
	return pmill_block_codec_check(error);
}

pmill_status pmill_block_decompress(
	struct pmill_block_codec *codec, const void *data, size_t len, void *out, size_t out_len)
{
	(void)codec, (void)data, (void)len, (void)out, (void)out_len;
	return PMILL_UNSUPPORTED;
}

#endif
