/* A JSON writer. */
/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"

static void put_character(FILE *out, uint32_t code_point)
{
	if (code_point == '"' || code_point == '\\')
		fprintf(out, "\\%c", (char)code_point);
	else if (code_point < 0x20 || code_point == 0x7F)
		fprintf(out, "\\u%04X", (unsigned)code_point);
	else
		pmill_cli_utf8_write(out, code_point);
}

static void put_bytes(FILE *out, const uint8_t *data, size_t len)
{
	putc('"', out);
	for (size_t at = 0; at < len;) {
		uint32_t code_point;
		size_t used = pmill_cli_utf8_read(data + at, len - at, &code_point);
		if (used == 0)
			fprintf(out, "\\\\x%02X", data[at]);
		else
			put_character(out, code_point);
		at += used == 0 ? 1 : used;
	}
	putc('"', out);
}

static void begin_line(struct pmill_cli_json *json)
{
	putc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		fputs("  ", json->out);
}

static void begin_value(struct pmill_cli_json *json, const char *key)
{
	if (json->depth > 0) {
		if (!json->is_first)
			putc(',', json->out);
		begin_line(json);
	}
	json->is_first = false;
	if (key == NULL)
		return;
	put_bytes(json->out, (const uint8_t *)key, strlen(key));
	fputs(": ", json->out);
}

void pmill_cli_json_begin(struct pmill_cli_json *json, const char *key, char bracket)
{
	begin_value(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->is_first = true;
}

void pmill_cli_json_end(struct pmill_cli_json *json, char bracket)
{
	json->depth--;
	if (!json->is_first)
		begin_line(json);
	json->is_first = false;
	putc(bracket, json->out);
	if (json->depth == 0)
		putc('\n', json->out);
}

void pmill_cli_json_number(struct pmill_cli_json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void pmill_cli_json_real(struct pmill_cli_json *json, const char *key, double value)
{
	begin_value(json, key);
	fprintf(json->out, "%.6f", value);
}

void pmill_cli_json_truth(struct pmill_cli_json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}

void pmill_cli_json_text(struct pmill_cli_json *json, const char *key, const char *value)
{
	if (value != NULL) {
		pmill_cli_json_bytes(json, key, value, strlen(value));
		return;
	}
	begin_value(json, key);
	fputs("null", json->out);
}

void pmill_cli_json_bytes(
	struct pmill_cli_json *json, const char *key, const void *data, size_t len)
{
	begin_value(json, key);
	put_bytes(json->out, data, len);
}

void pmill_cli_json_printable(
	struct pmill_cli_json *json, const char *key, const void *data, size_t len)
{
	begin_value(json, key);
	putc('"', json->out);
	pmill_cli_bytes_printable(json->out, data, len, put_character);
	putc('"', json->out);
}

static bool is_utf8(const char *text)
{
	const uint8_t *data = (const uint8_t *)text;
	for (size_t at = 0, len = strlen(text); at < len;) {
		uint32_t code_point;
		size_t used = pmill_cli_utf8_read(data + at, len - at, &code_point);
		if (used == 0)
			return false;
		at += used;
	}
	return true;
}

void pmill_cli_json_name(
	struct pmill_cli_json *json, const char *key, const char *printable_key, const char *name)
{
	pmill_cli_json_text(json, key, name);
	if (name != NULL && !is_utf8(name))
		pmill_cli_json_printable(json, printable_key, name, strlen(name));
}
