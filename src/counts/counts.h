/* Counts: words, how often they occur, and how they were cut. The inside of pmill_counts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNTS_H
#define PMILL_COUNTS_COUNTS_H

#include "counts/counts_head.h"
#include "words/word_list.h"

struct pmill_counts {
	struct pmill_counts_head head;
	struct pmill_word_list words; /* head.totals.words of them */
};

/* Creates empty counts with a copy of `identity`. */
pmill_status pmill_counts_create(
	const struct pmill_counts_identity *identity, pmill_counts **counts, pmill_error *error);

#endif
