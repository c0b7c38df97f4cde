/* The work of the processes that count words: one reads, some count, some merge. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_COUNT_WORKERS_H
#define PMILL_STUDY_COUNT_WORKERS_H

#include <stdatomic.h>

#include "corpus/inputs.h"
#include "counting.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/special_finder.h"
#include "queue.h"
#include "words/word_table.h"

/* In memory shared by all processes. */
struct pmill_study_count_board {
	atomic_uint counting; /* processes still counting: the last one tells the mergers to end */
};

/*
 * What they inherit: made before they are forked. Worker 0 reads; the next ones count, and the rest
 * merge.
 */
struct pmill_study_count_plan {
	const struct pmill_study_counting_task *task;
	struct pmill_inputs inputs;
	struct pmill_pretokenizer *pretokenizer;
	struct pmill_special_finder *specials; /* NULL: none */
	struct pmill_study_queue chunks, tables;
	struct pmill_study_count_board *board;
};

/* Each is a pmill_study_work_fn whose context is the plan. */
int pmill_study_read_chunks(void *context, unsigned worker, int in, int out);
int pmill_study_count_chunks(void *context, unsigned worker, int in, int out);
int pmill_study_merge_tables(void *context, unsigned worker, int in, int out);

/* Each ends by sending this to the parent; then it waits until the parent hangs up. */
struct pmill_study_count_report {
	pmill_status status;
	pmill_error error;
	uint64_t pretokens, documents; /* of a counting process */
};

/* Reads a report, and adds a merger's table to `table`. */
pmill_status pmill_study_count_report_get(const struct pmill_buffer *message,
	struct pmill_study_count_report *report, struct pmill_word_table *table, pmill_error *error);

#endif
