/* Files: reading whole files, and atomic writing. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_FILE_H
#define PMILL_FILES_FILE_H

#include <stdbool.h>

#include "base/array.h"
#include "pairmill.h"

/* Appends the whole file to `buffer`; "-" is stdin. */
pmill_status pmill_file_read(const char *path, struct pmill_buffer *buffer, pmill_error *error);

/* The same for a regular file of at most `most` bytes; nothing if it is none or can't be read. */
pmill_status pmill_file_read_small(
	const char *path, size_t most, struct pmill_buffer *buffer, pmill_error *error);

bool pmill_path_exists(const char *path);
bool pmill_path_is_folder(const char *path);
bool pmill_path_has_suffix(const char *path, const char *suffix);
/* The folder that contains `path`; the caller frees it. NULL if out of memory. */
char *pmill_path_folder(const char *path);
/* "FOLDER/NAME"; the caller frees it. NULL if out of memory. */
char *pmill_path_join(const char *folder, const char *name);
/* "PATHENDING"; the caller frees it. NULL if out of memory. */
char *pmill_path_extend(const char *path, const char *ending);
/*
 * A hidden name beside `path` that no concurrent run chooses: ".NAME.0123456789abcdef.ENDING". The
 * caller frees it. NULL if out of memory.
 */
char *pmill_path_temporary(const char *path, const char *ending);
/* Whether `name` is one that pmill_path_temporary makes for the name `of`. */
bool pmill_name_is_temporary(const char *name, const char *of, const char *ending);

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
/* The same; its temporary name tells which run may clear it away (files/file_set). */
pmill_status pmill_file_writer_open_in_set(
	struct pmill_file_writer *writer, const char *path, unsigned flags, pmill_error *error);
/*
 * Appends to an open file that still belongs to the caller; commit then only flushes the buffer.
 * `name` is for messages.
 */
pmill_status pmill_file_writer_borrow(
	struct pmill_file_writer *writer, int descriptor, const char *name, pmill_error *error);
pmill_status pmill_file_writer_append(
	struct pmill_file_writer *writer, const void *data, size_t len, pmill_error *error);
/*
 * Overwrites bytes that were appended, and reads them back. Only in a file that is created or
 * replaced.
 */
pmill_status pmill_file_writer_patch(struct pmill_file_writer *writer, uint64_t offset,
	const void *data, size_t len, pmill_error *error);
pmill_status pmill_file_writer_read(
	struct pmill_file_writer *writer, uint64_t offset, void *data, size_t len, pmill_error *error);
/*
 * The two halves of a commit. Flushing writes all bytes to disk; placing gives the file its name
 * and leaves the writer to be released. Returns 0, or -1 with errno set.
 */
pmill_status pmill_file_writer_flush(struct pmill_file_writer *writer, pmill_error *error);
int pmill_file_writer_place(struct pmill_file_writer *writer);
/* Whether the writer creates or replaces a file: not a device, and not borrowed. */
bool pmill_file_writer_is_placed(const struct pmill_file_writer *writer);
/* PMILL_EXISTS for EEXIST, else PMILL_IO. */
pmill_status pmill_file_fail_place(const char *path, int error_number, pmill_error *error);
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
/*
 * Whether `path` could be written: it does not exist (or `flags` allow that), and its folder is
 * writable.
 */
pmill_status pmill_file_check_target(const char *path, unsigned flags, pmill_error *error);

#endif
