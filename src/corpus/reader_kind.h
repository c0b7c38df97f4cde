/* The seam of the readers: one row for each compression. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_READER_KIND_H
#define PMILL_CORPUS_READER_KIND_H

#include "corpus/stored_file.h"

enum { PMILL_READER_HEAD_LEN = 4 }; /* the longest magic number */

struct pmill_reader_kind {
	const char *name;
	/* Whether a file that begins with these bytes (4, or all there are) is of this kind. */
	bool (*matches)(const uint8_t *head, size_t len);
	/* Creates the decoder, if this kind has one. `name` is for messages. */
	pmill_status (*start)(const char *name, void **decoder, pmill_error *error);
	/* Decompresses from the file's input. See pmill_reader_read. */
	pmill_status (*read)(struct pmill_stored_file *file, void *decoder, uint8_t *data,
		size_t capacity, size_t *len, pmill_error *error);
	void (*release)(void *decoder);
};

extern const struct pmill_reader_kind pmill_reader_gzip;
extern const struct pmill_reader_kind pmill_reader_zstd;

#endif
