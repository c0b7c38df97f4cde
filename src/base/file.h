/* Files: reading whole files, and atomic writing. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_FILE_H
#define PMILL_BASE_FILE_H

#include <stdbool.h>

#include "base/array.h"
#include "pairmill.h"

/* Appends the whole file to `buffer`; "-" is stdin. */
pmill_status pmill_file_read(const char *path, struct pmill_buffer *buffer, pmill_error *error);

bool pmill_path_exists(const char *path);
bool pmill_path_is_folder(const char *path);
bool pmill_path_has_suffix(const char *path, const char *suffix);

/*
 * Writes a file that appears under its name whole or not at all: bytes go to a nameless file (or a
 * temporary name) next to the target; commit flushes and renames it. An all-zero writer is not
 * open.
 */
struct pmill_file_writer {
	int descriptor;  /* owned by the writer unless `temporary` is NULL */
	char *path;      /* the target */
	char *temporary; /* NULL: the descriptor is borrowed, or the writer is not open */
	struct pmill_buffer buffer;
	bool may_replace;
	bool is_nameless; /* the temporary name is not in use yet */
};

pmill_status pmill_file_writer_open(
	struct pmill_file_writer *writer, const char *path, unsigned flags, pmill_error *error);
/*
 * Appends to an open file that still belongs to the caller; commit then only flushes the buffer.
 * `name` is for messages.
 */
pmill_status pmill_file_writer_borrow(
	struct pmill_file_writer *writer, int descriptor, const char *name, pmill_error *error);
pmill_status pmill_file_writer_append(
	struct pmill_file_writer *writer, const void *data, size_t len, pmill_error *error);
/* Flushes, renames, closes. If it fails, it removes the temporary file. */
pmill_status pmill_file_writer_commit(struct pmill_file_writer *writer, pmill_error *error);
/* Discards what was not committed; safe after commit and on an all-zero writer. */
void pmill_file_writer_release(struct pmill_file_writer *writer);

/*
 * Opens a nameless file in `folder` for reading and writing: it vanishes when it is closed, however
 * the process ends.
 */
pmill_status pmill_file_open_temporary(const char *folder, int *descriptor, pmill_error *error);
/*
 * How many more files the process may open now, if less than `enough`, else `enough`. Other threads
 * can make it less at any moment.
 */
size_t pmill_file_count_openable(size_t enough);
/* The folder that contains `path`; the caller frees it. NULL if out of memory. */
char *pmill_path_folder(const char *path);

/*
 * Whether `path` could be written: it does not exist (or `flags` allow that), and its folder is
 * writable.
 */
pmill_status pmill_file_check_target(const char *path, unsigned flags, pmill_error *error);

#endif
