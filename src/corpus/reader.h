/* A stream of bytes out of a file: plain, gzip or zstd, told apart by their magic bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_READER_H
#define PMILL_CORPUS_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/*
 * Memory: some 200 KiB; gzip adds 50 KiB; zstd adds the window that the file asks for, up to the largest
 * that the library knows (2 GiB, what `zstd --long=31` writes; 8 MiB and less is usual).
 */
struct pmill_reader;

enum {
	PMILL_READER_SHA256 = 1,    /* hash the stored bytes */
	PMILL_READER_AS_STORED = 2, /* don't decompress: binary data may begin like a compressed file */
};

/*
 * `path` is copied; "-" reads stdin (named "stdin" in messages).
 * `is_stopped` may be NULL, and outlives the reader: once it is true, a read that waits for a pipe or
 * terminal ends with PMILL_CANCELLED.
 */
pmill_status pmill_reader_open(const char *path, unsigned flags, const atomic_bool *is_stopped,
	struct pmill_reader **reader, pmill_error *error);
void pmill_reader_close(struct pmill_reader *reader); /* takes NULL */

/*
 * Up to `capacity` > 0 bytes of text, decompressed; `*len` 0 at the end. Several gzip members or zstd frames
 * in a row are one stream. A stream that ends early, is damaged, or is followed by something else is
 * PMILL_BAD_INPUT with the offset in the stored file; so is a regular file that ends before the size it had
 * when it was opened. One that has grown is read to its end as it is then.
 */
pmill_status pmill_reader_read(
	struct pmill_reader *reader, void *data, size_t capacity, size_t *len, pmill_error *error);

const char *pmill_reader_name(const struct pmill_reader *reader);
uint64_t pmill_reader_stored_bytes(
	const struct pmill_reader *reader); /* taken from the file so far */
/* False where it was not asked for. Call once, at the end of the stream. */
bool pmill_reader_sha256(struct pmill_reader *reader, char text[65]);

#endif
