/* A file in memory: memfd_create, opened by its name in /proc; elsewhere a temporary file. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* FreeBSD has memfd_create, too, but no way to open the file again. */
bool pmill_cli_memory_file_open(struct pmill_cli_memory_file *file)
{
#if defined(__linux__) && defined(MFD_CLOEXEC)
	file->descriptor = memfd_create("pairmill", MFD_CLOEXEC);
	file->has_name = false;
	snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->descriptor);
#else
	snprintf(file->path, sizeof file->path, "/tmp/pairmill.XXXXXX");
	file->descriptor = mkstemp(file->path);
	file->has_name = file->descriptor >= 0;
#endif
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
	if (file->has_name)
		unlink(file->path);
	*file = (struct pmill_cli_memory_file){.descriptor = -1};
}
