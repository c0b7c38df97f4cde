/* A chunk: a piece of one input file, cut at a sure place. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CHUNK_H
#define PMILL_CORPUS_CHUNK_H

#include <stdbool.h>

#include "base/array.h"
#include "corpus/corpus_format.h"

/* Where in the inputs something begins. */
struct pmill_place {
	size_t file;     /* its index */
	uint64_t offset; /* in its decompressed bytes */
	uint64_t line;   /* of JSON lines: its number, from 1 */
};

/*
 * A piece of one input file, in the worker's own buffer. Text: `len` bytes, followed by `lookahead`
 * more bytes of the same segment so that the last pretokens come out right: pretokens that begin in
 * the first `len` bytes belong to the chunk (and end there). If is_segment_end is true, `lookahead`
 * is 0 and the segment may be treated as ending at `len`; otherwise it is walked with is_final
 * false. No special token crosses either end.
 * Lines: whole lines; a line longer than the buffer is cut like text.
 * JSON lines: always whole lines.
 */
struct pmill_chunk {
	struct pmill_buffer buffer; /* the worker's, kept between calls; initially all zero */
	const uint8_t *data;        /* into buffer */
	size_t len; /* 0 in text only if the file is empty: the last chunk is not empty */
	size_t lookahead;
	bool is_segment_end; /* a pretoken and a special token that reach `len` end there */
	bool is_file_end;    /* the last chunk of its file (may have len 0) */
	const struct pmill_corpus_format *format;
	size_t file;                     /* its index among the inputs */
	const char *name;                /* of the file, for messages; lives as long as the inputs */
	uint64_t offset;                 /* of data[0] in the file's decompressed bytes */
	uint64_t first_line;             /* JSON lines: number of the first line, from 1 */
	struct pmill_match_watch *watch; /* of those who work through chunks; may be NULL */
	uint64_t stored;   /* bytes of the files, as they are stored, that were read to make it */
	uint64_t sequence; /* 0, 1, 2, … over all files: the first error in this order wins */
};

static inline void pmill_chunk_release(struct pmill_chunk *chunk)
{
	pmill_buffer_release(&chunk->buffer);
	*chunk = (struct pmill_chunk){0};
}

#endif
