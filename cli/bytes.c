/* Visible forms of bytes, for terminals, tables and JSON. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdbool.h>

static const uint32_t middle_dot = 0xB7;

/* Decodes a lead byte: returns the character's length, or 0 if it is none. */
static size_t read_lead(uint8_t lead, uint32_t *bits, uint32_t *least)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	*bits = len == 1 ? lead : lead & (0x7Fu >> len);
	*least = smallest[len];
	return lead < 0xF8 ? len : 0;
}

size_t pmill_cli_utf8_read(const uint8_t *data, size_t len, uint32_t *code_point)
{
	uint32_t value, least;
	size_t needed = read_lead(data[0], &value, &least);
	if (needed == 0 || needed > len)
		return 0;
	for (size_t i = 1; i < needed; i++) {
		if ((data[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (data[i] & 0x3F);
	}
	if (value < least || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return 0;
	*code_point = value;
	return needed;
}

void pmill_cli_utf8_write(FILE *out, uint32_t code_point)
{
	if (code_point < 0x80) {
		putc((int)code_point, out);
		return;
	}
	unsigned more = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
	static const uint8_t leads[] = {0, 0xC0, 0xE0, 0xF0};
	putc((int)(leads[more] | code_point >> (6 * more)), out);
	while (more-- > 0)
		putc((int)(0x80 | (code_point >> (6 * more) & 0x3F)), out);
}

/* Controls, and characters that change the direction or position of the text around them. */
static bool is_invisible(uint32_t code_point)
{
	return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0xA0) || code_point == 0xAD ||
		code_point == 0x61C || (code_point >= 0x2000 && code_point <= 0x200F) ||
		(code_point >= 0x2028 && code_point <= 0x202F) ||
		(code_point >= 0x205F && code_point <= 0x206F) || code_point == 0x3000 ||
		code_point == 0xFEFF || code_point == middle_dot;
}

static void escape(FILE *out, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, "\\x%02X", data[i]);
}

static void show_ascii(FILE *out, uint8_t byte, char separator)
{
	switch (byte) {
	case ' ': pmill_cli_utf8_write(out, middle_dot); return;
	case '\n': fputs("\\n", out); return;
	case '\r': fputs("\\r", out); return;
	case '\t': fputs("\\t", out); return;
	default: break;
	}
	if (byte < 0x20 || byte == 0x7F) {
		escape(out, &byte, 1);
		return;
	}
	if (byte == '\\' || byte == (uint8_t)separator)
		putc('\\', out);
	putc(byte, out);
}

void pmill_cli_bytes_show(FILE *out, const void *data, size_t len, char separator)
{
	const uint8_t *bytes = data;
	for (size_t at = 0, used; at < len; at += used) {
		uint32_t code_point;
		used = pmill_cli_utf8_read(bytes + at, len - at, &code_point);
		if (used == 1) {
			show_ascii(out, bytes[at], separator);
		} else if (used == 0 || is_invisible(code_point)) {
			used = used == 0 ? 1 : used;
			escape(out, bytes + at, used);
		} else {
			fwrite(bytes + at, 1, used, out);
		}
	}
}

static bool is_printable(unsigned byte)
{
	return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

static uint32_t printable(unsigned byte)
{
	if (is_printable(byte))
		return byte;
	uint32_t before = 0;
	for (unsigned other = 0; other < byte; other++)
		before += !is_printable(other);
	return 0x100 + before;
}

void pmill_cli_bytes_printable(
	FILE *out, const void *data, size_t len, void (*put)(FILE *out, uint32_t code_point))
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++)
		put(out, printable(bytes[i]));
}
