/* One chunk → its segments (text between hard borders), with document ends marked. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_DOCUMENTS_H
#define PMILL_CORPUS_DOCUMENTS_H

#include "corpus/bad_lines.h"
#include "corpus/chunk.h"
#include "pretokenize/special_finder.h"

/*
 * A document ends at the document separator, and at the end of its file, line (`lines`) or value
 * (`jsonl`) unless a separator has just ended one there. An empty value is a document; an empty
 * file is not.
 */
struct pmill_segment {
	const uint8_t *text;
	size_t len;
	size_t lookahead;   /* as in pmill_chunk; 0 except in the last segment of a chunk */
	bool is_final;      /* the segment ends at `len` (lookahead is then 0) */
	size_t special;     /* index of the special token that follows, or SIZE_MAX */
	bool ends_document; /* a document ends after this segment (and its special token) */
};

/* Set the first four; all else zero is ready. One per thread. */
struct pmill_segment_walk {
	const struct pmill_special_finder *specials; /* NULL: none */
	size_t separator_index;                      /* SIZE_MAX: none */
	const char *field;                           /* of JSON lines; NULL: "text" */
	bool skip_bad_lines;
	uint64_t bad_lines;            /* skipped so far */
	struct pmill_bad_line_log bad; /* those of the inputs being read; the caller may take it */
	uint64_t text_bytes;      /* walked so far: text with its special tokens, after unescaping */
	uint64_t documents;       /* ended so far */
	struct pmill_buffer text; /* of the current JSON line */
	/* private */
	const struct pmill_chunk *chunk;
	size_t next;   /* offset in the chunk of the next piece: chunk, line or value */
	uint64_t line; /* number of the next line */
	bool is_in_piece;
	const uint8_t *begin, *end; /* what is left of the current piece */
	size_t lookahead;
	bool is_final;                              /* the piece ends at `end` */
	bool ends_document;                         /* so does a document */
	struct pmill_special_cursor special_cursor; /* in the piece */
};

/* The chunk must not change until its walk has ended. */
void pmill_segment_walk_start(struct pmill_segment_walk *walk, const struct pmill_chunk *chunk);
/*
 * Sets *is_there to false at the end of the chunk. A segment may be empty; it is valid until the
 * next call. Unless bad lines are skipped, a bad JSON line is PMILL_BAD_INPUT with file, line and
 * byte, and the walk can't continue.
 */
pmill_status pmill_segment_walk_next(struct pmill_segment_walk *walk, struct pmill_segment *segment,
	bool *is_there, pmill_error *error);
/*
 * Turns a failure at `cause->offset` of the segment, the walk's newest, into one that names file,
 * line of JSON lines, and byte.
 */
pmill_status pmill_segment_walk_fail(const struct pmill_segment_walk *walk,
	const struct pmill_segment *segment, const pmill_error *cause, pmill_error *error);
/*
 * Where what follows the newest segment begins: the same for any chunks. The end of a text is the
 * beginning of the next file. False within a JSON line, where nothing can begin.
 */
bool pmill_segment_walk_place(const struct pmill_segment_walk *walk, struct pmill_place *place);
void pmill_segment_walk_release(struct pmill_segment_walk *walk);

#endif
