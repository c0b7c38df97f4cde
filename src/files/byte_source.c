/* Bytes from front to back: of memory or of a file. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "files/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { BUFFER_SIZE = 1 << 16 };

void pmill_byte_source_of_memory(
	struct pmill_byte_source *source, const void *data, size_t len, const char *name)
{
	*source = (struct pmill_byte_source){
		.name = name, .size = len, .data = data, .end = len, .descriptor = -1};
}

/* A regular file may have been read in part (stdin). */
static uint64_t find_size(int descriptor)
{
	struct stat about;
	if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode))
		return PMILL_UNKNOWN_SIZE;
	const off_t at = lseek(descriptor, 0, SEEK_CUR);
	return at < 0 || at > about.st_size ? PMILL_UNKNOWN_SIZE : (uint64_t)(about.st_size - at);
}

pmill_status pmill_byte_source_open(
	struct pmill_byte_source *source, const char *path, pmill_error *error)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	*source = (struct pmill_byte_source){.name = is_stdin ? "stdin" : path, .descriptor = -1};
	source->buffer = malloc(BUFFER_SIZE);
	if (source->buffer == NULL)
		return pmill_fail_memory(error);
	source->data = source->buffer;
	source->descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (source->descriptor < 0)
		return pmill_fail_errno(error, path, "cannot open", errno);
	source->size = find_size(source->descriptor);
	return PMILL_OK;
}

void pmill_byte_source_release(struct pmill_byte_source *source)
{
	if (source->descriptor > STDIN_FILENO)
		close(source->descriptor);
	free(source->buffer);
	*source = (struct pmill_byte_source){.descriptor = -1};
}

/* Reads once into the free end of the buffer. Sets *got to 0 at the end of the file. */
static pmill_status read_more(struct pmill_byte_source *source, size_t *got, pmill_error *error)
{
	*got = 0;
	if (source->buffer == NULL)
		return PMILL_OK;
	for (;;) {
		const ssize_t count = read(
			source->descriptor, source->buffer + source->end, BUFFER_SIZE - source->end);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return pmill_fail_errno(error, source->name, "cannot read", errno);
		source->end += (size_t)count;
		*got = (size_t)count;
		return PMILL_OK;
	}
}

pmill_status pmill_byte_source_look(struct pmill_byte_source *source, size_t len,
	const uint8_t **data, size_t *found, pmill_error *error)
{
	if (source->buffer != NULL && source->end - source->begin < len && source->begin > 0) {
		memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
		source->end -= source->begin;
		source->begin = 0;
	}
	pmill_status status = PMILL_OK;
	for (size_t got = 1; source->end - source->begin < len && got > 0 && status == PMILL_OK;)
		status = read_more(source, &got, error);
	const size_t rest = source->end - source->begin;
	*data = source->data + source->begin;
	*found = rest < len ? rest : len;
	return status;
}

/* Moves on in a file of known size without reading what is skipped. */
static uint64_t seek(struct pmill_byte_source *source, uint64_t len)
{
	if (source->buffer == NULL || source->size == PMILL_UNKNOWN_SIZE || len <= BUFFER_SIZE)
		return 0;
	const uint64_t rest = source->offset < source->size ? source->size - source->offset : 0;
	const uint64_t step = len < rest ? len : rest;
	return lseek(source->descriptor, (off_t)step, SEEK_CUR) < 0 ? 0 : step;
}

/* Takes what is in memory already, at most `len` bytes; sets *count to how many. */
static pmill_status take_part(struct pmill_byte_source *source, uint64_t len,
	struct pmill_buffer *out, size_t *count, pmill_error *error)
{
	const size_t rest = source->end - source->begin;
	*count = len < rest ? (size_t)len : rest;
	if (out != NULL && !pmill_buffer_append(out, source->data + source->begin, *count))
		return pmill_fail_memory(error);
	source->begin += *count;
	source->offset += *count;
	return PMILL_OK;
}

pmill_status pmill_byte_source_take(struct pmill_byte_source *source, uint64_t len,
	struct pmill_buffer *out, uint64_t *taken, pmill_error *error)
{
	size_t part = 0;
	pmill_status status = take_part(source, len, out, &part, error);
	for (*taken = part; *taken < len && status == PMILL_OK; *taken += part) {
		const uint64_t skipped = out == NULL ? seek(source, len - *taken) : 0;
		source->offset += skipped;
		*taken += skipped;
		if (source->buffer != NULL)
			source->begin = source->end = 0;
		status = read_more(source, &part, error);
		if (status != PMILL_OK || part == 0)
			return status;
		status = take_part(source, len - *taken, out, &part, error);
	}
	return status;
}
