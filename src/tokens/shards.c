/* A folder of token files: shards of whole documents, which a later run can go on with. */
/* SPDX-License-Identifier: MIT */
#include "tokens/shards.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "files/file.h"
#include "tokens/token_file.h"

static const char record_name[] = "shards.json";

enum { SHARD_DIGITS = 5, MOST_SHARDS = 100000 };

/* ---- Names ---- */

static const char *suffix_of(const struct pmill_token_format *format)
{
	return format->shard_suffix != NULL ? format->shard_suffix : format->suffix;
}

/* Whether `rest` is `first` and `second`. */
static bool is_joined(const char *rest, const char *first, const char *second)
{
	const size_t len = strlen(first);
	return strncmp(rest, first, len) == 0 && strcmp(rest + len, second) == 0;
}

/* Whether a file of a shard, of any format, has this name. */
static bool is_ours(const char *name)
{
	const char *rest = name + SHARD_DIGITS;
	const struct pmill_token_format *format;
	if (strspn(name, "0123456789") != SHARD_DIGITS)
		return false;
	for (size_t row = 0; (format = pmill_token_format_at(row)) != NULL; row++) {
		const struct pmill_index_format *index = format->index_format;
		const char *out = suffix_of(format), *ids = format->ids_suffix;
		const char *ids_name = ids != NULL ? ids : out;
		if (strcmp(rest, ids_name) == 0 || is_joined(rest, ids_name, ".json"))
			return true;
		for (size_t i = 0; index != NULL && i < PMILL_INDEX_FILES; i++)
			if (index->suffixes[i] != NULL && is_joined(rest, out, index->suffixes[i]))
				return true;
	}
	return false;
}

/* OUT of a shard: "FOLDER/00012.u16". */
static char *shard_path(const struct pmill_shards *shards, size_t index)
{
	char name[40];
	snprintf(name, sizeof name, "%0*zu%s", SHARD_DIGITS, index, suffix_of(shards->format));
	return pmill_path_join(shards->folder, name);
}

/* ---- The record ---- */

/* The line of `record` that begins with the same name as `line`; NULL: there is none. */
static const char *find_line(const char *record, const char *line, size_t name_len)
{
	for (const char *at = record; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, line, name_len) == 0)
			return at;
	}
	return NULL;
}

/* Appends the names of the lines that the records don't share. Both end in NUL. */
static bool list_differences(const char *identity, const char *record, struct pmill_buffer *names)
{
	bool done = true;
	for (const char *line = identity; *line != '\0' && done;) {
		const char *end = strchr(line, '\n');
		const size_t len = end == NULL ? strlen(line) : (size_t)(end - line) + 1;
		const char *colon = memchr(line, ':', len);
		const size_t name_len = colon == NULL ? 0 : (size_t)(colon - line) + 1;
		const char *other = find_line(record, line, name_len);
		if (name_len > 4 && (other == NULL || strncmp(other, line, len) != 0))
			done = pmill_buffer_append_text(names, names->len == 0 ? "" : ", ") &&
				pmill_buffer_append(names, line + 3, name_len - 5);
		line += len;
	}
	return done && pmill_buffer_terminate(names);
}

static pmill_status fail_different(
	const struct pmill_shards *shards, const char *identity, const char *record, pmill_error *error)
{
	struct pmill_buffer names = {0};
	if (!list_differences(identity, record, &names)) {
		pmill_buffer_release(&names);
		return pmill_fail_memory(error);
	}
	const pmill_status status = pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s: can't go on: the shards there were made otherwise (%s)", shards->folder,
		names.len == 0 ? "another version" : (const char *)names.data);
	pmill_buffer_release(&names);
	return status;
}

/* *is_there: there is a record, and it is the same. */
static pmill_status compare_record(const struct pmill_shards *shards, const char *path,
	const struct pmill_buffer *identity, bool *is_there, pmill_error *error)
{
	struct pmill_buffer record = {0};
	*is_there = pmill_path_exists(path);
	if (!*is_there)
		return PMILL_OK;
	pmill_status status = pmill_file_read(path, &record, error);
	if (status == PMILL_OK && !pmill_buffer_terminate(&record))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK &&
		(record.len != identity->len || memcmp(record.data, identity->data, record.len) != 0))
		status = fail_different(shards, (char *)identity->data, (char *)record.data, error);
	pmill_buffer_release(&record);
	return status;
}

static pmill_status write_record(
	const char *path, const struct pmill_buffer *identity, pmill_error *error)
{
	struct pmill_file_writer writer;
	pmill_status status = pmill_file_writer_open(&writer, path, PMILL_OVERWRITE, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_file_writer_append(&writer, identity->data, identity->len, error);
	if (status == PMILL_OK)
		return pmill_file_writer_commit(&writer, error);
	pmill_file_writer_release(&writer);
	return status;
}

/* ---- What is there ---- */

/* Looks at all entries once: how many are files of shards; removes them if `removes`. */
static pmill_status pass_through(
	const struct pmill_shards *shards, DIR *folder, bool removes, size_t *count, pmill_error *error)
{
	const struct dirent *entry;
	*count = 0;
	rewinddir(folder);
	while (errno = 0, (entry = readdir(folder)) != NULL) {
		if (!is_ours(entry->d_name))
			continue;
		++*count;
		if (removes && unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			return pmill_fail_errno(error, entry->d_name, "cannot remove", errno);
	}
	return errno == 0 ? PMILL_OK : pmill_fail_errno(error, shards->folder, "cannot read", errno);
}

/* A folder that changes may hide entries, so it is looked at until none is found. */
static pmill_status remove_shards(
	const struct pmill_shards *shards, DIR *folder, pmill_error *error)
{
	size_t count;
	pmill_status status;
	do {
		status = pass_through(shards, folder, true, &count, error);
	} while (status == PMILL_OK && count > 0);
	return status;
}

/*
 * Of shards from before. Only where a record says that they are shards are they removed; it stays
 * until another takes its place.
 */
static pmill_status clear(
	const struct pmill_shards *shards, bool has_record, bool overwrites, pmill_error *error)
{
	DIR *folder = opendir(shards->folder);
	if (folder == NULL)
		return pmill_fail_errno(error, shards->folder, "cannot read", errno);
	size_t count;
	pmill_status status = pass_through(shards, folder, false, &count, error);
	if (status == PMILL_OK && count > 0 && !has_record)
		status = pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: has files that are named like shards, and no %s: name another folder",
			shards->folder, record_name);
	else if (status == PMILL_OK && (count > 0 || has_record) && !overwrites)
		status = pmill_fail(error, PMILL_EXISTS, PMILL_NO_OFFSET,
			"%s: already exists; not overwritten (has shards; --resume goes on with them)",
			shards->folder);
	else if (status == PMILL_OK && count > 0)
		status = remove_shards(shards, folder, error);
	closedir(folder);
	return status;
}

/* Whoever reads a folder and writes shards to it would read them the next time. */
static pmill_status check_inputs(const struct pmill_shards *shards, pmill_error *error)
{
	struct stat folder, about;
	if (stat(shards->folder, &folder) != 0)
		return pmill_fail_errno(error, shards->folder, "cannot read", errno);
	for (size_t i = 0; i < shards->inputs->count; i++) {
		const char *path = shards->inputs->files[i].path;
		char *place = pmill_path_folder(path);
		if (place == NULL)
			return pmill_fail_memory(error);
		const bool is_same = stat(place, &about) == 0 && about.st_dev == folder.st_dev &&
			about.st_ino == folder.st_ino;
		free(place);
		if (is_same)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"%s: the input %s is in this folder: write shards to another", shards->folder,
				path);
	}
	return PMILL_OK;
}

/* A shard that has its name is whole; the ids get theirs last. */
static pmill_status find_shard(
	const struct pmill_shards *shards, struct pmill_sidecar *sidecar, pmill_error *error)
{
	char *path = shard_path(shards, shards->count);
	const char *suffix = shards->format->ids_suffix == NULL ? "" : shards->format->ids_suffix;
	char *ids = path == NULL ? NULL : pmill_path_extend(path, suffix);
	pmill_status status = PMILL_OK;
	*sidecar = (struct pmill_sidecar){0};
	if (ids == NULL)
		status = pmill_fail_memory(error);
	else if (pmill_path_exists(ids))
		status = pmill_sidecar_read(ids, sidecar, error);
	free(ids);
	free(path);
	return status;
}

static pmill_status find_shards(struct pmill_shards *shards, pmill_error *error)
{
	struct pmill_sidecar sidecar;
	for (; !shards->is_complete; shards->count++) {
		const pmill_status status = find_shard(shards, &sidecar, error);
		if (status != PMILL_OK || sidecar.format == NULL)
			return status;
		if (!sidecar.has_counts)
			return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
				"%s: can't go on: the .json beside shard %zu doesn't say what is in it",
				shards->folder, shards->count);
		shards->found.documents += sidecar.counts.documents;
		shards->found.tokens += sidecar.counts.tokens;
		shards->found.bytes += sidecar.counts.bytes;
		shards->start = sidecar.next;
		shards->is_complete = !sidecar.has_next;
	}
	return PMILL_OK;
}

/* ---- The run ---- */

static pmill_status prepare(struct pmill_shards *shards, const char *record,
	const struct pmill_buffer *identity, bool resumes, bool overwrites, pmill_error *error)
{
	bool is_there = false;
	pmill_status status = check_inputs(shards, error);
	if (status == PMILL_OK && resumes)
		status = compare_record(shards, record, identity, &is_there, error);
	if (status != PMILL_OK || is_there)
		return status == PMILL_OK ? find_shards(shards, error) : status;
	status = clear(shards, pmill_path_exists(record), overwrites, error);
	return status == PMILL_OK ? write_record(record, identity, error) : status;
}

pmill_status pmill_shards_open(struct pmill_shards *shards, const struct pmill_buffer *identity,
	bool resumes, bool overwrites, pmill_error *error)
{
	shards->start = (struct pmill_place){0, 0, 1};
	/* What a run that was killed left of the shard that comes next. */
	shards->flags = resumes ? PMILL_OVERWRITE : 0;
	if (mkdir(shards->folder, 0777) != 0 && errno != EEXIST)
		return pmill_fail_errno(error, shards->folder, "cannot create the folder", errno);
	pmill_status status = pmill_folder_lock_take(
		&shards->lock, shards->folder, shards->folder, error);
	if (status != PMILL_OK)
		return status;
	char *record = pmill_path_join(shards->folder, record_name);
	if (record == NULL)
		return pmill_fail_memory(error);
	status = prepare(shards, record, identity, resumes, overwrites, error);
	free(record);
	return status;
}

pmill_status pmill_shards_next(
	struct pmill_shards *shards, struct pmill_token_sink *sink, pmill_error *error)
{
	if (shards->count == MOST_SHARDS)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: there are %d shards, the most that keep their order by name: make them larger",
			shards->folder, MOST_SHARDS);
	char *path = shard_path(shards, shards->count);
	if (path == NULL)
		return pmill_fail_memory(error);
	const pmill_output_options options = {
		.size = sizeof options, .path = path, .flags = shards->flags};
	const pmill_status status = pmill_token_sink_open(sink, shards->format, &options, error);
	free(path);
	return status;
}

pmill_status pmill_shards_commit(struct pmill_shards *shards, struct pmill_token_sink *sink,
	uint64_t bytes, const struct pmill_place *next, pmill_error *error)
{
	const pmill_status status = pmill_token_sink_commit(sink, shards->model, bytes, next, error);
	if (status != PMILL_OK)
		return status;
	pmill_token_sink_release(sink);
	shards->count++;
	return PMILL_OK;
}

void pmill_shards_release(struct pmill_shards *shards)
{
	pmill_folder_lock_release(&shards->lock);
}
