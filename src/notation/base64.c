/* Base64 by RFC 4648. */
/* SPDX-License-Identifier: MIT */
#include "notation/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool pmill_base64_append(struct pmill_buffer *out, const void *data, size_t len)
{
	if (len > SIZE_MAX / 2 || !pmill_buffer_reserve(out, len / 3 * 4 + 4))
		return false;
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i += 3) {
		const size_t left = len - i;
		const uint32_t group = (uint32_t)bytes[i] << 16 |
			(left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
		uint8_t *to = out->data + out->len;
		to[0] = (uint8_t)digits[group >> 18];
		to[1] = (uint8_t)digits[group >> 12 & 63];
		to[2] = left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=';
		to[3] = left > 2 ? (uint8_t)digits[group & 63] : '=';
		out->len += 4;
	}
	return true;
}

/* One more than the value of the digit, by its code; 0: not a digit. */
static const uint8_t values[256] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64, 53, 54, 55,
	56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0, 0, 27, 28, 29, 30, 31, 32, 33,
	34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0};

static int digit_value(uint8_t character)
{
	return values[character] - 1;
}

/* Parses four characters, the last `padding` of them "=". Returns how many are well-formed. */
static size_t parse_group(const uint8_t *text, size_t padding, uint32_t *group)
{
	*group = 0;
	for (size_t i = 0; i < 4; i++) {
		const int value = i < 4 - padding ? digit_value(text[i]) : 0;
		if (value < 0)
			return i;
		*group = *group << 6 | (uint32_t)value;
	}
	/* Unused bits must be zero, so that every byte string has one spelling. */
	const uint32_t unused = padding == 2 ? 0xFFFF : padding == 1 ? 0xFF : 0;
	return (*group & unused) != 0 ? 3 - padding : 4;
}

static size_t count_padding(const uint8_t *text, size_t len)
{
	if (len == 0 || text[len - 1] != '=')
		return 0;
	return text[len - 2] == '=' ? 2 : 1;
}

/* The groups without padding, up to the first that is not well-formed. Returns their length. */
static size_t parse_full_groups(uint8_t *out, const uint8_t *text, size_t len)
{
	size_t i = 0;
	for (; i < len; i += 4, out += 3) {
		const int a = digit_value(text[i]), b = digit_value(text[i + 1]);
		const int c = digit_value(text[i + 2]), d = digit_value(text[i + 3]);
		if ((a | b | c | d) < 0)
			break;
		out[0] = (uint8_t)(a << 2 | b >> 4);
		out[1] = (uint8_t)(b << 4 | c >> 2);
		out[2] = (uint8_t)(c << 6 | d);
	}
	return i;
}

bool pmill_base64_parse(struct pmill_buffer *out, const void *text, size_t len, size_t *bad_offset)
{
	const uint8_t *characters = text;
	const size_t before = out->len;
	*bad_offset = len % 4 == 0 ? SIZE_MAX : len;
	if (len % 4 != 0 || !pmill_buffer_reserve(out, len / 4 * 3))
		return false;
	if (len == 0)
		return true;
	const size_t padding = count_padding(characters, len);
	const size_t full = parse_full_groups(
		out->data + out->len, characters, padding > 0 ? len - 4 : len);
	out->len += full / 4 * 3;
	for (size_t i = full; i < len; i += 4) {
		const size_t missing = i + 4 == len ? padding : 0;
		uint32_t group;
		const size_t good = parse_group(characters + i, missing, &group);
		if (good < 4) {
			*bad_offset = i + good;
			out->len = before;
			return false;
		}
		for (size_t k = 0; k < 3 - missing; k++)
			out->data[out->len++] = (uint8_t)(group >> (16 - 8 * k));
	}
	return true;
}
