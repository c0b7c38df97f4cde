/* Owner, mode and extended attributes of a folder. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "files/folder_attributes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif

#include "base/array.h"

#ifdef __linux__

/* Reads the attribute, as the whole content of `value`. */
static int read_attribute(int folder, const char *name, struct pmill_buffer *value)
{
	const ssize_t len = fgetxattr(folder, name, NULL, 0);
	value->len = 0;
	if (len < 0)
		return errno;
	if (!pmill_buffer_reserve(value, (size_t)len + 1))
		return ENOMEM;
	const ssize_t got = fgetxattr(folder, name, value->data, (size_t)len + 1);
	if (got < 0)
		return errno;
	value->len = (size_t)got;
	return 0;
}

static int copy_attribute(
	int from, int to, const char *name, struct pmill_buffer *value, struct pmill_buffer *present)
{
	const int number = read_attribute(from, name, value);
	if (number != 0)
		return number;
	const bool is_same = read_attribute(to, name, present) == 0 && present->len == value->len &&
		(value->len == 0 || memcmp(present->data, value->data, value->len) == 0);
	if (is_same)
		return 0;
	return fsetxattr(to, name, value->data, value->len, 0) == 0 ? 0 : errno;
}

static int list_attributes(int folder, struct pmill_buffer *names)
{
	const ssize_t len = flistxattr(folder, NULL, 0);
	if (len <= 0)
		return len == 0 || errno == ENOTSUP || errno == ENOSYS ? 0 : errno;
	if (!pmill_buffer_reserve(names, (size_t)len))
		return ENOMEM;
	const ssize_t got = flistxattr(folder, (char *)names->data, (size_t)len);
	if (got < 0)
		return errno;
	names->len = (size_t)got;
	return 0;
}

static int copy_extended(int from, int to)
{
	struct pmill_buffer names = {0}, value = {0}, present = {0};
	int number = list_attributes(from, &names);
	for (size_t at = 0; at < names.len && number == 0;) {
		const char *name = (const char *)names.data + at;
		number = copy_attribute(from, to, name, &value, &present);
		at += strlen(name) + 1;
	}
	pmill_buffer_release(&names);
	pmill_buffer_release(&value);
	pmill_buffer_release(&present);
	return number;
}

#else

static int copy_extended(int from, int to)
{
	(void)from;
	(void)to;
	return 0;
}

#endif

/* The owner comes first, since changing it may clear bits of the mode. */
int pmill_folder_attributes_copy(int from, int to)
{
	struct stat old, new;
	if (fstat(from, &old) != 0 || fstat(to, &new) != 0)
		return errno;
	const bool is_owned_alike = old.st_uid == new.st_uid &&old.st_gid == new.st_gid;
	if (!is_owned_alike && fchown(to, old.st_uid, old.st_gid) != 0)
		return errno;
	if (fchmod(to, old.st_mode & 07777) != 0)
		return errno;
	/* Without the privilege, the kernel drops the set-group-ID bit in silence. */
	if (fstat(to, &new) != 0 || (new.st_mode & 07777) != (old.st_mode & 07777))
		return EPERM;
	return copy_extended(from, to);
}
