/* Makes the k-th system call of the library fail or end the process, by the linker's --wrap. */
/* SPDX-License-Identifier: MIT */
/* Define _GNU_SOURCE before the first #include. */
#ifndef PMILL_TESTS_SUPPORT_REFUSE_CALLS_H
#define PMILL_TESTS_SUPPORT_REFUSE_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Which calls never work here, as on some file systems. The numbers are errors; 0: they work. */
static struct {
	int exchange, link, folder_move, lock, make_folder;
} refuse_always;

static long calls_left = -1;  /* before one fails; negative: none fails */
static int refused_error = 0; /* what it fails with; 0: the process ends there instead */

enum { ENDED_BY_A_CALL = 77 }; /* the exit status of such a process */

/* Whether a call failed since calls_left was set to 0 or more. Resets it. */
static inline bool was_call_refused(void)
{
	const bool refused = calls_left == -2;
	calls_left = -1;
	return refused;
}

ssize_t __real_write(int descriptor, const void *data, size_t len);
int __real_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __real_link(const char *from, const char *to);
int __real_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __real_unlink(const char *path);
int __real_unlinkat(int folder, const char *path, int flags);
int __real_rename(const char *from, const char *to);
int __real_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __real_pmill_rename_new(const char *from, const char *to);
int __real_pmill_rename_exchange(const char *a, const char *b);
int __real_fchmod(int descriptor, mode_t mode);
int __real_flock(int descriptor, int operation);
ssize_t __wrap_write(int descriptor, const void *data, size_t len);
int __wrap_fsync(int descriptor);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __wrap_link(const char *from, const char *to);
int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int folder, const char *path, int flags);
int __wrap_rename(const char *from, const char *to);
int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __wrap_pmill_rename_new(const char *from, const char *to);
int __wrap_pmill_rename_exchange(const char *a, const char *b);
int __wrap_fchmod(int descriptor, mode_t mode);
int __wrap_flock(int descriptor, int operation);

void _exit(int status);

/* Counts a call, which never works if `always` is an error. */
static inline bool refuses(int always)
{
	if (calls_left == 0 && refused_error == 0)
		_exit(ENDED_BY_A_CALL);
	const bool is_due = calls_left == 0;
	if (calls_left >= 0)
		calls_left = is_due ? -2 : calls_left - 1;
	if (is_due || always != 0)
		errno = is_due ? refused_error : always;
	return is_due || always != 0;
}

ssize_t __wrap_write(int descriptor, const void *data, size_t len)
{
	return refuses(0) ? -1 : __real_write(descriptor, data, len);
}

/* Nothing is flushed, which would only take time. */
int __wrap_fsync(int descriptor)
{
	(void)descriptor;
	return refuses(0) ? -1 : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	const mode_t mode = va_arg(arguments, mode_t);
	va_end(arguments);
#ifdef O_TMPFILE
	/* A nameless file needs a link to get a name. */
	const bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
#else
	const bool is_nameless = false;
#endif
	return refuses(is_nameless ? refuse_always.link : 0) ? -1 : __real_open(path, flags, mode);
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
	return refuses(0) ? -1 : __real_openat(folder, path, flags);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	return refuses(refuse_always.make_folder) ? -1 : __real_mkdir(path, mode);
}

int __wrap_rmdir(const char *path)
{
	return refuses(0) ? -1 : __real_rmdir(path);
}

int __wrap_link(const char *from, const char *to)
{
	return refuses(refuse_always.link) ? -1 : __real_link(from, to);
}

int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	return refuses(refuse_always.link) ? -1
									   : __real_linkat(from_folder, from, to_folder, to, flags);
}

int __wrap_unlink(const char *path)
{
	return refuses(0) ? -1 : __real_unlink(path);
}

int __wrap_unlinkat(int folder, const char *path, int flags)
{
	return refuses(0) ? -1 : __real_unlinkat(folder, path, flags);
}

int __wrap_rename(const char *from, const char *to)
{
	return refuses(0) ? -1 : __real_rename(from, to);
}

int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return refuses(refuse_always.folder_move) ? -1
											  : __real_renameat(from_folder, from, to_folder, to);
}

int __wrap_pmill_rename_new(const char *from, const char *to)
{
	return refuses(refuse_always.exchange) ? -1 : __real_pmill_rename_new(from, to);
}

int __wrap_pmill_rename_exchange(const char *a, const char *b)
{
	return refuses(refuse_always.exchange) ? -1 : __real_pmill_rename_exchange(a, b);
}

int __wrap_fchmod(int descriptor, mode_t mode)
{
	return refuses(0) ? -1 : __real_fchmod(descriptor, mode);
}

int __wrap_flock(int descriptor, int operation)
{
	return refuses(refuse_always.lock) ? -1 : __real_flock(descriptor, operation);
}

#endif
