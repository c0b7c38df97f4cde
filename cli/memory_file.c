/* A file in memory: memfd_create, opened by its name in /proc. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

bool pmill_cli_memory_file_open(struct pmill_cli_memory_file *file)
{
#ifdef MFD_CLOEXEC
	file->descriptor = memfd_create("pairmill", MFD_CLOEXEC);
#else
	file->descriptor = -1;
	errno = ENOSYS;
#endif
	snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->descriptor);
	return file->descriptor >= 0;
}

int pmill_cli_memory_file_write(void *context, const void *data, size_t len)
{
	struct pmill_cli_memory_file *file = context;
	const char *bytes = data;
	while (len > 0) {
		ssize_t written = write(file->descriptor, bytes, len);
		if (written < 0 && errno != EINTR)
			return errno;
		if (written > 0) {
			bytes += written;
			len -= (size_t)written;
		}
	}
	return 0;
}

void pmill_cli_memory_file_close(struct pmill_cli_memory_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	file->descriptor = -1;
}
