/* Words → merges: the exact trainer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGER_H
#define PMILL_MERGE_MERGER_H

#include <stdbool.h>

#include "merge/merger_settings.h"
#include "pairmill.h"
#include "words/word_list.h"

/* The names of the ways to merge, all with the same result; NULL at the end of the list. */
const char *pmill_merger_name(size_t index);

/* How a run with so many threads, this method and words of so many bytes in all goes about it. */
struct pmill_merger_plan {
	unsigned threads;    /* more than pay are not taken, unless a method is named */
	unsigned part_count; /* of the index */
	bool is_batched, is_pipelined;
};
struct pmill_merger_plan pmill_merger_plan(unsigned threads, const char *method, uint64_t bytes);

/* Takes the words: the list is released as soon as it is packed. */
pmill_status pmill_merger_run(struct pmill_word_list *words,
	const struct pmill_merger_settings *settings, struct pmill_merger_result *result,
	pmill_error *error);
void pmill_merger_result_release(struct pmill_merger_result *result);

#endif
