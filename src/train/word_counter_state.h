/* The inside of the word counter: what adding and taking share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_WORD_COUNTER_STATE_H
#define PMILL_TRAIN_WORD_COUNTER_STATE_H

#include <pthread.h>

#include "counts/runs.h"
#include "train/memory_plan.h"
#include "train/shard.h"
#include "train/word_counter.h"

struct pmill_word_counter {
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

	struct pmill_shard_spill spill;
	uint64_t table_memory; /* of all tables when they were largest, but for those at hand */
	bool is_settled;       /* one pass is enough for the runs */
	struct pmill_counting_size *size; /* what was gathered comes to; NULL: not known */

	pthread_mutex_t lock; /* over what follows */
	struct pmill_shard **shards;
	size_t shard_count, shard_capacity;
	struct pmill_shard *free_shards;
	struct pmill_word_list words; /* added as counts */
	pmill_totals totals;          /* of what was added as counts */
	pmill_input *inputs;
	size_t input_count, input_capacity;
};

pmill_status pmill_word_counter_add_totals(
	pmill_totals *sum, const pmill_totals *more, pmill_error *error);
/* Adds `more` to the list. */
pmill_status pmill_word_counter_add_words(
	struct pmill_word_list *words, const struct pmill_word_list *more, pmill_error *error);

#endif
