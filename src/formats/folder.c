/* A folder with all the files that other programs expect. */
/* SPDX-License-Identifier: MIT */
/*
 * A new folder appears whole or not at all: it is filled under a temporary name beside the target,
 * then renamed. In an existing folder each of our files is replaced by a rename of its own, once
 * all of them are on disk under temporary names; other files stay.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "formats/format.h"
#include "formats/hf_expression.h"
#include "formats/load.h"
#include "formats/printable_model.h"
#include "formats/tokenizer_config.h"
#include "formats/tokenizer_json.h"
#include "formats/training_json.h"
#include "formats/vocab_merges.h"

enum {
	TOKENIZER_JSON,
	TOKENIZER_CONFIG,
	VOCAB_JSON,
	MERGES_TXT,
	TRAINING_JSON,
	FILE_COUNT,
};

static const char *const file_names[FILE_COUNT] = {
	"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "training.json"};

/* The contents of the files; a file that is not written is empty. */
struct contents {
	struct pmill_buffer files[FILE_COUNT];
};

static void release_contents(struct contents *contents)
{
	for (int i = 0; i < FILE_COUNT; i++)
		pmill_buffer_release(&contents->files[i]);
}

static char *join_path(const char *folder, const char *name)
{
	struct pmill_buffer path = {0};
	if (pmill_buffer_append_text(&path, folder) && pmill_buffer_append(&path, "/", 1) &&
		pmill_buffer_append_text(&path, name) && pmill_buffer_terminate(&path))
		return (char *)path.data;
	pmill_buffer_release(&path);
	return NULL;
}

/* "out/" becomes "out". */
static char *copy_without_slashes(const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return pmill_copy_text(path, len);
}

static pmill_status make_contents(
	const pmill_tokenizer *tokenizer, struct contents *contents, pmill_error *error)
{
	struct pmill_buffer *files = contents->files;
	pmill_status status = pmill_hf_write(tokenizer, &files[TOKENIZER_JSON], error);
	if (status != PMILL_OK)
		return status;
	/* vocab.json can't express ignore_merges: its readers would see a different model. */
	const bool has_vocab = tokenizer->meaning != PMILL_MEANING_IGNORE_MERGES;
	const bool has_memory = pmill_tokenizer_config_write(tokenizer, &files[TOKENIZER_CONFIG]) &&
		(!has_vocab ||
			(pmill_vocab_json_write(tokenizer, &files[VOCAB_JSON]) &&
				pmill_merges_txt_write(tokenizer, &files[MERGES_TXT]))) &&
		(tokenizer->training == NULL ||
			pmill_training_json_write(tokenizer, &files[TRAINING_JSON]));
	return has_memory ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status open_file(struct pmill_file_writer *writer, const char *folder, int index,
	const struct pmill_buffer *bytes, pmill_error *error)
{
	char *path = join_path(folder, file_names[index]);
	if (path == NULL)
		return pmill_fail_memory(error);
	pmill_status status = pmill_file_writer_open(writer, path, PMILL_OVERWRITE, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(writer, bytes->data, bytes->len, error);
	free(path);
	return status;
}

/* One of our files that this model does not have would contradict the others. */
static pmill_status remove_file(const char *folder, int index, pmill_error *error)
{
	char *path = join_path(folder, file_names[index]);
	if (path == NULL)
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	if (unlink(path) != 0 && errno != ENOENT)
		status = pmill_fail_errno(error, path, "cannot remove", errno);
	free(path);
	return status;
}

static pmill_status write_files(
	const struct contents *contents, const char *folder, pmill_error *error)
{
	struct pmill_file_writer writers[FILE_COUNT] = {{0}};
	pmill_status status = PMILL_OK;
	for (int i = 0; i < FILE_COUNT && status == PMILL_OK; i++)
		if (contents->files[i].len > 0)
			status = open_file(&writers[i], folder, i, &contents->files[i], error);
	for (int i = 0; i < FILE_COUNT && status == PMILL_OK; i++)
		status = contents->files[i].len > 0 ? pmill_file_writer_commit(&writers[i], error)
											: remove_file(folder, i, error);
	for (int i = 0; i < FILE_COUNT; i++)
		pmill_file_writer_release(&writers[i]);
	return status;
}

static void remove_folder(const char *folder)
{
	for (int i = 0; i < FILE_COUNT; i++)
		(void)remove_file(folder, i, NULL);
	(void)rmdir(folder);
}

static pmill_status fail_exists(const char *path, pmill_error *error)
{
	return pmill_fail(
		error, PMILL_EXISTS, PMILL_NO_OFFSET, "%s: already exists; not overwritten", path);
}

/* Refuses to replace what has appeared meanwhile, unless the file system lacks that flag. */
static int rename_new(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
#endif
	return rename(from, to);
}

static char *temporary_folder(const char *path)
{
	struct pmill_buffer name = {0};
	const char *slash = strrchr(path, '/');
	const size_t parent = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (pmill_buffer_append(&name, path, parent) &&
		pmill_buffer_append_format(&name, ".%.200s.%016llx.part", path + parent,
			(unsigned long long)pmill_hash_random_seed()) &&
		pmill_buffer_terminate(&name))
		return (char *)name.data;
	pmill_buffer_release(&name);
	return NULL;
}

static pmill_status write_new_folder(
	const struct contents *contents, const char *path, pmill_error *error)
{
	char *temporary = temporary_folder(path);
	if (temporary == NULL)
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	if (mkdir(temporary, 0777) != 0) {
		status = pmill_fail_errno(error, path, "cannot make the folder", errno);
		goto out;
	}
	status = write_files(contents, temporary, error);
	if (status == PMILL_OK && rename_new(temporary, path) != 0)
		status = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
			? fail_exists(path, error)
			: pmill_fail_errno(error, path, "cannot make the folder", errno);
	if (status != PMILL_OK)
		remove_folder(temporary);
out:
	free(temporary);
	return status;
}

static pmill_status check_clean_target(const char *path, unsigned flags, pmill_error *error)
{
	if (!pmill_path_is_folder(path)) {
		const pmill_status status = pmill_file_check_target(path, 0, error);
		/* A folder replaces only a folder, whatever the flags. */
		if (status == PMILL_EXISTS && (flags & PMILL_OVERWRITE))
			return pmill_fail_errno(error, path, "cannot make the folder", ENOTDIR);
		return status;
	}
	if (!(flags & PMILL_OVERWRITE))
		return fail_exists(path, error);
	if (access(path, W_OK | X_OK) != 0)
		return pmill_fail_errno(error, path, "cannot write", errno);
	return PMILL_OK;
}

static pmill_status check_target(const char *path, unsigned flags, pmill_error *error)
{
	char *clean = copy_without_slashes(path);
	const pmill_status status = clean == NULL ? pmill_fail_memory(error)
											  : check_clean_target(clean, flags, error);
	free(clean);
	return status;
}

static pmill_status save_path(
	const pmill_tokenizer *tokenizer, const char *path, unsigned flags, pmill_error *error)
{
	char *clean = copy_without_slashes(path);
	if (clean == NULL)
		return pmill_fail_memory(error);
	struct contents contents = {0};
	pmill_status status = check_clean_target(clean, flags, error);
	if (status == PMILL_OK)
		status = pmill_name_error(error, clean, make_contents(tokenizer, &contents, error));
	if (status == PMILL_OK)
		status = pmill_path_is_folder(clean) ? write_files(&contents, clean, error)
											 : write_new_folder(&contents, clean, error);
	release_contents(&contents);
	free(clean);
	return status;
}

/* Reads the file into `bytes` if it exists. */
static pmill_status read_file(
	const char *path, struct pmill_buffer *bytes, bool *is_there, pmill_error *error)
{
	*is_there = path != NULL && pmill_path_exists(path);
	if (path == NULL)
		return pmill_fail_memory(error);
	return *is_there ? pmill_file_read(path, bytes, error) : PMILL_OK;
}

static pmill_status load_model(const char *folder, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	bool is_there = false;
	char *path = join_path(folder, file_names[TOKENIZER_JSON]);
	char *vocab_path = join_path(folder, file_names[VOCAB_JSON]);
	pmill_status status = read_file(path, &bytes, &is_there, error);
	if (status == PMILL_OK && vocab_path == NULL)
		status = pmill_fail_memory(error);
	if (status == PMILL_OK && is_there)
		status = pmill_format_tokenizer_json.load(
			bytes.data, bytes.len, path, options, tokenizer, error);
	else if (status == PMILL_OK && pmill_path_exists(vocab_path))
		status = pmill_format_vocab_merges.load_path(vocab_path, options, tokenizer, error);
	else if (status == PMILL_OK)
		status = pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET,
			"%s: the folder contains neither tokenizer.json nor vocab.json", folder);
	pmill_buffer_release(&bytes);
	free(path);
	free(vocab_path);
	return status;
}

static pmill_status load_record(const char *folder, const pmill_load_options *options,
	pmill_tokenizer *tokenizer, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	bool is_there = false;
	char *path = join_path(folder, file_names[TRAINING_JSON]);
	pmill_status status = read_file(path, &bytes, &is_there, error);
	if (status == PMILL_OK && is_there)
		status = pmill_training_json_read(tokenizer, bytes.data, bytes.len, path, options, error);
	pmill_buffer_release(&bytes);
	free(path);
	return status;
}

static pmill_status load_path(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	char *clean = copy_without_slashes(path);
	if (clean == NULL)
		return pmill_fail_memory(error);
	pmill_tokenizer *made = NULL;
	pmill_status status = load_model(clean, options, &made, error);
	if (status == PMILL_OK)
		status = load_record(clean, options, made, error);
	if (status == PMILL_OK)
		*tokenizer = made;
	else
		pmill_tokenizer_free(made);
	free(clean);
	return status;
}

const struct pmill_format pmill_format_folder = {
	.name = "folder",
	.check_special = pmill_printable_check_special,
	.check_pattern = pmill_hf_expression_check,
	.load_path = load_path,
	.save_path = save_path,
	.check_target = check_target,
};
