/* A set of files and folders by what they are (device and inode), not by how they are called. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_FILE_IDS_H
#define PMILL_CORPUS_FILE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pmill_file_id {
	dev_t device;
	ino_t inode;
	const char *path; /* the first one; NULL: a free place */
};

/* A hash table with open addressing, at most half full. All zero is empty. */
struct pmill_file_ids {
	struct pmill_file_id *places;
	size_t capacity; /* a power of two */
	size_t count;
};

/*
 * Adds the file unless it is there. `*first` is the path under which it was added first, which is
 * borrowed, or NULL if it is new. Returns false if out of memory.
 */
bool pmill_file_ids_add(
	struct pmill_file_ids *ids, dev_t device, ino_t inode, const char *path, const char **first);
void pmill_file_ids_release(struct pmill_file_ids *ids);

#endif
