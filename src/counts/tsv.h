/* TSV: each line has a word in printable spelling, a tab and the count. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_TSV_H
#define PMILL_COUNTS_TSV_H

#include "files/file.h"
#include "base/progress.h"
#include "corpus/lookahead.h"
#include "counts/runs.h"
#include "pairmill.h"
#include "words/word_list.h"

/*
 * Reads to the end. `tsv` says how words are spelled if our first line is missing: "raw" (their
 * bytes, up to the last tab of the line), "printable", or NULL to refuse the file. Lines may be in
 * any order and repeat words, whose counts are added up. Each ends with LF, optional after the last
 * line. CR before LF is an error, as it could belong to the word or come from an editor.
 * PMILL_MEMORY_LIMIT if reading the words, or adding them to others, takes more than `limit` bytes
 * (0: no limit).
 */
pmill_status pmill_tsv_read(struct pmill_lookahead *input, const char *tsv,
	struct pmill_progress_state *progress, uint64_t limit, struct pmill_word_list *words,
	pmill_error *error);

/* Reads into runs, with a table of at most `table_limit` bytes, besides the longest line. */
pmill_status pmill_tsv_read_to_runs(struct pmill_lookahead *input, const char *tsv,
	struct pmill_progress_state *progress, size_t table_limit, struct pmill_runs *runs,
	pmill_error *error);

/* Writes a TSV word by word. Zeroed is closed. */
struct pmill_tsv_writer {
	struct pmill_file_writer file;
	struct pmill_buffer line;
};

pmill_status pmill_tsv_writer_open(
	struct pmill_tsv_writer *writer, const char *path, unsigned flags, pmill_error *error);
pmill_status pmill_tsv_writer_add(
	struct pmill_tsv_writer *writer, pmill_bytes word, int64_t count, pmill_error *error);
/* Completes the file. */
pmill_status pmill_tsv_writer_commit(struct pmill_tsv_writer *writer, pmill_error *error);
/* Discards an uncommitted file. */
void pmill_tsv_writer_release(struct pmill_tsv_writer *writer);

#endif
