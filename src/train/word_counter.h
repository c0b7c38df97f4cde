/* Text, files and counts → one sorted word list, on threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_WORD_COUNTER_H
#define PMILL_TRAIN_WORD_COUNTER_H

#include "base/progress.h"
#include "counts/counts.h"
#include "pairmill.h"

struct pmill_word_counter;

/* `text` is copied. `reserved` special tokens <|reserved_i|> join those of `text`. */
pmill_status pmill_word_counter_create(const pmill_text_options *text, uint32_t reserved,
	struct pmill_word_counter **counter, pmill_error *error);
void pmill_word_counter_free(struct pmill_word_counter *counter);

/* The special tokens with separator and reserved ones, pattern and Unicode version. */
const struct pmill_counts_identity *pmill_word_counter_identity(
	const struct pmill_word_counter *counter);

/* Any number of threads at once. */
pmill_status pmill_word_counter_add_text(
	struct pmill_word_counter *counter, const void *text, size_t len, pmill_error *error);
pmill_status pmill_word_counter_add_files(struct pmill_word_counter *counter,
	const char *const *paths, size_t path_count, const pmill_input_options *input,
	struct pmill_progress_state *progress, pmill_error *error);
pmill_status pmill_word_counter_add_counts(
	struct pmill_word_counter *counter, const pmill_counts *counts, pmill_error *error);

/* Hands over all that was counted; the counter is empty afterwards. */
pmill_status pmill_word_counter_take(
	struct pmill_word_counter *counter, pmill_counts **counts, pmill_error *error);

/* The files read so far, for the record. */
const pmill_input *pmill_word_counter_inputs(
	const struct pmill_word_counter *counter, size_t *count);

#endif
