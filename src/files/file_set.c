/* Several files that are put in place together: all of them or none. */
/* SPDX-License-Identifier: MIT */
/*
 * Until all files have their names, each target that is replaced or removed keeps a second name,
 * from which it is restored on failure:
 *
 *   write      .vocab.json.HEX.swap (or nameless)   flushed to disk
 *   keep       vocab.json = .vocab.json.HEX.swap    a hard link, where there are links
 *   place      rename over vocab.json
 *   forget     remove the second name
 */
#define _GNU_SOURCE
#include "files/file_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "files/file.h"

/* A file on its way. */
struct item {
	struct pmill_file_writer writer; /* all zero: the file is removed */
	const char *path;                /* the target, without links; borrowed */
	char *kept;                      /* the second name of what was there, or NULL */
	bool is_changed;                 /* the new file is in place, or the old one is gone */
};

static pmill_status write_items(struct item *items, const struct pmill_set_file *files,
	size_t count, unsigned flags, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++) {
		items[i].path = files[i].path;
		if (files[i].bytes == NULL)
			continue;
		struct pmill_file_writer *writer = &items[i].writer;
		status = pmill_file_writer_open_in_set(writer, files[i].path, flags, error);
		items[i].path = writer->path;
		if (status == PMILL_OK)
			status = pmill_file_writer_append(
				writer, files[i].bytes->data, files[i].bytes->len, error);
	}
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		if (files[i].bytes != NULL)
			status = pmill_file_writer_flush(&items[i].writer, error);
	return status;
}

static bool is_removal(const struct item *item)
{
	return item->writer.path == NULL;
}

/* As for the new file: only names in the locked folder may be cleared away. */
static const char *ending_of(const struct item *item)
{
	const char *temporary = item->writer.temporary;
	return temporary != NULL && pmill_path_has_suffix(temporary, ".part") ? "part" : "swap";
}

/* Without hard links, the old file leaves its name until the new one comes. */
static pmill_status keep_old(struct item *item, pmill_error *error)
{
	const bool may_exist = is_removal(item) ||
		(item->writer.may_replace && pmill_file_writer_is_placed(&item->writer));
	if (!may_exist || !pmill_path_exists(item->path))
		return PMILL_OK;
	item->kept = pmill_path_temporary(item->path, ending_of(item));
	if (item->kept == NULL)
		return pmill_fail_memory(error);
	if (link(item->path, item->kept) == 0 || rename(item->path, item->kept) == 0)
		return PMILL_OK;
	const int number = errno;
	free(item->kept);
	item->kept = NULL;
	return pmill_fail_errno(error, item->path, "cannot replace", number);
}

static pmill_status change(struct item *item, pmill_error *error)
{
	const bool is_placed = pmill_file_writer_is_placed(&item->writer);
	int result;
	if (is_removal(item))
		result = unlink(item->path) == 0 || errno == ENOENT ? 0 : -1;
	else
		result = pmill_file_writer_place(&item->writer);
	item->is_changed = result == 0 && (is_removal(item) || is_placed);
	if (result == 0)
		return PMILL_OK;
	return is_removal(item) ? pmill_fail_errno(error, item->path, "cannot remove", errno)
							: pmill_file_fail_place(item->path, errno, error);
}

/* Renaming does nothing if both names are links to one file; hence the unlink. */
static void restore(struct item *item)
{
	if (item->kept != NULL && rename(item->kept, item->path) == 0)
		unlink(item->kept);
	else if (item->kept == NULL && item->is_changed && !is_removal(item))
		unlink(item->path);
	free(item->kept);
	item->kept = NULL;
}

static void forget_old(struct item *item)
{
	if (item->kept != NULL)
		unlink(item->kept);
	free(item->kept);
	item->kept = NULL;
}

static pmill_status change_all(struct item *items, size_t count, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = keep_old(&items[i], error);
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = change(&items[i], error);
	for (size_t i = count; i-- > 0;)
		(status == PMILL_OK ? forget_old : restore)(&items[i]);
	return status;
}

pmill_status pmill_file_set_write(
	const struct pmill_set_file *files, size_t count, unsigned flags, pmill_error *error)
{
	struct item *items = calloc(count, sizeof *items);
	if (items == NULL)
		return pmill_fail_memory(error);
	pmill_status status = write_items(items, files, count, flags, error);
	if (status == PMILL_OK)
		status = change_all(items, count, error);
	for (size_t i = 0; i < count; i++)
		pmill_file_writer_release(&items[i].writer);
	free(items);
	return status;
}

static bool is_leftover(const char *name, const char *const *of, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pmill_name_is_temporary(name, of[i], "swap"))
			return true;
	return false;
}

void pmill_file_set_clear_leftovers(const char *folder, const char *const *names, size_t count)
{
	DIR *entries = opendir(folder);
	if (entries == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
		if (is_leftover(entry->d_name, names, count))
			unlinkat(dirfd(entries), entry->d_name, 0);
	closedir(entries);
}
