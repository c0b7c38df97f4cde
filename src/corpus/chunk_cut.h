/* Where the text in a buffer may be cut while more of it is still to be read. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CHUNK_CUT_H
#define PMILL_CORPUS_CHUNK_CUT_H

#include <stdbool.h>

#include "corpus/corpus_format.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/special_finder.h"

/* Set the first two; all else zero is ready. */
struct pmill_chunk_cutter {
	const struct pmill_pretokenizer *pretokenizer; /* NULL: documents must stay whole */
	const struct pmill_special_finder *specials;   /* NULL: none */
	/* private */
	struct pmill_pretoken_cursor cursor;
	struct pmill_special_cursor special_cursor;
};

/* The members mean the same as in struct pmill_chunk. */
struct pmill_chunk_cut {
	size_t len; /* 0: nowhere to cut */
	size_t lookahead;
	bool is_segment_end;
};

/*
 * `text` begins where text may be cut and does not reach the end of its file. Takes O(len). Some
 * text remains after a cut, except possibly one at the end of a line.
 */
pmill_status pmill_chunk_cutter_find(struct pmill_chunk_cutter *cutter, enum pmill_corpus_kind kind,
	const uint8_t *text, size_t len, struct pmill_chunk_cut *cut, pmill_error *error);
/* Whether a document may be cut; otherwise only at special tokens. */
bool pmill_chunk_cutter_is_local(const struct pmill_chunk_cutter *cutter);

void pmill_chunk_cutter_release(struct pmill_chunk_cutter *cutter);

#endif
