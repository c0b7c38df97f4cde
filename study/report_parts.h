/* What all reports share: results grouped by system and workers, the machine, text made clean. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_REPORT_PARTS_H
#define PMILL_STUDY_REPORT_PARTS_H

#include "report.h"

/* All runs of one system with one number of workers. */
struct pmill_study_group {
	const struct pmill_study_system *system;
	unsigned workers;
	const struct pmill_study_result **runs; /* in their order */
	size_t run_count;
	const struct pmill_study_result
		*median;                    /* by merge time; the faster one of two in the middle */
	bool has[PMILL_STUDY_SECTIONS]; /* the sections that the system has */
};

struct pmill_study_groups {
	struct pmill_study_group *items; /* in the order in which they ran */
	size_t count;
	const struct pmill_study_result **runs; /* of all groups */
};

/* Points into the report. False without memory; release it in any case. */
bool pmill_study_groups_init(
	struct pmill_study_groups *groups, const struct pmill_study_report *report);
void pmill_study_groups_release(struct pmill_study_groups *groups);

/* Whether --merges ended the work before vocab size or words did. */
bool pmill_study_is_stopped_early(const struct pmill_study_report *report);

struct pmill_study_machine {
	long processors;
	char kernel[200];
	const char *compiler;
};
struct pmill_study_machine pmill_study_machine_read(void);

/* How many digits behind the point a time needs: three that count, but none finer than 10 microseconds. */
int pmill_study_digits(double seconds);

/* Control characters, and bytes that are not UTF-8, become U+FFFD: paths may hold anything. */
bool pmill_study_append_clean(struct pmill_buffer *out, const char *text);

#endif
