/* Files: read whole, and write atomically. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_FILE_H
#define PMILL_BASE_FILE_H

#include <stdbool.h>

#include "base/array.h"
#include "pairmill.h"

/* Appends the whole file to `buffer` ("-": stdin). */
pmill_status pmill_file_read(const char *path, struct pmill_buffer *buffer, pmill_error *error);

bool pmill_path_exists(const char *path);
bool pmill_path_is_folder(const char *path);
bool pmill_path_has_suffix(const char *path, const char *suffix);

/*
 * A file that appears under its name whole or not at all: bytes go to a nameless file (or a temporary name) beside the
 * target, commit flushes and renames. All zero is a writer that is not open.
 */
struct pmill_file_writer {
	int descriptor;  /* the writer's own while temporary is not NULL */
	char *path;      /* the target */
	char *temporary; /* NULL: the descriptor is borrowed, or the writer is not open */
	struct pmill_buffer buffer;
	bool may_replace;
	bool is_nameless; /* the temporary name is not used yet */
};

pmill_status pmill_file_writer_open(
	struct pmill_file_writer *writer, const char *path, unsigned flags, pmill_error *error);
/*
 * Appends to an open file, which stays the caller's; commit only flushes the buffer. `name` is for
 * messages.
 */
pmill_status pmill_file_writer_borrow(
	struct pmill_file_writer *writer, int descriptor, const char *name, pmill_error *error);
pmill_status pmill_file_writer_append(
	struct pmill_file_writer *writer, const void *data, size_t len, pmill_error *error);
/* Flushes, renames, closes. After a failure the temporary file is gone. */
pmill_status pmill_file_writer_commit(struct pmill_file_writer *writer, pmill_error *error);
/* Drops what was not committed; harmless afterwards and on a zeroed writer. */
void pmill_file_writer_release(struct pmill_file_writer *writer);

/*
 * A file without a name in `folder`, for reading and writing: it is gone when it is closed, whatever
 * ends the process.
 */
pmill_status pmill_file_open_temporary(const char *folder, int *descriptor, pmill_error *error);
/* The folder that `path` stands in; malloc. NULL without memory. */
char *pmill_path_folder(const char *path);

/* Whether `path` could be written: not there (or `flags` allow it), its folder there and writable. */
pmill_status pmill_file_check_target(const char *path, unsigned flags, pmill_error *error);

#endif
