/* Lower case, character by character. */
/* SPDX-License-Identifier: MIT */
#include "normalize/lower_case.h"

#include "normalize/normal_table.h"
#include "unicode/utf8.h"

/* The only character with a lower case of two, whatever is beside it: i and a dot above. */
enum { CAPITAL_I_WITH_DOT = 0x130 };

static uint8_t lower_ascii(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* Bytes that begin no character stay. Returns the bytes read, and appends up to 4. */
static size_t lower_character(const uint8_t *text, size_t len, struct pmill_buffer *out)
{
	uint32_t code_point;
	const size_t read = pmill_utf8_decode(text, len, &code_point);
	uint8_t *to = out->data + out->len;
	if (code_point == PMILL_INVALID_CODE_POINT) {
		*to = *text;
		out->len++;
	} else if (code_point == CAPITAL_I_WITH_DOT) {
		memcpy(to, "i\xCC\x87", 3);
		out->len += 3;
	} else {
		out->len += pmill_utf8_encode(pmill_lower_case(code_point), to);
	}
	return read;
}

bool pmill_lower_case_append(const uint8_t *text, size_t len, struct pmill_buffer *out)
{
	for (size_t at = 0; at < len;) {
		if (!pmill_buffer_reserve(out, len - at < 4 ? 4 : len - at))
			return false;
		/* A character takes one byte of room at least, and more only at the end of the room. */
		while (at < len && out->capacity - out->len >= 4) {
			if (text[at] >= 0x80)
				at += lower_character(text + at, len - at, out);
			else
				out->data[out->len++] = lower_ascii(text[at++]);
		}
	}
	return true;
}
