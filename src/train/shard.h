/* What one thread needs to count words: a table, a cursor, buffers. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_SHARD_H
#define PMILL_TRAIN_SHARD_H

#include <stdatomic.h>

#include "corpus/chunk_source.h"
#include "corpus/documents.h"
#include "counts/runs.h"
#include "counts/word_table.h"

/* Where shards go when their tables reach the memory limit. */
struct pmill_shard_spill {
	struct pmill_runs *runs; /* NULL: no limit */
	size_t table_memory;     /* of all shards */
	atomic_uint shard_count; /* who share it */
};

struct pmill_shard_settings {
	const struct pmill_pretokenizer *pretokenizer;
	const struct pmill_special_finder *specials;
	size_t separator_index;
	uint64_t seed;
	const struct pmill_shard_spill *spill; /* borrowed for the life of the shard */
	struct pmill_page_pool *pool;          /* the same; where there is no memory limit */
};

enum { PMILL_SHARD_ENDS = 512 }; /* pretokens found before they are counted: 4 KiB of ends */

/* Used by one thread at a time. */
struct pmill_shard {
	struct pmill_word_table *table;
	size_t table_peak; /* the most memory of the table before it was last emptied */
	const struct pmill_shard_spill *spill;
	struct pmill_pretoken_cursor cursor;
	struct pmill_segment_walk walk;
	struct pmill_chunk chunk;
	uint64_t pretokens;
	size_t ends[PMILL_SHARD_ENDS];
	/* Of the last pmill_shard_count_source: how it went, and where in the input. */
	pmill_status status;
	uint64_t sequence;
	pmill_error error;
	struct pmill_shard *next_free;
};

pmill_status pmill_shard_create(
	const struct pmill_shard_settings *settings, struct pmill_shard **shard, pmill_error *error);
void pmill_shard_free(struct pmill_shard *shard);

void pmill_shard_set_input(struct pmill_shard *shard, const pmill_input_options *input);

pmill_status pmill_shard_count_chunk(
	struct pmill_shard *shard, const struct pmill_chunk *chunk, pmill_error *error);

/* Counts chunks until there are no more; sets status, sequence and error. */
void pmill_shard_count_source(struct pmill_shard *shard, struct pmill_chunk_source *source);

/* Makes a run of the table, which is empty afterwards. */
pmill_status pmill_shard_spill(struct pmill_shard *shard, pmill_error *error);
/* The same at the end: the table takes no memory afterwards. */
pmill_status pmill_shard_spill_last(struct pmill_shard *shard, pmill_error *error);

/* The most memory that the table has taken. */
size_t pmill_shard_table_peak(const struct pmill_shard *shard);

/* Documents, bytes, pretokens and bad lines so far. */
pmill_totals pmill_shard_totals(const struct pmill_shard *shard);

#endif
