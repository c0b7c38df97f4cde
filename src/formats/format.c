/* The table of formats, and the public functions that save tokenizers. */
/* SPDX-License-Identifier: MIT */
#include "formats/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "files/file.h"
#include "base/sized_struct.h"
#include "formats/load.h"
#include "unicode/printable.h"

static const struct pmill_format *const formats[] = {
	&pmill_format_folder,
	&pmill_format_tiktoken,
	&pmill_format_vocab_merges,
	&pmill_format_tekken,
	&pmill_format_tokenizer_json,
	&pmill_format_gguf,
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* What can't be saved as a model, nor loaded if the content tells nothing, by suffix or by name. */
static const struct refused {
	const char *suffix;
	const char *name;
	const char *reason;
} refused[] = {
	{".model", "sentencepiece", "SentencePiece models are not supported"},
	{"tokenizer_config.json", NULL,
		"not a model: this is a tokenizer_config.json; name its folder"},
	{"training.json", NULL, "not a model: this is a training.json; name its folder"},
	{"merges.txt", NULL, "merges.txt alone is not a model: name the vocab.json beside it"},
	{"vocab.bpe", NULL, "vocab.bpe alone is not a model: name the encoder.json beside it"},
	{".counts", NULL, "not a model: this is a count file"},
	{".tsv", NULL, "not a model: this is a word list"},
	{".txt", NULL, "not a model: this is a text file"},
	{".jsonl", NULL, "not a model: this is a JSON-lines file"},
	{".npy", NULL, "not a model: this is a token file"},
	{".bin", NULL, "not a model: this is a token file"},
	{".u16", NULL, "not a model: this is a token file"},
	{".u32", NULL, "not a model: this is a token file"},
	{".gz", NULL, "not a model: this is a compressed file"},
	{".zst", NULL, "not a model: this is a compressed file"},
};

enum { REFUSED_COUNT = sizeof refused / sizeof refused[0] };

const char *pmill_model_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index]->name : NULL;
}

pmill_status pmill_format_find(
	const char *name, const struct pmill_format **format, pmill_error *error)
{
	for (int i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(formats[i]->name, name) == 0) {
			*format = formats[i];
			return PMILL_OK;
		}
	}
	for (int i = 0; i < REFUSED_COUNT; i++)
		if (refused[i].name != NULL && strcmp(refused[i].name, name) == 0)
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%s", refused[i].reason);
	return pmill_fail_unknown(error, "model format", name, pmill_model_format_name);
}

static bool is_named(const char *path, const char *suffix)
{
	return pmill_path_has_suffix(path, suffix);
}

const char *pmill_format_refused(const char *path)
{
	for (int i = 0; i < REFUSED_COUNT; i++)
		if (is_named(path, refused[i].suffix))
			return refused[i].reason;
	return NULL;
}

static bool has_suffix_of(const char *path, const struct pmill_format *format)
{
	return (format->suffix != NULL && is_named(path, format->suffix)) ||
		(format->other_suffix != NULL && is_named(path, format->other_suffix));
}

/*
 * An existing folder is a folder whatever its name; so is a name that ends in a slash or has no
 * known suffix.
 */
static pmill_status find_by_path(
	const char *path, const struct pmill_format **format, pmill_error *error)
{
	*format = &pmill_format_folder;
	if (path[0] == '\0')
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "the path is empty");
	if (pmill_path_is_folder(path) || is_named(path, "/"))
		return PMILL_OK;
	const char *reason = pmill_format_refused(path);
	if (reason != NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%s: %s", path, reason);
	for (int i = 0; i < FORMAT_COUNT; i++) {
		if (has_suffix_of(path, formats[i])) {
			*format = formats[i];
			return PMILL_OK;
		}
	}
	return PMILL_OK;
}

static pmill_status find_format(
	const char *name, const char *path, const struct pmill_format **format, pmill_error *error)
{
	return name != NULL ? pmill_format_find(name, format, error)
						: find_by_path(path, format, error);
}

static pmill_status list_losses(const pmill_tokenizer *tokenizer, const struct pmill_format *format,
	struct pmill_buffer *losses, pmill_error *error)
{
	return format->list_losses == NULL ? PMILL_OK : format->list_losses(tokenizer, losses, error);
}

pmill_status pmill_tokenizer_list_losses(const pmill_tokenizer *tokenizer, const char *path,
	const char *format_name, char **losses, pmill_error *error)
{
	const struct pmill_format *format;
	struct pmill_buffer text = {0};
	pmill_status status = find_format(format_name, path, &format, error);
	if (status == PMILL_OK)
		status = list_losses(tokenizer, format, &text, error);
	if (status == PMILL_OK && text.len > 0 && !pmill_buffer_terminate(&text))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK && text.len > 0)
		*losses = (char *)text.data;
	else
		pmill_buffer_release(&text);
	if (status == PMILL_OK && text.len == 0)
		*losses = NULL;
	return status;
}

/* Refuses a loss unless the flags allow it. What the format can't hold at all comes first. */
static pmill_status check_losses(const pmill_tokenizer *tokenizer,
	const struct pmill_format *format, const char *path, unsigned flags, pmill_error *error)
{
	struct pmill_buffer losses = {0};
	if ((flags & PMILL_ALLOW_LOSS) != 0)
		return PMILL_OK;
	pmill_status status = list_losses(tokenizer, format, &losses, error);
	if (status == PMILL_OK && losses.len > 0)
		status = pmill_name_error(error, path, format->check_model(tokenizer, error));
	if (status == PMILL_OK && losses.len > 0)
		status = pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"%.300s: as %s, the model would lose %.*s", path, format->name, (int)losses.len,
			(const char *)losses.data);
	pmill_buffer_release(&losses);
	return status;
}

/* What a model that can't encode here says of itself would be lost; long tokens are refused. */
static pmill_status check_refusal(const pmill_tokenizer *tokenizer, pmill_error *error)
{
	if (tokenizer->refusal != NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"a model that can't encode here can't be written: %.900s", tokenizer->refusal);
	for (size_t id = 0; id < tokenizer->vocab.count; id++)
		if (tokenizer->vocab.tokens[id].len > PMILL_LONGEST_TOKEN)
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
				"the token with id %zu is longer than 64 MiB, and readers would refuse it: train "
				"with a limit on the length of tokens",
				id);
	return PMILL_OK;
}

pmill_status pmill_tokenizer_save(const pmill_tokenizer *tokenizer, const char *path,
	const char *format_name, unsigned flags, pmill_error *error)
{
	const struct pmill_format *format;
	pmill_status status = find_format(format_name, path, &format, error);
	if (status == PMILL_OK)
		status = check_refusal(tokenizer, error);
	if (status == PMILL_OK)
		status = check_losses(tokenizer, format, path, flags, error);
	if (status != PMILL_OK)
		return status;
	if (format->save_path != NULL)
		return format->save_path(tokenizer, path, flags, error);
	struct pmill_buffer bytes = {0};
	status = pmill_name_error(error, path, format->save(tokenizer, flags, &bytes, error));
	if (status == PMILL_OK)
		status = pmill_write_file(path, &bytes, flags, error);
	pmill_buffer_release(&bytes);
	return status;
}

pmill_status pmill_tokenizer_save_memory(const pmill_tokenizer *tokenizer, const char *format_name,
	void **data, size_t *len, pmill_error *error)
{
	const struct pmill_format *format;
	if (format_name == NULL)
		format_name = pmill_format_tokenizer_json.name;
	pmill_status status = pmill_format_find(format_name, &format, error);
	if (status == PMILL_OK)
		status = check_refusal(tokenizer, error);
	if (status != PMILL_OK)
		return status;
	if (format->save == NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"%s consists of several files and can't be saved to memory", format->name);
	struct pmill_buffer bytes = {0};
	status = format->save(tokenizer, 0, &bytes, error);
	if (status != PMILL_OK) {
		pmill_buffer_release(&bytes);
		return status;
	}
	*data = bytes.data;
	*len = bytes.len;
	return PMILL_OK;
}

pmill_status pmill_tokenizer_check_format(
	const pmill_tokenizer *tokenizer, const char *format_name, pmill_error *error)
{
	const struct pmill_format *format;
	pmill_status status = pmill_format_find(format_name, &format, error);
	if (status == PMILL_OK)
		status = check_refusal(tokenizer, error);
	return status == PMILL_OK ? format->check_model(tokenizer, error) : status;
}

static pmill_status check_text(const struct pmill_format *format, const char *path,
	const pmill_text_options *text, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (format->check_pattern != NULL && text->pattern != NULL)
		status = pmill_name_error(error, path, format->check_pattern(text->pattern, error));
	if (format->check_special == NULL)
		return status;
	for (size_t i = 0; i < text->special_token_count && status == PMILL_OK; i++)
		status = pmill_name_error(
			error, path, format->check_special(text->special_tokens[i], error));
	if (status == PMILL_OK && text->doc_separator.len > 0)
		status = pmill_name_error(error, path, format->check_special(text->doc_separator, error));
	return status;
}

pmill_status pmill_tokenizer_check_save(const char *path, const char *format_name,
	const pmill_text_options *text, unsigned flags, pmill_error *error)
{
	pmill_text_options options;
	const struct pmill_format *format;
	pmill_status status = pmill_sized_struct_read(
		&options, sizeof options, text, "pmill_text_options", error);
	if (status == PMILL_OK)
		status = find_format(format_name, path, &format, error);
	if (status == PMILL_OK)
		status = format->check_target != NULL ? format->check_target(path, flags, error)
											  : pmill_file_check_target(path, flags, error);
	return status == PMILL_OK ? check_text(format, path, &options, error) : status;
}

/* ---- What may turn out only after training ---- */

/* Appends the end of each byte string to `ends`, and the bytes to `bytes`. */
struct risks {
	struct pmill_buffer bytes, ends;
};

static bool end_risk(struct risks *risks)
{
	return pmill_buffer_append(&risks->ends, &risks->bytes.len, sizeof risks->bytes.len);
}

/*
 * A token that is spelled in printable bytes like the special token. The token with the special
 * token's own bytes needs no look: it is cut out of the text, so no word contains it.
 */
static bool add_special_risk(struct risks *risks, pmill_bytes special)
{
	const size_t begin = risks->bytes.len;
	size_t bad_offset;
	if (!pmill_printable_parse(&risks->bytes, special.data, special.len, &bad_offset)) {
		risks->bytes.len = begin;
		return bad_offset != SIZE_MAX;
	}
	const size_t len = risks->bytes.len - begin;
	if (len > 0 &&
		(len != special.len || memcmp(risks->bytes.data + begin, special.data, len) != 0))
		return end_risk(risks);
	risks->bytes.len = begin;
	return true;
}

static bool find_risks(
	struct risks *risks, const struct pmill_format *format, const pmill_text_options *text)
{
	if (format->forbidden_start != NULL &&
		(!pmill_buffer_append_text(&risks->bytes, format->forbidden_start) || !end_risk(risks)))
		return false;
	if (format->check_special == NULL)
		return true;
	for (size_t i = 0; i < text->special_token_count; i++)
		if (!add_special_risk(risks, text->special_tokens[i]))
			return false;
	return add_special_risk(risks, text->doc_separator);
}

/* One block: the items, then their bytes. NULL if there are none or memory is out. */
static pmill_bytes *join_risks(const struct risks *risks, size_t count)
{
	if (count == 0)
		return NULL;
	pmill_bytes *items = malloc(count * sizeof *items + risks->bytes.len);
	if (items == NULL)
		return NULL;
	uint8_t *bytes = memcpy(items + count, risks->bytes.data, risks->bytes.len);
	size_t begin = 0;
	for (size_t i = 0; i < count; i++) {
		size_t end;
		memcpy(&end, risks->ends.data + i * sizeof end, sizeof end);
		items[i] = (pmill_bytes){bytes + begin, end - begin};
		begin = end;
	}
	return items;
}

pmill_status pmill_tokenizer_save_risks(const char *path, const char *format_name,
	const pmill_text_options *text, pmill_bytes **risks, size_t *risk_count, pmill_error *error)
{
	pmill_text_options options;
	const struct pmill_format *format;
	pmill_status status = pmill_sized_struct_read(
		&options, sizeof options, text, "pmill_text_options", error);
	if (status == PMILL_OK)
		status = find_format(format_name, path, &format, error);
	if (status != PMILL_OK)
		return status;
	struct risks found = {0};
	const bool is_found = find_risks(&found, format, &options);
	const size_t count = found.ends.len / sizeof(size_t);
	pmill_bytes *items = is_found ? join_risks(&found, count) : NULL;
	if (!is_found || (count > 0 && items == NULL)) {
		status = pmill_fail_memory(error);
	} else {
		*risks = items;
		*risk_count = count;
	}
	pmill_buffer_release(&found.bytes);
	pmill_buffer_release(&found.ends);
	return status;
}
