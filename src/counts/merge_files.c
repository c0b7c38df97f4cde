/* Adding count files up: one pass over all of them at once, in the order of the words. */
/* SPDX-License-Identifier: MIT */
/*
 * A heap holds one source a file, by the word at hand; the least word is taken, with its count from
 * every source that has it. Memory is a block a source. Of more files than may be open at a time,
 * groups are added up into files beside the output first; so are groups with a TSV each, as a TSV
 * is sorted in memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "counts/count_file.h"
#include "counts/counts.h"
#include "counts/tsv.h"

enum {
	MOST_SOURCES = 128, /* open at a time; less than 1 MiB each */
	WORDS_BETWEEN_EVENTS = 4096,
};

/* A file that is being read, as a sorted list of words. */
struct source {
	const char *path; /* borrowed */
	bool is_tsv;
	struct pmill_lookahead input; /* of a TSV */
	struct pmill_word_list list;  /* of a TSV */
	size_t next;                  /* in the list */
	struct pmill_count_file_reader reader;
	pmill_bytes word; /* the word at hand; empty at the end */
	int64_t count;
	uint64_t first; /* the first 8 bytes of the word, as a number that sorts alike */
};

/* Where the sum goes. */
struct target {
	bool is_tsv;
	struct pmill_tsv_writer tsv;
	struct pmill_count_file_writer count_file;
	pmill_totals totals;
};

struct merge {
	const char *tsv;
	const pmill_text_options *expected;
	const char *out;
	unsigned flags;
	struct pmill_progress_state progress;
	uint64_t done; /* bytes of the sources that are closed */
	uint64_t steps;
	struct pmill_arena names;
	struct pmill_counts_identity identity; /* of the first file */
	const char *first_name;                /* NULL before there is one */
	struct source *sources[MOST_SOURCES];  /* those at hand; while they are added up, a heap */
	size_t source_count;
	bool has_tsv;
	struct pmill_buffer word; /* the word that is being added up; empty: none */
	int64_t count;
	char **temporaries; /* files of this level */
	size_t temporary_count, temporary_capacity;
};

static void close_source(struct source *source)
{
	if (source == NULL)
		return;
	pmill_lookahead_release(&source->input);
	pmill_word_list_release(&source->list);
	pmill_count_file_reader_release(&source->reader);
	free(source);
}

static void set_first(struct source *source)
{
	const uint8_t *bytes = source->word.data;
	source->first = 0;
	for (size_t i = 0; i < 8; i++)
		source->first = source->first << 8 | (i < source->word.len ? bytes[i] : 0);
}

static pmill_status advance(struct source *source, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (!source->is_tsv) {
		status = pmill_count_file_reader_next(
			&source->reader, &source->word, &source->count, error);
	} else if (source->next < source->list.count) {
		source->word = pmill_word_list_word(&source->list, source->next);
		source->count = source->list.counts[source->next++];
	} else {
		source->word = (pmill_bytes){0};
	}
	if (status == PMILL_OK)
		set_first(source);
	return status;
}

/* Opens the file and sees what it is. */
static pmill_status open_source(const char *path, struct source **opened, pmill_error *error)
{
	struct source *source = calloc(1, sizeof *source);
	if (source == NULL)
		return pmill_fail_memory(error);
	bool is_count_file = false;
	source->path = path;
	pmill_status status = pmill_lookahead_open(&source->input, path, error);
	if (status == PMILL_OK)
		status = pmill_count_file_recognise(&source->input, &is_count_file, error);
	source->is_tsv = !is_count_file;
	if (status == PMILL_OK && is_count_file)
		status = pmill_count_file_reader_open(&source->reader, &source->input, error);
	if (status == PMILL_OK)
		*opened = source;
	else
		close_source(source);
	return status;
}

/* The first file sets what the others must agree with; the options are heard before any. */
static pmill_status check_identity(
	struct merge *merge, const struct source *source, pmill_error *error)
{
	struct pmill_arena names = {0};
	struct pmill_counts_identity of_options;
	const struct pmill_counts_identity *identity = &source->reader.identity;
	pmill_status status = PMILL_OK;
	if (source->is_tsv) {
		status = pmill_counts_identity_resolve(merge->expected, NULL, &names, &of_options, error);
		identity = &of_options;
	} else {
		status = pmill_counts_identity_check(identity, source->path, merge->expected, error);
	}
	if (status == PMILL_OK && merge->first_name != NULL) {
		status = pmill_counts_identity_compare(
			&merge->identity, merge->first_name, identity, source->path, error);
	} else if (status == PMILL_OK) {
		merge->first_name = source->path;
		if (!pmill_counts_identity_copy(identity, &merge->names, &merge->identity))
			status = pmill_fail_memory(error);
	}
	pmill_arena_release(&names);
	return status;
}

/* Makes the first word available. A file that is no TSV either says so before it is compared. */
static pmill_status start_source(struct merge *merge, struct source *source, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (source->is_tsv) {
		status = pmill_tsv_read(&source->input, merge->tsv, &merge->progress, &source->list, error);
		merge->done += source->input.offset;
		pmill_lookahead_release(&source->input);
	}
	if (status == PMILL_OK)
		status = check_identity(merge, source, error);
	return status == PMILL_OK ? advance(source, error) : status;
}

static bool is_before(const struct source *a, const struct source *b)
{
	if (a->first != b->first)
		return a->first < b->first;
	if (a->word.len == 0 || b->word.len == 0)
		return a->word.len < b->word.len;
	return pmill_word_compare(a->word, b->word) < 0;
}

static void sink(struct merge *merge, size_t at)
{
	struct source **heap = merge->sources, *moved = heap[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child + 1 < merge->source_count && is_before(heap[child + 1], heap[child]))
			child++;
		if (child >= merge->source_count || !is_before(heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static pmill_status open_target(struct target *target, const struct merge *merge, const char *path,
	unsigned flags, pmill_error *error)
{
	*target = (struct target){.is_tsv = pmill_path_has_suffix(path, ".tsv")};
	if (target->is_tsv)
		return pmill_tsv_writer_open(&target->tsv, path, flags, error);
	return pmill_count_file_writer_open(&target->count_file, path, flags, &merge->identity, error);
}

static pmill_status commit_target(struct target *target, pmill_error *error)
{
	if (target->is_tsv)
		return pmill_tsv_writer_commit(&target->tsv, error);
	return pmill_count_file_writer_commit(&target->count_file, &target->totals, error);
}

static void release_target(struct target *target)
{
	pmill_tsv_writer_release(&target->tsv);
	pmill_count_file_writer_release(&target->count_file);
}

/* Writes the word that is added up. */
static pmill_status emit(struct merge *merge, struct target *target, pmill_error *error)
{
	if (merge->word.len == 0)
		return PMILL_OK;
	pmill_bytes word = {merge->word.data, merge->word.len};
	merge->word.len = 0;
	target->totals.words++;
	if (__builtin_add_overflow(
			target->totals.pretokens, (uint64_t)merge->count, &target->totals.pretokens))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"%s: the sum of all counts does not fit 64 bits", merge->out);
	return target->is_tsv
		? pmill_tsv_writer_add(&target->tsv, word, merge->count, error)
		: pmill_count_file_writer_add(&target->count_file, word, merge->count, error);
}

/* Adds the word at hand of a source: to the one that is added up, or as the next. */
static pmill_status add_word(
	struct merge *merge, struct target *target, const struct source *source, pmill_error *error)
{
	struct pmill_buffer *word = &merge->word;
	if (word->len == source->word.len && memcmp(word->data, source->word.data, word->len) == 0) {
		if (__builtin_add_overflow(merge->count, source->count, &merge->count))
			return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
				"%s: the counts of a word add up to more than 63 bits", source->path);
		return PMILL_OK;
	}
	pmill_status status = emit(merge, target, error);
	if (status != PMILL_OK)
		return status;
	merge->count = source->count;
	return pmill_buffer_append(word, source->word.data, source->word.len)
		? PMILL_OK
		: pmill_fail_memory(error);
}

/* What words can't tell. */
static pmill_status add_totals(
	struct target *target, const struct source *source, pmill_error *error)
{
	const pmill_totals *more = &source->reader.totals; /* all zero for a TSV */
	pmill_totals *sum = &target->totals;
	if (__builtin_add_overflow(sum->documents, more->documents, &sum->documents) ||
		__builtin_add_overflow(sum->bytes, more->bytes, &sum->bytes) ||
		__builtin_add_overflow(sum->bad_lines, more->bad_lines, &sum->bad_lines))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"%s: the sums of documents, bytes or bad lines do not fit 64 bits", source->path);
	return PMILL_OK;
}

/* Closes the source on top of the heap, which has ended. */
static pmill_status end_source(struct merge *merge, struct target *target, pmill_error *error)
{
	struct source *source = merge->sources[0];
	pmill_status status = add_totals(target, source, error);
	merge->done += source->reader.input.offset;
	merge->sources[0] = merge->sources[--merge->source_count];
	if (merge->source_count > 0)
		sink(merge, 0);
	close_source(source);
	return status;
}

static pmill_status step(struct merge *merge, struct target *target, pmill_error *error)
{
	struct source *source = merge->sources[0];
	pmill_status status = PMILL_OK;
	if (source->word.len > 0) {
		status = add_word(merge, target, source, error);
		if (status == PMILL_OK)
			status = advance(source, error);
	}
	if (status != PMILL_OK)
		return status;
	if (source->word.len == 0)
		return end_source(merge, target, error);
	sink(merge, 0);
	return PMILL_OK;
}

static uint64_t bytes_done(const struct merge *merge)
{
	uint64_t done = merge->done;
	for (size_t i = 0; i < merge->source_count; i++)
		done += merge->sources[i]->reader.input.offset;
	return done;
}

static pmill_status tell_progress(struct merge *merge, pmill_error *error)
{
	bool is_last = merge->source_count == 0;
	if (!is_last && ++merge->steps % WORDS_BETWEEN_EVENTS != 0)
		return PMILL_OK;
	uint64_t done = bytes_done(merge);
	if (is_last ? pmill_progress_end(&merge->progress, done)
				: pmill_progress_step(&merge->progress, done))
		return PMILL_OK;
	return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
}

/* Adds the sources at hand up into a file. Sources without a word come first, and end first. */
static pmill_status merge_sources(
	struct merge *merge, const char *path, unsigned flags, pmill_totals *totals, pmill_error *error)
{
	struct target target;
	pmill_status status = open_target(&target, merge, path, flags, error);
	for (size_t i = merge->source_count / 2; i-- > 0;)
		sink(merge, i);
	while (status == PMILL_OK && merge->source_count > 0) {
		status = step(merge, &target, error);
		if (status == PMILL_OK)
			status = tell_progress(merge, error);
	}
	if (status == PMILL_OK)
		status = emit(merge, &target, error);
	if (status == PMILL_OK)
		status = commit_target(&target, error);
	if (status == PMILL_OK && totals != NULL)
		*totals = target.totals;
	release_target(&target);
	merge->has_tsv = false;
	return status;
}

/* Adds the sources at hand up into a new temporary file. */
static pmill_status merge_to_temporary(struct merge *merge, pmill_error *error)
{
	void *items = merge->temporaries;
	struct pmill_buffer name = {0};
	bool done = pmill_array_reserve(
		&items, &merge->temporary_capacity, merge->temporary_count + 1, sizeof *merge->temporaries);
	merge->temporaries = items;
	if (!done ||
		!pmill_buffer_append_format(
			&name, "%s.%016" PRIx64 ".part", merge->out, pmill_hash_random_seed()) ||
		!pmill_buffer_terminate(&name)) {
		pmill_buffer_release(&name);
		return pmill_fail_memory(error);
	}
	char *path = (char *)name.data;
	pmill_status status = merge_sources(merge, path, 0, NULL, error);
	if (status == PMILL_OK)
		merge->temporaries[merge->temporary_count++] = path;
	else
		free(path);
	return status;
}

/* Takes a file in, and makes room before where that is needed. */
static pmill_status add_path(struct merge *merge, const char *path, pmill_error *error)
{
	struct source *source = NULL;
	pmill_status status = open_source(path, &source, error);
	if (status != PMILL_OK)
		return status;
	/* Without zstd there are no temporary files: all TSVs are in memory at once. */
	bool is_second_tsv = source->is_tsv && merge->has_tsv &&
		pmill_block_codec_check(NULL) == PMILL_OK;
	if (merge->source_count == MOST_SOURCES || is_second_tsv)
		status = merge_to_temporary(merge, error);
	if (status == PMILL_OK)
		status = start_source(merge, source, error);
	if (status != PMILL_OK) {
		close_source(source);
		return status;
	}
	merge->has_tsv |= source->is_tsv;
	merge->sources[merge->source_count++] = source;
	return PMILL_OK;
}

static void remove_temporaries(char **temporaries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unlink(temporaries[i]);
		free(temporaries[i]);
	}
	free(temporaries);
}

/* Level by level, until the files of one level fit one group. */
static pmill_status merge_levels(struct merge *merge, const char *const *paths, size_t path_count,
	pmill_totals *totals, pmill_error *error)
{
	char **level = NULL;
	size_t level_count = 0;
	pmill_status status = PMILL_OK;
	for (;;) {
		size_t count = level != NULL ? level_count : path_count;
		for (size_t i = 0; i < count && status == PMILL_OK; i++)
			status = add_path(merge, level != NULL ? level[i] : paths[i], error);
		if (status != PMILL_OK)
			break;
		if (merge->temporary_count == 0) {
			status = merge_sources(merge, merge->out, merge->flags, totals, error);
			break;
		}
		status = merge_to_temporary(merge, error);
		remove_temporaries(level, level_count);
		level = merge->temporaries;
		level_count = merge->temporary_count;
		merge->temporaries = NULL;
		merge->temporary_count = merge->temporary_capacity = 0;
		if (status != PMILL_OK)
			break;
	}
	remove_temporaries(level, level_count);
	return status;
}

static pmill_status check_paths(const char *const *paths, size_t path_count, const char *out,
	unsigned flags, uint64_t *bytes, pmill_error *error)
{
	struct stat target, about;
	bool is_there = stat(out, &target) == 0 && S_ISREG(target.st_mode);
	if (path_count == 0)
		return pmill_fail(
			error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "no count files to add up were given");
	for (size_t i = 0; i < path_count; i++) {
		if (strcmp(paths[i], "-") == 0 || stat(paths[i], &about) != 0)
			continue;
		if (is_there && about.st_dev == target.st_dev && about.st_ino == target.st_ino)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"%s: the output is also an input (%s)", out, paths[i]);
		if (S_ISREG(about.st_mode))
			*bytes += (uint64_t)about.st_size;
	}
	return pmill_file_check_target(out, flags, error);
}

pmill_status pmill_counts_merge_files(const char *const *paths, size_t path_count, const char *tsv,
	const pmill_text_options *expected, const char *out, unsigned flags, pmill_totals *totals,
	pmill_error *error)
{
	uint64_t bytes = 0;
	pmill_status status = check_paths(paths, path_count, out, flags, &bytes, error);
	if (status != PMILL_OK)
		return status;
	pmill_text_options options;
	pmill_options_copy(&options, sizeof options, expected);
	struct merge merge = {.tsv = tsv, .expected = expected, .out = out, .flags = flags};
	merge.progress.callback = options.progress;
	merge.progress.context = options.progress_context;
	pmill_progress_stage(&merge.progress, "add counts", "bytes", bytes);
	status = merge_levels(&merge, paths, path_count, totals, error);
	for (size_t i = 0; i < merge.source_count; i++)
		close_source(merge.sources[i]);
	remove_temporaries(merge.temporaries, merge.temporary_count);
	pmill_buffer_release(&merge.word);
	pmill_arena_release(&merge.names);
	return status;
}
