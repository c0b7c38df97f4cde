/* A folder for the counts of a test, and their comparison. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_SAME_COUNTS_H
#define PMILL_TESTS_SUPPORT_SAME_COUNTS_H

#include "counts/block_codec.h"
#include "support/sample_text.h"
#include "support/folder_set_up.h"

enum { TEXTS = 24, FEEDERS = 4 };

/* A count file, or without zstd a TSV. Valid until the next call of scratch_path. */
static inline const char *counts_path(void)
{
	return scratch_path(
		&folder, pmill_block_codec_check(NULL) == PMILL_OK ? "words.counts" : "words.tsv");
}

static inline void assert_same_totals(const pmill_counts *a, const pmill_counts *b)
{
	pmill_totals x = sample_info(a).totals, y = sample_info(b).totals;
	assert_memory_equal(&x, &y, sizeof x);
}

static inline void assert_same_counts(const pmill_counts *a, const pmill_counts *b)
{
	sample_require_same_words(a, b);
	assert_same_totals(a, b);
}

/* The counter has forgotten all: it gives no words, and totals of 0. */
static inline void assert_empty(pmill_counter *counter)
{
	static const pmill_totals none;
	pmill_counts *counts = sample_take(counter);
	pmill_totals totals = sample_info(counts).totals;
	assert_memory_equal(&totals, &none, sizeof none);
	pmill_counts_free(counts);
}

#endif
