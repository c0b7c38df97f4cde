/* Lowers the limit of open files for a while. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_OPEN_FILES_H
#define PMILL_TESTS_SUPPORT_OPEN_FILES_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Leaves room for `more` files. Returns the limit to restore. */
static inline rlim_t open_files_limit(rlim_t more)
{
	struct rlimit limit;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (next < 0 || close(next) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		abort();
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)next + more;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		abort();
	return before;
}

static inline void open_files_restore(rlim_t before)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		abort();
	limit.rlim_cur = before;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		abort();
}

#endif
