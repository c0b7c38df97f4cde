/* A worker: what one thread needs to count words (table, cursor, buffers). */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_WORKER_H
#define PMILL_COUNTER_WORKER_H

#include <stdatomic.h>

#include "corpus/chunk_workers.h"
#include "corpus/documents.h"
#include "counts/runs.h"
#include "words/word_table.h"

/* Where workers put their words when their tables reach the memory limit. */
struct pmill_counter_spill {
	struct pmill_runs *runs;  /* NULL: no limit */
	size_t table_memory;      /* bytes for the tables of all workers */
	atomic_uint worker_count; /* that divide table_memory */
};

struct pmill_worker_settings {
	const struct pmill_pretokenizer *pretokenizer;
	const struct pmill_special_finder *specials;
	size_t separator_index;
	uint64_t seed;
	const struct pmill_key_maker *key_maker; /* NULL: the fastest */
	const struct pmill_counter_spill *spill; /* borrowed for the life of the worker */
	struct pmill_page_pool *pool;            /* borrowed, too; only without a memory limit */
};

enum { PMILL_WORKER_ENDS = 512 }; /* pretokens found at a time: 4 KiB of ends */

/* Used by one thread at a time. */
struct pmill_worker {
	struct pmill_chunk_worker chunks; /* calls pmill_worker_count */
	struct pmill_word_table *table;
	size_t table_peak; /* most bytes that the table took before it was last emptied */
	const struct pmill_counter_spill *spill;
	struct pmill_pretoken_cursor cursor;
	struct pmill_segment_walk walk;
	uint64_t pretokens;
	size_t ends[PMILL_WORKER_ENDS];
	struct pmill_worker *next_free;
};

pmill_status pmill_worker_create(
	const struct pmill_worker_settings *settings, struct pmill_worker **worker, pmill_error *error);
void pmill_worker_free(struct pmill_worker *worker);

/* Before the first chunk of each set of inputs. */
void pmill_worker_start_inputs(struct pmill_worker *worker, const pmill_input_options *input);

/* Counts the words of a chunk. A pmill_chunk_work; `context` is the worker. */
pmill_status pmill_worker_count(void *context, const struct pmill_chunk *chunk, pmill_error *error);

/* Turns the table into a run and empties it. */
pmill_status pmill_worker_spill(struct pmill_worker *worker, pmill_error *error);
/* The same after the last word: also releases the table's memory. */
pmill_status pmill_worker_spill_last(struct pmill_worker *worker, pmill_error *error);

/* The most bytes that the table has taken. */
size_t pmill_worker_table_peak(const struct pmill_worker *worker);

/* Moves the bad lines that the workers skipped in these inputs to the list. */
pmill_status pmill_workers_keep_bad_lines(struct pmill_worker *const *workers, unsigned count,
	struct pmill_bad_line_list *list, struct pmill_arena *strings, pmill_error *error);

/* Documents, bytes, pretokens and bad lines so far. */
pmill_totals pmill_worker_totals(const struct pmill_worker *worker);

#endif
