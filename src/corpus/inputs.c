/* Names on a command line → files: folders, "@LIST", "-". */
/* SPDX-License-Identifier: MIT */
#include "corpus/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "files/file.h"
#include "corpus/file_ids.h"
#include "corpus/first_look.h"
#include "corpus/folder_walk.h"

/* One call of pmill_inputs_add. */
struct listing {
	struct pmill_inputs *inputs;
	const struct pmill_corpus_format *format; /* NULL: by suffix and content */
	const pmill_input_options *options;
	struct pmill_file_ids ids;    /* of the files so far */
	struct pmill_buffer head;     /* of the file that is looked at */
	struct pmill_buffer not_text; /* names and kinds of such files in folders, for the message */
	uint64_t not_text_count, not_text_listed;
};

struct candidate {
	const char *path;
	uint64_t bytes;
	bool is_regular;
	bool is_named; /* not found in a folder */
	dev_t device;
	ino_t inode;
};

/* ---- Files ---- */

static void notify(
	const struct listing *listing, pmill_notice notice, const char *name, const char *detail)
{
	if (listing->options != NULL && listing->options->notice != NULL)
		listing->options->notice(listing->options->notice_context, notice, name, detail);
}

/* The names that fit an error's message, and its other words. */
static pmill_status list_not_text(struct listing *listing, const char *path,
	const struct pmill_file_kind *kind, pmill_error *error)
{
	enum { LONGEST_LIST = 700, LONGEST_NAME = 300 };
	size_t before = listing->not_text.len;
	listing->not_text_count++;
	if (before > LONGEST_LIST)
		return PMILL_OK;
	if (!pmill_buffer_append_format(&listing->not_text, "%s%.*s (%s)", before > 0 ? ", " : "",
			(int)LONGEST_NAME, path, kind->name))
		return pmill_fail_memory(error);
	if (before > 0 && listing->not_text.len > LONGEST_LIST)
		listing->not_text.len = before;
	else
		listing->not_text_listed++;
	return PMILL_OK;
}

static pmill_status fail_not_text(struct listing *listing, pmill_error *error)
{
	struct pmill_buffer *list = &listing->not_text;
	uint64_t count = listing->not_text_count, more = count - listing->not_text_listed;
	if (more > 0 && !pmill_buffer_append_format(list, " and %" PRIu64 " more", more))
		return pmill_fail_memory(error);
	if (count == 1)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"a file in a folder isn't text: %.*s; --skip-binary leaves it out", (int)list->len,
			(const char *)list->data);
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"%" PRIu64 " files in folders aren't text: %.*s; --skip-binary leaves them out", count,
		(int)list->len, (const char *)list->data);
}

static pmill_status append_file(
	struct pmill_inputs *inputs, const struct pmill_input_file *file, pmill_error *error)
{
	void *files = inputs->files;
	if (!pmill_array_reserve(&files, &inputs->capacity, inputs->count + 1, sizeof *inputs->files))
		return pmill_fail_memory(error);
	inputs->files = files;
	inputs->files[inputs->count++] = *file;
	inputs->bytes += file->bytes;
	return PMILL_OK;
}

static pmill_status note_if_repeated(
	struct listing *listing, const struct candidate *candidate, pmill_error *error)
{
	const char *first;
	if (!candidate->is_regular)
		return PMILL_OK;
	if (!pmill_file_ids_add(
			&listing->ids, candidate->device, candidate->inode, candidate->path, &first))
		return pmill_fail_memory(error);
	if (first != NULL) {
		listing->inputs->notes.repeated++;
		notify(listing, PMILL_NOTICE_REPEATED, candidate->path, first);
	}
	return PMILL_OK;
}

/* Left out for good, or named in the error to come. */
static pmill_status leave_out(struct listing *listing, const char *path,
	const struct pmill_file_kind *kind, pmill_error *error)
{
	if (!listing->options->skip_binary)
		return list_not_text(listing, path, kind, error);
	listing->inputs->notes.skipped++;
	notify(listing, PMILL_NOTICE_SKIPPED, path, kind->name);
	return PMILL_OK;
}

/* With a format from the options, a look is only needed to leave files out. */
static bool needs_look(const struct listing *listing, const struct candidate *candidate)
{
	if (listing->options == NULL || !candidate->is_regular)
		return false;
	return listing->format == NULL || (listing->options->skip_binary && !candidate->is_named);
}

/*
 * Finds the format, and whether the file is kept. The system is asked now whether the file can be
 * read, so that this doesn't fail after hours of work.
 */
static pmill_status look_at(struct listing *listing, const struct candidate *candidate,
	struct pmill_input_file *file, bool *is_kept, pmill_error *error)
{
	struct pmill_first_look look;
	struct pmill_first_finding finding;
	pmill_first_look_init(&look, file->path, candidate->is_named, listing->options);
	pmill_status status = pmill_first_look_at(
		&look, file->path, file->bytes, &listing->head, &finding, error);
	if (status != PMILL_OK)
		return status;
	if (finding.refusal == PMILL_NOT_TEXT && !candidate->is_named) {
		*is_kept = false;
		return leave_out(listing, file->path, finding.kind, error);
	}
	if (listing->format != NULL)
		return PMILL_OK;
	file->format = finding.format;
	return pmill_first_look_report(&look, &finding, file->path, error);
}

static pmill_status check_access(const char *path, pmill_error *error)
{
	if (strcmp(path, "-") == 0 || access(path, R_OK) == 0)
		return PMILL_OK;
	return pmill_fail_errno(error, path, "cannot read", errno);
}

/* `candidate->path` must live as long as the inputs. */
static pmill_status add_file(
	struct listing *listing, const struct candidate *candidate, pmill_error *error)
{
	struct pmill_input_file file = {
		.path = candidate->path, .bytes = candidate->bytes, .format = listing->format};
	bool is_kept = true;
	if (file.format == NULL) {
		file.format = pmill_corpus_format_by_suffix(file.path);
		file.is_unseen = listing->options != NULL && !candidate->is_regular;
	}
	pmill_status status = needs_look(listing, candidate)
		? look_at(listing, candidate, &file, &is_kept, error)
		: check_access(file.path, error);
	if (status != PMILL_OK || !is_kept)
		return status;
	status = note_if_repeated(listing, candidate, error);
	return status == PMILL_OK ? append_file(listing->inputs, &file, error) : status;
}

static pmill_status add_folder(struct listing *listing, const char *path, pmill_error *error)
{
	struct pmill_found_files found = {0};
	pmill_status status = pmill_folder_walk(path, &listing->inputs->names, &found, error);
	for (size_t i = 0; i < found.count && status == PMILL_OK; i++) {
		const struct pmill_found_file *file = &found.files[i];
		const struct candidate candidate = {.path = file->path,
			.bytes = file->bytes,
			.is_regular = true,
			.device = file->device,
			.inode = file->inode};
		status = add_file(listing, &candidate, error);
	}
	listing->inputs->notes.hidden += found.hidden;
	pmill_found_files_release(&found);
	return status;
}

/* ---- Names ---- */

/* A file, a pipe or a folder. */
static pmill_status add_path(
	struct listing *listing, const char *name, size_t len, pmill_error *error)
{
	char *path = pmill_arena_copy(&listing->inputs->names, name, len);
	if (path == NULL)
		return pmill_fail_memory(error);
	struct stat about;
	if (stat(path, &about) != 0)
		return pmill_fail_errno(error, path, "cannot read", errno);
	if (S_ISDIR(about.st_mode))
		return add_folder(listing, path, error);
	const struct candidate candidate = {.path = path,
		.bytes = S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0,
		.is_regular = S_ISREG(about.st_mode),
		.is_named = true,
		.device = about.st_dev,
		.inode = about.st_ino};
	return add_file(listing, &candidate, error);
}

/* A lone "-" would later be read as stdin. */
static pmill_status add_listed_name(
	struct listing *listing, const char *name, size_t len, pmill_error *error)
{
	if (len == 1 && name[0] == '-')
		return add_path(listing, "./-", 3, error);
	return add_path(listing, name, len, error);
}

static pmill_status add_names(
	struct listing *listing, const char *list, const struct pmill_buffer *text, pmill_error *error)
{
	const char *at = (const char *)text->data;
	const char *nul = text->len > 0 ? memchr(at, '\0', text->len) : NULL;
	if (nul != NULL)
		return pmill_fail_input(
			error, list, (uint64_t)(nul - at), "the list of names contains a NUL byte");
	size_t left = text->len;
	while (left > 0) {
		const char *end = memchr(at, '\n', left);
		size_t line_len = end != NULL ? (size_t)(end - at) : left;
		size_t name_len = line_len > 0 && at[line_len - 1] == '\r' ? line_len - 1 : line_len;
		if (name_len > 0) {
			pmill_status status = add_listed_name(listing, at, name_len, error);
			if (status != PMILL_OK)
				return status;
		}
		size_t used = line_len + (end != NULL);
		at += used;
		left -= used;
	}
	return PMILL_OK;
}

static pmill_status add_list(struct listing *listing, const char *list, pmill_error *error)
{
	struct pmill_buffer text = {0};
	pmill_status status = pmill_file_read(list, &text, error);
	if (status == PMILL_OK)
		status = add_names(listing, list, &text, error);
	pmill_buffer_release(&text);
	return status;
}

static pmill_status add_name(struct listing *listing, const char *name, pmill_error *error)
{
	static const struct candidate standard_input = {.path = "-", .is_named = true};
	if (strcmp(name, "-") == 0)
		return add_file(listing, &standard_input, error);
	if (strcmp(name, "@") == 0)
		return pmill_fail_errno(error, "@", "cannot open the list of names", ENOENT);
	if (name[0] == '@')
		return add_list(listing, name + 1, error);
	return add_path(listing, name, strlen(name), error);
}

static pmill_status add_all(
	struct listing *listing, const char *const *paths, size_t count, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = add_name(listing, paths[i], error);
	if (status == PMILL_OK && listing->not_text_count > 0)
		status = fail_not_text(listing, error);
	return status;
}

pmill_status pmill_inputs_add(struct pmill_inputs *inputs, const char *const *paths, size_t count,
	const pmill_input_options *options, pmill_error *error)
{
	struct listing listing = {.inputs = inputs, .options = options};
	if (options != NULL && options->format != NULL) {
		listing.format = pmill_corpus_format_find(options->format);
		if (listing.format == NULL)
			return pmill_fail_unknown(
				error, "input format", options->format, pmill_input_format_name);
	}
	size_t count_before = inputs->count;
	uint64_t bytes_before = inputs->bytes;
	const struct pmill_input_notes notes_before = inputs->notes;
	if (options != NULL)
		inputs->options = *options;
	pmill_status status = add_all(&listing, paths, count, error);
	if (status != PMILL_OK) {
		inputs->count = count_before;
		inputs->bytes = bytes_before;
		inputs->notes = notes_before;
	}
	pmill_file_ids_release(&listing.ids);
	pmill_buffer_release(&listing.head);
	pmill_buffer_release(&listing.not_text);
	return status;
}

void pmill_inputs_release(struct pmill_inputs *inputs)
{
	free(inputs->files);
	pmill_arena_release(&inputs->names);
	*inputs = (struct pmill_inputs){0};
}
