/* The bytes of a file as they are stored. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_STORED_FILE_H
#define PMILL_CORPUS_STORED_FILE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/hash.h"
#include "pairmill.h"

/* All zero is not open. */
struct pmill_stored_file {
	char *name; /* for messages */
	int descriptor;
	bool owns_descriptor;
	const atomic_bool *is_stopped; /* may be NULL */
	bool is_regular;
	bool is_hashed;
	bool is_at_end; /* the file has no more bytes */
	uint64_t size;  /* of a regular file when it was opened, from where reading began */
	uint64_t taken; /* bytes taken from the file */
	uint8_t *input; /* taken but not used yet: bytes [begin, end) */
	size_t begin, end;
	uint64_t window_limit;   /* see pmill_reader_limit_window; 0: none */
	struct pmill_sha256 sha; /* of the bytes taken, if is_hashed */
};

/*
 * Copies `path`; "-" reads stdin (called "stdin" in messages). `is_stopped` may be NULL, else it
 * outlives the file: once it is true, a read that waits for a pipe or terminal ends with
 * PMILL_CANCELLED.
 */
pmill_status pmill_stored_file_open(struct pmill_stored_file *file, const char *path,
	bool is_hashed, const atomic_bool *is_stopped, pmill_error *error);
void pmill_stored_file_release(struct pmill_stored_file *file);

/*
 * Up to `capacity` > 0 bytes; `*len` is 0 at the end. A regular file that ends before the size it
 * had when it was opened is PMILL_BAD_INPUT; one that has grown is read to its current end.
 */
pmill_status pmill_stored_file_read(
	struct pmill_stored_file *file, void *data, size_t capacity, size_t *len, pmill_error *error);

/* Takes at least `count` bytes (a few) into the input, or all there are. */
pmill_status pmill_stored_file_peek(
	struct pmill_stored_file *file, size_t count, pmill_error *error);
/* Refills an empty input. At the end of the file the input stays empty and is_at_end is true. */
pmill_status pmill_stored_file_fill(struct pmill_stored_file *file, pmill_error *error);

/* The offset in the file of the first byte not used yet. */
uint64_t pmill_stored_file_offset(const struct pmill_stored_file *file);

#endif
