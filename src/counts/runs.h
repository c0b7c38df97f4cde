/* Sorted runs of words in temporary files, for what doesn't fit in memory. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_RUNS_H
#define PMILL_COUNTS_RUNS_H

#include "base/progress.h"
#include "counts/identity.h"
#include "counts/word_merge.h"
#include "words/word_table.h"

/*
 * A run is a count file, checksums and all, stored as a range of an unnamed file: nothing is left
 * behind however the process ends. Any number of threads may add runs at once; for everything else,
 * one thread at a time.
 */
struct pmill_runs;

enum {
	PMILL_RUN_WRITER_MEMORY = 3 << 19, /* bytes: block, compressor and file buffer */
	PMILL_RUN_READER_MEMORY = 1 << 19, /* bytes, unless a word is longer than a block */
	PMILL_RUNS_AT_A_TIME = 128,        /* more runs, or files, are merged in several passes */
};

/*
 * `folder` must exist; its name is copied. `identity` is borrowed for the life of the runs.
 * `memory`: bytes for reading while runs are merged, though always two are read at a time.
 */
pmill_status pmill_runs_create(const char *folder, const struct pmill_counts_identity *identity,
	size_t memory, struct pmill_runs **runs, pmill_error *error);
void pmill_runs_free(struct pmill_runs *runs);  /* accepts NULL */
void pmill_runs_clear(struct pmill_runs *runs); /* drops all runs and closes their files */

/* Drains the table into a run; `table_limit` as in pmill_word_table_drain. */
pmill_status pmill_runs_add_table(struct pmill_runs *runs, struct pmill_word_table *table,
	size_t table_limit, pmill_error *error);
pmill_status pmill_runs_add_list(
	struct pmill_runs *runs, const struct pmill_word_list *words, pmill_error *error);
/* Writes the rest of the merge as a run, which carries the totals on to later merges. */
pmill_status pmill_runs_add_merge(struct pmill_runs *runs, struct pmill_word_merge *merge,
	struct pmill_progress_state *progress, uint64_t before, pmill_error *error);

/* Runs written from tables and lists so far, and their bytes, even if cleared since. */
void pmill_runs_written(const struct pmill_runs *runs, uint64_t *count, uint64_t *bytes);
size_t pmill_runs_count(const struct pmill_runs *runs);
uint64_t pmill_runs_bytes(const struct pmill_runs *runs);

/* Merges runs until one pass can merge the rest. Progress: stages "merge runs". */
pmill_status pmill_runs_settle(
	struct pmill_runs *runs, struct pmill_progress_state *progress, pmill_error *error);
/* Adds all runs to `merge`, after pmill_runs_settle. They are kept and must outlive the merge. */
pmill_status pmill_runs_open(
	struct pmill_runs *runs, struct pmill_word_merge *merge, pmill_error *error);

#endif
