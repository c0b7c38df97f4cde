/* Names on a command line → files: folders, "@LIST", "-". */
/* SPDX-License-Identifier: MIT */
#include "corpus/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"

static const char *const no_suffixes[] = {NULL};
static const char *const jsonl_suffixes[] = {".jsonl", ".ndjson", NULL};

/* The first row is for files without a known suffix. */
static const struct pmill_corpus_format formats[] = {
	{"text", PMILL_CORPUS_TEXT, no_suffixes},
	{"lines", PMILL_CORPUS_LINES, no_suffixes},
	{"jsonl", PMILL_CORPUS_JSONL, jsonl_suffixes},
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const struct pmill_corpus_format *pmill_corpus_format_at(size_t index)
{
	return index < FORMAT_COUNT ? &formats[index] : NULL;
}

const char *pmill_input_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index].name : NULL;
}

const struct pmill_corpus_format *pmill_corpus_format_find(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* The length of `path` without a compression suffix. */
static size_t plain_len(const char *path)
{
	size_t len = strlen(path);
	if (pmill_path_has_suffix(path, ".gz"))
		return len - strlen(".gz");
	if (pmill_path_has_suffix(path, ".zst"))
		return len - strlen(".zst");
	return len;
}

static const struct pmill_corpus_format *format_by_suffix(const char *path)
{
	size_t len = plain_len(path);
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		for (const char *const *suffix = formats[i].suffixes; *suffix != NULL; suffix++) {
			size_t suffix_len = strlen(*suffix);
			if (len >= suffix_len && memcmp(path + len - suffix_len, *suffix, suffix_len) == 0)
				return &formats[i];
		}
	}
	return &formats[0];
}

/* One call of pmill_inputs_add. */
struct listing {
	struct pmill_inputs *inputs;
	const struct pmill_corpus_format *format; /* NULL: by suffix */
};

/* `path` must live as long as the inputs. */
static pmill_status add_file(
	struct listing *listing, const char *path, const struct stat *about, pmill_error *error)
{
	struct pmill_inputs *inputs = listing->inputs;
	void *files = inputs->files;
	if (!pmill_array_reserve(&files, &inputs->capacity, inputs->count + 1, sizeof *inputs->files))
		return pmill_fail_memory(error);
	inputs->files = files;
	struct pmill_input_file *file = &inputs->files[inputs->count++];
	*file = (struct pmill_input_file){.path = path, .format = listing->format};
	if (file->format == NULL)
		file->format = format_by_suffix(path);
	if (about != NULL && S_ISREG(about->st_mode))
		file->bytes = (uint64_t)about->st_size;
	inputs->bytes += file->bytes;
	return PMILL_OK;
}

/* Checks now, so that an unreadable file fails before hours of work. */
static pmill_status add_readable_file(
	struct listing *listing, const char *path, const struct stat *about, pmill_error *error)
{
	if (access(path, R_OK) != 0)
		return pmill_fail_errno(error, path, "cannot read", errno);
	return add_file(listing, path, about, error);
}

/* ---- Folders: a stack of those still to be read, in place of recursion ---- */

struct folder_stack {
	const char **paths;
	size_t count, capacity;
};

static bool push_folder(struct folder_stack *stack, const char *path)
{
	void *paths = stack->paths;
	if (!pmill_array_reserve(&paths, &stack->capacity, stack->count + 1, sizeof *stack->paths))
		return false;
	stack->paths = paths;
	stack->paths[stack->count++] = path;
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

static pmill_status add_entry(struct listing *listing, struct folder_stack *stack,
	const char *folder, const char *name, pmill_error *error)
{
	char *path = join_path(&listing->inputs->names, folder, name);
	if (path == NULL)
		return pmill_fail_memory(error);
	struct stat about;
	if (lstat(path, &about) != 0)
		return pmill_fail_errno(error, path, "cannot read", errno);
	if (S_ISDIR(about.st_mode))
		return push_folder(stack, path) ? PMILL_OK : pmill_fail_memory(error);
	/* A dangling link is not a regular file. */
	if (S_ISLNK(about.st_mode) && stat(path, &about) != 0)
		return PMILL_OK;
	if (!S_ISREG(about.st_mode))
		return PMILL_OK;
	return add_readable_file(listing, path, &about, error);
}

static pmill_status add_entries(
	struct listing *listing, struct folder_stack *stack, const char *folder, pmill_error *error)
{
	DIR *entries = opendir(folder);
	if (entries == NULL)
		return pmill_fail_errno(error, folder, "cannot open", errno);
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK) {
		errno = 0;
		const struct dirent *entry = readdir(entries);
		if (entry == NULL) {
			if (errno != 0)
				status = pmill_fail_errno(error, folder, "cannot read", errno);
			break;
		}
		if (entry->d_name[0] != '.')
			status = add_entry(listing, stack, folder, entry->d_name, error);
	}
	closedir(entries);
	return status;
}

static int compare_paths(const void *left, const void *right)
{
	const struct pmill_input_file *a = left, *b = right;
	return strcmp(a->path, b->path);
}

static pmill_status add_folder(struct listing *listing, const char *path, pmill_error *error)
{
	struct folder_stack stack = {0};
	size_t first = listing->inputs->count;
	pmill_status status = push_folder(&stack, path) ? PMILL_OK : pmill_fail_memory(error);
	while (status == PMILL_OK && stack.count > 0)
		status = add_entries(listing, &stack, stack.paths[--stack.count], error);
	free(stack.paths);
	size_t count = listing->inputs->count - first;
	if (status == PMILL_OK && count > 1)
		qsort(listing->inputs->files + first, count, sizeof *listing->inputs->files, compare_paths);
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
	return add_readable_file(listing, path, &about, error);
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
	if (strcmp(name, "-") == 0)
		return add_file(listing, "-", NULL, error);
	if (strcmp(name, "@") == 0)
		return pmill_fail_errno(error, "@", "cannot open the list of names", ENOENT);
	if (name[0] == '@')
		return add_list(listing, name + 1, error);
	return add_path(listing, name, strlen(name), error);
}

pmill_status pmill_inputs_add(struct pmill_inputs *inputs, const char *const *paths, size_t count,
	const pmill_input_options *options, pmill_error *error)
{
	struct listing listing = {.inputs = inputs};
	if (options != NULL && options->format != NULL) {
		listing.format = pmill_corpus_format_find(options->format);
		if (listing.format == NULL)
			return pmill_fail_unknown(
				error, "input format", options->format, pmill_input_format_name);
	}
	size_t count_before = inputs->count;
	uint64_t bytes_before = inputs->bytes;
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = add_name(&listing, paths[i], error);
	if (status != PMILL_OK) {
		inputs->count = count_before;
		inputs->bytes = bytes_before;
	}
	return status;
}

void pmill_inputs_release(struct pmill_inputs *inputs)
{
	free(inputs->files);
	pmill_arena_release(&inputs->names);
	*inputs = (struct pmill_inputs){0};
}
