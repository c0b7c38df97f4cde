/* One writer at a time: an advisory lock on a folder. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_FOLDER_LOCK_H
#define PMILL_FILES_FOLDER_LOCK_H

#include <stdbool.h>

#include "pairmill.h"

/* All zero is a lock that is not held. */
struct pmill_folder_lock {
	int descriptor;
	bool is_held;
};

/*
 * Waits up to half a minute while another writer, in this process or another, holds the lock on
 * `folder`, then fails with PMILL_IO; `path` is what shall be written. The lock ends with the
 * process and leaves no file behind. If the system can't lock the folder (it is not readable, or
 * lies on a file system without such locks), returns PMILL_OK and holds nothing.
 */
pmill_status pmill_folder_lock_take(
	struct pmill_folder_lock *lock, const char *folder, const char *path, pmill_error *error);
/* Safe on a lock that is not held. */
void pmill_folder_lock_release(struct pmill_folder_lock *lock);

#endif
