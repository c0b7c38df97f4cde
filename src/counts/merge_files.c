/* Adds up count files in one pass that reads all of them side by side, in the order of words. */
/* SPDX-License-Identifier: MIT */
/*
 * If there are more files than may be read at a time (memory and the limit of open files decide),
 * groups of them are added up into runs first. All runs are in one file, however many there are.
 * A TSV is sorted in memory, so a group has at most one. With a memory limit, a TSV is split into
 * runs as it is read instead.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/sized_struct.h"
#include "counts/counts_head.h"
#include "counts/counts_writer.h"
#include "counts/runs.h"
#include "counts/tsv.h"
#include "counts/word_merge.h"

enum {
	SOURCE_MEMORY = 1 << 20, /* to read a count file, whose blocks are larger than those of runs */
	OWN_MEMORY = 6 << 20,    /* for writing, and for everything small */
	COPIES = 12, /* how often a long word is in memory at most: in blocks and other buffers */
	MIN_MEMORY = OWN_MEMORY + 4 * SOURCE_MEMORY,
	OWN_FILES = 4, /* the next source while a group is added up, runs, output, its folder */
};

struct merge {
	const char *tsv;
	pmill_text_options expected;
	pmill_run_options run;
	const char *out;
	unsigned flags;
	struct pmill_progress_state progress;
	uint64_t done;                         /* bytes read from closed files */
	size_t source_limit;                   /* most sources open at a time */
	size_t run_memory;                     /* bytes for reading runs */
	struct pmill_arena strings;            /* what the identity points to */
	struct pmill_counts_identity identity; /* of the first file */
	const char *first_name;                /* NULL until there is one */
	struct pmill_word_merge sources;       /* the open ones */
	bool has_tsv;                          /* whether one of them is a TSV */
	struct pmill_runs *runs;               /* NULL until one is written */
};

/* If files don't belong together, that is bad input rather than a bad option. */
static pmill_status compare(const struct pmill_counts_identity *a, const char *a_name,
	const struct pmill_counts_identity *b, const char *b_name, pmill_error *error)
{
	if (pmill_counts_identity_compare(a, a_name, b, b_name, error) == PMILL_OK)
		return PMILL_OK;
	if (error != NULL)
		error->status = PMILL_BAD_INPUT;
	return PMILL_BAD_INPUT;
}

/* The options must agree with every file, and the others with the first. */
static pmill_status check_identity(struct merge *merge, const char *path,
	const struct pmill_counts_identity *stored, pmill_error *error)
{
	struct pmill_arena strings = {0};
	struct pmill_counts_identity from_options;
	pmill_status status = pmill_counts_identity_resolve(
		&merge->expected, stored, &strings, &from_options, error);
	const struct pmill_counts_identity *identity = stored != NULL ? stored
																  : &from_options; /* TSV */
	if (status == PMILL_OK && stored != NULL)
		status = compare(stored, path, &from_options, "the options", error);
	if (status == PMILL_OK && merge->first_name != NULL) {
		status = compare(&merge->identity, merge->first_name, identity, path, error);
	} else if (status == PMILL_OK) {
		merge->first_name = path;
		if (!pmill_counts_identity_copy(identity, &merge->strings, &merge->identity))
			status = pmill_fail_memory(error);
	}
	pmill_arena_release(&strings);
	return status;
}

/* ---- Runs ---- */

static pmill_status create_runs(struct merge *merge, pmill_error *error)
{
	if (merge->runs != NULL)
		return PMILL_OK;
	char *out_folder = pmill_path_folder(merge->out);
	if (out_folder == NULL)
		return pmill_fail_memory(error);
	const char *folder = merge->run.tmp_dir != NULL ? merge->run.tmp_dir : out_folder;
	pmill_status status = pmill_runs_create(
		folder, &merge->identity, merge->run_memory, &merge->runs, error);
	free(out_folder);
	return status;
}

/* Adds up the open sources into a run. */
static pmill_status merge_to_run(struct merge *merge, pmill_error *error)
{
	pmill_status status = create_runs(merge, error);
	if (status == PMILL_OK)
		status = pmill_runs_add_merge(
			merge->runs, &merge->sources, &merge->progress, merge->done, error);
	merge->done += pmill_word_merge_done(&merge->sources);
	pmill_word_merge_release(&merge->sources);
	merge->has_tsv = false;
	return status;
}

/* ---- Files ---- */

static pmill_status make_room(struct merge *merge, bool is_tsv, pmill_error *error)
{
	/* Without zstd there are no runs, so all TSVs are in memory at once. */
	bool is_second_tsv = is_tsv && merge->has_tsv && pmill_block_codec_check(NULL) == PMILL_OK;
	bool is_full = merge->sources.source_count == merge->source_limit;
	return is_full || is_second_tsv ? merge_to_run(merge, error) : PMILL_OK;
}

static pmill_status split_tsv(
	struct merge *merge, struct pmill_lookahead *input, const char *path, pmill_error *error)
{
	size_t limit = (size_t)merge->run.memory_limit - OWN_MEMORY;
	pmill_status status = check_identity(merge, path, NULL, error);
	if (status == PMILL_OK && merge->sources.source_count > 0)
		status = merge_to_run(merge, error); /* frees their memory */
	if (status == PMILL_OK)
		status = create_runs(merge, error);
	if (status == PMILL_OK)
		status = pmill_tsv_read_to_runs(
			input, merge->tsv, &merge->progress, limit, merge->runs, error);
	merge->done += input->offset;
	return status;
}

/* Reads first: a file that isn't a TSV either must fail as such, not by its identity. */
static pmill_status sort_tsv(
	struct merge *merge, struct pmill_lookahead *input, const char *path, pmill_error *error)
{
	struct pmill_word_source *source = pmill_word_source_create(path);
	if (source == NULL)
		return pmill_fail_memory(error);
	source->is_list = true;
	pmill_status status = pmill_tsv_read(
		input, merge->tsv, &merge->progress, 0, &source->list, error);
	merge->done += input->offset;
	if (status == PMILL_OK)
		status = check_identity(merge, path, NULL, error);
	if (status == PMILL_OK) {
		merge->has_tsv = true;
		return pmill_word_merge_add(&merge->sources, source, error);
	}
	pmill_word_source_free(source);
	return status;
}

static pmill_status add_count_file(
	struct merge *merge, struct pmill_lookahead *input, const char *path, pmill_error *error)
{
	struct pmill_word_source *source = pmill_word_source_create(path);
	if (source == NULL)
		return pmill_fail_memory(error);
	pmill_status status = pmill_count_file_reader_open(&source->reader, input, error);
	if (merge->run.memory_limit > 0)
		source->reader.longest_word = (merge->run.memory_limit - OWN_MEMORY) / COPIES;
	if (status == PMILL_OK)
		status = check_identity(merge, path, &source->reader.identity, error);
	if (status == PMILL_OK)
		return pmill_word_merge_add(&merge->sources, source, error);
	pmill_word_source_free(source);
	return status;
}

static pmill_status add_path(struct merge *merge, const char *path, pmill_error *error)
{
	struct pmill_lookahead input;
	bool is_count_file = false;
	pmill_status status = pmill_lookahead_open(&input, path, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_count_file_recognise(&input, &is_count_file, error);
	bool is_split = !is_count_file && merge->run.memory_limit > 0;
	if (status == PMILL_OK && !is_split)
		status = make_room(merge, !is_count_file, error);
	if (status == PMILL_OK && is_count_file)
		status = add_count_file(merge, &input, path, error);
	else if (status == PMILL_OK)
		status = (is_split ? split_tsv : sort_tsv)(merge, &input, path, error);
	pmill_lookahead_release(&input);
	return status;
}

/* ---- Output ---- */

/* Writes the sum of the open sources. `before`: bytes that the stage has already done. */
static pmill_status write_sum(
	struct merge *merge, uint64_t before, pmill_counts_head **head, pmill_error *error)
{
	struct pmill_counts_writer writer;
	pmill_status status = pmill_counts_writer_open(
		&writer, merge->out, merge->flags, &merge->identity, error);
	if (status == PMILL_OK)
		status = pmill_word_merge_each(
			&merge->sources, pmill_counts_writer_add, &writer, &merge->progress, before, error);
	uint64_t done = before + pmill_word_merge_done(&merge->sources);
	if (status == PMILL_OK && !pmill_progress_end(&merge->progress, done))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	pmill_totals sum = merge->sources.totals;
	pmill_counts_head *made = NULL;
	if (status == PMILL_OK)
		status = pmill_counts_head_create(&merge->identity, &sum, &made, error);
	if (status == PMILL_OK)
		status = pmill_counts_writer_commit(&writer, &made->totals, error);
	pmill_counts_writer_release(&writer);
	if (status == PMILL_OK && head != NULL)
		*head = made;
	else
		pmill_counts_head_free(made);
	return status;
}

static pmill_status write_runs(struct merge *merge, pmill_counts_head **head, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (merge->sources.source_count > 0)
		status = merge_to_run(merge, error);
	if (status == PMILL_OK && !pmill_progress_end(&merge->progress, merge->done))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	if (status == PMILL_OK)
		status = pmill_runs_settle(merge->runs, &merge->progress, error);
	if (status == PMILL_OK)
		status = pmill_runs_open(merge->runs, &merge->sources, error);
	if (status != PMILL_OK)
		return status;
	pmill_progress_stage(&merge->progress, "merge runs", "bytes", pmill_runs_bytes(merge->runs));
	return write_sum(merge, 0, head, error);
}

static pmill_status merge_paths(struct merge *merge, const char *const *paths, size_t path_count,
	pmill_counts_head **head, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < path_count && status == PMILL_OK; i++)
		status = add_path(merge, paths[i], error);
	if (status != PMILL_OK)
		return status;
	return merge->runs != NULL ? write_runs(merge, head, error)
							   : write_sum(merge, merge->done, head, error);
}

static pmill_status check_paths(const char *const *paths, size_t path_count, const char *out,
	unsigned flags, uint64_t *bytes, pmill_error *error)
{
	struct stat target, about;
	bool exists = stat(out, &target) == 0 && S_ISREG(target.st_mode);
	if (path_count == 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "no count files to add up");
	for (size_t i = 0; i < path_count; i++) {
		if (strcmp(paths[i], "-") == 0 || stat(paths[i], &about) != 0)
			continue;
		if (exists && about.st_dev == target.st_dev && about.st_ino == target.st_ino)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"%s: the output is also an input (%s)", out, paths[i]);
		if (S_ISREG(about.st_mode))
			*bytes += (uint64_t)about.st_size;
	}
	return pmill_file_check_target(out, flags, error);
}

static pmill_status set_limits(struct merge *merge, pmill_error *error)
{
	uint64_t limit = merge->run.memory_limit;
	size_t files = pmill_file_count_openable(PMILL_RUNS_AT_A_TIME + OWN_FILES);
	merge->source_limit = files > OWN_FILES + 2 ? files - OWN_FILES : 2;
	merge->run_memory = (size_t)PMILL_RUNS_AT_A_TIME * SOURCE_MEMORY;
	if (limit == 0)
		return PMILL_OK;
	if (limit < MIN_MEMORY)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"a memory limit of %llu bytes is too small to add up counts: the minimum is %d bytes",
			(unsigned long long)limit, MIN_MEMORY);
	uint64_t sources = (limit - OWN_MEMORY) / SOURCE_MEMORY;
	if (sources < PMILL_RUNS_AT_A_TIME)
		merge->run_memory = (size_t)sources * SOURCE_MEMORY;
	if (sources < merge->source_limit)
		merge->source_limit = (size_t)sources;
	return pmill_block_codec_check(error);
}

static pmill_status read_options(struct merge *merge, const pmill_text_options *expected,
	const pmill_run_options *run, pmill_error *error)
{
	pmill_status status = pmill_sized_struct_read(
		&merge->expected, sizeof merge->expected, expected, "pmill_text_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&merge->run, sizeof merge->run, run, "pmill_run_options", error);
	merge->progress.callback = merge->run.progress;
	merge->progress.context = merge->run.progress_context;
	return status;
}

pmill_status pmill_counts_merge_files(const char *const *paths, size_t path_count, const char *tsv,
	const pmill_text_options *expected, const pmill_run_options *run, const char *out,
	unsigned flags, pmill_counts_head **head, pmill_error *error)
{
	uint64_t bytes = 0;
	struct merge merge = {.tsv = tsv, .out = out, .flags = flags};
	pmill_status status = read_options(&merge, expected, run, error);
	if (status == PMILL_OK)
		status = check_paths(paths, path_count, out, flags, &bytes, error);
	if (status == PMILL_OK)
		status = set_limits(&merge, error);
	if (status != PMILL_OK)
		return status;
	pmill_progress_stage(&merge.progress, "add counts", "bytes", bytes);
	status = merge_paths(&merge, paths, path_count, head, error);
	pmill_word_merge_release(&merge.sources);
	pmill_runs_free(merge.runs);
	pmill_arena_release(&merge.strings);
	return status;
}
