/* Text → pretokens by the steps of a tokenizer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_CUTTER_H
#define PMILL_ENCODE_CUTTER_H

#include "base/array.h"
#include "model/cut_step.h"
#include "pretokenize/pretokenizer.h"

/* Immutable once created; may be shared by threads. */
struct pmill_cutter;

/* `count` is at least 1. `scanner` may be NULL; of several steps it is for the known patterns. */
pmill_status pmill_cutter_create(const struct pmill_cut_step *steps, size_t count,
	const char *unicode_version, const char *scanner, struct pmill_cutter **cutter,
	pmill_error *error);
void pmill_cutter_free(struct pmill_cutter *cutter);

/* That of a single plain step; otherwise NULL. */
const struct pmill_pretokenizer *pmill_cutter_pretokenizer(const struct pmill_cutter *cutter);

/* Walks the pretokens of one segment. One per thread; set `cutter`, all else zero is ready. */
struct pmill_cut_cursor {
	const struct pmill_cutter *cutter;
	struct pmill_match_watch *watch; /* see pmill_pretoken_cursor_set_watch; may be NULL */
	/* Of the last pretoken: where it begins in the segment, and how many bytes aren't in that. */
	size_t begin, added;
	/* private */
	struct pmill_cut_level *levels;
	size_t depth; /* levels in use; 0: the walk has ended */
};

void pmill_cut_cursor_release(struct pmill_cut_cursor *cursor);

/* Begins a segment, which must stay valid until the walk ends. */
pmill_status pmill_cut_cursor_start(
	struct pmill_cut_cursor *cursor, const uint8_t *text, size_t len, pmill_error *error);

/*
 * Sets *pretoken to the next one, with len 0 at the end. Its bytes are those of the segment, or, if
 * a step has added a space, the cursor's: valid until the next call. A space is its first byte.
 */
pmill_status pmill_cut_cursor_next(
	struct pmill_cut_cursor *cursor, pmill_bytes *pretoken, pmill_error *error);

#endif
