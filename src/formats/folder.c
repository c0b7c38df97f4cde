/* A folder with all the files that other programs expect. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "files/file.h"
#include "files/folder_writer.h"
#include "formats/format.h"
#include "notation/hf_expression.h"
#include "formats/load.h"
#include "notation/printable_model.h"
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
	OWN_COUNT, /* the others are only handed on */
	SPECIAL_TOKENS_MAP = OWN_COUNT,
	CHAT_TEMPLATE,
	FILE_COUNT,
};

static const char *const file_names[FILE_COUNT] = {"tokenizer.json", "tokenizer_config.json",
	"vocab.json", "merges.txt", "training.json", "special_tokens_map.json", "chat_template.jinja"};

/* Kept from the folder that was loaded, and written to the one that is saved. */
static const int kept_files[] = {TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, CHAT_TEMPLATE};

enum { KEPT_COUNT = sizeof kept_files / sizeof kept_files[0] };

/* The contents of the files; a file that is not written is empty. */
struct contents {
	struct pmill_buffer files[FILE_COUNT];
};

static void release_contents(struct contents *contents)
{
	for (int i = 0; i < FILE_COUNT; i++)
		pmill_buffer_release(&contents->files[i]);
}

/* "out/" becomes "out". */
static char *copy_without_slashes(const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return pmill_copy_text(path, len);
}

static bool append_kept(const pmill_tokenizer *tokenizer, struct pmill_buffer files[FILE_COUNT])
{
	const struct pmill_kept *kept = &tokenizer->kept;
	bool done = true;
	for (size_t i = 0; i < kept->file_count && done; i++) {
		const struct pmill_kept_file *file = &kept->files[i];
		for (int k = 0; k < KEPT_COUNT; k++)
			if (strcmp(file->name, file_names[kept_files[k]]) == 0)
				done = pmill_hf_append_renamed(
					tokenizer, file->content.data, file->content.len, &files[kept_files[k]]);
	}
	return done;
}

static pmill_status make_contents(
	const pmill_tokenizer *tokenizer, unsigned flags, struct contents *contents, pmill_error *error)
{
	struct pmill_buffer *files = contents->files;
	pmill_status status = pmill_hf_write(tokenizer, flags, &files[TOKENIZER_JSON], error);
	if (status != PMILL_OK)
		return status;
	/* If vocab.json and merges.txt can't hold it, their readers would see a different model. */
	status = pmill_vocab_merges_check(tokenizer, error);
	if (status != PMILL_OK && status != PMILL_UNSUPPORTED)
		return status;
	const bool has_vocab = status == PMILL_OK;
	const bool has_memory = append_kept(tokenizer, files) &&
		(files[TOKENIZER_CONFIG].len > 0 ||
			pmill_tokenizer_config_write(tokenizer, &files[TOKENIZER_CONFIG])) &&
		(!has_vocab ||
			(pmill_vocab_json_write(tokenizer, &files[VOCAB_JSON]) &&
				pmill_merges_txt_write(tokenizer, &files[MERGES_TXT]))) &&
		(tokenizer->training == NULL ||
			pmill_training_json_write(tokenizer, &files[TRAINING_JSON]));
	return has_memory ? PMILL_OK : pmill_fail_memory(error);
}

/*
 * One of our files that this model does not have would contradict the others. What is only handed
 * on stays where it is.
 */
static pmill_status write_contents(
	const struct contents *contents, const char *path, unsigned flags, pmill_error *error)
{
	struct pmill_set_file files[FILE_COUNT];
	size_t count = 0;
	for (int i = 0; i < FILE_COUNT; i++) {
		const bool is_there = contents->files[i].len > 0;
		if (is_there || i < OWN_COUNT)
			files[count++] = (struct pmill_set_file){
				file_names[i], is_there ? &contents->files[i] : NULL};
	}
	return pmill_folder_write(path, files, count, flags, error);
}

static pmill_status check_target(const char *path, unsigned flags, pmill_error *error)
{
	char *clean = copy_without_slashes(path);
	const pmill_status status = clean == NULL ? pmill_fail_memory(error)
											  : pmill_folder_check_target(clean, flags, error);
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
	pmill_status status = pmill_folder_check_target(clean, flags, error);
	if (status == PMILL_OK)
		status = pmill_name_error(error, clean, make_contents(tokenizer, flags, &contents, error));
	if (status == PMILL_OK)
		status = write_contents(&contents, clean, flags, error);
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
	char *path = pmill_path_join(folder, file_names[TOKENIZER_JSON]);
	char *vocab_path = pmill_path_join(folder, file_names[VOCAB_JSON]);
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
			"%s: the folder contains neither tokenizer.json nor vocab.json; if its model has "
			"another name, name that file",
			folder);
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
	char *path = pmill_path_join(folder, file_names[TRAINING_JSON]);
	pmill_status status = read_file(path, &bytes, &is_there, error);
	if (status == PMILL_OK && is_there)
		status = pmill_training_json_read(tokenizer, bytes.data, bytes.len, path, options, error);
	pmill_buffer_release(&bytes);
	free(path);
	return status;
}

/* Whether it is the tokenizer_config.json that the library writes of itself. */
static pmill_status is_made(const pmill_tokenizer *tokenizer, const char *name,
	const struct pmill_buffer *bytes, bool *made, pmill_error *error)
{
	struct pmill_buffer own = {0};
	*made = false;
	if (strcmp(name, file_names[TOKENIZER_CONFIG]) != 0)
		return PMILL_OK;
	const bool has_memory = pmill_tokenizer_config_write(tokenizer, &own);
	*made = has_memory && own.len == bytes->len && memcmp(own.data, bytes->data, own.len) == 0;
	pmill_buffer_release(&own);
	return has_memory ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status keep_file(
	const char *folder, const char *name, pmill_tokenizer *tokenizer, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	bool is_there = false, made = false;
	char *path = pmill_path_join(folder, name);
	pmill_status status = read_file(path, &bytes, &is_there, error);
	if (status == PMILL_OK && bytes.len > 0)
		status = is_made(tokenizer, name, &bytes, &made, error);
	if (status == PMILL_OK && bytes.len > 0 && !made)
		status = pmill_tokenizer_keep_file(
			tokenizer, &(struct pmill_kept_file){name, {bytes.data, bytes.len}}, error);
	pmill_buffer_release(&bytes);
	free(path);
	return status;
}

static pmill_status load_once(const char *folder, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	pmill_status status = load_model(folder, options, &made, error);
	if (status == PMILL_OK)
		status = load_record(folder, options, made, error);
	for (int i = 0; i < KEPT_COUNT && status == PMILL_OK; i++)
		status = keep_file(folder, file_names[kept_files[i]], made, error);
	if (status == PMILL_OK)
		*tokenizer = made;
	else
		pmill_tokenizer_free(made);
	return status;
}

/* The folder at the path now; all zero if there is none. */
static struct stat look_at(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 ? about : (struct stat){0};
}

/*
 * A writer may exchange the folder between two of its files: then what was read belongs to two
 * models, and is read again.
 */
static pmill_status load_path(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	enum { MOST_TRIES = 10 };
	char *clean = copy_without_slashes(path);
	if (clean == NULL)
		return pmill_fail_memory(error);
	for (int tries = 1;; tries++) {
		pmill_tokenizer *made = NULL;
		const struct stat before = look_at(clean);
		const pmill_status status = load_once(clean, options, &made, error);
		const struct stat after = look_at(clean);
		if ((before.st_ino == after.st_ino && before.st_dev == after.st_dev) ||
			tries == MOST_TRIES) {
			free(clean);
			*tokenizer = status == PMILL_OK ? made : *tokenizer;
			return status;
		}
		pmill_tokenizer_free(made);
	}
}

const struct pmill_format pmill_format_folder = {
	.name = "folder",
	.check_model = pmill_hf_check,
	.check_special = pmill_printable_check_special,
	.check_pattern = pmill_hf_expression_check,
	.load_path = load_path,
	.save_path = save_path,
	.check_target = check_target,
};
