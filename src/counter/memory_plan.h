/* Divides a memory limit among the needs of counting text. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_MEMORY_PLAN_H
#define PMILL_COUNTER_MEMORY_PLAN_H

#include <stddef.h>

#include "pairmill.h"

/* In bytes. Zeroed: no limit. */
struct pmill_memory_plan {
	size_t limit;
	size_t chunk_size;   /* of text */
	size_t longest_text; /* of a pretoken or whatever else can't be cut */
	size_t zstd_window;
	size_t tables;  /* all word tables, including what growing and sorting them takes */
	size_t taking;  /* the tables while they become a list */
	size_t reading; /* runs read side by side while they are merged */
};

/* PMILL_BAD_OPTION, naming the minimum, if the limit is too small for the threads. */
pmill_status pmill_memory_plan_make(const pmill_run_options *run, unsigned threads,
	struct pmill_memory_plan *plan, pmill_error *error);

#endif
