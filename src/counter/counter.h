/* The inside of pmill_counter, for adding, gathering and taking. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_COUNTER_H
#define PMILL_COUNTER_COUNTER_H

#include <pthread.h>

#include "base/page_pool.h"
#include "base/progress.h"
#include "counter/memory_plan.h"
#include "counter/worker.h"
#include "counts/counts.h"

struct pmill_counter {
	pmill_run_options run; /* its strings are not kept */
	struct pmill_progress_state progress;
	unsigned threads;
	struct pmill_page_pool *pool; /* keeps pages for the next stage; NULL with a memory limit */
	struct pmill_arena strings;
	struct pmill_counts_identity identity;
	struct pmill_pretokenizer *pretokenizer;
	struct pmill_special_finder *specials; /* including reserved tokens */
	size_t separator_index;                /* SIZE_MAX: none */
	struct pmill_memory_plan plan;
	uint64_t count_ns, count_peak_memory; /* of adding files, for the training record */
	const struct pmill_key_maker *key_maker;
	uint64_t seed; /* of all tables, so that they can be merged by hash range */

	struct pmill_counter_spill spill;
	uint64_t table_memory;         /* most bytes that all earlier tables took together */
	bool is_settled;               /* the runs can be merged in one pass and are measured */
	uint64_t run_words, run_bytes; /* of the distinct words in settled runs */

	bool is_cleared;                          /* nothing was added since */
	uint64_t earlier_runs, earlier_run_bytes; /* written before that */
	pthread_mutex_t lock;                     /* guards what follows */
	struct pmill_worker **workers;
	size_t worker_count, worker_capacity;
	struct pmill_worker *free_workers;
	struct pmill_word_list words; /* added as counts, or the gathered list */
	pmill_totals totals;          /* of counts added */
	pmill_input *inputs;
	size_t input_count, input_capacity;
	struct pmill_bad_line_list bad_files; /* among the inputs */
	struct pmill_input_notes notes;
};

/* Forgets what was counted and releases its memory. */
void pmill_counter_clear(struct pmill_counter *counter);

/* Releases the tables, which are empty, and keeps the totals. */
pmill_status pmill_counter_drop_workers(struct pmill_counter *counter, pmill_error *error);

/* Adds `more` to `words`. */
pmill_status pmill_counter_add_words(
	struct pmill_word_list *words, const struct pmill_word_list *more, pmill_error *error);

/* The totals of everything added, except the number of distinct words. */
pmill_status pmill_counter_sum_totals(
	const struct pmill_counter *counter, pmill_totals *sum, pmill_error *error);

/* The most bytes that all tables took together. */
uint64_t pmill_counter_table_memory(const struct pmill_counter *counter);

#endif
