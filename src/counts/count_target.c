/* Where sorted words are written: a count file, or a TSV by its suffix. */
/* SPDX-License-Identifier: MIT */
#include "counts/count_target.h"

#include "base/error.h"

pmill_status pmill_count_target_open(struct pmill_count_target *target, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error)
{
	*target = (struct pmill_count_target){
		.is_tsv = pmill_path_has_suffix(path, ".tsv"), .path = path};
	if (target->is_tsv)
		return pmill_tsv_writer_open(&target->tsv, path, flags, error);
	return pmill_count_file_writer_open(&target->count_file, path, flags, identity, error);
}

pmill_status pmill_count_target_add(
	void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct pmill_count_target *target = context;
	target->words++;
	if (__builtin_add_overflow(target->pretokens, (uint64_t)count, &target->pretokens))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"%s: the sum of all counts does not fit 64 bits", target->path);
	return target->is_tsv ? pmill_tsv_writer_add(&target->tsv, word, count, error)
						  : pmill_count_file_writer_add(&target->count_file, word, count, error);
}

pmill_status pmill_count_target_commit(
	struct pmill_count_target *target, pmill_totals *totals, pmill_error *error)
{
	totals->words = target->words;
	totals->pretokens = target->pretokens;
	if (target->is_tsv)
		return pmill_tsv_writer_commit(&target->tsv, error);
	return pmill_count_file_writer_commit(&target->count_file, totals, error);
}

void pmill_count_target_release(struct pmill_count_target *target)
{
	pmill_tsv_writer_release(&target->tsv);
	pmill_count_file_writer_release(&target->count_file);
}
