/* Loads a count file or a TSV into memory. */
/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/sized_struct.h"
#include "counts/count_file_reader.h"
#include "counts/counts.h"
#include "counts/tsv.h"

struct load {
	pmill_text_options expected;
	bool is_expected; /* whether the caller gave `expected` */
	uint64_t limit;   /* bytes for reading the words and adding them to others; 0: none */
	struct pmill_progress_state progress;
	pmill_counts *counts;
	uint64_t words, bytes; /* so far */
};

/* How often a long word is in memory at most: in blocks, lists, the buffers of runs. */
enum { COPIES = 24 };

/* 0 if unknown. */
static uint64_t file_size(const char *path)
{
	struct stat about;
	if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
		return 0;
	return (uint64_t)about.st_size;
}

static uint64_t memory_needed(const struct load *load)
{
	return PMILL_ADDING_LISTS * pmill_word_list_memory(load->words, load->bytes);
}

/* Past the limit, words are only counted, for the message. */
static pmill_status add_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct load *load = context;
	load->words++;
	load->bytes += word.len;
	if (load->limit > 0 && memory_needed(load) > load->limit)
		pmill_word_list_release(&load->counts->words);
	else if (!pmill_word_list_append(&load->counts->words, word, count))
		return pmill_fail_memory(error);
	return PMILL_OK;
}

static pmill_status check_limit(const struct load *load, const char *name, pmill_error *error)
{
	uint64_t needed = memory_needed(load);
	if (load->limit == 0 || needed <= load->limit)
		return PMILL_OK;
	return pmill_fail_limit(error, needed, load->limit,
		"%s: reading and adding up its %llu words takes", name, (unsigned long long)load->words);
}

static pmill_status load_count_file(
	struct load *load, struct pmill_lookahead *input, pmill_error *error)
{
	struct pmill_count_file_reader reader;
	pmill_status status = pmill_count_file_reader_open(&reader, input, error);
	if (status != PMILL_OK)
		return status;
	reader.longest_word = load->limit / COPIES;
	if (load->is_expected)
		status = pmill_counts_identity_check(
			&reader.identity, reader.input.name, &load->expected, error);
	if (status == PMILL_OK)
		status = pmill_counts_create(&reader.identity, &load->counts, error);
	if (status == PMILL_OK)
		status = pmill_count_file_reader_each(&reader, add_word, load, &load->progress, error);
	if (status == PMILL_OK)
		status = check_limit(load, reader.input.name, error);
	if (status == PMILL_OK)
		load->counts->head.totals = reader.totals;
	pmill_count_file_reader_release(&reader);
	return status;
}

static pmill_status load_tsv(
	struct load *load, struct pmill_lookahead *input, const char *tsv, pmill_error *error)
{
	struct pmill_arena strings = {0};
	struct pmill_counts_identity identity;
	pmill_status status = pmill_counts_identity_resolve(
		&load->expected, NULL, &strings, &identity, error);
	if (status == PMILL_OK)
		status = pmill_counts_create(&identity, &load->counts, error);
	pmill_arena_release(&strings);
	if (status != PMILL_OK)
		return status;
	struct pmill_word_list *words = &load->counts->words;
	pmill_totals *totals = &load->counts->head.totals;
	status = pmill_tsv_read(input, tsv, &load->progress, load->limit, words, error);
	if (status == PMILL_OK)
		status = pmill_word_list_sum(words, &totals->pretokens, error);
	totals->words = words->count;
	return status;
}

static pmill_status load_path(
	struct load *load, const char *path, const char *tsv, pmill_error *error)
{
	struct pmill_lookahead input;
	bool is_count_file = false;
	pmill_status status = pmill_lookahead_open(&input, path, error);
	if (status != PMILL_OK)
		return status;
	pmill_progress_stage(&load->progress, "read counts", "bytes", file_size(path));
	status = pmill_count_file_recognise(&input, &is_count_file, error);
	if (status == PMILL_OK)
		status = is_count_file ? load_count_file(load, &input, error)
							   : load_tsv(load, &input, tsv, error);
	pmill_lookahead_release(&input);
	if (status == PMILL_OK && !pmill_progress_end(&load->progress, load->progress.total))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	return status;
}

pmill_status pmill_counts_load(const char *path, const char *tsv,
	const pmill_text_options *expected, const pmill_run_options *run, pmill_counts **counts,
	pmill_error *error)
{
	struct load load = {.is_expected = expected != NULL};
	pmill_run_options running;
	pmill_status status = pmill_sized_struct_read(
		&load.expected, sizeof load.expected, expected, "pmill_text_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(&running, sizeof running, run, "pmill_run_options", error);
	if (status != PMILL_OK)
		return status;
	load.limit = running.memory_limit;
	load.progress = (struct pmill_progress_state){
		.callback = running.progress, .context = running.progress_context};
	status = load_path(&load, path, tsv, error);
	if (status == PMILL_OK)
		*counts = load.counts;
	else
		pmill_counts_free(load.counts);
	return status;
}
