/* Renames that the system does in one step. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_RENAME_H
#define PMILL_FILES_RENAME_H

/*
 * Both return 0, or -1 and errno: ENOSYS where the system has no such call, EINVAL where the file
 * system doesn't support it.
 */

/* Fails with EEXIST if `to` exists. */
int pmill_rename_new(const char *from, const char *to);

/* Swaps the two names. */
int pmill_rename_exchange(const char *a, const char *b);

#endif
