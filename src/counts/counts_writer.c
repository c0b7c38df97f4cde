/* Writes sorted words to a count file, or to a TSV if the path ends in .tsv. */
/* SPDX-License-Identifier: MIT */
#include "counts/counts_writer.h"

#include "base/error.h"

pmill_status pmill_counts_writer_open(struct pmill_counts_writer *writer, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error)
{
	*writer = (struct pmill_counts_writer){
		.is_tsv = pmill_path_has_suffix(path, ".tsv"), .path = path};
	if (writer->is_tsv)
		return pmill_tsv_writer_open(&writer->tsv, path, flags, error);
	return pmill_count_file_writer_open(&writer->count_file, path, flags, identity, error);
}

pmill_status pmill_counts_writer_add(
	void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct pmill_counts_writer *writer = context;
	writer->words++;
	if (__builtin_add_overflow(writer->pretokens, (uint64_t)count, &writer->pretokens))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"%s: the sum of all counts does not fit in 64 bits", writer->path);
	return writer->is_tsv ? pmill_tsv_writer_add(&writer->tsv, word, count, error)
						  : pmill_count_file_writer_add(&writer->count_file, word, count, error);
}

pmill_status pmill_counts_writer_commit(
	struct pmill_counts_writer *writer, pmill_totals *totals, pmill_error *error)
{
	totals->words = writer->words;
	totals->pretokens = writer->pretokens;
	if (writer->is_tsv)
		return pmill_tsv_writer_commit(&writer->tsv, error);
	return pmill_count_file_writer_commit(&writer->count_file, totals, error);
}

void pmill_counts_writer_release(struct pmill_counts_writer *writer)
{
	pmill_tsv_writer_release(&writer->tsv);
	pmill_count_file_writer_release(&writer->count_file);
}
