/* The article's small tests: what crosses to a child, and what walking a list costs there. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_EXPERIMENTS_H
#define PMILL_STUDY_EXPERIMENTS_H

#include "report.h"

struct pmill_study_experiment_row {
	const char *name;
	const char *summary;
	/* Adds what it measures to the report. */
	pmill_status (*run)(const struct pmill_study_experiment_row *row, unsigned run, size_t pairs,
		struct pmill_study_report *report, pmill_error *error);
};

/* NULL at the end. */
const struct pmill_study_experiment_row *pmill_study_experiment_at(size_t index);

/* What a worker does that an experiment has spawned; -1: the kind is none of theirs. */
int pmill_study_experiment_worker(const char *kind);

#endif
