/* Counts: words, how often they occur, and how they were cut. */
/* SPDX-License-Identifier: MIT */
#include "counts/counts.h"

#include <stdlib.h>

#include "base/error.h"
#include "counts/counts_writer.h"

pmill_status pmill_counts_create(
	const struct pmill_counts_identity *identity, pmill_counts **counts, pmill_error *error)
{
	pmill_counts *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	if (!pmill_counts_head_init(&made->head, identity)) {
		pmill_counts_free(made);
		return pmill_fail_memory(error);
	}
	*counts = made;
	return PMILL_OK;
}

void pmill_counts_free(pmill_counts *counts)
{
	if (counts == NULL)
		return;
	pmill_counts_head_release(&counts->head);
	pmill_word_list_release(&counts->words);
	free(counts);
}

pmill_status pmill_counts_get_info(const pmill_counts *counts, pmill_counts_info *info)
{
	return pmill_counts_head_get_info(&counts->head, info);
}

pmill_status pmill_counts_get_word(
	const pmill_counts *counts, size_t index, pmill_bytes *word, int64_t *count)
{
	if (index >= counts->words.count)
		return PMILL_BAD_OPTION;
	*word = pmill_word_list_word(&counts->words, index);
	*count = counts->words.counts[index];
	return PMILL_OK;
}

pmill_status pmill_counts_save(
	const pmill_counts *counts, const char *path, unsigned flags, pmill_error *error)
{
	const struct pmill_word_list *words = &counts->words;
	struct pmill_counts_writer writer;
	pmill_totals totals = counts->head.totals;
	pmill_status status = pmill_counts_writer_open(
		&writer, path, flags, &counts->head.identity, error);
	for (size_t i = 0; status == PMILL_OK && i < words->count; i++)
		status = pmill_counts_writer_add(
			&writer, pmill_word_list_word(words, i), words->counts[i], error);
	if (status == PMILL_OK)
		status = pmill_counts_writer_commit(&writer, &totals, error);
	pmill_counts_writer_release(&writer);
	return status;
}
