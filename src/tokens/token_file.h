/* Token files: ids ↔ bytes, one row for each format. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_TOKEN_FILE_H
#define PMILL_TOKENS_TOKEN_FILE_H

#include <stdbool.h>

#include "base/array.h"
#include "corpus/lookahead.h"
#include "pairmill.h"

enum { PMILL_TOKEN_BATCH = 1024 };

/* Reads ids from a stream of bytes. Set the first two; all else zero is ready. */
struct pmill_token_reader {
	const struct pmill_token_format *format;
	struct pmill_lookahead *bytes; /* borrowed */
	uint64_t documents;            /* ended so far, in formats that mark documents */
	bool is_in_document;           /* private */
};

/* Consecutive ids, the byte where each begins, and the documents that ended before it. */
struct pmill_token_batch {
	size_t count;
	uint32_t ids[PMILL_TOKEN_BATCH];
	uint64_t offsets[PMILL_TOKEN_BATCH];
	uint64_t documents[PMILL_TOKEN_BATCH];
};

struct pmill_token_format {
	const char *name;   /* "text" */
	const char *suffix; /* ".txt" */
	uint64_t id_limit;  /* ids are below this */
	/* A compressed file can be told from a plain one. */
	bool may_be_compressed;
	/* Appends ids to a document that has `before` already. Returns false if out of memory. */
	bool (*append)(struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count);
	bool (*end_document)(struct pmill_buffer *out);
	/* Reads one id. Sets *is_there to false at the end of the stream. */
	pmill_status (*read)(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
		bool *is_there, pmill_error *error);
};

const struct pmill_token_format *pmill_token_format_at(size_t index); /* NULL at the end */

/*
 * Picks the format called `name`, or if that is NULL by the suffix of `path`, or if that is NULL
 * too (or "-") `text`. ".bin" is u16 if the vocab has at most 65,536 entries, else u32.
 */
pmill_status pmill_token_format_pick(const char *name, const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error);

/* Refuses to write the ids of a vocab in a format too narrow for them. */
pmill_status pmill_token_format_check_width(
	const struct pmill_token_format *format, uint32_t vocab_size, pmill_error *error);

/* Reads the next ids; batch->count is 0 at the end. */
pmill_status pmill_token_reader_next(
	struct pmill_token_reader *reader, struct pmill_token_batch *batch, pmill_error *error);

#endif
