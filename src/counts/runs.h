/* Sorted runs of words in temporary files, for what memory does not hold. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_RUNS_H
#define PMILL_COUNTS_RUNS_H

#include "base/progress.h"
#include "counts/counts.h"
#include "counts/word_merge.h"
#include "words/word_table.h"

/*
 * A run is a count file, checksums and all, in a piece of a file without a name: nothing is left behind
 * whatever ends the process. Runs are added by any number of threads; all else by one at a time.
 */
struct pmill_runs;

enum {
	PMILL_RUN_WRITER_MEMORY =
		3 << 19, /* bytes: block, compressor and buffer of a run that is written */
	PMILL_RUN_READER_MEMORY = 1 << 19, /* of one that is read, but for words longer than a block */
	PMILL_RUNS_AT_A_TIME = 128,        /* more are merged in several passes; also of files */
};

/*
 * `folder` must be there; it is copied. `identity` is borrowed for the life of the runs. `memory`:
 * bytes that reading may take while runs are merged; at least two are read at a time.
 */
pmill_status pmill_runs_create(const char *folder, const struct pmill_counts_identity *identity,
	size_t memory, struct pmill_runs **runs, pmill_error *error);
void pmill_runs_free(struct pmill_runs *runs); /* takes NULL */
void pmill_runs_clear(struct pmill_runs *runs);

/* Drains the table; `table_limit` as in pmill_word_table_drain. */
pmill_status pmill_runs_add_table(struct pmill_runs *runs, struct pmill_word_table *table,
	size_t table_limit, pmill_error *error);
pmill_status pmill_runs_add_list(
	struct pmill_runs *runs, const struct pmill_word_list *words, pmill_error *error);
/* All that the merge has left; what its totals hold besides words is kept for whoever merges the run. */
pmill_status pmill_runs_add_merge(struct pmill_runs *runs, struct pmill_word_merge *merge,
	struct pmill_progress_state *progress, uint64_t before, pmill_error *error);

/* Runs and their bytes that tables and lists became, those cleared since included. */
void pmill_runs_written(const struct pmill_runs *runs, uint64_t *count, uint64_t *bytes);
size_t pmill_runs_count(const struct pmill_runs *runs);
uint64_t pmill_runs_bytes(const struct pmill_runs *runs);

/* Merges runs until one pass can merge those that are left. Progress: stages "merge runs". */
pmill_status pmill_runs_settle(
	struct pmill_runs *runs, struct pmill_progress_state *progress, pmill_error *error);
/* All runs, which stay; needs pmill_runs_settle. The runs must outlive the merge. */
pmill_status pmill_runs_open(
	struct pmill_runs *runs, struct pmill_word_merge *merge, pmill_error *error);

#endif
