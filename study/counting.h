/* Counting words as the article does, with processes and queues. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_COUNTING_H
#define PMILL_STUDY_COUNTING_H

#include "report.h"

struct pmill_study_counting_task {
	const char *const *paths;
	size_t path_count;
	pmill_bytes special; /* ends documents, is taken out of the text; len 0: none */
	unsigned counters, mergers;
	size_t chunk_size;
	double monitor_seconds;         /* 0: none */
	const pmill_counts *expected;   /* the library's: the words must be the same */
	struct pmill_study_fault fault; /* for tests: of the counting processes; `merge` is the chunk */
};

/*
 * reader → bounded queue of chunks, which end at document ends (else at the library's sure places) → counting
 * processes → queue of their tables → merging processes → one table. PMILL_BAD_INPUT where it differs from what is
 * expected; no process is left, whatever happens.
 */
pmill_status pmill_study_count_with_queues(const struct pmill_study_counting_task *task,
	struct pmill_study_counting *result, pmill_error *error);

#endif
