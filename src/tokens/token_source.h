/* The bytes of one token file; a read that waits can be stopped. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_TOKEN_SOURCE_H
#define PMILL_TOKENS_TOKEN_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "corpus/reader.h"
#include "pairmill.h"

/* All zero is one that is not open. */
struct pmill_token_source {
	const char *name; /* for messages; lives as long as the path */
	uint64_t stored;  /* bytes taken from the file so far */
	/* private */
	const atomic_bool *is_stopped;
	struct pmill_reader *reader; /* of a file that may be compressed; else NULL */
	int descriptor;              /* without a reader */
	bool owns_descriptor;
	bool is_regular;
	uint64_t size; /* of a regular file, from where reading begins */
};

/*
 * `path` and `is_stopped` outlive the source; "-" is stdin. Once *is_stopped is true, a read that
 * waits for a pipe or terminal ends with PMILL_CANCELLED. Without `may_be_compressed` the bytes
 * come as they are stored: binary ids may begin like a compressed file.
 */
pmill_status pmill_token_source_open(struct pmill_token_source *source, const char *path,
	bool may_be_compressed, const atomic_bool *is_stopped, pmill_error *error);
/* A pmill_token_fill; `context` is a struct pmill_token_source. */
pmill_status pmill_token_source_fill(
	void *context, uint8_t *data, size_t capacity, size_t *len, pmill_error *error);
void pmill_token_source_close(struct pmill_token_source *source); /* harmless if it is not open */

#endif
