/* The inside of the word counter: what adding and taking share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_COUNTER_STATE_H
#define PMILL_COUNTER_COUNTER_STATE_H

#include <pthread.h>

#include "counter/counter.h"
#include "counter/counter_worker.h"
#include "counter/memory_plan.h"
#include "counts/runs.h"

struct pmill_counter {
	struct pmill_page_pool *pool; /* NULL: with a memory limit */
	struct pmill_arena names;
	struct pmill_counts_identity identity;
	struct pmill_counts_identity file_identity; /* as files have it: without reserved tokens */
	size_t own_special_count; /* of the identity's special tokens, without reserved ones */
	struct pmill_pretokenizer *pretokenizer;
	struct pmill_special_finder *specials;
	size_t separator_index; /* SIZE_MAX: none */
	unsigned threads;
	struct pmill_memory_plan plan;
	uint64_t seed; /* one for all tables, so that they can be merged by hash range */

	struct pmill_counter_spill spill;
	uint64_t table_memory;         /* of all tables when they were largest, but for those at hand */
	bool is_settled;               /* one pass is enough for the runs */
	uint64_t run_words, run_bytes; /* distinct words in the runs and their bytes, once settled */

	pthread_mutex_t lock; /* over what follows */
	struct pmill_counter_worker **workers;
	size_t worker_count, worker_capacity;
	struct pmill_counter_worker *free_workers;
	struct pmill_word_list words; /* added as counts */
	pmill_totals totals;          /* of what was added as counts */
	pmill_input *inputs;
	size_t input_count, input_capacity;
};

pmill_status pmill_counter_add_totals(
	pmill_totals *sum, const pmill_totals *more, pmill_error *error);
/* Adds `more` to the list. */
pmill_status pmill_counter_add_words(
	struct pmill_word_list *words, const struct pmill_word_list *more, pmill_error *error);

#endif
