/* The bytes of a file as they are stored. */
/* SPDX-License-Identifier: MIT */
/*
 * Files are read, not mapped: a mapped file that shrinks kills the process with SIGBUS, and a
 * library may not install the handler that would save it. A read that ends early is an error like
 * any other.
 */
#include "corpus/stored_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"

enum {
	INPUT_CAPACITY = 1 << 17, /* the size zstd recommends */
	LONGEST_READ = 1 << 30,   /* Linux reads at most 2 GiB at a time */
	CHECK_FOR_STOP_EVERY_MS = 50,
};

/* stdin may be a file whose beginning has already been read. */
static void find_size(struct pmill_stored_file *file)
{
	struct stat about;
	file->is_regular = fstat(file->descriptor, &about) == 0 && S_ISREG(about.st_mode);
	if (!file->is_regular)
		return;
	off_t position = lseek(file->descriptor, 0, SEEK_CUR);
	if (position >= 0 && position < about.st_size)
		file->size = (uint64_t)(about.st_size - position);
#ifdef POSIX_FADV_SEQUENTIAL
	posix_fadvise(file->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
}

static pmill_status open_path(struct pmill_stored_file *file, const char *path, pmill_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "stdin" : path;
	file->name = pmill_copy_text(name, strlen(name));
	file->input = malloc(INPUT_CAPACITY);
	if (file->name == NULL || file->input == NULL)
		return pmill_fail_memory(error);
	file->descriptor = STDIN_FILENO;
	/* Opening a named pipe without a writer must not block; wait_for_bytes does the waiting. */
	if (!is_stdin)
		file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->descriptor < 0)
		return pmill_fail_errno(error, path, "cannot open", errno);
	file->owns_descriptor = !is_stdin;
	find_size(file);
	return PMILL_OK;
}

pmill_status pmill_stored_file_open(struct pmill_stored_file *file, const char *path,
	bool is_hashed, const atomic_bool *is_stopped, pmill_error *error)
{
	*file = (struct pmill_stored_file){.is_hashed = is_hashed, .is_stopped = is_stopped};
	pmill_sha256_init(&file->sha);
	pmill_status status = open_path(file, path, error);
	if (status != PMILL_OK)
		pmill_stored_file_release(file);
	return status;
}

void pmill_stored_file_release(struct pmill_stored_file *file)
{
	if (file->owns_descriptor)
		close(file->descriptor);
	free(file->input);
	free(file->name);
	*file = (struct pmill_stored_file){0};
}

static bool is_stopped(const struct pmill_stored_file *file)
{
	return file->is_stopped != NULL && atomic_load_explicit(file->is_stopped, memory_order_relaxed);
}

/* A pipe or terminal may stay silent for long: waits in short spells, to notice a stop. */
static pmill_status wait_for_bytes(const struct pmill_stored_file *file, pmill_error *error)
{
	struct pollfd wanted = {.fd = file->descriptor, .events = POLLIN};
	for (;;) {
		if (is_stopped(file))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
		int ready = poll(&wanted, 1, CHECK_FOR_STOP_EVERY_MS);
		if (ready > 0 || (ready < 0 && errno != EINTR && errno != EAGAIN))
			return PMILL_OK;
	}
}

static pmill_status end_file(struct pmill_stored_file *file, pmill_error *error)
{
	file->is_at_end = true;
	if (!file->is_regular || file->taken >= file->size)
		return PMILL_OK;
	return pmill_fail_input(error, file->name, file->taken,
		"the file ends here, but had %llu bytes when it was opened: it shrank while it was read",
		(unsigned long long)file->size);
}

/* Up to `capacity` bytes past those in the input; 0 at the end of the file. */
static pmill_status take(
	struct pmill_stored_file *file, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	*len = 0;
	if (file->is_at_end)
		return PMILL_OK;
	ssize_t got;
	do {
		pmill_status status = file->is_regular ? PMILL_OK : wait_for_bytes(file, error);
		if (status != PMILL_OK)
			return status;
		got = read(file->descriptor, data, capacity < LONGEST_READ ? capacity : LONGEST_READ);
	} while (got < 0 && (errno == EINTR || (errno == EAGAIN && !file->is_regular)));
	if (got < 0)
		return pmill_fail_errno(error, file->name, "cannot read", errno);
	if (got == 0)
		return end_file(file, error);
	if (file->is_hashed)
		pmill_sha256_add(&file->sha, data, (size_t)got);
	file->taken += (uint64_t)got;
	*len = (size_t)got;
	return PMILL_OK;
}

/* First what is in the input, then straight into the caller's memory. */
pmill_status pmill_stored_file_read(
	struct pmill_stored_file *file, void *data, size_t capacity, size_t *len, pmill_error *error)
{
	size_t ready = file->end - file->begin;
	if (ready == 0)
		return take(file, data, capacity, len, error);
	*len = ready < capacity ? ready : capacity;
	memcpy(data, file->input + file->begin, *len);
	file->begin += *len;
	return PMILL_OK;
}

/* A pipe may deliver single bytes. */
pmill_status pmill_stored_file_peek(
	struct pmill_stored_file *file, size_t count, pmill_error *error)
{
	while (file->end - file->begin < count && !file->is_at_end) {
		size_t got;
		pmill_status status = take(
			file, file->input + file->end, INPUT_CAPACITY - file->end, &got, error);
		if (status != PMILL_OK)
			return status;
		file->end += got;
	}
	return PMILL_OK;
}

pmill_status pmill_stored_file_fill(struct pmill_stored_file *file, pmill_error *error)
{
	size_t got;
	pmill_status status = take(file, file->input, INPUT_CAPACITY, &got, error);
	if (status != PMILL_OK)
		return status;
	file->begin = 0;
	file->end = got;
	return PMILL_OK;
}

uint64_t pmill_stored_file_offset(const struct pmill_stored_file *file)
{
	return file->taken - (file->end - file->begin);
}
