/* Zstandard: frames, skippable ones too, in a row are one stream (RFC 8878). */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "corpus/reader_kind.h"

/* A file may begin with a skippable frame: parallel compressors write an index there. */
static bool matches_zstd(const uint8_t *head, size_t len)
{
	if (len < 4)
		return false;
	uint32_t magic = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
		(uint32_t)head[3] << 24;
	return magic == 0xFD2FB528u || (magic & 0xFFFFFFF0u) == 0x184D2A50u;
}

#if PMILL_HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

struct decoder {
	ZSTD_DStream *stream;
	bool is_in_frame;
};

/* The library refuses windows above 128 MiB unless told otherwise; --long=31 asks for 2 GiB. */
static bool allow_large_windows(ZSTD_DStream *stream)
{
	ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	return !ZSTD_isError(bounds.error) &&
		!ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, bounds.upperBound));
}

static pmill_status start_zstd(struct pmill_reader *reader, pmill_error *error)
{
	struct decoder *decoder = calloc(1, sizeof *decoder);
	if (decoder == NULL)
		return pmill_fail_memory(error);
	decoder->stream = ZSTD_createDStream();
	if (decoder->stream == NULL || !allow_large_windows(decoder->stream)) {
		ZSTD_freeDStream(decoder->stream);
		free(decoder);
		return pmill_fail_memory(error);
	}
	reader->decoder = decoder;
	return PMILL_OK;
}

static void release_zstd(void *opened)
{
	struct decoder *decoder = opened;
	ZSTD_freeDStream(decoder->stream);
	free(decoder);
}

static pmill_status fail_zstd(struct pmill_reader *reader, size_t result, pmill_error *error)
{
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		return pmill_fail_memory(error);
	return pmill_fail_input(error, reader->name, pmill_reader_offset(reader),
		"damaged zstd data, or something else behind its end: %s", ZSTD_getErrorName(result));
}

/* One call of zstd on what is there; `*made` bytes came out. */
static pmill_status decompress_some(
	struct pmill_reader *reader, uint8_t *data, size_t capacity, size_t *made, pmill_error *error)
{
	struct decoder *decoder = reader->decoder;
	ZSTD_inBuffer in = {reader->input + reader->begin, reader->end - reader->begin, 0};
	ZSTD_outBuffer out = {data, capacity, 0};
	size_t result = ZSTD_decompressStream(decoder->stream, &out, &in);
	reader->begin += in.pos;
	*made = out.pos;
	if (ZSTD_isError(result))
		return fail_zstd(reader, result, error);
	decoder->is_in_frame = result != 0;
	return PMILL_OK;
}

static pmill_status read_zstd(
	struct pmill_reader *reader, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	struct decoder *decoder = reader->decoder;
	pmill_status status = PMILL_OK;
	*len = 0;
	while (status == PMILL_OK && *len == 0) {
		if (reader->begin == reader->end)
			status = pmill_reader_fill(reader, error);
		bool is_empty = reader->begin == reader->end;
		if (status == PMILL_OK && is_empty && !decoder->is_in_frame)
			return PMILL_OK;
		/* Also without input: zstd may hold bytes that there was no room for. */
		if (status == PMILL_OK)
			status = decompress_some(reader, data, capacity, len, error);
		if (status == PMILL_OK && *len == 0 && is_empty && decoder->is_in_frame)
			status = pmill_fail_input(
				error, reader->name, reader->stored, "the zstd data ends in the middle");
	}
	return status;
}

#else

static pmill_status start_zstd(struct pmill_reader *reader, pmill_error *error)
{
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"%s: zstd data, and this build has no zstd", reader->name);
}

static pmill_status read_zstd(
	struct pmill_reader *reader, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	(void)data;
	(void)capacity;
	(void)len;
	return start_zstd(reader, error);
}

static void release_zstd(void *decoder)
{
	(void)decoder;
}

#endif

const struct pmill_reader_kind pmill_reader_zstd = {
	"zstd", matches_zstd, start_zstd, read_zstd, release_zstd};
