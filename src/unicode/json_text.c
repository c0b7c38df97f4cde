/* JSON strings: how text and bytes are written in quotation marks. */
/* SPDX-License-Identifier: MIT */
#include "unicode/json_text.h"

#include "unicode/printable.h"
#include "unicode/utf8.h"

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
