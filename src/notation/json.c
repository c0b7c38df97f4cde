/* JSON: read with jansson, written by our own code. */
/* SPDX-License-Identifier: MIT */
#include "notation/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "unicode/printable.h"
#include "unicode/utf8.h"

/* jansson's message without the piece of input it quotes, which may hold anything. */
static size_t reason_len(const char *text)
{
	const char *near = strstr(text, " near '");
	return near == NULL ? strlen(text) : (size_t)(near - text);
}

static pmill_status parse(
	const void *data, size_t len, size_t flags, const char *name, json_t **root, pmill_error *error)
{
	const size_t mark = pmill_byte_order_mark(data, len);
	const char *text = len == 0 ? "" : (const char *)data + mark;
	json_error_t details;
	json_t *value = json_loadb(text, len - mark, JSON_REJECT_DUPLICATES | flags, &details);
	if (value == NULL && json_error_code(&details) == json_error_out_of_memory)
		return pmill_fail_memory(error);
	if (value == NULL) {
		const uint64_t offset = mark + (details.position < 0 ? 0 : (uint64_t)details.position);
		return pmill_fail_input(error, name, offset, "line %d: not valid JSON: %.*s", details.line,
			(int)reason_len(details.text), details.text);
	}
	if (!json_is_object(value)) {
		json_decref(value);
		return pmill_fail(
			error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "%s: is JSON, but not an object", name);
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

char *pmill_json_print(const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	json_t *back = text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const bool is_same = back != NULL && json_equal(value, back);
	json_decref(back);
	if (is_same)
		return text;
	free(text);
	return json_dumps(value, JSON_ENCODE_ANY);
}

static bool append_escape(struct pmill_buffer *out, uint8_t character)
{
	switch (character) {
	case '"': return pmill_buffer_append(out, "\\\"", 2);
	case '\\': return pmill_buffer_append(out, "\\\\", 2);
	case '\n': return pmill_buffer_append(out, "\\n", 2);
	case '\r': return pmill_buffer_append(out, "\\r", 2);
	case '\t': return pmill_buffer_append(out, "\\t", 2);
	default: return pmill_buffer_append_format(out, "\\u%04x", character);
	}
}

/* How many bytes from `begin` on need no escape in a string. */
static size_t plain_len(const uint8_t *bytes, size_t len, size_t begin)
{
	size_t at = begin;
	while (at < len) {
		uint32_t code_point;
		const size_t step = pmill_utf8_decode(bytes + at, len - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT || code_point < 0x20 || code_point == '"' ||
			code_point == '\\' || code_point == 0x7F)
			break;
		at += step;
	}
	return at - begin;
}

static bool append_inside(struct pmill_buffer *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		const size_t plain = plain_len(bytes, len, i);
		if (!pmill_buffer_append(out, bytes + i, plain))
			return false;
		i += plain;
		if (i == len)
			break;
		const bool done = bytes[i] < 0x80 ? append_escape(out, bytes[i])
										  : pmill_buffer_append_text(out, "\xEF\xBF\xBD");
		if (!done)
			return false;
		i++;
	}
	return true;
}

bool pmill_json_is_text(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	for (size_t at = 0; at < len;) {
		uint32_t code_point;
		at += pmill_utf8_decode(bytes + at, len - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			return false;
	}
	return true;
}

bool pmill_json_append_string(struct pmill_buffer *out, const void *data, size_t len)
{
	return pmill_buffer_append(out, "\"", 1) && append_inside(out, data, len) &&
		pmill_buffer_append(out, "\"", 1);
}

bool pmill_json_append_text(struct pmill_buffer *out, const char *text)
{
	if (text == NULL)
		return pmill_buffer_append_text(out, "null");
	return pmill_json_append_string(out, text, strlen(text));
}

bool pmill_json_append_printable(struct pmill_buffer *out, const void *data, size_t len)
{
	/* At most two bytes for each byte, including escapes, and the quotation marks. */
	if (len > SIZE_MAX / 2 - 1 || !pmill_buffer_reserve(out, 2 * len + 2))
		return false;
	const uint8_t *bytes = data;
	uint8_t *to = out->data + out->len;
	*to++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			*to++ = '\\';
		to += pmill_utf8_encode(pmill_printable_from_byte(bytes[i]), to);
	}
	*to++ = '"';
	out->len = (size_t)(to - out->data);
	return true;
}
