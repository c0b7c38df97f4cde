/* The seam of the readers: one row for each way of storing bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_READER_KIND_H
#define PMILL_CORPUS_READER_KIND_H

#include "base/hash.h"
#include "corpus/reader.h"

struct pmill_reader_kind {
	const char *name;
	/* Whether a file that begins with these bytes (4, or all there are) is of this kind. */
	bool (*matches)(const uint8_t *head, size_t len);
	/* Fills decoder. */
	pmill_status (*start)(struct pmill_reader *reader, pmill_error *error);
	/* As pmill_reader_read. */
	pmill_status (*read)(struct pmill_reader *reader, uint8_t *data, size_t capacity, size_t *len,
		pmill_error *error);
	void (*release)(void *decoder);
};

extern const struct pmill_reader_kind pmill_reader_gzip;
extern const struct pmill_reader_kind pmill_reader_zstd;

struct pmill_reader {
	char *name;
	int descriptor; /* -1: none of its own */
	const atomic_bool *is_stopped;
	bool is_regular;
	bool is_hashed;
	bool is_at_end;  /* the file has no more bytes */
	uint64_t size;   /* of a regular file when it was opened, from where reading began */
	uint64_t stored; /* bytes taken from the file */
	uint8_t *input;  /* taken and not used yet: [begin, end) */
	size_t begin, end;
	const struct pmill_reader_kind *kind; /* NULL until the first read */
	void *decoder;
	struct pmill_sha256 sha;
};

/* Refills an empty input; it stays empty, and is_at_end is true, where the file has ended. */
pmill_status pmill_reader_fill(struct pmill_reader *reader, pmill_error *error);

/* The offset in the stored file of the first byte not used yet. */
uint64_t pmill_reader_offset(const struct pmill_reader *reader);

#endif
