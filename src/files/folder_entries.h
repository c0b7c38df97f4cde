/* The entries of a folder that another folder replaces. */
/* SPDX-License-Identifier: MIT */
/*
 * Entries are ours, by a list of names, or foreign. Each call returns 0 or an error number.
 * Descriptors are of open folders.
 */
#ifndef PMILL_FILES_FOLDER_ENTRIES_H
#define PMILL_FILES_FOLDER_ENTRIES_H

#include <stddef.h>

struct pmill_folder_names {
	const char *const *items;
	size_t count;
};

/* Gives every foreign entry of `from` that is not a folder a second name in `to`. */
int pmill_folder_entries_link(int from, int to, const struct pmill_folder_names *ours);
/* Moves the foreign folders of `from` to `to`. If it fails, some may have been moved. */
int pmill_folder_entries_move_folders(int from, int to, const struct pmill_folder_names *ours);
/*
 * Removes from `from` what is ours and what has another name elsewhere, and moves the rest to `to`
 * (-1: nowhere), unless `to` has something of that name. What can't be moved stays.
 */
void pmill_folder_entries_drain(int from, int to, const struct pmill_folder_names *ours);

#endif
