/* A folder for the files of one test, removed at its end. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_SCRATCH_FOLDER_H
#define PMILL_TESTS_SUPPORT_SCRATCH_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch_folder {
	char path[200];
	char file[500]; /* the result of the last scratch_path */
};

static inline void scratch_require(int condition, const char *what)
{
	if (!condition) {
		perror(what);
		abort();
	}
}

static inline void scratch_create(struct scratch_folder *folder)
{
	const char *parent = getenv("TMPDIR");
	snprintf(folder->path, sizeof folder->path, "%s/pairmill-test-XXXXXX",
		parent != NULL ? parent : "/tmp");
	scratch_require(mkdtemp(folder->path) != NULL, folder->path);
}

/* Valid until the next call. */
static inline const char *scratch_path(struct scratch_folder *folder, const char *name)
{
	snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
	return folder->file;
}

static inline const char *scratch_write(
	struct scratch_folder *folder, const char *name, const void *data, size_t len)
{
	const char *path = scratch_path(folder, name);
	FILE *file = fopen(path, "wb");
	scratch_require(file != NULL, path);
	scratch_require(len == 0 || fwrite(data, 1, len, file) == len, path);
	scratch_require(fclose(file) == 0, path);
	return path;
}

static inline void scratch_make_folder(struct scratch_folder *folder, const char *name)
{
	scratch_require(mkdir(scratch_path(folder, name), 0777) == 0, name);
}

/* Recursive, but only as deep as the tests make their folders. */
static inline void scratch_remove_below(const char *path)
{
	DIR *entries = opendir(path);
	scratch_require(entries != NULL, path);
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char below[2000];
		struct stat about;
		snprintf(below, sizeof below, "%.1000s/%s", path, entry->d_name);
		if (lstat(below, &about) == 0 && S_ISDIR(about.st_mode))
			scratch_remove_below(below);
		else
			unlink(below);
	}
	closedir(entries);
	rmdir(path);
}

static inline void scratch_remove(struct scratch_folder *folder)
{
	scratch_remove_below(folder->path);
}

#endif
