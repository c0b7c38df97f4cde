/* Bytes from front to back: of memory, or of a file of which only a part is in memory at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_BYTE_SOURCE_H
#define PMILL_FILES_BYTE_SOURCE_H

#include "base/array.h"
#include "pairmill.h"

#define PMILL_UNKNOWN_SIZE UINT64_MAX

struct pmill_byte_source {
	const char *name;    /* for messages */
	uint64_t offset;     /* of the next byte, from where the source began */
	uint64_t size;       /* bytes in all, or PMILL_UNKNOWN_SIZE of a pipe */
	const uint8_t *data; /* [begin, end) of it comes next */
	size_t begin, end;
	uint8_t *buffer; /* of a file; NULL: memory */
	int descriptor;
};

/* Borrows both. Nothing to release. */
void pmill_byte_source_of_memory(
	struct pmill_byte_source *source, const void *data, size_t len, const char *name);

/* "-" is stdin. Borrows the path. Release it, also after a failure. */
pmill_status pmill_byte_source_open(
	struct pmill_byte_source *source, const char *path, pmill_error *error);
void pmill_byte_source_release(struct pmill_byte_source *source);

/*
 * Sets `*data` to the next bytes, which stay the next ones: `len` of them, at most 4,096, or as
 * many as there are. Valid until the next call.
 */
pmill_status pmill_byte_source_look(struct pmill_byte_source *source, size_t len,
	const uint8_t **data, size_t *found, pmill_error *error);

/*
 * Appends the next `len` bytes to `out`, or skips them if that is NULL. Fewer only at the end:
 * `*taken` says how many.
 */
pmill_status pmill_byte_source_take(struct pmill_byte_source *source, uint64_t len,
	struct pmill_buffer *out, uint64_t *taken, pmill_error *error);

#endif
