/* Files: reading whole files, and atomic writing. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "files/write_all.h"

enum { WRITE_BUFFER = 1 << 18 };

static pmill_status read_all(
	int descriptor, const char *path, struct pmill_buffer *buffer, pmill_error *error)
{
	for (;;) {
		if (!pmill_buffer_reserve(buffer, 1 << 16))
			return pmill_fail_memory(error);
		ssize_t got = read(descriptor, buffer->data + buffer->len, buffer->capacity - buffer->len);
		if (got == 0)
			return PMILL_OK;
		if (got > 0)
			buffer->len += (size_t)got;
		else if (errno != EINTR)
			return pmill_fail_errno(error, path, "cannot read", errno);
	}
}

pmill_status pmill_file_read(const char *path, struct pmill_buffer *buffer, pmill_error *error)
{
	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "stdin", buffer, error);
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return pmill_fail_errno(error, path, "cannot open", errno);
	pmill_status status = read_all(descriptor, path, buffer, error);
	close(descriptor);
	return status;
}

pmill_status pmill_file_read_small(
	const char *path, size_t most, struct pmill_buffer *buffer, pmill_error *error)
{
	struct stat about;
	const bool is_small = stat(path, &about) == 0 && S_ISREG(about.st_mode) &&
		(uint64_t)about.st_size <= most;
	pmill_error unread;
	const pmill_status status = is_small ? pmill_file_read(path, buffer, &unread) : PMILL_OK;
	return status == PMILL_NO_MEMORY ? pmill_fail_memory(error) : PMILL_OK;
}

bool pmill_path_exists(const char *path)
{
	struct stat about;
	return lstat(path, &about) == 0;
}

bool pmill_path_is_folder(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool pmill_path_has_suffix(const char *path, const char *suffix)
{
	size_t path_len = strlen(path), suffix_len = strlen(suffix);
	return path_len >= suffix_len && strcmp(path + path_len - suffix_len, suffix) == 0;
}

char *pmill_path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return pmill_copy_text(".", 1);
	return pmill_copy_text(path, slash == path ? 1 : (size_t)(slash - path));
}

char *pmill_path_extend(const char *path, const char *ending)
{
	struct pmill_buffer out = {0};
	if (pmill_buffer_append_text(&out, path) && pmill_buffer_append_text(&out, ending) &&
		pmill_buffer_terminate(&out))
		return (char *)out.data;
	pmill_buffer_release(&out);
	return NULL;
}

char *pmill_path_join(const char *folder, const char *name)
{
	struct pmill_buffer path = {0};
	if (pmill_buffer_append_text(&path, folder) && pmill_buffer_append(&path, "/", 1) &&
		pmill_buffer_append_text(&path, name) && pmill_buffer_terminate(&path))
		return (char *)path.data;
	pmill_buffer_release(&path);
	return NULL;
}

/* O_EXCL refuses a name that exists all the same. */
char *pmill_path_temporary(const char *path, const char *ending)
{
	struct pmill_buffer name = {0};
	const char *slash = strrchr(path, '/');
	const size_t folder_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (pmill_buffer_append(&name, path, folder_len) &&
		pmill_buffer_append_format(&name, ".%.200s.%016llx.%s", path + folder_len,
			(unsigned long long)pmill_hash_random_seed(), ending) &&
		pmill_buffer_terminate(&name))
		return (char *)name.data;
	pmill_buffer_release(&name);
	return NULL;
}

bool pmill_name_is_temporary(const char *name, const char *of, const char *ending)
{
	const size_t len = strlen(of);
	if (len > 200 || name[0] != '.' || strncmp(name + 1, of, len) != 0 || name[1 + len] != '.')
		return false;
	const char *digits = name + len + 2;
	return strspn(digits, "0123456789abcdef") == 16 && digits[16] == '.' &&
		strcmp(digits + 17, ending) == 0;
}

static pmill_status fail_exists(const char *path, pmill_error *error)
{
	return pmill_fail(
		error, PMILL_EXISTS, PMILL_NO_OFFSET, "%s: already exists; not overwritten", path);
}

pmill_status pmill_file_fail_place(const char *path, int error_number, pmill_error *error)
{
	return error_number == EEXIST ? fail_exists(path, error)
								  : pmill_fail_errno(error, path, "cannot write", error_number);
}

pmill_status pmill_file_check_target(const char *path, unsigned flags, pmill_error *error)
{
	struct stat about;
	bool is_device = stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
	if (is_device)
		return PMILL_OK;
	if (!(flags & PMILL_OVERWRITE) && pmill_path_exists(path))
		return fail_exists(path, error);
	char *folder = pmill_path_folder(path);
	if (folder == NULL)
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	if (!pmill_path_exists(folder))
		status = pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET,
			"%s: cannot write: the folder %s does not exist", path, folder);
	else if (!pmill_path_is_folder(folder))
		status = pmill_fail(
			error, PMILL_IO, PMILL_NO_OFFSET, "%s: cannot write: %s is not a folder", path, folder);
	else if (access(folder, W_OK) != 0)
		status = pmill_fail_errno(error, path, "cannot write", errno);
	free(folder);
	return status;
}

/*
 * Opens a nameless file in the folder of `beside`, which leaves nothing behind however the process
 * ends. -1 if the system has no such files.
 */
static int open_nameless(char *beside)
{
#ifdef O_TMPFILE
	if (access("/proc/self/fd", X_OK) != 0)
		return -1;
	char *slash = strrchr(beside, '/');
	if (slash == NULL)
		return open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	*slash = '\0';
	int descriptor = open(slash == beside ? "/" : beside, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	*slash = '/';
	return descriptor;
#else
	(void)beside;
	return -1;
#endif
}

/* For systems without nameless files: the file has a name for an instant. */
static int open_unlinked(const char *folder)
{
	struct pmill_buffer name = {0};
	int descriptor = -1;
	if (pmill_buffer_append_format(&name, "%s/.pairmill.%016llx.part", folder,
			(unsigned long long)pmill_hash_random_seed()) &&
		pmill_buffer_terminate(&name))
		descriptor = open((char *)name.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	else
		errno = ENOMEM;
	if (descriptor >= 0)
		unlink((char *)name.data);
	pmill_buffer_release(&name);
	return descriptor;
}

pmill_status pmill_file_open_temporary(const char *folder, int *descriptor, pmill_error *error)
{
	int opened = -1;
#ifdef O_TMPFILE
	opened = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
#endif
	if (opened < 0)
		opened = open_unlinked(folder);
	if (opened < 0)
		return errno == ENOMEM
			? pmill_fail_memory(error)
			: pmill_fail_errno(error, folder, "cannot create a temporary file", errno);
	*descriptor = opened;
	return PMILL_OK;
}

/* Asks for each descriptor, since a system may not list those that are open. */
size_t pmill_file_count_openable(size_t enough)
{
	struct rlimit limit;
	size_t count = 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return enough;
	for (int i = 0; count < enough && i < INT_MAX && (rlim_t)i < limit.rlim_cur; i++)
		count += fcntl(i, F_GETFD) < 0 && errno == EBADF;
	return count;
}

/* Links a nameless file to `path`, which must not exist. */
static int name_file(int descriptor, const char *path)
{
	char open_file[40];
	snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", descriptor);
	return linkat(AT_FDCWD, open_file, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/*
 * Follows links, so that an output named through a link replaces the link's target, as writing
 * through it would. An existing target that is not a regular file (a pipe, /dev/null) is written in
 * place.
 */
static pmill_status open_writer(struct pmill_file_writer *writer, const char *path, unsigned flags,
	const char *ending, pmill_error *error)
{
	*writer = (struct pmill_file_writer){.may_replace = flags & PMILL_OVERWRITE};
	struct stat about;
	bool is_there = stat(path, &about) == 0;
	if (is_there && S_ISDIR(about.st_mode))
		return pmill_fail_errno(error, path, "cannot write", EISDIR);
	bool is_device = is_there && !S_ISREG(about.st_mode);
	if (!is_device && !writer->may_replace && pmill_path_exists(path))
		return fail_exists(path, error);
	writer->path = is_there && !is_device ? realpath(path, NULL)
										  : pmill_copy_text(path, strlen(path));
	if (writer->path == NULL)
		return pmill_fail_memory(error);
	writer->temporary = is_device ? pmill_copy_text(path, strlen(path))
								  : pmill_path_temporary(writer->path, ending);
	if (writer->temporary == NULL) {
		pmill_file_writer_release(writer);
		return pmill_fail_memory(error);
	}
	writer->descriptor = is_device ? -1 : open_nameless(writer->temporary);
	writer->is_nameless = writer->descriptor >= 0;
	int mode = is_device ? O_WRONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	if (!writer->is_nameless)
		writer->descriptor = open(writer->temporary, mode, 0666);
	if (writer->descriptor < 0) {
		int number = errno;
		free(writer->temporary);
		writer->temporary = NULL;
		pmill_file_writer_release(writer);
		return pmill_fail_errno(error, path, "cannot write", number);
	}
	return PMILL_OK;
}

pmill_status pmill_file_writer_open(
	struct pmill_file_writer *writer, const char *path, unsigned flags, pmill_error *error)
{
	return open_writer(writer, path, flags, "part", error);
}

/* A link leads to a folder that the set has not locked. */
pmill_status pmill_file_writer_open_in_set(
	struct pmill_file_writer *writer, const char *path, unsigned flags, pmill_error *error)
{
	struct stat about;
	const bool is_link = lstat(path, &about) == 0 && S_ISLNK(about.st_mode);
	return open_writer(writer, path, flags, is_link ? "part" : "swap", error);
}

pmill_status pmill_file_writer_borrow(
	struct pmill_file_writer *writer, int descriptor, const char *name, pmill_error *error)
{
	*writer = (struct pmill_file_writer){
		.descriptor = descriptor, .path = pmill_copy_text(name, strlen(name))};
	return writer->path != NULL ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status write_all(
	struct pmill_file_writer *writer, const uint8_t *data, size_t len, pmill_error *error)
{
	const int number = pmill_write_all(writer->descriptor, data, len);
	return number == 0 ? PMILL_OK : pmill_fail_errno(error, writer->path, "cannot write", number);
}

static pmill_status flush_buffer(struct pmill_file_writer *writer, pmill_error *error)
{
	pmill_status status = write_all(writer, writer->buffer.data, writer->buffer.len, error);
	writer->buffer.len = 0;
	return status;
}

pmill_status pmill_file_writer_append(
	struct pmill_file_writer *writer, const void *data, size_t len, pmill_error *error)
{
	if (writer->buffer.len + len > WRITE_BUFFER) {
		pmill_status status = flush_buffer(writer, error);
		if (status != PMILL_OK)
			return status;
		if (len >= WRITE_BUFFER)
			return write_all(writer, data, len, error);
	}
	if (!pmill_buffer_append(&writer->buffer, data, len))
		return pmill_fail_memory(error);
	return PMILL_OK;
}

pmill_status pmill_file_writer_patch(struct pmill_file_writer *writer, uint64_t offset,
	const void *data, size_t len, pmill_error *error)
{
	const pmill_status status = flush_buffer(writer, error);
	const uint8_t *bytes = data;
	while (status == PMILL_OK && len > 0) {
		const ssize_t done = pwrite(writer->descriptor, bytes, len, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return pmill_fail_errno(error, writer->path, "cannot write", errno);
		bytes += done;
		offset += (uint64_t)done;
		len -= (size_t)done;
	}
	return status;
}

pmill_status pmill_file_writer_read(
	struct pmill_file_writer *writer, uint64_t offset, void *data, size_t len, pmill_error *error)
{
	const pmill_status status = flush_buffer(writer, error);
	uint8_t *bytes = data;
	while (status == PMILL_OK && len > 0) {
		const ssize_t done = pread(writer->descriptor, bytes, len, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return pmill_fail_errno(
				error, writer->path, "cannot read back", done < 0 ? errno : EIO);
		bytes += done;
		offset += (uint64_t)done;
		len -= (size_t)done;
	}
	return status;
}

/*
 * Without permission to replace, link() refuses a target that has appeared since (some systems lack
 * links). To replace a target, a nameless file first needs a name, for an instant.
 */
static int put_in_place(struct pmill_file_writer *writer)
{
	if (writer->is_nameless) {
		if (!writer->may_replace)
			return name_file(writer->descriptor, writer->path);
		if (name_file(writer->descriptor, writer->temporary) != 0)
			return -1;
		writer->is_nameless = false;
	}
	if (writer->may_replace)
		return rename(writer->temporary, writer->path);
	if (link(writer->temporary, writer->path) == 0) {
		/* If this fails, the file is in place all the same. */
		unlink(writer->temporary);
		return 0;
	}
	return errno == EEXIST ? -1 : rename(writer->temporary, writer->path);
}

bool pmill_file_writer_is_placed(const struct pmill_file_writer *writer)
{
	return writer->temporary != NULL && strcmp(writer->temporary, writer->path) != 0;
}

pmill_status pmill_file_writer_flush(struct pmill_file_writer *writer, pmill_error *error)
{
	const pmill_status status = flush_buffer(writer, error);
	if (status != PMILL_OK || !pmill_file_writer_is_placed(writer))
		return status;
	if (fsync(writer->descriptor) != 0)
		return pmill_fail_errno(error, writer->path, "cannot write", errno);
	return PMILL_OK;
}

int pmill_file_writer_place(struct pmill_file_writer *writer)
{
	const bool is_borrowed = writer->temporary == NULL;
	const bool is_placed = pmill_file_writer_is_placed(writer);
	if (is_borrowed || (is_placed && put_in_place(writer) != 0))
		return is_borrowed ? 0 : -1;
	free(writer->temporary);
	writer->temporary = NULL;
	return close(writer->descriptor) != 0 && !is_placed ? -1 : 0;
}

pmill_status pmill_file_writer_commit(struct pmill_file_writer *writer, pmill_error *error)
{
	pmill_status status = pmill_file_writer_flush(writer, error);
	if (status == PMILL_OK && pmill_file_writer_place(writer) != 0)
		status = pmill_file_fail_place(writer->path, errno, error);
	pmill_file_writer_release(writer);
	return status;
}

void pmill_file_writer_release(struct pmill_file_writer *writer)
{
	if (writer->temporary != NULL) {
		if (writer->descriptor >= 0)
			close(writer->descriptor);
		if (!writer->is_nameless && strcmp(writer->temporary, writer->path) != 0)
			unlink(writer->temporary);
	}
	free(writer->temporary);
	free(writer->path);
	pmill_buffer_release(&writer->buffer);
	*writer = (struct pmill_file_writer){0};
}
