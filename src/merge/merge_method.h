/* The ways to find and apply the merges: the rows of the table in merger.c. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_METHOD_H
#define PMILL_MERGE_MERGE_METHOD_H

#include <stdbool.h>

#include "pairmill.h"

struct pmill_merge_state;

struct pmill_merge_method {
	const char *name;
	pmill_status (*merge)(struct pmill_merge_state *state); /* once the index is built */
	bool has_parts; /* the index has one part for each member of the team; else a single part */
};

extern const struct pmill_merge_method pmill_merge_method_one_by_one;
extern const struct pmill_merge_method pmill_merge_method_pipelined;
extern const struct pmill_merge_method pmill_merge_method_batches;

#endif
