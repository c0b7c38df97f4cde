/* All files in a folder and below it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_FOLDER_WALK_H
#define PMILL_CORPUS_FOLDER_WALK_H

#include <sys/types.h>

#include "base/arena.h"
#include "pairmill.h"

struct pmill_found_file {
	const char *path; /* in the arena */
	uint64_t bytes;
	dev_t device;
	ino_t inode;
};

/* What is found. All zero is empty. */
struct pmill_found_files {
	struct pmill_found_file *files; /* sorted by path, as bytes */
	size_t count, capacity;
	uint64_t hidden; /* files and folders left out, since their names begin with a dot */
};

/*
 * Finds the regular files that aren't hidden. Links are followed. A folder that can be reached in
 * several ways is read once: under its real path below `path` if it has one, otherwise through as
 * few linked folders as possible, and of those under the first path. A link to nothing is an error.
 * Pipes, sockets and devices are passed over. `path` lives as long as `names`.
 */
pmill_status pmill_folder_walk(const char *path, struct pmill_arena *names,
	struct pmill_found_files *found, pmill_error *error);
void pmill_found_files_release(struct pmill_found_files *found);

#endif
