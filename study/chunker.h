/* Files → chunks of a requested size that end where documents end. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_CHUNKER_H
#define PMILL_STUDY_CHUNKER_H

#include "corpus/chunk.h"
#include "corpus/chunk_cut.h"
#include "corpus/inputs.h"
#include "corpus/reader.h"

/* Set the first four fields, and zero the rest. */
struct pmill_study_chunker {
	const struct pmill_inputs *inputs;
	const struct pmill_pretokenizer *pretokenizer;
	const struct pmill_special_finder *specials; /* end documents; NULL: none do */
	size_t chunk_size;
	/* private */
	struct pmill_chunk_cutter cutter;
	struct pmill_special_cursor special_cursor;
	struct pmill_reader *reader; /* of the current file; NULL: none is open */
	bool is_read;                /* up to its end */
	size_t file;                 /* its index, or that of the next */
	struct pmill_buffer buffer;
	size_t begin; /* of the text in the buffer not yet handed out */
	size_t clear; /* this many bytes from there on hold no special token */
	uint64_t offset, line, sequence;
};

/*
 * The next chunk, valid until the next call; data NULL: no more. It ends after the last special
 * token within chunk_size bytes, or after the next one if there is none. If none follows for 16
 * times as long, the rest of the file is cut at the library's sure places, in pieces of about
 * chunk_size. Lines stay whole.
 */
pmill_status pmill_study_chunker_next(
	struct pmill_study_chunker *chunker, struct pmill_chunk *chunk, pmill_error *error);
void pmill_study_chunker_release(struct pmill_study_chunker *chunker);

#endif
