/* Files → chunks cut at sure places, handed to any number of threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CHUNK_SOURCE_H
#define PMILL_CORPUS_CHUNK_SOURCE_H

#include <stdbool.h>

#include "corpus/chunk.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/special_finder.h"

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

/* Makes `next` end early, also where it waits: another thread has failed, or the caller wants to stop. */
void pmill_chunk_source_stop(struct pmill_chunk_source *source);

uint64_t pmill_chunk_source_stored_bytes(
	struct pmill_chunk_source *source); /* read so far; any thread */

/* The files read to their end so far, with stored sizes and hashes. Valid until close. */
const pmill_input *pmill_chunk_source_inputs(struct pmill_chunk_source *source, size_t *count);

#endif
