/* First look: how a file is read, by its name and the way it begins. */
/* SPDX-License-Identifier: MIT */
#include "corpus/first_look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "corpus/json_line.h"
#include "files/file.h"

enum { LONGEST_SIDECAR = 1 << 14 };

void pmill_first_look_init(struct pmill_first_look *look, const char *path, bool is_named,
	const pmill_input_options *options)
{
	*look = (struct pmill_first_look){.format = pmill_corpus_format_by_suffix(path),
		.is_json_name = pmill_corpus_is_json_name(path),
		.is_named = is_named,
		.skips_bad_lines = options->skip_bad_lines,
		.field = options->field != NULL ? options->field : "text"};
}

/* ---- Judging ---- */

/* The offset of the first byte that isn't blank or part of a byte-order mark; `len` if none. */
static size_t skip_blanks(const uint8_t *data, size_t len)
{
	size_t at = len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	while (at < len && memchr(" \t\r\n", data[at], 4) != NULL)
		at++;
	return at;
}

/* What a "[" begins: surely an array of JSON objects or strings, not, or that much isn't seen. */
enum array_look { NO_ARRAY, ARRAY, ARRAY_OR_NOT };

static size_t pass_blanks(const uint8_t *data, size_t len, size_t at)
{
	while (at < len && memchr(" \t\r\n", data[at], 4) != NULL)
		at++;
	return at;
}

/* Past the string that begins at `at`; `len` if it doesn't end. */
static size_t pass_string(const uint8_t *data, size_t len, size_t at)
{
	for (at++; at < len && data[at] != '"'; at++)
		at += data[at] == '\\';
	return at < len ? at + 1 : len;
}

/* At the "[". */
static enum array_look look_at_array(const uint8_t *data, size_t len, bool *has_strings)
{
	size_t at = pass_blanks(data, len, 1);
	if (at == len)
		return ARRAY_OR_NOT;
	*has_strings = data[at] == '"';
	if (data[at] == '{') {
		at = pass_blanks(data, len, at + 1);
		if (at == len)
			return ARRAY_OR_NOT;
		return data[at] == '"' || data[at] == '}' ? ARRAY : NO_ARRAY;
	}
	if (!*has_strings)
		return NO_ARRAY;
	at = pass_blanks(data, len, pass_string(data, len, at));
	if (at < len && data[at] == ',')
		at = pass_blanks(data, len, at + 1);
	else if (at < len && data[at] != ']')
		return NO_ARRAY;
	if (at >= len)
		return ARRAY_OR_NOT;
	return data[at] == '"' || data[at] == ']' ? ARRAY : NO_ARRAY;
}

/*
 * Whether the "[" at the beginning is that of an array where documents are expected. With bad lines
 * skipped, that may be one of them. Text can begin with a "[", too: there the first item tells.
 */
static enum array_look is_array_of_documents(
	const struct pmill_first_look *look, const uint8_t *data, size_t len, bool *has_strings)
{
	const enum array_look found = look_at_array(data, len, has_strings);
	if (look->format->kind == PMILL_CORPUS_JSONL)
		return look->skips_bad_lines ? NO_ARRAY : ARRAY;
	if (look->format->kind != PMILL_CORPUS_TEXT || !look->is_named)
		return NO_ARRAY;
	return look->is_json_name ? ARRAY : found;
}

/* Whether it matters what the first line is. In folders, JSON is text unless its name says more. */
static bool asks_for_object(const struct pmill_first_look *look)
{
	return look->format->kind == PMILL_CORPUS_TEXT && (look->is_json_name || look->is_named);
}

static void judge_first_line(const struct pmill_first_look *look, const uint8_t *line, size_t len,
	bool is_cut, struct pmill_first_finding *finding)
{
	enum pmill_json_look found = pmill_json_line_look(
		line, len, is_cut, look->field, strlen(look->field));
	if (look->is_json_name && found == PMILL_JSON_OBJECT_WITH_FIELD)
		finding->format = pmill_corpus_format_find("jsonl");
	else if (look->is_named && (look->is_json_name || found != PMILL_JSON_OTHER))
		finding->refusal = PMILL_UNSURE_JSON;
}

bool pmill_first_look_judge(const struct pmill_first_look *look, const uint8_t *data, size_t len,
	bool is_whole, struct pmill_first_finding *finding)
{
	bool may_grow = !is_whole && len < PMILL_FIRST_LOOK_MOST;
	if (may_grow && len < PMILL_FILE_KIND_HEAD)
		return false;
	*finding = (struct pmill_first_finding){.format = look->format};
	finding->kind = pmill_file_kind_find(data, len);
	if (finding->kind != NULL) {
		finding->refusal = PMILL_NOT_TEXT;
		return true;
	}
	size_t at = skip_blanks(data, len);
	if (at == len)
		return !may_grow;
	if (data[at] == '[') {
		const enum array_look found = is_array_of_documents(
			look, data + at, len - at, &finding->has_strings);
		if (found == ARRAY_OR_NOT && may_grow)
			return false;
		if (found == ARRAY)
			finding->refusal = PMILL_JSON_ARRAY;
	} else if (data[at] == '{' && asks_for_object(look)) {
		const uint8_t *end = memchr(data + at, '\n', len - at);
		if (end == NULL && may_grow)
			return false;
		size_t line_len = end != NULL ? (size_t)(end - data) - at : len - at;
		judge_first_line(look, data + at, line_len, end == NULL && !is_whole, finding);
	}
	return true;
}

pmill_status pmill_first_look_read(const struct pmill_first_look *look, struct pmill_reader *reader,
	struct pmill_buffer *buffer, bool *is_read, struct pmill_first_finding *finding,
	pmill_error *error)
{
	size_t wanted = PMILL_FILE_KIND_HEAD;
	*is_read = false;
	for (;;) {
		while (buffer->len < wanted && !*is_read) {
			size_t got = 0;
			if (!pmill_buffer_reserve(buffer, wanted - buffer->len))
				return pmill_fail_memory(error);
			pmill_status status = pmill_reader_read(
				reader, buffer->data + buffer->len, wanted - buffer->len, &got, error);
			if (status != PMILL_OK)
				return status;
			buffer->len += got;
			*is_read = got == 0;
		}
		if (pmill_first_look_judge(look, buffer->data, buffer->len, *is_read, finding))
			return PMILL_OK;
		wanted = 2 * buffer->len; /* each byte is looked at twice on average */
	}
}

/*
 * Reads the beginning of a file as it is stored into `head`, which has room for it. A file of known
 * size takes one call; those in /proc say 0 bytes.
 */
static pmill_status read_head(
	int descriptor, const char *path, uint64_t bytes, struct pmill_buffer *head, pmill_error *error)
{
	while (head->len < PMILL_FILE_KIND_HEAD && (head->len < bytes || bytes == 0)) {
		ssize_t got = read(descriptor, head->data + head->len, PMILL_FILE_KIND_HEAD - head->len);
		if (got < 0 && errno != EINTR)
			return pmill_fail_errno(error, path, "cannot read", errno);
		if (got == 0)
			break;
		if (got > 0)
			head->len += (size_t)got;
	}
	return PMILL_OK;
}

static pmill_status open_and_read_head(
	const char *path, uint64_t bytes, struct pmill_buffer *head, pmill_error *error)
{
	head->len = 0;
	if (!pmill_buffer_reserve(head, PMILL_FILE_KIND_HEAD))
		return pmill_fail_memory(error);
	/* Should it be a pipe by now, opening doesn't block. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return pmill_fail_errno(error, path, "cannot read", errno);
	pmill_status status = read_head(descriptor, path, bytes, head, error);
	close(descriptor);
	return status;
}

/* Whether FILE.json says that FILE holds ids (tokens/sidecar). */
static pmill_status look_for_sidecar(const char *path, bool *is_there, pmill_error *error)
{
	static const char field[] = "model_sha256";
	struct pmill_buffer json = {0};
	char *sidecar = pmill_path_extend(path, ".json");
	if (sidecar == NULL)
		return pmill_fail_memory(error);
	/* A larger one, or one that can't be read, is none. */
	const pmill_status status = pmill_file_read_small(sidecar, LONGEST_SIDECAR, &json, error);
	*is_there = status == PMILL_OK && json.len > 0 &&
		pmill_json_line_look(json.data, json.len, false, field, sizeof field - 1) ==
			PMILL_JSON_OBJECT_WITH_FIELD;
	pmill_buffer_release(&json);
	free(sidecar);
	return status;
}

/* Most files take one read of a few bytes; compressed ones and long first lines take a reader. */
pmill_status pmill_first_look_at(const struct pmill_first_look *look, const char *path,
	uint64_t bytes, struct pmill_buffer *buffer, struct pmill_first_finding *finding,
	pmill_error *error)
{
	pmill_status status = open_and_read_head(path, bytes, buffer, error);
	if (status != PMILL_OK)
		return status;
	bool is_whole = buffer->len < PMILL_FILE_KIND_HEAD, is_read, has_sidecar = false;
	status = look_for_sidecar(path, &has_sidecar, error);
	if (status != PMILL_OK)
		return status;
	if (has_sidecar) {
		*finding = (struct pmill_first_finding){
			.format = look->format, .refusal = PMILL_NOT_TEXT, .kind = &pmill_file_kind_token_ids};
		return PMILL_OK;
	}
	if (!pmill_reader_is_compressed(buffer->data, buffer->len) &&
		pmill_first_look_judge(look, buffer->data, buffer->len, is_whole, finding))
		return PMILL_OK;
	struct pmill_reader *reader;
	status = pmill_reader_open(path, 0, NULL, &reader, error);
	if (status != PMILL_OK)
		return status;
	buffer->len = 0;
	status = pmill_first_look_read(look, reader, buffer, &is_read, finding, error);
	pmill_reader_close(reader);
	return status;
}

/* ---- Reporting ---- */

pmill_status pmill_first_look_report(const struct pmill_first_look *look,
	const struct pmill_first_finding *finding, const char *name, pmill_error *error)
{
	switch (finding->refusal) {
	case PMILL_READABLE: break;
	case PMILL_NOT_TEXT:
		return pmill_fail(error, PMILL_BAD_INPUT, 0,
			"%.500s: looks like %s, not text; %s (--input-format text reads it as it is)", name,
			finding->kind->name, finding->kind->text_way_out);
	case PMILL_JSON_ARRAY:
		return pmill_fail(error, PMILL_BAD_INPUT, 0,
			"%.500s: looks like a JSON array, not %s; use: jq -c '.[]%s' FILE | pairmill COMMAND "
			"--input-format jsonl (--input-format text reads it as it is)",
			name,
			look->format->kind == PMILL_CORPUS_JSONL || look->is_json_name ? "JSON lines" : "text",
			finding->has_strings ? " | {text: .}" : "");
	case PMILL_UNSURE_JSON:
		if (look->is_json_name)
			return pmill_fail(error, PMILL_BAD_INPUT, 0,
				"%.500s: the first line isn't a JSON object with the field \"%.100s\"; is this "
				"JSON lines (--input-format jsonl, with --field NAME) or one text "
				"(--input-format text)?",
				name, look->field);
		return pmill_fail(error, PMILL_BAD_INPUT, 0,
			"%.500s: the first line is a JSON object; is this JSON lines (--input-format jsonl) or "
			"one text (--input-format text)?",
			name);
	}
	return PMILL_OK;
}
