/* Renames that the system does in one step. */
/* SPDX-License-Identifier: MIT */
/*
 * Linux's renameat2, as a system call, since not every C library wraps it (musl 1.2.3 doesn't).
 * Other systems lack it, or call it differently.
 */
#define _GNU_SOURCE
#include "files/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { FLAG_NOREPLACE = 1, FLAG_EXCHANGE = 2 }; /* as in <linux/fs.h> */

static int rename_with(const char *from, const char *to, unsigned flags)
{
#ifdef SYS_renameat2
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
#else
	(void)from;
	(void)to;
	(void)flags;
	errno = ENOSYS;
	return -1;
#endif
}

int pmill_rename_new(const char *from, const char *to)
{
	return rename_with(from, to, FLAG_NOREPLACE);
}

int pmill_rename_exchange(const char *a, const char *b)
{
	return rename_with(a, b, FLAG_EXCHANGE);
}
