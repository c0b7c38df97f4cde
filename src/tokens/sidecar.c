/* OUT.json beside a token file: what its ids are and how many there are. */
/* SPDX-License-Identifier: MIT */
#include "tokens/sidecar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus/json_line.h"
#include "files/file.h"
#include "tokens/token_file.h"
#include "unicode/json_text.h"

/* ---- Writing ---- */

bool pmill_sidecar_append_text(struct pmill_buffer *out, const char *name, const char *text)
{
	return pmill_buffer_append_format(out, "  \"%s\": ", name) &&
		pmill_json_append_text(out, text) && pmill_buffer_append_text(out, ",\n");
}

bool pmill_sidecar_append_number(struct pmill_buffer *out, const char *name, uint64_t number)
{
	return pmill_buffer_append_format(out, "  \"%s\": %" PRIu64 ",\n", name, number);
}

bool pmill_sidecar_append_id(struct pmill_buffer *out, const char *name, uint32_t id)
{
	return id == PMILL_NO_ID ? pmill_sidecar_append_text(out, name, NULL)
							 : pmill_sidecar_append_number(out, name, id);
}

bool pmill_sidecar_write(struct pmill_buffer *out, const struct pmill_token_format *format,
	const struct pmill_sidecar_model *model, const struct pmill_sidecar_counts *counts,
	const struct pmill_place *next)
{
	return pmill_buffer_append_text(out, "{\n") &&
		pmill_sidecar_append_text(out, "format", format->name) &&
		pmill_sidecar_append_text(out, "dtype", format->dtype) &&
		pmill_sidecar_append_number(out, "vocab_size", model->vocab_size) &&
		pmill_sidecar_append_text(out, "model_sha256", model->sha256) &&
		pmill_sidecar_append_id(out, "eot_id", model->eot) &&
		pmill_sidecar_append_id(out, "bos_id", model->bos) &&
		pmill_sidecar_append_number(out, "documents", counts->documents) &&
		pmill_sidecar_append_number(out, "tokens", counts->tokens) &&
		pmill_sidecar_append_number(out, "bytes", counts->bytes) &&
		(next == NULL ||
			(pmill_sidecar_append_number(out, "next_input", next->file) &&
				pmill_sidecar_append_number(out, "next_offset", next->offset) &&
				pmill_sidecar_append_number(out, "next_line", next->line))) &&
		pmill_sidecar_append_text(out, "pairmill", pmill_version()) && (out->len -= 2, true) &&
		pmill_buffer_append_text(out, "\n}\n");
}

/* ---- Reading ---- */

/* The text of a member, empty if it is null or missing. False if out of memory. */
static bool find_text(const struct pmill_buffer *json, const char *name, struct pmill_buffer *text)
{
	pmill_error error;
	text->len = 0;
	const pmill_status status = pmill_json_line_field(
		json->data, json->len, name, strlen(name), text, &error);
	return status != PMILL_NO_MEMORY && pmill_buffer_terminate(text);
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* A member's number. No text in a sidecar has quotation marks. `json` ends in NUL. */
static bool find_number(const struct pmill_buffer *json, const char *name, uint64_t *number)
{
	char quoted[40];
	snprintf(quoted, sizeof quoted, "\"%s\"", name);
	const char *found = strstr((const char *)json->data, quoted);
	if (found == NULL)
		return false;
	found = skip_blanks(found + strlen(quoted));
	if (*found != ':')
		return false;
	found = skip_blanks(found + 1);
	if (*found < '0' || *found > '9')
		return false;
	*number = strtoull(found, NULL, 10);
	return true;
}

static uint64_t number_or(const struct pmill_buffer *json, const char *name, uint64_t otherwise)
{
	uint64_t number;
	return find_number(json, name, &number) ? number : otherwise;
}

static void parse_numbers(const struct pmill_buffer *json, struct pmill_sidecar *sidecar)
{
	uint64_t next = 0;
	sidecar->vocab_size = (uint32_t)number_or(json, "vocab_size", 0);
	sidecar->eot = (uint32_t)number_or(json, "eot_id", PMILL_NO_ID);
	sidecar->bos = (uint32_t)number_or(json, "bos_id", PMILL_NO_ID);
	sidecar->has_counts = find_number(json, "documents", &sidecar->counts.documents) &&
		find_number(json, "tokens", &sidecar->counts.tokens) &&
		find_number(json, "bytes", &sidecar->counts.bytes);
	sidecar->has_next = find_number(json, "next_input", &next);
	sidecar->next = (struct pmill_place){
		(size_t)next, number_or(json, "next_offset", 0), number_or(json, "next_line", 1)};
}

static bool parse(struct pmill_buffer *json, struct pmill_sidecar *sidecar)
{
	struct pmill_buffer name = {0}, dtype = {0}, sha256 = {0};
	const bool done = pmill_buffer_terminate(json) && find_text(json, "format", &name) &&
		find_text(json, "dtype", &dtype) && find_text(json, "model_sha256", &sha256);
	if (done) {
		sidecar->format = pmill_token_format_find((char *)name.data, (char *)dtype.data);
		if (sha256.len == sizeof sidecar->model_sha256 - 1)
			memcpy(sidecar->model_sha256, sha256.data, sha256.len);
		parse_numbers(json, sidecar);
	}
	pmill_buffer_release(&name);
	pmill_buffer_release(&dtype);
	pmill_buffer_release(&sha256);
	return done;
}

pmill_status pmill_sidecar_read(const char *path, struct pmill_sidecar *sidecar, pmill_error *error)
{
	struct pmill_buffer json = {0};
	char *place = pmill_path_extend(path, ".json");
	pmill_status status = PMILL_OK;
	*sidecar = (struct pmill_sidecar){.eot = PMILL_NO_ID, .bos = PMILL_NO_ID};
	if (place == NULL)
		return pmill_fail_memory(error);
	const bool is_there = pmill_path_exists(place);
	if (is_there)
		status = pmill_file_read(place, &json, error);
	if (is_there && status == PMILL_OK && !parse(&json, sidecar))
		status = pmill_fail_memory(error);
	if (is_there && status == PMILL_OK && sidecar->format == NULL)
		status = pmill_fail_input(error, place, PMILL_NO_OFFSET,
			"doesn't say which token file format the ids beside it have: name it with --format, or "
			"move this file away");
	pmill_buffer_release(&json);
	free(place);
	return status;
}

bool pmill_sidecar_is_companion(const char *path)
{
	static const struct {
		const char *suffix, *instead; /* a file of ids has instead */
	} rows[] = {{".json", ""}, {".idx", ".bin"}, {".index", ""}, {".metadata", ""}};
	bool is = pmill_path_has_suffix(path, "/shards.json");
	for (size_t i = 0; i < sizeof rows / sizeof *rows && !is; i++) {
		if (!pmill_path_has_suffix(path, rows[i].suffix))
			continue;
		char *stem = pmill_copy_text(path, strlen(path) - strlen(rows[i].suffix));
		char *ids = stem == NULL ? NULL : pmill_path_extend(stem, rows[i].instead);
		free(stem);
		if (ids == NULL)
			continue;
		is = pmill_path_exists(ids);
		free(ids);
	}
	return is;
}

pmill_status pmill_sidecar_pick_format(const char *name, const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error)
{
	struct pmill_sidecar sidecar = {0};
	if (strcmp(path, "-") != 0) {
		const pmill_status status = pmill_sidecar_read(path, &sidecar, error);
		if (status != PMILL_OK && name == NULL)
			return status;
	}
	if (sidecar.format == NULL || (name != NULL && strcmp(name, sidecar.format->name) != 0))
		return pmill_token_format_pick(name, path, vocab_size, format, error);
	*format = sidecar.format;
	return PMILL_OK;
}
