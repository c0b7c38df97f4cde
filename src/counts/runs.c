/* Sorted runs of words in temporary files, for what doesn't fit in memory. */
/* SPDX-License-Identifier: MIT */
/*
 * Runs are appended to files. There are as many files as runs being written at the same time, so
 * many runs need few open files; if no more can be opened, threads take turns. A pass reads as many
 * runs as memory allows. If there are more, the shortest are merged first, but only as many as
 * needed to merge the rest in one pass.
 */
#define _GNU_SOURCE /* fallocate */
#include "counts/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "files/file.h"
#include "counts/count_file_writer.h"

enum { BLOCK = 1 << 16 }; /* a quarter of a count file's: reading holds one for each run */

struct run_file {
	struct run_file *next;
	int descriptor;
	bool is_busy; /* a run is being written to it */
	uint64_t len;
};

struct run {
	struct run_file *file;
	uint64_t offset, len;
	size_t longest; /* bytes of its longest word */
};

struct pmill_runs {
	char *folder;
	char *name; /* for messages */
	const struct pmill_counts_identity *identity;
	size_t memory;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t ended; /* one of the writers has ended */
	size_t writers;       /* runs being written */
	struct run_file *files;
	struct run *items;
	size_t count, capacity;
	uint64_t bytes;
	uint64_t written_count, written_bytes;
};

/* A run being written. */
struct run_writer {
	struct run_file *file;
	struct pmill_count_file_writer words;
	size_t longest; /* bytes of its longest word so far */
};

static bool set_names(struct pmill_runs *runs, const char *folder)
{
	struct pmill_buffer name = {0};
	runs->folder = pmill_copy_text(folder, strlen(folder));
	bool done = runs->folder != NULL &&
		pmill_buffer_append_format(&name, "%s (temporary files)", folder) &&
		pmill_buffer_terminate(&name);
	runs->name = (char *)name.data;
	return done;
}

pmill_status pmill_runs_create(const char *folder, const struct pmill_counts_identity *identity,
	size_t memory, struct pmill_runs **runs, pmill_error *error)
{
	pmill_status status = pmill_block_codec_check(error);
	if (status != PMILL_OK)
		return status;
	struct pmill_runs *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->ended, NULL);
	made->identity = identity;
	made->memory = memory;
	if (!set_names(made, folder)) {
		pmill_runs_free(made);
		return pmill_fail_memory(error);
	}
	*runs = made;
	return PMILL_OK;
}

void pmill_runs_clear(struct pmill_runs *runs)
{
	for (struct run_file *file = runs->files; file != NULL;) {
		struct run_file *next = file->next;
		close(file->descriptor);
		free(file);
		file = next;
	}
	runs->files = NULL;
	runs->count = 0;
	runs->bytes = 0;
}

void pmill_runs_free(struct pmill_runs *runs)
{
	if (runs == NULL)
		return;
	pmill_runs_clear(runs);
	pthread_cond_destroy(&runs->ended);
	pthread_mutex_destroy(&runs->lock);
	free(runs->items);
	free(runs->folder);
	free(runs->name);
	free(runs);
}

void pmill_runs_written(const struct pmill_runs *runs, uint64_t *count, uint64_t *bytes)
{
	*count = runs->written_count;
	*bytes = runs->written_bytes;
}

size_t pmill_runs_count(const struct pmill_runs *runs)
{
	return runs->count;
}

uint64_t pmill_runs_bytes(const struct pmill_runs *runs)
{
	return runs->bytes;
}

/* ---- Writing ---- */

static pmill_status open_file(struct pmill_runs *runs, struct run_file **file, pmill_error *error)
{
	struct run_file *opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return pmill_fail_memory(error);
	pmill_status status = pmill_file_open_temporary(runs->folder, &opened->descriptor, error);
	if (status != PMILL_OK) {
		free(opened);
		return status;
	}
	opened->next = runs->files;
	runs->files = opened;
	*file = opened;
	return PMILL_OK;
}

static struct run_file *find_free(const struct pmill_runs *runs)
{
	struct run_file *file = runs->files;
	while (file != NULL && file->is_busy)
		file = file->next;
	return file;
}

/* Takes a file that no thread is writing to: a new one if possible, or it waits for one. */
static pmill_status take_file(struct pmill_runs *runs, struct run_file **file, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	pthread_mutex_lock(&runs->lock);
	struct run_file *found = find_free(runs);
	while (found == NULL) {
		status = open_file(runs, &found, error);
		if (status != PMILL_IO || runs->writers == 0)
			break;
		pthread_cond_wait(&runs->ended, &runs->lock);
		found = find_free(runs);
	}
	if (found != NULL) {
		status = PMILL_OK;
		found->is_busy = true;
		runs->writers++;
		*file = found;
	}
	pthread_mutex_unlock(&runs->lock);
	return status;
}

static pmill_status begin_run(
	struct pmill_runs *runs, struct run_writer *writer, pmill_error *error)
{
	*writer = (struct run_writer){0};
	pmill_status status = take_file(runs, &writer->file, error);
	if (status == PMILL_OK)
		status = pmill_count_file_writer_borrow(
			&writer->words, writer->file->descriptor, runs->name, BLOCK, runs->identity, error);
	return status;
}

static pmill_status add_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct run_writer *writer = context;
	if (word.len > writer->longest)
		writer->longest = word.len;
	pmill_status status = pmill_count_file_writer_add(&writer->words, word, count, error);
	if (status == PMILL_OVERFLOW) /* due to the words, so don't name the temporary file */
		return pmill_fail(
			error, status, PMILL_NO_OFFSET, "the sum of all counts does not fit in 64 bits");
	return status;
}

/* After a failure the file stays busy, so that no run is ever added to it again. */
static pmill_status record_run(
	struct pmill_runs *runs, const struct run_writer *writer, bool is_merged, pmill_error *error)
{
	struct run_file *file = writer->file;
	off_t end = lseek(file->descriptor, 0, SEEK_CUR);
	void *items = runs->items;
	if (end < 0)
		return pmill_fail_errno(error, runs->name, "cannot write", errno);
	if (!pmill_array_reserve(&items, &runs->capacity, runs->count + 1, sizeof *runs->items))
		return pmill_fail_memory(error);
	runs->items = items;
	uint64_t len = (uint64_t)end - file->len;
	runs->items[runs->count++] = (struct run){file, file->len, len, writer->longest};
	runs->bytes += len;
	runs->written_count += !is_merged;
	runs->written_bytes += is_merged ? 0 : len;
	file->len = (uint64_t)end;
	file->is_busy = false;
	return PMILL_OK;
}

/* `totals`: those of a merge, or NULL for a table or a list. */
static pmill_status end_run(struct pmill_runs *runs, struct run_writer *writer,
	const pmill_totals *totals, pmill_error *error)
{
	static const pmill_totals none = {0};
	pmill_status status = pmill_count_file_writer_commit(
		&writer->words, totals != NULL ? totals : &none, error);
	if (status != PMILL_OK)
		return status;
	pthread_mutex_lock(&runs->lock);
	status = record_run(runs, writer, totals != NULL, error);
	pthread_mutex_unlock(&runs->lock);
	return status;
}

/* Whether or not the run was recorded. */
static void release_writer(struct pmill_runs *runs, struct run_writer *writer)
{
	pmill_count_file_writer_release(&writer->words);
	if (writer->file == NULL)
		return;
	pthread_mutex_lock(&runs->lock);
	runs->writers--;
	pthread_cond_broadcast(&runs->ended);
	pthread_mutex_unlock(&runs->lock);
}

pmill_status pmill_runs_add_table(
	struct pmill_runs *runs, struct pmill_word_table *table, size_t table_limit, pmill_error *error)
{
	if (pmill_word_table_count(table) == 0)
		return PMILL_OK;
	struct run_writer writer;
	pmill_status status = begin_run(runs, &writer, error);
	if (status == PMILL_OK)
		status = pmill_word_table_drain(table, table_limit, add_word, &writer, error);
	if (status == PMILL_OK)
		status = end_run(runs, &writer, NULL, error);
	release_writer(runs, &writer);
	return status;
}

pmill_status pmill_runs_add_list(
	struct pmill_runs *runs, const struct pmill_word_list *words, pmill_error *error)
{
	if (words->count == 0)
		return PMILL_OK;
	struct run_writer writer;
	pmill_status status = begin_run(runs, &writer, error);
	for (size_t i = 0; i < words->count && status == PMILL_OK; i++)
		status = add_word(&writer, pmill_word_list_word(words, i), words->counts[i], error);
	if (status == PMILL_OK)
		status = end_run(runs, &writer, NULL, error);
	release_writer(runs, &writer);
	return status;
}

pmill_status pmill_runs_add_merge(struct pmill_runs *runs, struct pmill_word_merge *merge,
	struct pmill_progress_state *progress, uint64_t before, pmill_error *error)
{
	struct run_writer writer;
	pmill_status status = begin_run(runs, &writer, error);
	if (status == PMILL_OK)
		status = pmill_word_merge_each(merge, add_word, &writer, progress, before, error);
	if (status == PMILL_OK)
		status = end_run(runs, &writer, &merge->totals, error);
	release_writer(runs, &writer);
	return status;
}

/* ---- Merging ---- */

/* Lookahead, block and word: each may hold the longest word, in a buffer up to twice as long. */
static size_t memory_of(const struct run *run)
{
	size_t words = run->longest < SIZE_MAX / 16 ? run->longest * 6 : SIZE_MAX / 2;
	return PMILL_RUN_READER_MEMORY + (run->longest > BLOCK ? words : 0);
}

/* How many of the first runs can be read at a time. */
static size_t count_readable(const struct pmill_runs *runs)
{
	size_t count = 0, left = runs->memory;
	while (count < runs->count && count < PMILL_RUNS_AT_A_TIME &&
		memory_of(&runs->items[count]) <= left)
		left -= memory_of(&runs->items[count++]);
	return count > 2 || count == runs->count ? count : 2;
}

static pmill_status open_run(struct pmill_runs *runs, const struct run *run,
	struct pmill_word_merge *merge, pmill_error *error)
{
	struct pmill_lookahead input;
	struct pmill_word_source *source = pmill_word_source_create(NULL);
	if (source == NULL)
		return pmill_fail_memory(error);
	pmill_lookahead_open_piece(&input, runs->name, run->file->descriptor, run->offset, run->len);
	pmill_status status = pmill_count_file_reader_open(&source->reader, &input, error);
	if (status == PMILL_OK)
		return pmill_word_merge_add(merge, source, error);
	pmill_word_source_free(source);
	return status;
}

static pmill_status open_first(
	struct pmill_runs *runs, size_t count, struct pmill_word_merge *merge, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = open_run(runs, &runs->items[i], merge, error);
	return status;
}

pmill_status pmill_runs_open(
	struct pmill_runs *runs, struct pmill_word_merge *merge, pmill_error *error)
{
	return open_first(runs, runs->count, merge, error);
}

static int compare_lengths(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	return (x->len > y->len) - (x->len < y->len);
}

/* Drops the first runs, and frees their disk space if the system can. */
static void drop_first(struct pmill_runs *runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
#ifdef FALLOC_FL_PUNCH_HOLE
		const struct run *run = &runs->items[i];
		fallocate(run->file->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			(off_t)run->offset, (off_t)run->len);
#endif
		runs->bytes -= runs->items[i].len;
	}
	runs->count -= count;
	memmove(runs->items, runs->items + count, runs->count * sizeof *runs->items);
}

static pmill_status merge_first(struct pmill_runs *runs, size_t count,
	struct pmill_progress_state *progress, pmill_error *error)
{
	struct pmill_word_merge merge = {0};
	uint64_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += runs->items[i].len;
	pmill_progress_stage(progress, "merge runs", "bytes", bytes);
	pmill_status status = open_first(runs, count, &merge, error);
	if (status == PMILL_OK)
		status = pmill_runs_add_merge(runs, &merge, progress, 0, error);
	pmill_word_merge_release(&merge);
	if (status == PMILL_OK)
		drop_first(runs, count);
	if (status == PMILL_OK && !pmill_progress_end(progress, bytes))
		status = pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	return status;
}

pmill_status pmill_runs_settle(
	struct pmill_runs *runs, struct pmill_progress_state *progress, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && runs->count > 2) {
		qsort(runs->items, runs->count, sizeof *runs->items, compare_lengths);
		size_t count = count_readable(runs);
		if (count == runs->count)
			break;
		/* Merging makes one run: leave `count`, or merge as many as can be read. */
		size_t needed = runs->count - count + 1;
		status = merge_first(runs, needed < count ? needed : count, progress, error);
	}
	return status;
}
