/* Bad JSON lines that were skipped: how many in which file, and the first of each. */
/* SPDX-License-Identifier: MIT */
/*
 * A thread gets the chunks of a file in order, so it only has to keep the first bad line that it
 * meets in each. Of several threads' first lines of a file, the least is the first.
 */
#include "corpus/bad_lines.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(struct pmill_bad_line_log *log, size_t count)
{
	void *files = log->files;
	bool done = pmill_array_reserve(&files, &log->capacity, count, sizeof *log->files);
	log->files = files;
	return done;
}

bool pmill_bad_line_log_add(struct pmill_bad_line_log *log, const struct pmill_chunk *chunk,
	uint64_t line, uint64_t offset, const char *message)
{
	if (log->count > 0 && log->files[log->count - 1].file == chunk->file) {
		log->files[log->count - 1].lines.count++;
		return true;
	}
	const char *reason = pmill_copy_text(message, strlen(message));
	if (reason == NULL || !reserve(log, log->count + 1)) {
		free((void *)reason);
		return false;
	}
	log->files[log->count++] = (struct pmill_bad_file){.file = chunk->file,
		.lines = {.name = chunk->name,
			.count = 1,
			.first_line = line,
			.first_offset = offset,
			.first_reason = reason}};
	return true;
}

bool pmill_bad_line_log_move(struct pmill_bad_line_log *log, struct pmill_bad_line_log *more)
{
	bool done = reserve(log, log->count + more->count);
	if (done && more->count > 0)
		memcpy(log->files + log->count, more->files, more->count * sizeof *more->files);
	if (done) {
		log->count += more->count;
		more->count = 0; /* their reasons belong to `log` now */
	}
	pmill_bad_line_log_release(more);
	return done;
}

static int compare(const void *a, const void *b)
{
	const struct pmill_bad_file *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->lines.first_line > y->lines.first_line) -
		(x->lines.first_line < y->lines.first_line);
}

void pmill_bad_line_log_settle(struct pmill_bad_line_log *log)
{
	size_t kept = 0;
	if (log->count > 1)
		qsort(log->files, log->count, sizeof *log->files, compare);
	for (size_t i = 0; i < log->count; i++) {
		const struct pmill_bad_file *file = &log->files[i];
		if (kept > 0 && log->files[kept - 1].file == file->file) {
			log->files[kept - 1].lines.count += file->lines.count;
			free((void *)file->lines.first_reason);
		} else {
			log->files[kept++] = *file;
		}
	}
	log->count = kept;
}

void pmill_bad_line_log_release(struct pmill_bad_line_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free((void *)log->files[i].lines.first_reason);
	free(log->files);
	*log = (struct pmill_bad_line_log){0};
}

/* ---- For users ---- */

bool pmill_bad_line_list_append(struct pmill_bad_line_list *list,
	const struct pmill_bad_line_log *log, struct pmill_arena *strings)
{
	void *items = list->items;
	bool done = pmill_array_reserve(
		&items, &list->capacity, list->count + log->count, sizeof *list->items);
	list->items = items;
	for (size_t i = 0; i < log->count && done; i++) {
		pmill_bad_lines lines = log->files[i].lines;
		lines.name = pmill_arena_copy(strings, lines.name, strlen(lines.name));
		lines.first_reason = pmill_arena_copy(
			strings, lines.first_reason, strlen(lines.first_reason));
		done = lines.name != NULL && lines.first_reason != NULL;
		if (done)
			list->items[list->count++] = lines;
	}
	return done;
}

/* Copies the text to `*room`, and moves that past it. */
static const char *put_text(char **room, const char *text)
{
	char *copy = *room;
	size_t len = strlen(text) + 1;
	memcpy(copy, text, len);
	*room += len;
	return copy;
}

pmill_bad_lines *pmill_bad_line_log_pack(const struct pmill_bad_line_log *log)
{
	size_t len = log->count * sizeof(pmill_bad_lines);
	for (size_t i = 0; i < log->count; i++)
		len += strlen(log->files[i].lines.name) + strlen(log->files[i].lines.first_reason) + 2;
	pmill_bad_lines *packed = malloc(len);
	if (packed == NULL)
		return NULL;
	char *room = (char *)(packed + log->count);
	for (size_t i = 0; i < log->count; i++) {
		packed[i] = log->files[i].lines;
		packed[i].name = put_text(&room, packed[i].name);
		packed[i].first_reason = put_text(&room, packed[i].first_reason);
	}
	return packed;
}
