/* Adds up several sorted streams of words into one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_WORD_MERGE_H
#define PMILL_COUNTS_WORD_MERGE_H

#include "base/progress.h"
#include "counts/count_file_reader.h"
#include "words/word_list.h"

/* A sorted stream: a count file being read, or a list. */
struct pmill_word_source {
	const char *name; /* for messages; borrowed; NULL: a temporary file */
	bool is_list;
	struct pmill_word_list list;
	size_t next; /* index in the list */
	struct pmill_count_file_reader reader;
	pmill_bytes word; /* the current word; empty at the end */
	int64_t count;
	uint64_t first; /* the word's first 8 bytes as a number, big-endian and zero padded */
};

/* Zeroed has no source. */
struct pmill_word_merge {
	struct pmill_word_source **sources; /* a heap by current word once `is_heap` */
	size_t source_count, source_capacity;
	bool is_heap;
	struct pmill_buffer word; /* last one returned */
	pmill_totals totals;      /* documents, bytes and bad lines of sources that ended */
	uint64_t done;            /* file bytes of sources that ended */
};

/* Returns NULL if out of memory. `name` may be NULL. */
struct pmill_word_source *pmill_word_source_create(const char *name);
void pmill_word_source_free(struct pmill_word_source *source); /* accepts NULL */

/* Takes over the source, even on failure. Only before the first word is read. */
pmill_status pmill_word_merge_add(
	struct pmill_word_merge *merge, struct pmill_word_source *source, pmill_error *error);
/* Reads the next word, valid until the next call, and its total count. Length 0 is the end. */
pmill_status pmill_word_merge_next(
	struct pmill_word_merge *merge, pmill_bytes *word, int64_t *count, pmill_error *error);
/* Bytes read from the sources' files so far. */
uint64_t pmill_word_merge_done(const struct pmill_word_merge *merge);
/* Calls `visit` for the remaining words. `before`: bytes that the stage has already done. */
pmill_status pmill_word_merge_each(struct pmill_word_merge *merge, pmill_word_fn *visit,
	void *context, struct pmill_progress_state *progress, uint64_t before, pmill_error *error);
/* Closes the sources and zeroes the merge. */
void pmill_word_merge_release(struct pmill_word_merge *merge);

#endif
