/* JSON: read with jansson, written by our own code. */
/* SPDX-License-Identifier: MIT */
#include "notation/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "notation/json_place.h"
#include "unicode/utf8.h"

/* jansson's message without the piece of input it quotes, which may hold anything. */
static size_t reason_len(const char *text)
{
	const char *near = strstr(text, " near '");
	return near == NULL ? strlen(text) : (size_t)(near - text);
}

/* What jansson read as a whole before it refused it: its position is after that. */
static bool is_whole(enum json_error_code code)
{
	return code == json_error_duplicate_key || code == json_error_null_byte_in_key ||
		code == json_error_null_character || code == json_error_numeric_overflow;
}

static uint64_t find_fault(const json_error_t *details, const void *data, size_t len)
{
	const uint64_t position = details->position < 0 ? 0 : (uint64_t)details->position;
	const uint64_t end = pmill_byte_order_mark(data, len) + position;
	return is_whole(json_error_code(details)) ? pmill_json_find_last(data, len, end) : end;
}

/* Where jansson doesn't say why it failed, an allocation was refused. */
static bool is_out_of_memory(const json_error_t *details)
{
	return json_error_code(details) == json_error_out_of_memory || details->text[0] == '\0';
}

static pmill_status parse(
	const void *data, size_t len, size_t flags, const char *name, json_t **root, pmill_error *error)
{
	const size_t mark = pmill_byte_order_mark(data, len);
	const char *text = len == 0 ? "" : (const char *)data + mark;
	json_error_t details;
	json_t *value = json_loadb(text, len - mark, JSON_REJECT_DUPLICATES | flags, &details);
	if (value == NULL && is_out_of_memory(&details))
		return pmill_fail_memory(error);
	if (value == NULL)
		return pmill_fail_input(error, name, find_fault(&details, data, len),
			"line %d: not valid JSON: %.*s", details.line, (int)reason_len(details.text),
			details.text);
	if (!json_is_object(value)) {
		const struct pmill_json_source source = {data, len, name, value};
		const struct pmill_json_place place = pmill_json_at(value);
		uint64_t offset;
		pmill_json_find(&source, &place, &offset);
		json_decref(value);
		return pmill_fail_input(error, name, offset, "is JSON, but not an object");
	}
	*root = value;
	return PMILL_OK;
}

pmill_status pmill_json_parse(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error)
{
	return parse(data, len, 0, name, root, error);
}

pmill_status pmill_json_parse_with_nul(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error)
{
	return parse(data, len, JSON_ALLOW_NUL, name, root, error);
}

struct dump {
	struct pmill_buffer text;
	bool has_failed;
};

static int append_dumped(const char *data, size_t len, void *context)
{
	struct dump *dump = context;
	if (!pmill_buffer_append(&dump->text, data, len))
		dump->has_failed = true;
	return dump->has_failed ? -1 : 0;
}

char *pmill_json_dump(const json_t *value, size_t flags)
{
	struct dump dump = {0};
	const bool done = json_dump_callback(value, append_dumped, &dump, flags) == 0 &&
		!dump.has_failed && pmill_buffer_terminate(&dump.text);
	if (done)
		return (char *)dump.text.data;
	pmill_buffer_release(&dump.text);
	return NULL;
}

char *pmill_json_print(const json_t *value)
{
	char *text = pmill_json_dump(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (text == NULL)
		return NULL;
	json_t *back = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const bool is_same = back != NULL && json_equal(value, back);
	json_decref(back);
	if (is_same)
		return text;
	free(text);
	return pmill_json_dump(value, JSON_ENCODE_ANY);
}
