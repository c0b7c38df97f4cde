/* Compresses bytes into gzip members and zstd frames, for tests of the reader. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_COMPRESSED_H
#define PMILL_TESTS_SUPPORT_COMPRESSED_H

#include <stdlib.h>

#include "base/array.h"

#if PMILL_HAVE_ZLIB

#include <zlib.h>

/* Appends one member. */
static inline void append_gzip(struct pmill_buffer *out, const void *data, size_t len)
{
	z_stream stream = {0};
	if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t bound = deflateBound(&stream, len) + 32;
	if (!pmill_buffer_reserve(out, bound))
		abort();
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)len;
	stream.next_out = out->data + out->len;
	stream.avail_out = (uInt)bound;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	out->len += stream.total_out;
	deflateEnd(&stream);
}

#endif

#if PMILL_HAVE_ZSTD

#include <zstd.h>

/* Appends one frame. */
static inline void append_zstd(struct pmill_buffer *out, const void *data, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	if (!pmill_buffer_reserve(out, bound))
		abort();
	size_t used = ZSTD_compress(out->data + out->len, bound, data, len, 1);
	if (ZSTD_isError(used))
		abort();
	out->len += used;
}

/* Appends one skippable frame. */
static inline void append_zstd_skippable(struct pmill_buffer *out, const void *data, uint8_t len)
{
	const uint8_t head[8] = {0x5A, 0x2A, 0x4D, 0x18, len, 0, 0, 0};
	if (!pmill_buffer_append(out, head, 8) || !pmill_buffer_append(out, data, len))
		abort();
}

#endif

#endif
