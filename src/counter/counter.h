/* Text, files and counts → one sorted word list, on threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTER_COUNTER_H
#define PMILL_COUNTER_COUNTER_H

#include "base/page_pool.h"
#include "base/progress.h"
#include "counts/counts.h"
#include "pairmill.h"

struct pmill_counter;

/* `text` is copied. `reserved` special tokens <|reserved_i|> join those of `text`. */
pmill_status pmill_counter_create(const pmill_text_options *text, uint32_t reserved,
	struct pmill_counter **counter, pmill_error *error);
void pmill_counter_free(struct pmill_counter *counter);

/* The special tokens with separator and reserved ones, pattern and Unicode version. */
const struct pmill_counts_identity *pmill_counter_identity(const struct pmill_counter *counter);

/* Any number of threads at once. */
pmill_status pmill_counter_add_text(
	struct pmill_counter *counter, const void *text, size_t len, pmill_error *error);
pmill_status pmill_counter_add_files(struct pmill_counter *counter, const char *const *paths,
	size_t path_count, const pmill_input_options *input, struct pmill_progress_state *progress,
	pmill_error *error);
pmill_status pmill_counter_add_counts(
	struct pmill_counter *counter, const pmill_counts *counts, pmill_error *error);
/* The same, and empties the list of `counts`, but not after a failure. */
pmill_status pmill_counter_move_counts(
	struct pmill_counter *counter, pmill_counts *counts, pmill_error *error);

/* Forgets what was counted, and gives its memory back. */
void pmill_counter_clear(struct pmill_counter *counter);

/*
 * Brings all that was counted together: into one list, or, where the memory limit is too small for
 * that, into runs that one pass can merge. More can be added afterwards. With a memory limit `visit` (may be
 * NULL) sees every word, in order.
 */
pmill_status pmill_counter_gather(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_word_fn *visit, void *context, pmill_error *error);

/* After gathering: bytes that reading the words from runs takes beside their list. */
uint64_t pmill_counter_reading_memory(const struct pmill_counter *counter);

/* Hands over all that was counted, in memory; the counter is empty afterwards. */
pmill_status pmill_counter_take(struct pmill_counter *counter,
	struct pmill_progress_state *progress, pmill_counts **counts, pmill_error *error);

/* Writes all that was counted to a count file or TSV; the counter is empty afterwards. */
pmill_status pmill_counter_save(struct pmill_counter *counter, const char *path, unsigned flags,
	struct pmill_progress_state *progress, pmill_counts **head, pmill_error *error);

void pmill_counter_get_counting(const struct pmill_counter *counter, pmill_counting *counting);

/* Memory of counting, for who comes next; NULL: none. The counter's own. */
struct pmill_page_pool *pmill_counter_pool(const struct pmill_counter *counter);

/* The files read so far, for the record. */
const pmill_input *pmill_counter_inputs(const struct pmill_counter *counter, size_t *count);

#endif
