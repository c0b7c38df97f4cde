/* The table of systems, and the run of one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_SYSTEMS_H
#define PMILL_STUDY_SYSTEMS_H

#include "search.h"

/* NULL past the end. */
const struct pmill_study_system *pmill_study_system_at(size_t index);

/* The library's merges of the same words under the article's tie rule, to compare with. */
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
	const struct pmill_study_reference *reference; /* each merge is compared with it */
	uint64_t word_count_ns;                        /* added to total */
	struct pmill_study_fault fault;
};

/*
 * Runs the system for as many merges as the reference has. PMILL_BAD_INPUT: a merge differs;
 * PMILL_CANCELLED: Ctrl-C; PMILL_IO: a worker died. Whatever happens, no process is left behind.
 */
pmill_status pmill_study_system_run(const struct pmill_study_system *system, unsigned workers,
	const struct pmill_study_task *task, struct pmill_study_times *times, pmill_error *error);

#endif
