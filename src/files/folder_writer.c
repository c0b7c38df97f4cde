/* Writing a folder of files: the whole folder is new, or it is as before. */
/* SPDX-License-Identifier: MIT */
/*
 * All writers of one folder take turns, by a lock on its parent. A new folder is filled under a
 * temporary name beside its place, flushed, and renamed. One that exists is exchanged:
 *
 *   build      .m.HEX.part   our files, and second names (hard links) of the foreign ones in m
 *   exchange   .m.HEX.part ↔ m, in one step of the system
 *   move       foreign folders from .m.HEX.part to m; folders can't have second names
 *   remove     .m.HEX.part, by now the old folder
 *
 * So m is always one whole model. A killed writer leaves .m.HEX.part; the next one, which holds the
 * lock, moves what is foreign and missing in m back there and removes the rest.
 *
 * Where a folder can't be exchanged (the system or file system has no such call, the parent is not
 * ours to write, m is a mount point or the working directory, whose other users would be left in
 * a folder that is gone, or owner and access rights can't be given to a new folder), files are
 * replaced one by one, and restored if one fails (files/file_set).
 */
#define _GNU_SOURCE
#include "files/folder_writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "files/file.h"
#include "files/folder_attributes.h"
#include "files/folder_entries.h"
#include "files/folder_lock.h"
#include "files/rename.h"
#include "files/write_all.h"

/* The folder to write. */
struct target {
	const char *path; /* as the caller spelled it, for messages */
	char *real;       /* without links if it exists */
	char *parent;
	const char *name; /* in the parent; part of `real` */
	const struct pmill_set_file *files;
	const char **names; /* of the files */
	size_t count;
};

static struct pmill_folder_names names_of(const struct target *target)
{
	return (struct pmill_folder_names){target->names, target->count};
}

static bool is_written(const struct pmill_set_file *file)
{
	return file->bytes != NULL && file->bytes->len > 0;
}

static void release_target(struct target *target)
{
	free(target->real);
	free(target->parent);
	free(target->names);
}

/* Only a folder that exists can be found without links. The caller frees both. */
static pmill_status find_real(const char *path, char **real, char **parent, pmill_error *error)
{
	const bool is_there = pmill_path_is_folder(path);
	*real = is_there ? realpath(path, NULL) : pmill_copy_text(path, strlen(path));
	if (*real == NULL && is_there && errno != ENOMEM)
		return pmill_fail_errno(error, path, "cannot write", errno);
	*parent = *real == NULL ? NULL : pmill_path_folder(*real);
	return *parent == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

static pmill_status init_target(struct target *target, const char *path,
	const struct pmill_set_file *files, size_t count, pmill_error *error)
{
	*target = (struct target){.path = path, .files = files, .count = count};
	const pmill_status status = find_real(path, &target->real, &target->parent, error);
	if (status != PMILL_OK)
		return status;
	target->names = calloc(count, sizeof *target->names);
	if (target->names == NULL)
		return pmill_fail_memory(error);
	const char *slash = strrchr(target->real, '/');
	target->name = slash == NULL ? target->real : slash + 1;
	for (size_t i = 0; i < count; i++)
		target->names[i] = files[i].path;
	return PMILL_OK;
}

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Some file systems can't flush folders, and say so. */
static int flush_folder(const char *path)
{
	const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	const int number = fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
	close(descriptor);
	return number;
}

/* Moves what is foreign from the folder at `from` to that at `to`, and removes the rest. */
static void drain_folder(const struct target *target, const char *from, const char *to)
{
	const struct pmill_folder_names ours = names_of(target);
	const int old = open_folder(from), new = open_folder(to);
	if (old >= 0)
		pmill_folder_entries_drain(old, new, &ours);
	if (old >= 0)
		close(old);
	if (new >= 0)
		close(new);
	rmdir(from);
}

/* A folder of this name that belongs to us and that no writer under the lock uses. */
static bool is_leftover(const struct target *target, int parent, const char *name)
{
	struct stat about;
	return pmill_name_is_temporary(name, target->name, "part") &&
		fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode) &&
		about.st_uid == geteuid();
}

/* Needs the lock: it proves that the writers of these folders are gone. */
static void clear_leftovers(const struct target *target)
{
	DIR *entries = opendir(target->parent);
	if (entries == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
		if (!is_leftover(target, dirfd(entries), entry->d_name))
			continue;
		char *left = pmill_path_join(target->parent, entry->d_name);
		if (left != NULL)
			drain_folder(target, left, target->real);
		free(left);
	}
	closedir(entries);
}

/* `name` is the path for messages. */
static pmill_status write_file(
	const char *path, const struct pmill_buffer *bytes, const char *name, pmill_error *error)
{
	const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (descriptor < 0)
		return pmill_fail_errno(error, name, "cannot write", errno);
	int number = pmill_write_all(descriptor, bytes->data, bytes->len);
	if (number == 0 && fsync(descriptor) != 0)
		number = errno;
	if (close(descriptor) != 0 && number == 0)
		number = errno;
	return number == 0 ? PMILL_OK : pmill_fail_errno(error, name, "cannot write", number);
}

static pmill_status write_files(const struct target *target, const char *folder, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < target->count && status == PMILL_OK; i++) {
		if (!is_written(&target->files[i]))
			continue;
		char *path = pmill_path_join(folder, target->names[i]);
		char *name = pmill_path_join(target->path, target->names[i]);
		status = path == NULL || name == NULL
			? pmill_fail_memory(error)
			: write_file(path, target->files[i].bytes, name, error);
		free(path);
		free(name);
	}
	return status;
}

static pmill_status fail_folder(const struct target *target, int number, pmill_error *error)
{
	return pmill_fail_errno(error, target->path, "cannot write the folder", number);
}

/* Refuses to replace what has appeared meanwhile, unless the file system lacks that flag. */
static int rename_new(const char *from, const char *to)
{
	if (pmill_rename_new(from, to) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? rename(from, to) : -1;
}

static pmill_status write_new(
	const struct target *target, const char *temporary, pmill_error *error)
{
	if (mkdir(temporary, 0777) != 0)
		return pmill_fail_errno(error, target->path, "cannot make the folder", errno);
	pmill_status status = write_files(target, temporary, error);
	const int number = status == PMILL_OK ? flush_folder(temporary) : 0;
	if (number != 0)
		status = fail_folder(target, number, error);
	if (status == PMILL_OK && rename_new(temporary, target->real) != 0)
		status = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
			? pmill_file_fail_place(target->path, EEXIST, error)
			: pmill_fail_errno(error, target->path, "cannot make the folder", errno);
	if (status != PMILL_OK)
		drain_folder(target, temporary, target->real);
	else
		(void)flush_folder(target->parent);
	return status;
}

/* What says "not this way", rather than "not at all" as a full disk does. */
static bool is_other_way_open(int number)
{
	static const int numbers[] = {
		EACCES, EPERM, EROFS, EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP, EXDEV, EBUSY, EMLINK,
		ENAMETOOLONG, EEXIST, ENOTEMPTY,
#ifdef ENODATA
		ENODATA, /* an attribute is gone; FreeBSD has another number, and no use for it here */
#endif
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (number == numbers[i])
			return true;
	return false;
}

static bool is_working_folder(const struct stat *folder)
{
	struct stat about;
	return stat(".", &about) == 0 && about.st_dev == folder->st_dev &&
		about.st_ino == folder->st_ino;
}

/* One of our files that is a link is written through, and anything else stands in the way. */
static bool can_exchange(const struct target *target, int old)
{
	struct stat about;
	if (target->name[0] == '\0' || fstat(old, &about) != 0 || is_working_folder(&about))
		return false;
	for (size_t i = 0; i < target->count; i++)
		if (fstatat(old, target->names[i], &about, AT_SYMLINK_NOFOLLOW) == 0 &&
			!S_ISREG(about.st_mode))
			return false;
	return true;
}

/* The attributes come first: files may inherit their group and access rights. */
static int prepare_folder(const char *temporary, int old, int *new)
{
	if (mkdir(temporary, 0700) != 0)
		return errno;
	*new = open_folder(temporary);
	return *new < 0 ? errno : pmill_folder_attributes_copy(old, *new);
}

/* The folder under the temporary name is now the old one. Undone if a folder can't move. */
static int move_folders(const struct target *target, const char *temporary, int old, int new)
{
	const struct pmill_folder_names ours = names_of(target);
	const int number = pmill_folder_entries_move_folders(old, new, &ours);
	if (number == 0)
		return 0;
	if (pmill_rename_exchange(temporary, target->real) == 0)
		(void)pmill_folder_entries_move_folders(new, old, &ours);
	return number;
}

/* Returns PMILL_OK and sets *number to what went wrong with the folders, if anything did. */
static pmill_status exchange_folder(const struct target *target, const char *temporary, int old,
	int *new, int *number, pmill_error *error)
{
	const struct pmill_folder_names ours = names_of(target);
	*number = prepare_folder(temporary, old, new);
	if (*number != 0)
		return PMILL_OK;
	const pmill_status status = write_files(target, temporary, error);
	if (status != PMILL_OK)
		return status;
	*number = pmill_folder_entries_link(old, *new, &ours);
	if (*number == 0)
		*number = flush_folder(temporary);
	if (*number == 0 && pmill_rename_exchange(temporary, target->real) != 0)
		*number = errno;
	if (*number == 0)
		*number = move_folders(target, temporary, old, *new);
	return PMILL_OK;
}

/* Sets *is_done to false if the folder must be replaced file by file; nothing is changed then. */
static pmill_status replace_whole(
	const struct target *target, const char *temporary, bool *is_done, pmill_error *error)
{
	*is_done = false;
	const int old = open_folder(target->real);
	int new = -1, number = 0;
	if (old < 0 || !can_exchange(target, old)) {
		if (old >= 0)
			close(old);
		return PMILL_OK;
	}
	pmill_status status = exchange_folder(target, temporary, old, &new, &number, error);
	if (number == ENOMEM)
		status = pmill_fail_memory(error);
	else if (number != 0 && !is_other_way_open(number))
		status = fail_folder(target, number, error);
	*is_done = status == PMILL_OK && number == 0;
	if (*is_done)
		(void)flush_folder(target->parent);
	/* Now one of the two is the new folder, and the other goes. */
	drain_folder(target, temporary, target->real);
	close(old);
	if (new >= 0)
		close(new);
	return status;
}

static pmill_status replace_file_by_file(const struct target *target, pmill_error *error)
{
	struct pmill_set_file *files = calloc(target->count, sizeof *files);
	pmill_status status = files == NULL ? pmill_fail_memory(error) : PMILL_OK;
	for (size_t i = 0; i < target->count && status == PMILL_OK; i++) {
		files[i].path = pmill_path_join(target->path, target->names[i]);
		files[i].bytes = is_written(&target->files[i]) ? target->files[i].bytes : NULL;
		if (files[i].path == NULL)
			status = pmill_fail_memory(error);
	}
	if (status == PMILL_OK)
		status = pmill_file_set_write(files, target->count, PMILL_OVERWRITE, error);
	for (size_t i = 0; files != NULL && i < target->count; i++)
		free((char *)files[i].path);
	free(files);
	return status;
}

/* Its own lock keeps out those who write vocab.json and merges.txt into the folder. */
static pmill_status replace(const struct target *target, const char *temporary, pmill_error *error)
{
	struct pmill_folder_lock lock;
	pmill_status status = pmill_folder_lock_take(&lock, target->real, target->path, error);
	if (status != PMILL_OK)
		return status;
	if (lock.is_held)
		pmill_file_set_clear_leftovers(target->real, target->names, target->count);
	bool is_done;
	status = replace_whole(target, temporary, &is_done, error);
	if (status == PMILL_OK && !is_done)
		status = replace_file_by_file(target, error);
	pmill_folder_lock_release(&lock);
	return status;
}

static pmill_status write_target(const struct target *target, unsigned flags, pmill_error *error)
{
	const bool is_there = pmill_path_is_folder(target->real);
	if (is_there && !(flags & PMILL_OVERWRITE))
		return pmill_file_fail_place(target->path, EEXIST, error);
	char *temporary = pmill_path_temporary(target->real, "part");
	if (temporary == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = is_there ? replace(target, temporary, error)
										 : write_new(target, temporary, error);
	free(temporary);
	return status;
}

pmill_status pmill_folder_write(const char *path, const struct pmill_set_file *files, size_t count,
	unsigned flags, pmill_error *error)
{
	struct target target;
	struct pmill_folder_lock lock = {0};
	pmill_status status = init_target(&target, path, files, count, error);
	if (status == PMILL_OK)
		status = pmill_folder_lock_take(&lock, target.parent, path, error);
	if (status == PMILL_OK && lock.is_held)
		clear_leftovers(&target);
	if (status == PMILL_OK)
		status = write_target(&target, flags, error);
	pmill_folder_lock_release(&lock);
	release_target(&target);
	return status;
}

/* A writer that holds the lock for long would make a run of hours fail at its end. */
static pmill_status check_lock(const char *path, pmill_error *error)
{
	char *real = NULL, *parent = NULL;
	struct pmill_folder_lock lock = {0};
	pmill_status status = find_real(path, &real, &parent, error);
	if (status == PMILL_OK)
		status = pmill_folder_lock_take(&lock, parent, path, error);
	pmill_folder_lock_release(&lock);
	free(parent);
	free(real);
	return status;
}

pmill_status pmill_folder_check_target(const char *path, unsigned flags, pmill_error *error)
{
	if (pmill_path_exists(path) && !pmill_path_is_folder(path))
		return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET,
			"%s: exists and is not a folder; write to another name, or to a file whose name ends "
			"in .json or .tiktoken",
			path);
	if (!pmill_path_exists(path)) {
		const pmill_status status = pmill_file_check_target(path, flags, error);
		return status == PMILL_OK ? check_lock(path, error) : status;
	}
	if (!(flags & PMILL_OVERWRITE))
		return pmill_file_fail_place(path, EEXIST, error);
	if (access(path, W_OK | X_OK) != 0)
		return pmill_fail_errno(error, path, "cannot write", errno);
	return check_lock(path, error);
}
