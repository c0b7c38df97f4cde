/* Several sorted streams of words, added up into one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_WORD_MERGE_H
#define PMILL_COUNTS_WORD_MERGE_H

#include "base/progress.h"
#include "counts/count_file.h"
#include "words/word_list.h"

/* A sorted stream: a count file that is read, or a list. */
struct pmill_word_source {
	const char *name; /* for messages; borrowed; NULL: a temporary one, which nobody knows */
	bool is_list;
	struct pmill_word_list list;
	size_t next; /* in the list */
	struct pmill_count_file_reader reader;
	pmill_bytes word; /* the word at hand; empty at the end */
	int64_t count;
	uint64_t first; /* the first 8 bytes of the word, as a number that sorts alike */
};

/* All zero has no source. */
struct pmill_word_merge {
	struct pmill_word_source **sources; /* a heap by the word at hand, once it is read */
	size_t source_count, source_capacity;
	bool is_heap;
	struct pmill_buffer word; /* the last one */
	pmill_totals totals;      /* documents, bytes and bad lines of the sources that have ended */
	uint64_t done;            /* bytes of the sources that have ended */
};

/* NULL without memory. `name` may be NULL. */
struct pmill_word_source *pmill_word_source_create(const char *name);
void pmill_word_source_free(struct pmill_word_source *source); /* takes NULL */

/* Takes the source over, whatever comes of it. Only before the first word is read. */
pmill_status pmill_word_merge_add(
	struct pmill_word_merge *merge, struct pmill_word_source *source, pmill_error *error);
/* The next word, with its count in all; it belongs to the merge until the next call. Length 0: the end. */
pmill_status pmill_word_merge_next(
	struct pmill_word_merge *merge, pmill_bytes *word, int64_t *count, pmill_error *error);
/* Bytes of the sources' files that have been read. */
uint64_t pmill_word_merge_done(const struct pmill_word_merge *merge);
/* Gives all words that are left. `before`: bytes that the stage of `progress` had done already. */
pmill_status pmill_word_merge_each(struct pmill_word_merge *merge, pmill_word_fn *give,
	void *context, struct pmill_progress_state *progress, uint64_t before, pmill_error *error);
/* Closes the sources; as all zero afterwards. */
void pmill_word_merge_release(struct pmill_word_merge *merge);

#endif
