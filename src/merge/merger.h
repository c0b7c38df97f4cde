/* Words → merges: the exact trainer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGER_H
#define PMILL_MERGE_MERGER_H

#include "merge/merger_settings.h"
#include "pairmill.h"
#include "words/word_list.h"

/* Takes the words: the list is released as soon as it is packed. */
pmill_status pmill_merger_run(struct pmill_word_list *words,
	const struct pmill_merger_settings *settings, struct pmill_merger_result *result,
	pmill_error *error);
void pmill_merger_result_release(struct pmill_merger_result *result);

#endif
