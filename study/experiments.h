/* The article's small tests: what crosses to a child, and the cost of walking a list there. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_EXPERIMENTS_H
#define PMILL_STUDY_EXPERIMENTS_H

#include "report.h"

struct pmill_study_experiment_row {
	const char *name;
	const char *summary;
	/* Adds its measurements to the report. */
	pmill_status (*run)(const struct pmill_study_experiment_row *row, unsigned run, size_t pairs,
		struct pmill_study_report *report, pmill_error *error);
};

/* NULL past the end. */
const struct pmill_study_experiment_row *pmill_study_experiment_at(size_t index);

/* The work of a process that an experiment spawned; -1: `kind` is not an experiment's. */
int pmill_study_experiment_worker(const char *kind);

#endif
