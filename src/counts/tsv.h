/* TSV: a line for each word: printable bytes, a tab, the count. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_TSV_H
#define PMILL_COUNTS_TSV_H

#include "base/file.h"
#include "base/progress.h"
#include "corpus/lookahead.h"
#include "counts/runs.h"
#include "pairmill.h"
#include "words/word_list.h"

/*
 * Reads to the end. `tsv` says how words are spelled where the first line is missing: "raw" (their
 * bytes, up to the last tab of the line), "printable", or NULL: refuse. Lines may come in any order
 * and repeat words: counts are added up. A line ends with LF; the last one may lack it. CR before
 * LF is an error: was it the word's or an editor's? PMILL_MEMORY_LIMIT where reading takes more than
 * `limit` bytes, or adding the words to others would; 0: no limit.
 */
pmill_status pmill_tsv_read(struct pmill_lookahead *input, const char *tsv,
	struct pmill_progress_state *progress, uint64_t limit, struct pmill_word_list *words,
	pmill_error *error);

/* The same into runs, in a table of at most `table_limit` bytes and the longest line. */
pmill_status pmill_tsv_read_to_runs(struct pmill_lookahead *input, const char *tsv,
	struct pmill_progress_state *progress, size_t table_limit, struct pmill_runs *runs,
	pmill_error *error);

/* Writes a TSV word by word. All zero is one that is not open. */
struct pmill_tsv_writer {
	struct pmill_file_writer file;
	struct pmill_buffer line;
};

pmill_status pmill_tsv_writer_open(
	struct pmill_tsv_writer *writer, const char *path, unsigned flags, pmill_error *error);
pmill_status pmill_tsv_writer_add(
	struct pmill_tsv_writer *writer, pmill_bytes word, int64_t count, pmill_error *error);
pmill_status pmill_tsv_writer_commit(struct pmill_tsv_writer *writer, pmill_error *error);
void pmill_tsv_writer_release(struct pmill_tsv_writer *writer);

#endif
