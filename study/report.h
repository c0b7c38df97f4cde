/* The results of a run of the program: all reports are made from them. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_REPORT_H
#define PMILL_STUDY_REPORT_H

#include "systems.h"

/* One run of one system. */
struct pmill_study_result {
	const struct pmill_study_system *system;
	unsigned workers; /* 0: the system has none */
	unsigned run;     /* from 1 */
	uint64_t merges;
	struct pmill_study_times times;
};

/* One run of one way to count words. */
struct pmill_study_counting {
	const char *name;           /* "count_queue", "count" */
	unsigned counters, mergers; /* processes; for "count": threads, and 0 */
	uint64_t chunk_size;
	unsigned run;
	uint64_t ns;
	uint64_t words, pretokens, documents;
	uint64_t most_chunks_queued, most_tables_queued; /* count_queue only */
	struct pmill_study_counters system;
};

/* One measurement of one experiment. */
struct pmill_study_figure {
	const char *name; /* such as "total_s", "walking_s", "minor_faults_before", "passes" */
	double value;
};
enum { PMILL_STUDY_FIGURES = 12 };
struct pmill_study_experiment {
	const char *name;    /* "what_crosses", "walk", "walk_table", "walk_writing", "fork_locks" */
	const char *variant; /* "fork", "spawn", "table", "array", … */
	unsigned run;
	struct pmill_study_figure figures[PMILL_STUDY_FIGURES]; /* until the name is NULL */
};

struct pmill_study_report {
	/* What was run. */
	const pmill_input *inputs; /* with SHA-256; none if counts were given */
	size_t input_count;
	const char *counts_path; /* or NULL */
	pmill_totals totals;
	uint64_t vocab_size;   /* as requested */
	uint64_t merges_asked; /* --merges; 0: all */
	uint64_t
		merges_possible; /* as vocab_size and the words allow; the report says if fewer were made */
	uint64_t merges;     /* learned by each system */
	unsigned runs;
	bool has_merged; /* false with --skip-merge */
	const char *special;
	uint64_t library_ns; /* for the library's own merges, one by one */
	uint64_t word_count_ns;
	/* The results, in the order in which they ran. */
	struct pmill_study_result *results;
	size_t result_count, result_capacity;
	struct pmill_study_counting *countings;
	size_t counting_count, counting_capacity;
	struct pmill_study_experiment *experiments;
	size_t experiment_count, experiment_capacity;
};

void pmill_study_report_release(struct pmill_study_report *report);
bool pmill_study_report_add_result(
	struct pmill_study_report *report, const struct pmill_study_result *result);
bool pmill_study_report_add_counting(
	struct pmill_study_report *report, const struct pmill_study_counting *counting);
bool pmill_study_report_add_experiment(
	struct pmill_study_report *report, const struct pmill_study_experiment *experiment);

/* Each writes the whole report as text; false if out of memory. */
bool pmill_study_report_table(const struct pmill_study_report *report, struct pmill_buffer *text);
bool pmill_study_report_json(const struct pmill_study_report *report, struct pmill_buffer *text);
bool pmill_study_report_markdown(
	const struct pmill_study_report *report, struct pmill_buffer *text);
bool pmill_study_report_svg(const struct pmill_study_report *report, struct pmill_buffer *text);

#endif
