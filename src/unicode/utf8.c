/* UTF-8, one character at a time. */
/* SPDX-License-Identifier: MIT */
#include "unicode/utf8.h"

#include <string.h>

#include <stdbool.h>

/*
 * Table 3-7 of the Unicode Standard. The first byte determines the length and the range of the
 * second byte, which excludes overlong forms, surrogates and values above U+10FFFF; all later bytes
 * are 80..BF.
 */
struct lead {
	uint8_t len; /* 0: no character begins with this byte */
	uint8_t second_low, second_high;
};

/* Inline: gcc returns the struct through memory, byte by byte, which costs more than the rest. */
static inline __attribute__((always_inline)) struct lead classify_lead(uint8_t byte)
{
	if (byte < 0x80)
		return (struct lead){1, 0, 0};
	if (byte < 0xC2)
		return (struct lead){0, 0, 0};
	if (byte < 0xE0)
		return (struct lead){2, 0x80, 0xBF};
	if (byte < 0xF0)
		return (struct lead){3, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
	if (byte < 0xF5)
		return (struct lead){4, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
	return (struct lead){0, 0, 0};
}

static bool fits_at(struct lead lead, const uint8_t *text, size_t index)
{
	if (index == 1)
		return text[1] >= lead.second_low && text[1] <= lead.second_high;
	return (text[index] & 0xC0) == 0x80;
}

/* Counts the leading bytes that fit a character that begins with `lead`. */
static size_t count_fitting(struct lead lead, const uint8_t *text, size_t len)
{
	size_t fitting = 1;
	while (fitting < lead.len && fitting < len && fits_at(lead, text, fitting))
		fitting++;
	return fitting;
}

size_t pmill_utf8_decode(const uint8_t *text, size_t len, uint32_t *code_point)
{
	if (text[0] < 0x80) {
		*code_point = text[0];
		return 1;
	}
	const struct lead lead = classify_lead(text[0]);
	if (lead.len == 0 || count_fitting(lead, text, len) < lead.len) {
		*code_point = PMILL_INVALID_CODE_POINT;
		return 1;
	}
	uint32_t value = text[0] & (0x7Fu >> lead.len);
	for (size_t i = 1; i < lead.len; i++)
		value = value << 6 | (text[i] & 0x3Fu);
	*code_point = value;
	return lead.len;
}

int pmill_utf8_is_cut(const uint8_t *text, size_t len)
{
	struct lead lead = classify_lead(text[0]);
	return len < lead.len && count_fitting(lead, text, len) == len;
}

size_t pmill_utf8_encode(uint32_t code_point, uint8_t *text)
{
	if (code_point < 0x80) {
		text[0] = (uint8_t)code_point;
		return 1;
	}
	size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		text[i] = (uint8_t)(0x80 | (code_point & 0x3F));
		code_point >>= 6;
	}
	text[0] = (uint8_t)(0xF00u >> len | code_point);
	return len;
}

size_t pmill_byte_order_mark(const uint8_t *data, size_t len)
{
	return len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}
