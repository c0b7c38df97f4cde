/* Makes the k-th call that reads files or folders fail, by the linker's --wrap. */
/* SPDX-License-Identifier: MIT */
/* Define _GNU_SOURCE before the first #include. */
#ifndef PMILL_TESTS_SUPPORT_REFUSE_READS_H
#define PMILL_TESTS_SUPPORT_REFUSE_READS_H

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long reads_left = -1;  /* before one fails; negative: none fails */
static atomic_int read_error = EIO;  /* what it fails with */
static atomic_bool was_read_refused; /* since it was last set to false */

ssize_t __real_read(int file, void *data, size_t len);
ssize_t __real_pread(int file, void *data, size_t len, off_t offset);
off_t __real_lseek(int file, off_t offset, int whence);
int __real_fstat(int file, struct stat *about);
DIR *__real_opendir(const char *path);
DIR *__real_fdopendir(int file);
struct dirent *__real_readdir(DIR *folder);
ssize_t __wrap_read(int file, void *data, size_t len);
ssize_t __wrap_pread(int file, void *data, size_t len, off_t offset);
off_t __wrap_lseek(int file, off_t offset, int whence);
int __wrap_fstat(int file, struct stat *about);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_fdopendir(int file);
struct dirent *__wrap_readdir(DIR *folder);

static inline bool refuses_read(void)
{
	if (reads_left < 0 || atomic_fetch_sub(&reads_left, 1) != 0)
		return false;
	was_read_refused = true;
	errno = read_error;
	return true;
}

ssize_t __wrap_read(int file, void *data, size_t len)
{
	return refuses_read() ? -1 : __real_read(file, data, len);
}

ssize_t __wrap_pread(int file, void *data, size_t len, off_t offset)
{
	return refuses_read() ? -1 : __real_pread(file, data, len, offset);
}

off_t __wrap_lseek(int file, off_t offset, int whence)
{
	return refuses_read() ? -1 : __real_lseek(file, offset, whence);
}

int __wrap_fstat(int file, struct stat *about)
{
	return refuses_read() ? -1 : __real_fstat(file, about);
}

DIR *__wrap_opendir(const char *path)
{
	return refuses_read() ? NULL : __real_opendir(path);
}

DIR *__wrap_fdopendir(int file)
{
	return refuses_read() ? NULL : __real_fdopendir(file);
}

struct dirent *__wrap_readdir(DIR *folder)
{
	return refuses_read() ? NULL : __real_readdir(folder);
}

#endif
