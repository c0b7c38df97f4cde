/* gzip: consecutive members are one stream (RFC 1952). */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "base/error.h"
#include "corpus/reader_kind.h"

static const uint8_t magic[2] = {0x1F, 0x8B};

static bool matches_gzip(const uint8_t *head, size_t len)
{
	return len >= 2 && head[0] == magic[0] && head[1] == magic[1];
}

#if PMILL_HAVE_ZLIB

#define ZLIB_CONST
#include <zlib.h>

struct decoder {
	z_stream stream;
	bool is_in_member;
};

static pmill_status start_gzip(const char *name, void **started, pmill_error *error)
{
	(void)name;
	enum { LARGEST_WINDOW = 15, GZIP_ONLY = 16 };
	struct decoder *decoder = calloc(1, sizeof *decoder);
	if (decoder == NULL)
		return pmill_fail_memory(error);
	if (inflateInit2(&decoder->stream, LARGEST_WINDOW + GZIP_ONLY) != Z_OK) {
		free(decoder);
		return pmill_fail_memory(error);
	}
	*started = decoder;
	return PMILL_OK;
}

static void release_gzip(void *opened)
{
	struct decoder *decoder = opened;
	inflateEnd(&decoder->stream);
	free(decoder);
}

/*
 * Zero bytes may fill up the last block of a tape or disk: after the last member they are ignored,
 * as gzip(1) does. Leaves the input at the first other byte, or empty at the end of the file.
 */
static pmill_status skip_zeros(struct pmill_stored_file *file, pmill_error *error)
{
	for (;;) {
		while (file->begin < file->end && file->input[file->begin] == 0)
			file->begin++;
		if (file->begin < file->end || file->is_at_end)
			return PMILL_OK;
		pmill_status status = pmill_stored_file_fill(file, error);
		if (status != PMILL_OK)
			return status;
	}
}

static pmill_status begin_member(
	const struct pmill_stored_file *file, struct decoder *decoder, pmill_error *error)
{
	if (file->input[file->begin] != magic[0])
		return pmill_fail_input(error, file->name, pmill_stored_file_offset(file),
			"trailing data after the gzip stream");
	if (inflateReset(&decoder->stream) != Z_OK)
		return pmill_fail_memory(error);
	decoder->is_in_member = true;
	return PMILL_OK;
}

static pmill_status skip_padding(struct pmill_stored_file *file, pmill_error *error)
{
	bool has_zeros = file->begin < file->end && file->input[file->begin] == 0;
	pmill_status status = has_zeros ? skip_zeros(file, error) : PMILL_OK;
	if (status == PMILL_OK && has_zeros && file->begin < file->end)
		return pmill_fail_input(error, file->name, pmill_stored_file_offset(file),
			"trailing data after the gzip stream and its zero padding");
	return status;
}

/* Calls zlib once on the input; `*made` bytes came out. */
static pmill_status inflate_some(struct pmill_stored_file *file, struct decoder *decoder,
	uint8_t *data, size_t capacity, size_t *made, pmill_error *error)
{
	z_stream *stream = &decoder->stream;
	uInt room = capacity < UINT_MAX ? (uInt)capacity : UINT_MAX;
	stream->next_in = file->input + file->begin;
	stream->avail_in = (uInt)(file->end - file->begin);
	stream->next_out = data;
	stream->avail_out = room;
	int result = inflate(stream, Z_NO_FLUSH);
	file->begin = file->end - stream->avail_in;
	*made = room - stream->avail_out;
	if (result == Z_STREAM_END)
		decoder->is_in_member = false;
	if (result == Z_MEM_ERROR)
		return pmill_fail_memory(error);
	if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
		return PMILL_OK;
	return pmill_fail_input(error, file->name, pmill_stored_file_offset(file),
		"damaged gzip data: %s", stream->msg != NULL ? stream->msg : "a dictionary is needed");
}

static pmill_status read_gzip(struct pmill_stored_file *file, void *started, uint8_t *data,
	size_t capacity, size_t *len, pmill_error *error)
{
	struct decoder *decoder = started;
	pmill_status status = PMILL_OK;
	*len = 0;
	while (status == PMILL_OK && *len == 0) {
		if (file->begin == file->end)
			status = pmill_stored_file_fill(file, error);
		if (status == PMILL_OK && !decoder->is_in_member)
			status = skip_padding(file, error);
		bool is_empty = file->begin == file->end;
		if (status == PMILL_OK && is_empty && !decoder->is_in_member)
			return PMILL_OK;
		if (status == PMILL_OK && !decoder->is_in_member)
			status = begin_member(file, decoder, error);
		/* Even without input: zlib may hold bytes for which there was no room. */
		if (status == PMILL_OK)
			status = inflate_some(file, decoder, data, capacity, len, error);
		if (status == PMILL_OK && *len == 0 && is_empty && decoder->is_in_member)
			status = pmill_fail_input(error, file->name, file->taken, "the gzip data is truncated");
	}
	return status;
}

#else

static pmill_status start_gzip(const char *name, void **started, pmill_error *error)
{
	(void)started;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"%s: gzip data, but this build has no zlib", name);
}

static pmill_status read_gzip(struct pmill_stored_file *file, void *started, uint8_t *data,
	size_t capacity, size_t *len, pmill_error *error)
{
	(void)started;
	(void)data;
	(void)capacity;
	(void)len;
	return start_gzip(file->name, NULL, error);
}

static void release_gzip(void *decoder)
{
	(void)decoder;
}

#endif

const struct pmill_reader_kind pmill_reader_gzip = {
	"gzip", matches_gzip, start_gzip, read_gzip, release_gzip};
