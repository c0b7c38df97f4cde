/* Files → chunks cut at sure places, handed to any number of threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CHUNK_SOURCE_H
#define PMILL_CORPUS_CHUNK_SOURCE_H

#include <stdbool.h>

#include "corpus/chunk.h"
#include "corpus/inputs.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/special_finder.h"

/* What all chunks of a source have in common. Borrowed until the source is closed. */
struct pmill_chunk_settings {
	const struct pmill_pretokenizer *pretokenizer; /* NULL: documents are not cut */
	const struct pmill_special_finder *specials;   /* hard borders; NULL: none */
	size_t chunk_size;                             /* 0: 512 KiB */
	/*
	 * A pretoken, a JSON line, or with a custom expression a document that takes more than this is
	 * PMILL_MEMORY_LIMIT with its first byte. At least two chunks are allowed. 0: no limit.
	 */
	size_t longest_text;
	uint64_t zstd_window; /* see pmill_reader_limit_window */
	bool sha256;
	/* What comes before it is passed over; its line is that of its offset. All zero: nothing. */
	struct pmill_place start;
};

/*
 * Any number of threads may call `next` at once. Memory: the chunks, and what follows the cut of
 * the newest one; both grow to about four times the longest pretoken (with a custom expression: the
 * longest text between special tokens), if that is not limited.
 */
struct pmill_chunk_source;

/* `inputs` are borrowed until the source is closed. */
pmill_status pmill_chunk_source_open(const struct pmill_inputs *inputs,
	const struct pmill_chunk_settings *settings, struct pmill_chunk_source **source,
	pmill_error *error);
void pmill_chunk_source_close(struct pmill_chunk_source *source); /* takes NULL */

/*
 * PMILL_OK with chunk->data NULL: there are no more chunks. A failure is reported once, after the
 * chunks before it and with the sequence its chunk would have had; later calls return no chunks.
 */
pmill_status pmill_chunk_source_next(
	struct pmill_chunk_source *source, struct pmill_chunk *chunk, pmill_error *error);

/*
 * Makes `next` end early, even while it waits: another thread failed, or the caller wants to stop.
 */
void pmill_chunk_source_stop(struct pmill_chunk_source *source);

/* Read so far; any thread may call. */
uint64_t pmill_chunk_source_stored_bytes(struct pmill_chunk_source *source);

/* The files that have been read to the end, with stored sizes and hashes. Valid until close. */
const pmill_input *pmill_chunk_source_inputs(struct pmill_chunk_source *source, size_t *count);

#endif
