/* Byte strings quoted for messages. */
/* SPDX-License-Identifier: MIT */
#include "unicode/quote.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unicode/utf8.h"

enum { TAIL = sizeof "...\"" }; /* room reserved for the end */

static bool is_plain(uint32_t code_point)
{
	if (code_point == PMILL_INVALID_CODE_POINT)
		return false;
	/*
	 * Control characters, and the separators that some terminals treat as line ends, are escaped. A
	 * backslash is not: expressions are full of them, and people copy them from messages.
	 */
	return code_point >= 0x20 && code_point != '"' && !(code_point >= 0x7F && code_point < 0xA0) &&
		code_point != 0x2028 && code_point != 0x2029;
}

const char *pmill_quote(struct pmill_quote *quote, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	char *out = quote->text;
	size_t used = 0;
	out[used++] = '"';
	for (size_t i = 0; i < len;) {
		uint32_t code_point;
		size_t step = pmill_utf8_decode(bytes + i, len - i, &code_point);
		const bool plain = is_plain(code_point);
		if (!plain)
			step = 1;
		if (used + (plain ? step : 4) + TAIL > sizeof quote->text) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (plain)
			memcpy(out + used, bytes + i, step);
		else
			snprintf(out + used, 5, "\\x%02x", bytes[i]);
		used += plain ? step : 4;
		i += step;
	}
	memcpy(out + used, "\"", 2);
	return quote->text;
}
