/* All files in a folder and below it. */
/* SPDX-License-Identifier: MIT */
/*
 * A search in rounds. A round reads the folders that links of the round before lead to, in the
 * order of their paths, each with all real folders below it; links to folders wait for the next
 * round. So what is found, and under which path, doesn't depend on the order of the file system's
 * entries; and no folder is read twice, whatever loops there are. Stacks take the place of
 * recursion.
 */
#include "corpus/folder_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/error.h"
#include "corpus/file_ids.h"

struct path_list {
	const char **paths;
	size_t count, capacity;
};

struct walk {
	struct pmill_arena *names;
	struct pmill_found_files *found;
	struct pmill_file_ids seen; /* folders that were read */
	struct path_list real;      /* a stack: still to be read in this round */
	struct path_list linked;    /* for the next round */
};

static bool push(struct path_list *list, const char *path)
{
	void *paths = list->paths;
	if (!pmill_array_reserve(&paths, &list->capacity, list->count + 1, sizeof *list->paths))
		return false;
	list->paths = paths;
	list->paths[list->count++] = path;
	return true;
}

static char *join_path(struct pmill_arena *names, const char *folder, const char *name)
{
	size_t folder_len = strlen(folder), name_len = strlen(name);
	while (folder_len > 0 && folder[folder_len - 1] == '/')
		folder_len--;
	char *path = pmill_arena_allocate(names, folder_len + name_len + 2, 1);
	if (path == NULL)
		return NULL;
	memcpy(path, folder, folder_len);
	path[folder_len] = '/';
	memcpy(path + folder_len + 1, name, name_len + 1);
	return path;
}

static bool add_file(struct pmill_found_files *found, const char *path, const struct stat *about)
{
	void *files = found->files;
	if (!pmill_array_reserve(&files, &found->capacity, found->count + 1, sizeof *found->files))
		return false;
	found->files = files;
	found->files[found->count++] = (struct pmill_found_file){
		path, (uint64_t)about->st_size, about->st_dev, about->st_ino};
	return true;
}

static pmill_status add_entry(
	struct walk *walk, const char *folder, const char *name, pmill_error *error)
{
	char *path = join_path(walk->names, folder, name);
	if (path == NULL)
		return pmill_fail_memory(error);
	struct stat about;
	if (lstat(path, &about) != 0)
		return pmill_fail_errno(error, path, "cannot read", errno);
	bool is_link = S_ISLNK(about.st_mode);
	if (is_link && stat(path, &about) != 0)
		return pmill_fail_errno(error, path, "cannot read what this link leads to", errno);
	bool is_kept = true;
	if (S_ISDIR(about.st_mode))
		is_kept = push(is_link ? &walk->linked : &walk->real, path);
	else if (S_ISREG(about.st_mode))
		is_kept = add_file(walk->found, path, &about);
	return is_kept ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status add_entries(
	struct walk *walk, DIR *entries, const char *folder, pmill_error *error)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(entries);
		if (entry == NULL && errno != 0)
			return pmill_fail_errno(error, folder, "cannot read", errno);
		if (entry == NULL)
			return PMILL_OK;
		const char *name = entry->d_name;
		if (name[0] != '.') {
			pmill_status status = add_entry(walk, folder, name, error);
			if (status != PMILL_OK)
				return status;
		} else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			walk->found->hidden++;
		}
	}
}

static pmill_status read_folder(struct walk *walk, const char *folder, pmill_error *error)
{
	DIR *entries = opendir(folder);
	if (entries == NULL)
		return pmill_fail_errno(error, folder, "cannot open", errno);
	struct stat about;
	const char *first = NULL;
	pmill_status status = PMILL_OK;
	if (fstat(dirfd(entries), &about) != 0)
		status = pmill_fail_errno(error, folder, "cannot read", errno);
	else if (!pmill_file_ids_add(&walk->seen, about.st_dev, about.st_ino, folder, &first))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK && first == NULL)
		status = add_entries(walk, entries, folder, error);
	closedir(entries);
	return status;
}

/* Reads a folder and the real folders below it. */
static pmill_status read_tree(struct walk *walk, const char *path, pmill_error *error)
{
	if (!push(&walk->real, path))
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	while (walk->real.count > 0 && status == PMILL_OK)
		status = read_folder(walk, walk->real.paths[--walk->real.count], error);
	return status;
}

static int compare_paths(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;
	return strcmp(*a, *b);
}

static pmill_status read_rounds(struct walk *walk, const char *path, pmill_error *error)
{
	pmill_status status = read_tree(walk, path, error);
	while (walk->linked.count > 0 && status == PMILL_OK) {
		struct path_list round = walk->linked;
		walk->linked = (struct path_list){0};
		qsort(round.paths, round.count, sizeof *round.paths, compare_paths);
		for (size_t i = 0; i < round.count && status == PMILL_OK; i++)
			status = read_tree(walk, round.paths[i], error);
		free(round.paths);
	}
	return status;
}

static int compare_files(const void *left, const void *right)
{
	const struct pmill_found_file *a = left, *b = right;
	return strcmp(a->path, b->path);
}

pmill_status pmill_folder_walk(const char *path, struct pmill_arena *names,
	struct pmill_found_files *found, pmill_error *error)
{
	struct walk walk = {.names = names, .found = found};
	pmill_status status = read_rounds(&walk, path, error);
	if (status == PMILL_OK && found->count > 1)
		qsort(found->files, found->count, sizeof *found->files, compare_files);
	pmill_file_ids_release(&walk.seen);
	free(walk.real.paths);
	free(walk.linked.paths);
	return status;
}

void pmill_found_files_release(struct pmill_found_files *found)
{
	free(found->files);
	*found = (struct pmill_found_files){0};
}
