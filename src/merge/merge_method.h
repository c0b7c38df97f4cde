/* The ways to apply a batch of merges: the rows of the table in merger.c. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_METHOD_H
#define PMILL_MERGE_MERGE_METHOD_H

#include "merge/batch.h"

struct pmill_merge_method {
	const char *name;
	size_t batch_limit; /* how many merges it applies at once */
	bool has_parts;     /* the index has one part for each member of the team; else a single part */
	/* Creates what the method keeps from one batch to the next. Returns NULL if out of memory. */
	void *(*create)(struct pmill_merge_state *state);
	/* Applies a batch that is recorded already. Returns false if out of memory. */
	bool (*apply)(void *applier, const struct pmill_batch *batch);
	void (*free)(void *applier); /* NULL does nothing */
};

extern const struct pmill_merge_method pmill_merge_method_one_by_one;
extern const struct pmill_merge_method pmill_merge_method_batches;

#endif
