/* Where sorted words are written: a count file, or a TSV by its suffix. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNT_TARGET_H
#define PMILL_COUNTS_COUNT_TARGET_H

#include "counts/count_file.h"
#include "counts/tsv.h"

/* All zero is one that is not open. */
struct pmill_count_target {
	bool is_tsv;
	struct pmill_tsv_writer tsv;
	struct pmill_count_file_writer count_file;
	const char *path; /* borrowed */
	uint64_t words, pretokens;
};

pmill_status pmill_count_target_open(struct pmill_count_target *target, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error);
/* A pmill_word_fn; `context` is a struct pmill_count_target. Words come in order. */
pmill_status pmill_count_target_add(
	void *context, pmill_bytes word, int64_t count, pmill_error *error);
/* Words and pretokens of `totals` become those that were added. The file is there afterwards. */
pmill_status pmill_count_target_commit(
	struct pmill_count_target *target, pmill_totals *totals, pmill_error *error);
/* Drops what was not committed. */
void pmill_count_target_release(struct pmill_count_target *target);

#endif
