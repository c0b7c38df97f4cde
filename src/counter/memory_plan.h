/* How a memory limit is shared out while text is counted. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_MEMORY_PLAN_H
#define PMILL_COUNTER_MEMORY_PLAN_H

#include <stddef.h>

#include "pairmill.h"

/* All zero: no limit. Bytes. */
struct pmill_memory_plan {
	size_t limit;
	size_t chunk_size; /* of text */
	size_t tables;     /* all tables of words, with what growing and sorting them takes */
	size_t taking;     /* turning the tables into a list */
	size_t reading;    /* runs that are read at a time while they are merged */
};

/* PMILL_BAD_OPTION, with the least that works, where the limit is too small for the threads. */
pmill_status pmill_memory_plan_make(const pmill_text_options *text, unsigned threads,
	struct pmill_memory_plan *plan, pmill_error *error);

#endif
