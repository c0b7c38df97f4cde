/* How a training is to merge, and what it returns. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGER_SETTINGS_H
#define PMILL_MERGE_MERGER_SETTINGS_H

#include <stdbool.h>

#include "base/page_pool.h"
#include "base/progress.h"

/*
 * Which of two pairs with equal counts is merged first: the one with the greater (left bytes, right
 * bytes), or the one with the smaller (left id, right id).
 */
enum pmill_ties { PMILL_TIES_BYTES, PMILL_TIES_IDS };

/* Returns false if no rule has this name. */
bool pmill_ties_find(const char *name, enum pmill_ties *ties);

struct pmill_merger_settings {
	uint32_t byte_ids[256]; /* ids in the layout: ties by ids compare them */
	uint32_t first_merge_id;
	uint64_t merge_limit;
	int64_t min_count;         /* at least 1 */
	uint64_t max_token_length; /* 0: no limit */
	bool is_hf_length;         /* the limit is exclusive, and pairs of bytes are always allowed */
	enum pmill_ties ties;
	struct pmill_progress_state *progress; /* may be NULL */
	unsigned threads;                      /* 0 or 1: only the calling thread */
	struct pmill_page_pool *pool;          /* where memory comes from; NULL: the system */
	size_t chained_word_len; /* words of this many bytes are chained; 0: 256; for tests */
	int64_t first_floor;     /* see merge_state.h; 0: estimated; for tests */
	const char *method;      /* one of the names; NULL: the fastest for the threads and the words */
};

/* The length of the longest token allowed, apart from pairs of bytes; 0: no limit. */
static inline uint64_t pmill_merger_longest_token(const struct pmill_merger_settings *settings)
{
	uint64_t limit = settings->max_token_length;
	if (limit == 0 || !settings->is_hf_length)
		return limit;
	return limit > 2 ? limit - 1 : 2;
}

struct pmill_learned_merge {
	uint32_t left, right; /* ids */
	int64_t count;        /* when it was merged */
};

struct pmill_merger_result {
	struct pmill_learned_merge *merges; /* merge i has the id first_merge_id + i */
	size_t merge_count, merge_capacity;
	struct pmill_memory_account *account; /* of `merges` */
	uint64_t token_bytes; /* of all tokens; with an account, what follows as well: */
	uint64_t wide_bytes;  /* those of them that model files spell in two bytes */
	const char *stopped;  /* "full", "min-count" or "no-pairs" */
	uint64_t index_seconds_ns, merge_seconds_ns;
	uint64_t index_peak_memory;
	uint64_t visits; /* places visited */
	uint64_t batches;
	uint64_t surveys; /* times that all pairs were counted again */
};

#endif
