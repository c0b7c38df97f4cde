/* Heads of counts: how words were cut, and the totals, without the words. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNTS_HEAD_H
#define PMILL_COUNTS_COUNTS_HEAD_H

#include "base/arena.h"
#include "counts/identity.h"

/* Zeroed is empty. */
struct pmill_counts_head {
	struct pmill_arena strings; /* what the identity points to */
	struct pmill_counts_identity identity;
	pmill_totals totals;
};

/* Copies `identity`, giving the expression of a known pattern its name. False if out of memory. */
bool pmill_counts_head_init(
	struct pmill_counts_head *head, const struct pmill_counts_identity *identity);
void pmill_counts_head_release(struct pmill_counts_head *head);

/* The same on the heap, with `totals`. */
pmill_status pmill_counts_head_create(const struct pmill_counts_identity *identity,
	const pmill_totals *totals, pmill_counts_head **head, pmill_error *error);

#endif
