/* The entries of a folder that another folder replaces. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "files/folder_entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

static bool is_ours(const char *name, const struct pmill_folder_names *ours)
{
	for (size_t i = 0; i < ours->count; i++)
		if (strcmp(name, ours->items[i]) == 0)
			return true;
	return false;
}

/* Appends the names, each ended by a NUL: the folder changes while they are walked. */
static int list_entries(int folder, struct pmill_buffer *names)
{
	const int descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = descriptor < 0 ? NULL : fdopendir(descriptor);
	int number = entries == NULL ? errno : 0;
	if (entries == NULL && descriptor >= 0)
		close(descriptor);
	while (number == 0) {
		errno = 0;
		const struct dirent *entry = readdir(entries);
		if (entry == NULL) {
			number = errno;
			break;
		}
		const char *name = entry->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
			!pmill_buffer_append(names, name, strlen(name) + 1))
			number = ENOMEM;
	}
	if (entries != NULL)
		closedir(entries);
	return number;
}

static bool is_folder(int folder, const char *name)
{
	struct stat about;
	return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
}

/* Gives one foreign entry to the other folder. Returns 0 or an error number. */
typedef int give(int from, int to, const char *name);

static int give_to_all(int from, int to, const struct pmill_folder_names *ours, give *give_entry)
{
	struct pmill_buffer names = {0};
	int number = list_entries(from, &names);
	for (size_t at = 0; at < names.len && number == 0;) {
		const char *name = (const char *)names.data + at;
		if (!is_ours(name, ours))
			number = give_entry(from, to, name);
		at += strlen(name) + 1;
	}
	pmill_buffer_release(&names);
	return number;
}

static int link_entry(int from, int to, const char *name)
{
	if (is_folder(from, name))
		return 0;
	return linkat(from, name, to, name, 0) == 0 ? 0 : errno;
}

int pmill_folder_entries_link(int from, int to, const struct pmill_folder_names *ours)
{
	return give_to_all(from, to, ours, link_entry);
}

static int move_entry(int from, int to, const char *name)
{
	return renameat(from, name, to, name) == 0 ? 0 : errno;
}

static int move_folder(int from, int to, const char *name)
{
	return is_folder(from, name) ? move_entry(from, to, name) : 0;
}

int pmill_folder_entries_move_folders(int from, int to, const struct pmill_folder_names *ours)
{
	return give_to_all(from, to, ours, move_folder);
}

static int drain_entry(int from, int to, const char *name)
{
	struct stat about, other;
	if (fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (!S_ISDIR(about.st_mode) && about.st_nlink > 1)
		unlinkat(from, name, 0);
	else if (to >= 0 && fstatat(to, name, &other, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		(void)move_entry(from, to, name);
	return 0;
}

void pmill_folder_entries_drain(int from, int to, const struct pmill_folder_names *ours)
{
	for (size_t i = 0; i < ours->count; i++)
		unlinkat(from, ours->items[i], 0);
	(void)give_to_all(from, to, ours, drain_entry);
}
