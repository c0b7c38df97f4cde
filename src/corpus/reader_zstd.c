/* Zstandard: consecutive frames, including skippable ones, are one stream (RFC 8878). */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "corpus/reader_kind.h"

/* A file may begin with a skippable frame, where parallel compressors write an index. */
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
	bool has_limit;
	uint64_t frame; /* where the current frame begins in the file, or the last one did */
};

/* Windows are powers of two, or a little more. */
static bool limit_windows(ZSTD_DStream *stream, int log)
{
	ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	if (ZSTD_isError(bounds.error))
		return false;
	log = log > bounds.upperBound ? bounds.upperBound : log;
	log = log < bounds.lowerBound ? bounds.lowerBound : log;
	return !ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, log));
}

/* By default the library refuses windows above 128 MiB; --long=31 uses 2 GiB. */
static bool allow_large_windows(ZSTD_DStream *stream)
{
	return limit_windows(stream, 63);
}

static pmill_status start_zstd(const char *name, void **started, pmill_error *error)
{
	(void)name;
	struct decoder *decoder = calloc(1, sizeof *decoder);
	if (decoder == NULL)
		return pmill_fail_memory(error);
	decoder->stream = ZSTD_createDStream();
	if (decoder->stream == NULL || !allow_large_windows(decoder->stream)) {
		ZSTD_freeDStream(decoder->stream);
		free(decoder);
		return pmill_fail_memory(error);
	}
	*started = decoder;
	return PMILL_OK;
}

static void release_zstd(void *opened)
{
	struct decoder *decoder = opened;
	ZSTD_freeDStream(decoder->stream);
	free(decoder);
}

static pmill_status fail_zstd(const struct pmill_stored_file *file, const struct decoder *decoder,
	size_t result, pmill_error *error)
{
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		return pmill_fail_memory(error);
	if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge &&
		file->window_limit > 0)
		return pmill_fail(error, PMILL_MEMORY_LIMIT, decoder->frame,
			"%s: byte %llu: this zstd frame needs a window of more than %llu bytes, which is what "
			"the memory limit leaves for it; raise the limit, or compress the text anew without "
			"--long or --ultra",
			file->name, (unsigned long long)decoder->frame, (unsigned long long)file->window_limit);
	return pmill_fail_input(error, file->name, pmill_stored_file_offset(file),
		"damaged zstd data, or trailing data after it: %s", ZSTD_getErrorName(result));
}

/* Calls zstd once on the input; `*made` bytes came out. */
static pmill_status decompress_some(struct pmill_stored_file *file, struct decoder *decoder,
	uint8_t *data, size_t capacity, size_t *made, pmill_error *error)
{
	if (file->window_limit > 0 && !decoder->has_limit)
		limit_windows(decoder->stream, 63 - __builtin_clzll(file->window_limit));
	decoder->has_limit = true;
	if (!decoder->is_in_frame)
		decoder->frame = pmill_stored_file_offset(file);
	ZSTD_inBuffer in = {file->input + file->begin, file->end - file->begin, 0};
	ZSTD_outBuffer out = {data, capacity, 0};
	size_t result = ZSTD_decompressStream(decoder->stream, &out, &in);
	file->begin += in.pos;
	*made = out.pos;
	if (ZSTD_isError(result))
		return fail_zstd(file, decoder, result, error);
	decoder->is_in_frame = result != 0;
	return PMILL_OK;
}

static pmill_status read_zstd(struct pmill_stored_file *file, void *started, uint8_t *data,
	size_t capacity, size_t *len, pmill_error *error)
{
	struct decoder *decoder = started;
	pmill_status status = PMILL_OK;
	*len = 0;
	while (status == PMILL_OK && *len == 0) {
		if (file->begin == file->end)
			status = pmill_stored_file_fill(file, error);
		bool is_empty = file->begin == file->end;
		if (status == PMILL_OK && is_empty && !decoder->is_in_frame)
			return PMILL_OK;
		/* Even without input: zstd may hold bytes for which there was no room. */
		if (status == PMILL_OK)
			status = decompress_some(file, decoder, data, capacity, len, error);
		if (status == PMILL_OK && *len == 0 && is_empty && decoder->is_in_frame)
			status = pmill_fail_input(error, file->name, file->taken, "the zstd data is truncated");
	}
	return status;
}

#else

static pmill_status start_zstd(const char *name, void **started, pmill_error *error)
{
	(void)started;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"%s: zstd data, but this build has no zstd", name);
}

static pmill_status read_zstd(struct pmill_stored_file *file, void *started, uint8_t *data,
	size_t capacity, size_t *len, pmill_error *error)
{
	(void)started;
	(void)data;
	(void)capacity;
	(void)len;
	return start_zstd(file->name, NULL, error);
}

static void release_zstd(void *decoder)
{
	(void)decoder;
}

#endif

const struct pmill_reader_kind pmill_reader_zstd = {
	"zstd", matches_zstd, start_zstd, read_zstd, release_zstd};
