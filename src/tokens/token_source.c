/* The bytes of one token file; a read that waits can be stopped. */
/* SPDX-License-Identifier: MIT */
#include "tokens/token_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { LOOK_FOR_STOP_EVERY_MS = 50 };

/* stdin may be a file that somebody has read the beginning of. */
static void learn_size(struct pmill_token_source *source)
{
	struct stat about;
	source->is_regular = fstat(source->descriptor, &about) == 0 && S_ISREG(about.st_mode);
	if (!source->is_regular)
		return;
	off_t position = lseek(source->descriptor, 0, SEEK_CUR);
	if (position >= 0 && position < about.st_size)
		source->size = (uint64_t)(about.st_size - position);
}

pmill_status pmill_token_source_open(struct pmill_token_source *source, const char *path,
	bool may_be_compressed, const atomic_bool *is_stopped, pmill_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	*source = (struct pmill_token_source){
		.name = is_stdin ? "stdin" : path, .is_stopped = is_stopped, .descriptor = STDIN_FILENO};
	if (may_be_compressed)
		return pmill_reader_open(path, false, is_stopped, &source->reader, error);
	/* A named pipe without a writer must not hold up the open. */
	if (!is_stdin)
		source->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (source->descriptor < 0)
		return pmill_fail_errno(error, path, "cannot open", errno);
	source->owns_descriptor = !is_stdin;
	learn_size(source);
	return PMILL_OK;
}

void pmill_token_source_close(struct pmill_token_source *source)
{
	pmill_reader_close(source->reader);
	if (source->owns_descriptor)
		close(source->descriptor);
	*source = (struct pmill_token_source){0};
}

/* A pipe or terminal may be silent for long: waits in short spells, to see the wish to stop. */
static pmill_status wait_for_bytes(const struct pmill_token_source *source, pmill_error *error)
{
	struct pollfd wanted = {.fd = source->descriptor, .events = POLLIN};
	for (;;) {
		if (atomic_load_explicit(source->is_stopped, memory_order_relaxed))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
		int ready = poll(&wanted, 1, LOOK_FOR_STOP_EVERY_MS);
		if (ready > 0 || (ready < 0 && errno != EINTR && errno != EAGAIN))
			return PMILL_OK;
	}
}

static pmill_status check_end(const struct pmill_token_source *source, pmill_error *error)
{
	if (source->stored >= source->size)
		return PMILL_OK;
	return pmill_fail_input(error, source->name, source->stored,
		"the file ends here, but had %llu bytes when it was opened: it shrank while it was read",
		(unsigned long long)source->size);
}

static pmill_status fill_as_stored(struct pmill_token_source *source, uint8_t *data,
	size_t capacity, size_t *len, pmill_error *error)
{
	ssize_t got;
	do {
		pmill_status status = source->is_regular ? PMILL_OK : wait_for_bytes(source, error);
		if (status != PMILL_OK)
			return status;
		got = read(source->descriptor, data, capacity);
	} while (got < 0 && (errno == EINTR || (errno == EAGAIN && !source->is_regular)));
	if (got < 0)
		return pmill_fail_errno(error, source->name, "cannot read", errno);
	if (got == 0 && source->is_regular) {
		pmill_status status = check_end(source, error);
		if (status != PMILL_OK)
			return status;
	}
	source->stored += (uint64_t)got;
	*len = (size_t)got;
	return PMILL_OK;
}

pmill_status pmill_token_source_fill(
	void *context, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	struct pmill_token_source *source = context;
	if (source->reader == NULL)
		return fill_as_stored(source, data, capacity, len, error);
	pmill_status status = pmill_reader_read(source->reader, data, capacity, len, error);
	source->stored = pmill_reader_stored_bytes(source->reader);
	return status;
}
