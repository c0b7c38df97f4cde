/* Gathers everything a counter holds into one list, or into runs that one pass can merge. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_GATHER_H
#define PMILL_COUNTER_GATHER_H

#include "counter/counter.h"

/* Pauses counting: records the tables' memory and releases the chunks of text. */
void pmill_counter_end_counting(struct pmill_counter *counter);

/* Whether the memory limit leaves room to turn the tables into a list. */
bool pmill_counter_can_list(const struct pmill_counter *counter);

/* Makes one list of all tables and the words added as counts. */
pmill_status pmill_counter_list(struct pmill_counter *counter, pmill_error *error);

/* Turns everything into runs and merges them until one pass can merge the rest. */
pmill_status pmill_counter_settle(struct pmill_counter *counter, pmill_error *error);

/* Merges the settled runs in one pass, as its own progress stage. */
pmill_status pmill_counter_merge_runs(struct pmill_counter *counter, const char *stage,
	pmill_word_fn *visit, void *context, pmill_error *error);

/* Lists or, if the limit forbids that, settles and measures. More can be added afterwards. */
pmill_status pmill_counter_gather(struct pmill_counter *counter, pmill_error *error);
/* Settles and measures, even if there is room for a list. Needs a memory limit. */
pmill_status pmill_counter_gather_runs(struct pmill_counter *counter, pmill_error *error);

/* After gathering runs: bytes that it takes to read them. */
uint64_t pmill_counter_reading_memory(const struct pmill_counter *counter);

/* After gathering runs: lists all words in pages of `pool`. The counter keeps its runs. */
pmill_status pmill_counter_list_runs(struct pmill_counter *counter, struct pmill_page_pool *pool,
	struct pmill_word_list *words, pmill_error *error);

/* After gathering: hands over all words as a list. The counter keeps only their totals. */
pmill_status pmill_counter_take_words(
	struct pmill_counter *counter, struct pmill_word_list *words, pmill_error *error);

#endif
