/* OUT.json beside a token file: what its ids are and how many there are. */
/* SPDX-License-Identifier: MIT */
#include "tokens/sidecar.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "corpus/json_line.h"
#include "files/file.h"
#include "tokens/token_file.h"
#include "unicode/json_text.h"

/* ---- Writing ---- */

static bool append_text(struct pmill_buffer *out, const char *name, const char *text)
{
	return pmill_buffer_append_format(out, "  \"%s\": ", name) &&
		pmill_json_append_text(out, text) && pmill_buffer_append_text(out, ",\n");
}

static bool append_number(struct pmill_buffer *out, const char *name, uint64_t number)
{
	return pmill_buffer_append_format(out, "  \"%s\": %" PRIu64 ",\n", name, number);
}

static bool append_id(struct pmill_buffer *out, const char *name, uint32_t id)
{
	return id == PMILL_NO_ID ? pmill_buffer_append_format(out, "  \"%s\": null,\n", name)
							 : append_number(out, name, id);
}

bool pmill_sidecar_write(struct pmill_buffer *out, const struct pmill_token_format *format,
	const struct pmill_sidecar_model *model, const struct pmill_sidecar_counts *counts)
{
	return pmill_buffer_append_text(out, "{\n") && append_text(out, "format", format->name) &&
		append_text(out, "dtype", format->dtype) &&
		append_number(out, "vocab_size", model->vocab_size) &&
		append_text(out, "model_sha256", model->sha256) && append_id(out, "eot_id", model->eot) &&
		append_id(out, "bos_id", model->bos) &&
		append_number(out, "documents", counts->documents) &&
		append_number(out, "tokens", counts->tokens) &&
		append_number(out, "bytes", counts->bytes) &&
		append_text(out, "pairmill", pmill_version()) && (out->len -= 2, true) &&
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

static pmill_status find_format(const char *sidecar, const struct pmill_buffer *json,
	const struct pmill_token_format **format, pmill_error *error)
{
	struct pmill_buffer name = {0}, dtype = {0};
	pmill_status status = PMILL_OK;
	if (!find_text(json, "format", &name) || !find_text(json, "dtype", &dtype))
		status = pmill_fail_memory(error);
	else
		*format = pmill_token_format_find((char *)name.data, (char *)dtype.data);
	if (status == PMILL_OK && *format == NULL)
		status = pmill_fail_input(error, sidecar, PMILL_NO_OFFSET,
			"doesn't say which token file format the ids beside it have: name it with --format, or "
			"move this file away");
	pmill_buffer_release(&name);
	pmill_buffer_release(&dtype);
	return status;
}

pmill_status pmill_sidecar_find_format(
	const char *path, const struct pmill_token_format **format, pmill_error *error)
{
	struct pmill_buffer json = {0};
	char *sidecar = pmill_path_extend(path, ".json");
	pmill_status status = PMILL_OK;
	*format = NULL;
	if (sidecar == NULL)
		status = pmill_fail_memory(error);
	else if (pmill_path_exists(sidecar))
		status = pmill_file_read(sidecar, &json, error);
	if (status == PMILL_OK && json.len > 0)
		status = find_format(sidecar, &json, format, error);
	pmill_buffer_release(&json);
	free(sidecar);
	return status;
}
