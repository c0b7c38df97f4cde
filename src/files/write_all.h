/* Writing to a descriptor until all is written or an error stops it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_WRITE_ALL_H
#define PMILL_FILES_WRITE_ALL_H

#include <stddef.h>

/*
 * Returns 0, or the error number. A limit on file sizes is an error like a full disk (EFBIG),
 * whatever the process does about SIGXFSZ.
 */
int pmill_write_all(int descriptor, const void *data, size_t len);

#endif
