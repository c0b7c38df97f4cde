/* What one thread needs to count words: a table, a cursor, buffers. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_COUNTER_WORKER_H
#define PMILL_COUNTER_COUNTER_WORKER_H

#include <stdatomic.h>

#include "corpus/chunk_workers.h"
#include "corpus/documents.h"
#include "counts/runs.h"
#include "words/word_table.h"

/* Where workers go when their tables reach the memory limit. */
struct pmill_counter_spill {
	struct pmill_runs *runs;  /* NULL: no limit */
	size_t table_memory;      /* of all workers */
	atomic_uint worker_count; /* who share it */
};

struct pmill_counter_worker_settings {
	const struct pmill_pretokenizer *pretokenizer;
	const struct pmill_special_finder *specials;
	size_t separator_index;
	uint64_t seed;
	const struct pmill_counter_spill *spill; /* borrowed for the life of the worker */
	struct pmill_page_pool *pool;            /* the same; where there is no memory limit */
};

enum { PMILL_COUNTER_ENDS = 512 }; /* pretokens found before they are counted: 4 KiB of ends */

/* Used by one thread at a time. */
struct pmill_counter_worker {
	struct pmill_chunk_worker chunks; /* its work is pmill_counter_worker_count */
	struct pmill_word_table *table;
	size_t table_peak; /* the most memory of the table before it was last emptied */
	const struct pmill_counter_spill *spill;
	struct pmill_pretoken_cursor cursor;
	struct pmill_segment_walk walk;
	uint64_t pretokens;
	size_t ends[PMILL_COUNTER_ENDS];
	struct pmill_counter_worker *next_free;
};

pmill_status pmill_counter_worker_create(const struct pmill_counter_worker_settings *settings,
	struct pmill_counter_worker **worker, pmill_error *error);
void pmill_counter_worker_free(struct pmill_counter_worker *worker);

void pmill_counter_worker_set_input(
	struct pmill_counter_worker *worker, const pmill_input_options *input);

/* Counts the words of a chunk: a pmill_chunk_work, whose `context` is the worker. */
pmill_status pmill_counter_worker_count(
	void *context, const struct pmill_chunk *chunk, pmill_error *error);

/* Makes a run of the table, which is empty afterwards. */
pmill_status pmill_counter_worker_spill(struct pmill_counter_worker *worker, pmill_error *error);
/* The same at the end: the table takes no memory afterwards. */
pmill_status pmill_counter_worker_spill_last(
	struct pmill_counter_worker *worker, pmill_error *error);

/* The most memory that the table has taken. */
size_t pmill_counter_worker_table_peak(const struct pmill_counter_worker *worker);

/* Documents, bytes, pretokens and bad lines so far. */
pmill_totals pmill_counter_worker_totals(const struct pmill_counter_worker *worker);

#endif
