/* The options of pairmill-study. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_OPTIONS_H
#define PMILL_STUDY_OPTIONS_H

#include "counting.h"
#include "experiments.h"

enum { PMILL_STUDY_WORKER_COUNTS = 16, PMILL_STUDY_MOST_ROWS = 64, PMILL_STUDY_MOST_WORKERS = 256 };

struct pmill_study_options {
	const char *const *paths;
	size_t path_count;
	const char *counts_path; /* NULL: words come from the paths */
	uint64_t vocab_size;
	uint64_t merges;                            /* 0: all */
	const char *systems[PMILL_STUDY_MOST_ROWS]; /* distinct names, in the order of the tables */
	size_t system_count;
	unsigned workers[PMILL_STUDY_WORKER_COUNTS];
	size_t worker_count_count;
	unsigned runs;
	unsigned counters, mergers;
	size_t chunk_size;
	double monitor_seconds;
	bool skips_merge;
	const char *json, *svg, *markdown; /* where to write each; NULL: nowhere */
	bool is_forced;
	const char *special; /* "": none */
	size_t pairs;        /* in the lists to walk */
	struct pmill_study_fault fault;
};

/*
 * Returns false after printing an error, or help (then *code is 0). `arguments` must outlive the
 * options.
 */
bool pmill_study_options_parse(
	struct pmill_study_options *options, int count, char **arguments, int *code);

bool pmill_study_options_has(const struct pmill_study_options *options, const char *name);

#endif
