/* The public functions that load a model: by its format if that is named, else by its content. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */

#include <string.h>

#include "base/error.h"
#include "files/byte_source.h"
#include "files/file.h"
#include "base/sized_struct.h"
#include "formats/format.h"
#include "formats/gguf.h"
#include "notation/known_ranks.h"
#include "formats/load.h"
#include "notation/json.h"
#include "formats/model_kind.h"
#include "formats/tekken.h"
#include "formats/tokenizer_json.h"
#include "formats/vocab_merges.h"
#include "unicode/utf8.h"

/* One file that was read, or memory: then `path` is NULL. */
struct source {
	const uint8_t *data;
	size_t len;
	const char *path;
	const char *name; /* for messages */
};

static pmill_status load_vocab(const struct source *source, const struct pmill_json_source *json,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	if (source->path != NULL && strcmp(source->path, "-") != 0)
		return pmill_vocab_merges_load(json, source->path, options, tokenizer, error);
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"%.300s: is a vocab.json, which needs merges.txt beside it: it can only be loaded by its "
		"path",
		source->name);
}

static pmill_status load_object(const struct source *source, const json_t *root,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	const struct pmill_json_source json = {source->data, source->len, source->name, root};
	if (pmill_model_kind_has_model(root))
		return pmill_hf_load(&json, options, tokenizer, error);
	if (pmill_tekken_is(root))
		return pmill_tekken_load(&json, options, tokenizer, error);
	if (pmill_model_kind_is_vocab(root))
		return load_vocab(source, &json, options, tokenizer, error);
	const pmill_status status = pmill_model_kind_check_json(root, source->name, error);
	if (status != PMILL_OK)
		return status;
	const bool is_vocab = source->path != NULL &&
		(pmill_path_has_suffix(source->path, pmill_format_vocab_merges.suffix) ||
			pmill_path_has_suffix(source->path, pmill_format_vocab_merges.other_suffix));
	return is_vocab ? load_vocab(source, &json, options, tokenizer, error)
					: pmill_hf_load(&json, options, tokenizer, error);
}

/* Whether the first line is an object and the next one begins another. */
static bool is_json_lines(const struct source *source)
{
	const uint8_t *end = memchr(source->data, '\n', source->len);
	if (end == NULL)
		return false;
	const uint8_t *next = end + 1;
	while (end > source->data && end[-1] == '\r')
		end--;
	return end > source->data && end[-1] == '}' && next < source->data + source->len &&
		*next == '{';
}

/* Only a tekken.json may have strings with NUL. */
static pmill_status parse(const struct source *source, json_t **root, pmill_error *error)
{
	if (memmem(source->data, source->len, "\\u0000", 6) != NULL) {
		const pmill_status status = pmill_json_parse_with_nul(
			source->data, source->len, source->name, root, error);
		if (status != PMILL_OK || pmill_tekken_is(*root))
			return status;
		json_decref(*root);
	}
	return pmill_json_parse(source->data, source->len, source->name, root, error);
}

static pmill_status load_json(const struct source *source, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	json_t *root;
	pmill_status status = parse(source, &root, error);
	if (status == PMILL_BAD_INPUT && is_json_lines(source))
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"%.300s: looks like JSON lines, not a model; name a tokenizer.json or a vocab.json",
			source->name);
	if (status != PMILL_OK)
		return status;
	status = load_object(source, root, options, tokenizer, error);
	json_decref(root);
	return status;
}

static bool is_blank(const struct source *source)
{
	size_t at = pmill_byte_order_mark(source->data, source->len);
	while (at < source->len && source->data[at] != 0 && strchr(" \t\r\n", source->data[at]) != NULL)
		at++;
	return at == source->len;
}

/* The name may still tell what it was meant to be. */
static pmill_status load_unknown(const struct source *source, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	const char *name = source->name;
	if (is_blank(source))
		return pmill_fail(
			error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "%.300s: is empty, not a model", name);
	if (source->path != NULL && pmill_path_has_suffix(name, pmill_format_tiktoken.suffix))
		return pmill_format_tiktoken.load(
			source->data, source->len, name, options, tokenizer, error);
	if (source->path != NULL && pmill_path_has_suffix(name, pmill_format_tokenizer_json.suffix))
		return load_json(source, options, tokenizer, error);
	const char *reason = source->path == NULL ? NULL : pmill_format_refused(name);
	if (reason != NULL)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "%.300s: %s", name, reason);
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"%.300s: not a model: neither JSON nor lines of base64, a space and a rank", name);
}

static pmill_status load_by_content(const struct source *source, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	if (pmill_model_kind_is_ranks(source->data, source->len))
		return pmill_format_tiktoken.load(
			source->data, source->len, source->name, options, tokenizer, error);
	const pmill_status status = pmill_model_kind_check(
		source->data, source->len, source->name, error);
	if (status != PMILL_OK)
		return status;
	return pmill_model_kind_is_json(source->data, source->len)
		? load_json(source, options, tokenizer, error)
		: load_unknown(source, options, tokenizer, error);
}

/* `format` is NULL unless it was named. */
static pmill_status load_gguf(struct pmill_byte_source *file, const struct pmill_format *format,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	return format == NULL || format == &pmill_format_gguf
		? pmill_gguf_read(file, options, tokenizer, error)
		: pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%.300s: is GGUF, not a %s",
			  file->name, format->name);
}

/* The same for any file. */
static pmill_status load_source(const struct source *source, const struct pmill_format *format,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	if (pmill_gguf_is(source->data, source->len)) {
		struct pmill_byte_source file;
		pmill_byte_source_of_memory(&file, source->data, source->len, source->name);
		return load_gguf(&file, format, options, tokenizer, error);
	}
	if (format == NULL)
		return load_by_content(source, options, tokenizer, error);
	const pmill_status status = pmill_model_kind_check(
		source->data, source->len, source->name, error);
	return status != PMILL_OK
		? status
		: format->load(source->data, source->len, source->name, options, tokenizer, error);
}

/* Merges that were named, with the vocab beside them. */
static pmill_status load_pair(const char *path, const struct pmill_format *format,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, bool *is_pair,
	pmill_error *error)
{
	char *vocab = NULL;
	*is_pair = false;
	if (format != NULL && format != &pmill_format_vocab_merges)
		return PMILL_OK;
	pmill_status status = pmill_vocab_merges_find_vocab(path, &vocab, error);
	*is_pair = vocab != NULL;
	if (*is_pair)
		status = pmill_format_vocab_merges.load_path(vocab, options, tokenizer, error);
	pmill_memory_free(vocab);
	return status;
}

static pmill_status load_whole(struct pmill_byte_source *file, const char *path,
	const struct pmill_format *format, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	uint64_t len;
	pmill_status status = pmill_byte_source_take(file, UINT64_MAX, &bytes, &len, error);
	const struct source source = {
		bytes.len == 0 ? (const uint8_t *)"" : bytes.data, bytes.len, path, path};
	if (status == PMILL_OK)
		status = load_source(&source, format, options, tokenizer, error);
	pmill_buffer_release(&bytes);
	return status;
}

/* A GGUF may be a model of any size: only its header is read. */
static pmill_status load_file(const char *path, const struct pmill_format *format,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_byte_source file;
	const uint8_t *head;
	size_t len = 0;
	pmill_status status = pmill_byte_source_open(&file, path, error);
	if (status == PMILL_OK)
		status = pmill_byte_source_look(&file, PMILL_GGUF_HEAD, &head, &len, error);
	if (status == PMILL_OK)
		status = pmill_gguf_is(head, len)
			? load_gguf(&file, format, options, tokenizer, error)
			: load_whole(&file, path, format, options, tokenizer, error);
	pmill_byte_source_release(&file);
	return status;
}

/* Sets *format to NULL if none is named. */
static pmill_status read_options(pmill_load_options *options, const pmill_load_options *given,
	const struct pmill_format **format, pmill_error *error)
{
	pmill_status status = pmill_sized_struct_read(
		options, sizeof *options, given, "pmill_load_options", error);
	*format = NULL;
	if (status == PMILL_OK && options->encoding != NULL)
		status = pmill_encoding_check(options->encoding, error);
	return status == PMILL_OK && options->format != NULL
		? pmill_format_find(options->format, format, error)
		: status;
}

static pmill_status load_path(const char *path, const struct pmill_format *format,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	if (path[0] == '\0')
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "the path is empty");
	const bool is_folder = pmill_path_is_folder(path);
	if (is_folder && format != NULL && format != &pmill_format_folder)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%.300s: is a folder, not a %s; name the file in it", path, format->name);
	if (!is_folder && format == &pmill_format_folder && pmill_path_exists(path))
		return pmill_fail(
			error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "%.300s: is a file, not a folder", path);
	if (is_folder)
		format = &pmill_format_folder;
	bool is_pair;
	const pmill_status paired = load_pair(path, format, options, tokenizer, &is_pair, error);
	if (is_pair || paired != PMILL_OK)
		return paired;
	return format != NULL && format->load_path != NULL
		? format->load_path(path, options, tokenizer, error)
		: load_file(path, format, options, tokenizer, error);
}

/* Hands over what was loaded, unless an encoding was asked for and the file isn't a rank file. */
static pmill_status finish(pmill_tokenizer *made, const char *name,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	if (options->encoding == NULL || made->encoding != NULL) {
		*tokenizer = made;
		return PMILL_OK;
	}
	pmill_tokenizer_free(made);
	return pmill_name_error(error, name, pmill_encoding_fail_other(options->encoding, error));
}

pmill_status pmill_tokenizer_load(const char *path, const pmill_load_options *given,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	pmill_load_options options;
	const struct pmill_format *format;
	pmill_tokenizer *made = NULL;
	pmill_status status = read_options(&options, given, &format, error);
	if (status == PMILL_OK)
		status = load_path(path, format, &options, &made, error);
	return status == PMILL_OK ? finish(made, path, &options, tokenizer, error) : status;
}

pmill_status pmill_tokenizer_load_memory(const void *data, size_t len,
	const pmill_load_options *given, pmill_tokenizer **tokenizer, pmill_error *error)
{
	pmill_load_options options;
	const struct pmill_format *format;
	pmill_tokenizer *made = NULL;
	pmill_status status = read_options(&options, given, &format, error);
	if (status != PMILL_OK)
		return status;
	if (format != NULL && format->load == NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"%s consists of several files and can't be loaded from memory", format->name);
	const struct source source = {len == 0 ? (const uint8_t *)"" : data, len, NULL,
		format != NULL ? format->name : "the model"};
	status = load_source(&source, format, &options, &made, error);
	return status == PMILL_OK ? finish(made, source.name, &options, tokenizer, error) : status;
}
