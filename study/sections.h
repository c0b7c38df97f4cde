/* The measurements of a run: seconds of its sections, and what the operating system did. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_SECTIONS_H
#define PMILL_STUDY_SECTIONS_H

#include <stdint.h>

/* The article's names, and two from bpe_v4_time2. A section may lie within another one. */
enum pmill_study_section {
	PMILL_STUDY_TOTAL,        /* word count and merge */
	PMILL_STUDY_WORD_COUNT,   /* text to words, once for all systems */
	PMILL_STUDY_MERGE,        /* words to merges: everything below, and the first count of pairs */
	PMILL_STUDY_COPY,         /* the table of pairs to an array (and its deep copy) */
	PMILL_STUDY_COPY_TRUNKS,  /* the array cut into chunks */
	PMILL_STUDY_MAX,          /* the best pair: from starting the workers to the overall result */
	PMILL_STUDY_COMPUTE,      /* within max: the slowest worker's own search */
	PMILL_STUDY_UPDATE,       /* of the words that hold the pair, and of the table */
	PMILL_STUDY_MAX_BY_COUNT, /* a search that ignores ties */
	PMILL_STUDY_COPY_STRINGS, /* the byte strings of all pairs to an array */
	PMILL_STUDY_SECTIONS
};

/* The name in tables and JSON: "total", "word_count", "merge", … */
const char *pmill_study_section_name(enum pmill_study_section section);

/* Sums over a run. Faults and switches are this process's (own) or those of its children. */
struct pmill_study_counters {
	uint64_t processes;      /* started */
	uint64_t threads;        /* started */
	uint64_t start_ns;       /* in fork(), posix_spawn() or pthread_create() */
	uint64_t bytes_sent;     /* to workers, through pipes */
	uint64_t bytes_received; /* from workers */
	uint64_t own_minor_faults, own_switches;
	uint64_t child_minor_faults, child_switches;
};

struct pmill_study_times {
	uint64_t ns[PMILL_STUDY_SECTIONS];
	struct pmill_study_counters counters;
};

/* Reads faults and switches since the process began; children count once waited for. */
void pmill_study_counters_read(struct pmill_study_counters *counters);
/* Turns counters read at the start into what happened since. */
void pmill_study_counters_since(struct pmill_study_counters *counters);

#endif
