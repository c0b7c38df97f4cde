/* The table of systems, and the run of one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_SYSTEMS_H
#define PMILL_STUDY_SYSTEMS_H

#include "search.h"

/* NULL at the end. */
const struct pmill_study_system *pmill_study_system_at(size_t index);

/* What is compared with: the library's merges of the same words, under the article's tie rule. */
struct pmill_study_reference {
	struct pmill_study_item *merges; /* tokens numbered as in the state: bytes, then merges */
	uint64_t count;
	uint64_t ns;
};
pmill_status pmill_study_reference_make(const pmill_counts *counts, uint64_t limit,
	struct pmill_study_reference *reference, pmill_error *error);
void pmill_study_reference_release(struct pmill_study_reference *reference);

struct pmill_study_task {
	const pmill_counts *counts;
	const struct pmill_study_reference *reference; /* every merge is compared with it */
	uint64_t word_count_ns;                        /* of the words: added to total */
	struct pmill_study_fault fault;
};

/*
 * Runs the system to as many merges as the reference has. PMILL_BAD_INPUT where a merge differs; PMILL_CANCELLED after
 * Ctrl-C; PMILL_IO where a worker has died. Whatever happens, no process is left.
 */
pmill_status pmill_study_system_run(const struct pmill_study_system *system, unsigned workers,
	const struct pmill_study_task *task, struct pmill_study_times *times, pmill_error *error);

#endif
