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

static bool append_lower(const uint8_t *text, size_t len, struct pmill_buffer *out)
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

/* The bytes that the character at the beginning of `lower` takes, which was `code_point`. */
static size_t lower_len(uint32_t code_point, const uint8_t *lower, size_t len)
{
	uint32_t ignored;
	return code_point == CAPITAL_I_WITH_DOT ? 3 : pmill_utf8_decode(lower, len, &ignored);
}

/* A pass of its own, so that text without a map takes no longer. */
static bool add_runs(const uint8_t *text, size_t len, const uint8_t *lower, size_t lower_end,
	struct pmill_source_map *map)
{
	size_t kept = 0;
	for (size_t at = 0, to = 0, read, written; at < len; at += read, to += written) {
		read = written = 1;
		if (text[at] < 0x80)
			continue;
		uint32_t code_point;
		read = pmill_utf8_decode(text + at, len - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			continue;
		written = lower_len(code_point, lower + to, lower_end - to);
		if (written == read && memcmp(text + at, lower + to, read) == 0)
			continue;
		if (!pmill_source_map_add_copied(map, kept, at - kept) ||
			!pmill_source_map_add_changed(map, written, at, at + read))
			return false;
		kept = at + read;
	}
	return pmill_source_map_add_copied(map, kept, len - kept);
}

bool pmill_lower_case_append(
	const uint8_t *text, size_t len, struct pmill_buffer *out, struct pmill_source_map *map)
{
	const size_t begin = out->len;
	return append_lower(text, len, out) &&
		(map == NULL || add_runs(text, len, out->data + begin, out->len - begin, map));
}
