/* A stream of bytes from a file: plain, gzip or zstd, told apart by their magic numbers. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_READER_H
#define PMILL_CORPUS_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/*
 * Takes about 200 KiB; gzip adds 50 KiB; zstd adds the window that the file needs, up to the
 * largest that the library supports (2 GiB, written by `zstd --long=31`; 8 MiB or less is usual).
 */
struct pmill_reader;

enum {
	PMILL_READER_SHA256 = 1,    /* hash the stored bytes */
	PMILL_READER_AS_STORED = 2, /* don't decompress: binary data may begin like a compressed file */
};

/*
 * Copies `path`; "-" reads stdin (called "stdin" in messages). `is_stopped` may be NULL, else it
 * outlives the reader: once it is true, a read that waits for a pipe or terminal ends with
 * PMILL_CANCELLED.
 */
pmill_status pmill_reader_open(const char *path, unsigned flags, const atomic_bool *is_stopped,
	struct pmill_reader **reader, pmill_error *error);
void pmill_reader_close(struct pmill_reader *reader); /* takes NULL */
/*
 * Before the first read: a zstd window of more than `bytes` > 0 is PMILL_MEMORY_LIMIT, with the
 * offset of its frame. 0: no limit.
 */
void pmill_reader_limit_window(struct pmill_reader *reader, uint64_t bytes);

/*
 * Reads up to `capacity` > 0 decompressed bytes; `*len` is 0 at the end. Consecutive gzip members
 * or zstd frames are one stream. A stream that is truncated, damaged or followed by other data is
 * PMILL_BAD_INPUT with the offset in the stored file; so is a regular file that ends before the
 * size it had when it was opened. A file that has grown is read to its current end.
 */
pmill_status pmill_reader_read(
	struct pmill_reader *reader, void *data, size_t capacity, size_t *len, pmill_error *error);

/* Whether a file that begins with these bytes, a few or all there are, is decompressed. */
bool pmill_reader_is_compressed(const uint8_t *head, size_t len);

const char *pmill_reader_name(const struct pmill_reader *reader);
/* Taken from the file so far. */
uint64_t pmill_reader_stored_bytes(const struct pmill_reader *reader);
/* Returns false unless PMILL_READER_SHA256 was set. Call once, at the end of the stream. */
bool pmill_reader_sha256(struct pmill_reader *reader, char text[65]);

#endif
