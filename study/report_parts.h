/* What all reports share: results grouped by system and workers, the machine, cleaning text. */
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
	const struct pmill_study_result *median; /* by merge time; the faster of two middle ones */
	bool has[PMILL_STUDY_SECTIONS];          /* sections that the system has */
};

struct pmill_study_groups {
	struct pmill_study_group *items; /* in the order in which they ran */
	size_t count;
	const struct pmill_study_result **runs; /* of all groups */
};

/* Points into the report. Returns false if out of memory; release it in any case. */
bool pmill_study_groups_init(
	struct pmill_study_groups *groups, const struct pmill_study_report *report);
void pmill_study_groups_release(struct pmill_study_groups *groups);

/* Whether --merges stopped training before the vocab was full or no pair was left. */
bool pmill_study_is_stopped_early(const struct pmill_study_report *report);

struct pmill_study_machine {
	long processors;
	char kernel[200];
	const char *compiler;
};
struct pmill_study_machine pmill_study_machine_read(void);

/* Decimals to show of a time: three significant digits, but nothing finer than 10 µs. */
int pmill_study_digits(double seconds);

/* Control characters and invalid UTF-8 become U+FFFD: paths may hold any bytes. */
bool pmill_study_append_clean(struct pmill_buffer *out, const char *text);

#endif
