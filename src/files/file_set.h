/* Several files that are put in place together: all of them or none. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_FILE_SET_H
#define PMILL_FILES_FILE_SET_H

#include <stddef.h>

#include "base/array.h"
#include "pairmill.h"

/* A file of the set. The struct and what it points to are the caller's. */
struct pmill_set_file {
	const char *path;
	const struct pmill_buffer *bytes; /* NULL: a file of this name is removed */
};

/*
 * Writes and flushes all files beside their targets, then gives each its name. If one fails, the
 * targets are as before. If the process is killed between two names, the first ones are new and the
 * others old; no file is ever cut short. The caller holds the lock on the folder of the files.
 */
pmill_status pmill_file_set_write(
	const struct pmill_set_file *files, size_t count, unsigned flags, pmill_error *error);

/*
 * Removes what a killed pmill_file_set_write left beside its targets. Only under the lock on
 * `folder`, which proves that nobody uses them.
 */
void pmill_file_set_clear_leftovers(const char *folder, const char *const *names, size_t count);

#endif
