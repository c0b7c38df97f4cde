/* Bad JSON lines that were skipped: how many in which file, and the first of each. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_BAD_LINES_H
#define PMILL_CORPUS_BAD_LINES_H

#include <stdbool.h>

#include "base/arena.h"
#include "corpus/chunk.h"
#include "pairmill.h"

struct pmill_bad_file {
	size_t file;           /* its index among the inputs */
	pmill_bad_lines lines; /* the name is borrowed from the inputs; first_reason is the log's */
};

/* Of one thread. Zeroed is empty. */
struct pmill_bad_line_log {
	struct pmill_bad_file *files;
	size_t count, capacity;
};

/* Logs a line of the chunk, wrong at `offset` in the file. Calls come in the order of the input. */
bool pmill_bad_line_log_add(struct pmill_bad_line_log *log, const struct pmill_chunk *chunk,
	uint64_t line, uint64_t offset, const char *message);
/*
 * Moves what another thread logged to `log`, and empties `more`. Returns false if out of memory,
 * which drops it.
 */
bool pmill_bad_line_log_move(struct pmill_bad_line_log *log, struct pmill_bad_line_log *more);
/* Makes one entry of all of a file; files are then in the order of the input. */
void pmill_bad_line_log_settle(struct pmill_bad_line_log *log);
void pmill_bad_line_log_release(struct pmill_bad_line_log *log);

/* What users get. Zeroed is empty; the items are on the heap, their strings elsewhere. */
struct pmill_bad_line_list {
	pmill_bad_lines *items;
	size_t count, capacity;
};

/* Appends a settled log, with copies of its strings. */
bool pmill_bad_line_list_append(struct pmill_bad_line_list *list,
	const struct pmill_bad_line_log *log, struct pmill_arena *strings);
/* A settled log that isn't empty as one block on the heap, strings included. NULL: no memory. */
pmill_bad_lines *pmill_bad_line_log_pack(const struct pmill_bad_line_log *log);

#endif
