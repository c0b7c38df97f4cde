/* Writes sorted words to a count file, or to a TSV if the path ends in .tsv. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNTS_WRITER_H
#define PMILL_COUNTS_COUNTS_WRITER_H

#include "counts/count_file_writer.h"
#include "counts/tsv.h"

/* Zeroed is closed. */
struct pmill_counts_writer {
	bool is_tsv;
	struct pmill_tsv_writer tsv;
	struct pmill_count_file_writer count_file;
	const char *path; /* borrowed */
	uint64_t words, pretokens;
};

pmill_status pmill_counts_writer_open(struct pmill_counts_writer *writer, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error);
/* A pmill_word_fn; `context` is a struct pmill_counts_writer. Words must be sorted. */
pmill_status pmill_counts_writer_add(
	void *context, pmill_bytes word, int64_t count, pmill_error *error);
/* Completes the file and sets words and pretokens of `totals` to those added. */
pmill_status pmill_counts_writer_commit(
	struct pmill_counts_writer *writer, pmill_totals *totals, pmill_error *error);
/* Discards an uncommitted file. */
void pmill_counts_writer_release(struct pmill_counts_writer *writer);

#endif
