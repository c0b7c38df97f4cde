/* What the processes do that count words: one reads, some count, some merge. */
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

/* In memory that all processes share. */
struct pmill_study_count_board {
	atomic_uint
		counting; /* processes that still count: the last one tells the mergers that it was all */
};

/* What they inherit: made before they are forked. Worker 0 reads, then come those that count, then the mergers. */
struct pmill_study_count_plan {
	const struct pmill_study_counting_task *task;
	struct pmill_inputs inputs;
	struct pmill_pretokenizer *pretokenizer;
	struct pmill_special_finder *specials; /* NULL: none */
	struct pmill_study_queue chunks, tables;
	struct pmill_study_count_board *board;
};

/* Each of them: a pmill_study_work_fn whose context is the plan. */
int pmill_study_read_chunks(void *context, unsigned worker, int in, int out);
int pmill_study_count_chunks(void *context, unsigned worker, int in, int out);
int pmill_study_merge_tables(void *context, unsigned worker, int in, int out);

/* How each ends: with this message to the parent. Then it waits until the parent hangs up. */
struct pmill_study_count_report {
	pmill_status status;
	pmill_error error;
	uint64_t pretokens, documents; /* of who counts */
};

/* Reads a report; a merger's table is added to `table`. */
pmill_status pmill_study_count_report_get(const struct pmill_buffer *message,
	struct pmill_study_count_report *report, struct pmill_word_table *table, pmill_error *error);

#endif
