/* Counts words as the article does, with processes and queues. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_COUNTING_H
#define PMILL_STUDY_COUNTING_H

#include "report.h"

struct pmill_study_counting_task {
	const char *const *paths;
	size_t path_count;
	pmill_bytes special; /* ends documents, and is taken out of the text; len 0: none */
	unsigned counters, mergers;
	size_t chunk_size;
	double monitor_seconds;         /* 0: none */
	const pmill_counts *expected;   /* the library's result: must be equal */
	struct pmill_study_fault fault; /* for tests: hits a counting process; `merge` is the chunk */
};

/*
 * reader → bounded queue of chunks, cut at document ends (or else at the library's sure
 * places) → counting processes → queue of their tables → merging processes → one table.
 * PMILL_BAD_INPUT if the result is not the expected one. No process is left behind, whatever
 * happens.
 */
pmill_status pmill_study_count_with_queues(const struct pmill_study_counting_task *task,
	struct pmill_study_counting *result, pmill_error *error);

#endif
