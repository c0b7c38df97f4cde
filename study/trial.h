/* One child of an experiment: forked or spawned; it gets its input and returns an answer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_TRIAL_H
#define PMILL_STUDY_TRIAL_H

#include "experiments.h"

struct pmill_study_trial {
	const char *name;          /* of the experiment */
	bool is_spawned;           /* with the name as its kind; if not, forked */
	pmill_study_work_fn *work; /* of a forked child */
	void *context;             /* inherited by a forked child */
	/* Writes what a spawned child gets instead; false if out of memory. NULL: nothing. */
	bool (*serialise)(struct pmill_buffer *message, const void *context);
	/* Filled in by the call. */
	struct pmill_buffer answer;
	uint64_t ns; /* from before its start until its answer has arrived */
	struct pmill_study_counters counters;
};

pmill_status pmill_study_trial_run(struct pmill_study_trial *trial, pmill_error *error);
void pmill_study_trial_release(struct pmill_study_trial *trial);

void pmill_study_experiment_put(
	struct pmill_study_experiment *experiment, const char *name, double value);

/* The rows' functions, and their spawned children's: these read from `in` and write to `out`. */
typedef pmill_status pmill_study_experiment_fn(const struct pmill_study_experiment_row *row,
	unsigned run, size_t pairs, struct pmill_study_report *report, pmill_error *error);
pmill_study_experiment_fn pmill_study_run_crossing, pmill_study_run_locks, pmill_study_run_walk,
	pmill_study_run_table_walk;

pmill_study_work_fn pmill_study_spawned_crossing, pmill_study_spawned_locks,
	pmill_study_spawned_walk, pmill_study_spawned_walk_writing;

#endif
