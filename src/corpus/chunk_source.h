/* Files → chunks cut at sure places, handed to any number of threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CHUNK_SOURCE_H
#define PMILL_CORPUS_CHUNK_SOURCE_H

#include <stdbool.h>

#include "base/array.h"
#include "corpus/inputs.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/special_finder.h"

/*
 * A piece of one input file, in the worker's own buffer. Text formats: `len` bytes of text, and behind them
 * `lookahead` more bytes of the same segment, given so that pretokens at the end come out right: pretokens
 * that begin in the first `len` bytes belong to the chunk (and end in them). Where is_segment_end is true,
 * `lookahead` is 0 and the segment may be treated as ending at `len`; else it is walked with is_final false.
 * No special token lies across either end.
 * Lines: whole lines; of a line longer than the buffer a part that is cut as text is.
 * JSON lines: whole lines, always.
 */
struct pmill_chunk {
	struct pmill_buffer buffer; /* the worker's; kept from call to call. All zero to begin with */
	const uint8_t *data;        /* into buffer */
	size_t len; /* never 0 in text, unless the file is empty: the last chunk's text is not */
	size_t lookahead;
	bool is_segment_end; /* a pretoken and a special token that reach `len` end there */
	bool is_file_end;    /* the last chunk of its file (may have len 0) */
	const struct pmill_corpus_format *format;
	const char *name;    /* of the file, for messages; lives as long as the inputs */
	uint64_t offset;     /* of data[0] in the file's decompressed bytes */
	uint64_t first_line; /* JSON lines: number of the first line, from 1 */
	uint64_t sequence; /* 0, 1, 2, … over all files: of several errors the first in order wins */
};

/* What the chunks of a source have in common. Borrowed until the source is closed. */
struct pmill_chunk_settings {
	const struct pmill_pretokenizer *pretokenizer;
	const struct pmill_special_finder *specials; /* hard borders; NULL: none */
	size_t chunk_size;                           /* 0: 512 KiB */
	bool sha256;
};

/*
 * Any number of threads may call next at once. Memory: the chunks, and what lies behind the newest one's
 * cut; both grow to some four times the longest pretoken (an expression's: text between special tokens).
 */
struct pmill_chunk_source;

/* `inputs` are borrowed until the source is closed. */
pmill_status pmill_chunk_source_open(const struct pmill_inputs *inputs,
	const struct pmill_chunk_settings *settings, struct pmill_chunk_source **source,
	pmill_error *error);
void pmill_chunk_source_close(struct pmill_chunk_source *source); /* takes NULL */

/*
 * PMILL_OK with chunk->data NULL: no more. A failure comes once, behind the chunks before it, with the
 * sequence that its chunk would have had; every later call gives no more.
 */
pmill_status pmill_chunk_source_next(
	struct pmill_chunk_source *source, struct pmill_chunk *chunk, pmill_error *error);
void pmill_chunk_release(struct pmill_chunk *chunk);

/* Makes `next` end early, also where it waits: another thread has failed, or the caller wants to stop. */
void pmill_chunk_source_stop(struct pmill_chunk_source *source);

uint64_t pmill_chunk_source_stored_bytes(
	struct pmill_chunk_source *source); /* read so far; any thread */

/* The files read to their end so far, with stored sizes and hashes. Valid until close. */
const pmill_input *pmill_chunk_source_inputs(struct pmill_chunk_source *source, size_t *count);

#endif
