/* A stream of bytes out of a file: plain, gzip or zstd, told apart by their magic bytes. */
/* SPDX-License-Identifier: MIT */
/*
 * Files are read, not mapped: a mapped file that shrinks kills the process with SIGBUS, and a library may
 * not set the handler that would save it. A read that ends early is an error like any other.
 */
#include "corpus/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "corpus/reader_kind.h"

enum {
	INPUT_CAPACITY = 1 << 17, /* as much as zstd likes to have */
	LONGEST_READ = 1 << 30,   /* Linux takes no more than 2 GiB at a time */
	HEAD_LEN = 4,             /* the longest magic */
	LOOK_FOR_STOP_EVERY_MS = 50,
};

/* ---- Plain files ---- */

static bool matches_anything(const uint8_t *head, size_t len)
{
	(void)head;
	(void)len;
	return true;
}

static pmill_status start_plain(struct pmill_reader *reader, pmill_error *error)
{
	(void)reader;
	(void)error;
	return PMILL_OK;
}

static void release_plain(void *decoder)
{
	(void)decoder;
}

static bool is_stopped(const struct pmill_reader *reader)
{
	return reader->is_stopped != NULL &&
		atomic_load_explicit(reader->is_stopped, memory_order_relaxed);
}

/* A pipe or terminal may be silent for long: waits in short spells, to see the wish to stop. */
static pmill_status wait_for_bytes(struct pmill_reader *reader, int descriptor, pmill_error *error)
{
	struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
	for (;;) {
		if (is_stopped(reader))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
		int ready = poll(&wanted, 1, LOOK_FOR_STOP_EVERY_MS);
		if (ready > 0 || (ready < 0 && errno != EINTR && errno != EAGAIN))
			return PMILL_OK;
	}
}

static pmill_status end_file(struct pmill_reader *reader, pmill_error *error)
{
	reader->is_at_end = true;
	if (!reader->is_regular || reader->stored >= reader->size)
		return PMILL_OK;
	return pmill_fail_input(error, reader->name, reader->stored,
		"the file ends here, but had %llu bytes when it was opened: it shrank while it was read",
		(unsigned long long)reader->size);
}

/* Up to `capacity` bytes as stored; 0 at the end of the file. */
static pmill_status take_stored(
	struct pmill_reader *reader, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	*len = 0;
	if (reader->is_at_end)
		return PMILL_OK;
	int descriptor = reader->descriptor < 0 ? STDIN_FILENO : reader->descriptor;
	ssize_t got;
	do {
		if (!reader->is_regular) {
			pmill_status status = wait_for_bytes(reader, descriptor, error);
			if (status != PMILL_OK)
				return status;
		}
		got = read(descriptor, data, capacity < LONGEST_READ ? capacity : LONGEST_READ);
	} while (got < 0 && (errno == EINTR || (errno == EAGAIN && !reader->is_regular)));
	if (got < 0)
		return pmill_fail_errno(error, reader->name, "cannot read", errno);
	if (got == 0)
		return end_file(reader, error);
	if (reader->is_hashed)
		pmill_sha256_add(&reader->sha, data, (size_t)got);
	reader->stored += (uint64_t)got;
	*len = (size_t)got;
	return PMILL_OK;
}

/* First what was taken to see the magic, then straight into the caller's memory. */
static pmill_status read_plain(
	struct pmill_reader *reader, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	size_t ready = reader->end - reader->begin;
	if (ready == 0)
		return take_stored(reader, data, capacity, len, error);
	*len = ready < capacity ? ready : capacity;
	memcpy(data, reader->input + reader->begin, *len);
	reader->begin += *len;
	return PMILL_OK;
}

static const struct pmill_reader_kind plain = {
	"plain", matches_anything, start_plain, read_plain, release_plain};

/* The first that matches is taken. */
static const struct pmill_reader_kind *const kinds[] = {
	&pmill_reader_gzip,
	&pmill_reader_zstd,
	&plain,
};

/* ---- All kinds ---- */

pmill_status pmill_reader_fill(struct pmill_reader *reader, pmill_error *error)
{
	size_t got;
	pmill_status status = take_stored(reader, reader->input, INPUT_CAPACITY, &got, error);
	if (status != PMILL_OK)
		return status;
	reader->begin = 0;
	reader->end = got;
	return PMILL_OK;
}

uint64_t pmill_reader_offset(const struct pmill_reader *reader)
{
	return reader->stored - (reader->end - reader->begin);
}

/* Takes enough to see the magic: a pipe may give single bytes. */
static pmill_status take_head(struct pmill_reader *reader, pmill_error *error)
{
	while (reader->end < HEAD_LEN && !reader->is_at_end) {
		size_t got;
		pmill_status status = take_stored(
			reader, reader->input + reader->end, INPUT_CAPACITY - reader->end, &got, error);
		if (status != PMILL_OK)
			return status;
		reader->end += got;
	}
	return PMILL_OK;
}

static pmill_status start_kind(struct pmill_reader *reader, pmill_error *error)
{
	pmill_status status = take_head(reader, error);
	if (status != PMILL_OK)
		return status;
	size_t head_len = reader->end < HEAD_LEN ? reader->end : HEAD_LEN;
	size_t i = 0;
	while (!kinds[i]->matches(reader->input, head_len))
		i++;
	status = kinds[i]->start(reader, error);
	if (status == PMILL_OK)
		reader->kind = kinds[i];
	return status;
}

pmill_status pmill_reader_read(
	struct pmill_reader *reader, void *data, size_t capacity, size_t *len, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (reader->kind == NULL)
		status = start_kind(reader, error);
	if (status == PMILL_OK)
		status = reader->kind->read(reader, data, capacity, len, error);
	return status;
}

/* stdin may be a file that somebody has read the beginning of. */
static void learn_size(struct pmill_reader *reader, int descriptor)
{
	struct stat about;
	reader->is_regular = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
	if (!reader->is_regular)
		return;
	off_t position = lseek(descriptor, 0, SEEK_CUR);
	if (position >= 0 && position < about.st_size)
		reader->size = (uint64_t)(about.st_size - position);
	posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
}

static pmill_status open_path(struct pmill_reader *reader, const char *path, pmill_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "stdin" : path;
	reader->name = pmill_copy_text(name, strlen(name));
	reader->input = malloc(INPUT_CAPACITY);
	if (reader->name == NULL || reader->input == NULL)
		return pmill_fail_memory(error);
	if (!is_stdin) {
		/* A named pipe without a writer must not hold up the open; waiting is wait_for_bytes' work. */
		reader->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (reader->descriptor < 0)
			return pmill_fail_errno(error, path, "cannot open", errno);
	}
	learn_size(reader, is_stdin ? STDIN_FILENO : reader->descriptor);
	return PMILL_OK;
}

pmill_status pmill_reader_open(const char *path, bool sha256, const atomic_bool *is_stopped_flag,
	struct pmill_reader **reader, pmill_error *error)
{
	struct pmill_reader *opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return pmill_fail_memory(error);
	opened->descriptor = -1;
	opened->is_stopped = is_stopped_flag;
	opened->is_hashed = sha256;
	pmill_sha256_init(&opened->sha);
	pmill_status status = open_path(opened, path, error);
	if (status == PMILL_OK)
		*reader = opened;
	else
		pmill_reader_close(opened);
	return status;
}

void pmill_reader_close(struct pmill_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->kind != NULL)
		reader->kind->release(reader->decoder);
	if (reader->descriptor >= 0)
		close(reader->descriptor);
	free(reader->input);
	free(reader->name);
	free(reader);
}

const char *pmill_reader_name(const struct pmill_reader *reader)
{
	return reader->name;
}

uint64_t pmill_reader_stored_bytes(const struct pmill_reader *reader)
{
	return reader->stored;
}

bool pmill_reader_sha256(struct pmill_reader *reader, char text[65])
{
	if (!reader->is_hashed)
		return false;
	uint8_t digest[32];
	pmill_sha256_finish(&reader->sha, digest);
	pmill_sha256_text(digest, text);
	return true;
}
