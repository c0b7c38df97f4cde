/* The measurements of a run: seconds of its sections, and what the operating system did. */
/* SPDX-License-Identifier: MIT */
#include "sections.h"

#include <sys/resource.h>

static const char *const names[PMILL_STUDY_SECTIONS] = {"total", "word_count", "merge", "copy",
	"copy_trunks", "max", "compute", "update", "max_by_count", "copy_strings"};

const char *pmill_study_section_name(enum pmill_study_section section)
{
	return names[section];
}

void pmill_study_counters_read(struct pmill_study_counters *counters)
{
	struct rusage own, children;
	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	counters->own_minor_faults = (uint64_t)own.ru_minflt;
	counters->own_switches = (uint64_t)(own.ru_nvcsw + own.ru_nivcsw);
	counters->child_minor_faults = (uint64_t)children.ru_minflt;
	counters->child_switches = (uint64_t)(children.ru_nvcsw + children.ru_nivcsw);
}

void pmill_study_counters_since(struct pmill_study_counters *counters)
{
	struct pmill_study_counters now;
	pmill_study_counters_read(&now);
	counters->own_minor_faults = now.own_minor_faults - counters->own_minor_faults;
	counters->own_switches = now.own_switches - counters->own_switches;
	counters->child_minor_faults = now.child_minor_faults - counters->child_minor_faults;
	counters->child_switches = now.child_switches - counters->child_switches;
}
