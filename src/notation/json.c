/* JSON of model files: objects, and values as text. */
/* SPDX-License-Identifier: MIT */
#include "notation/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "notation/json_place.h"
#include "notation/json_read.h"
#include "unicode/utf8.h"

static pmill_status parse(const void *data, size_t len, unsigned refused, const char *name,
	json_t **root, pmill_error *error)
{
	const size_t mark = pmill_byte_order_mark(data, len);
	const void *text = len == 0 ? "" : (const char *)data + mark;
	json_t *value;
	const pmill_status status = pmill_json_read(text, len - mark, refused, &value, error);
	if (status != PMILL_OK) {
		pmill_error_locate(error, name, mark);
		return status;
	}
	if (!json_is_object(value)) {
		const struct pmill_json_source source = {data, len, name, value};
		const struct pmill_json_place place = pmill_json_at(value);
		uint64_t offset;
		pmill_json_find(&source, &place, &offset);
		json_decref(value);
		return pmill_fail_input(error, name, offset, "is JSON, but not an object");
	}
	*root = value;
	return PMILL_OK;
}

pmill_status pmill_json_parse(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error)
{
	return parse(data, len, PMILL_JSON_NO_NUL, name, root, error);
}

pmill_status pmill_json_parse_with_nul(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error)
{
	return parse(data, len, 0, name, root, error);
}

struct dump {
	struct pmill_buffer text;
	bool has_failed;
};

static int append_dumped(const char *data, size_t len, void *context)
{
	struct dump *dump = context;
	if (!pmill_buffer_append(&dump->text, data, len))
		dump->has_failed = true;
	return dump->has_failed ? -1 : 0;
}

char *pmill_json_dump(const json_t *value, size_t flags)
{
	struct dump dump = {0};
	const bool done = json_dump_callback(value, append_dumped, &dump, flags) == 0 &&
		!dump.has_failed && pmill_buffer_terminate(&dump.text);
	if (done)
		return (char *)dump.text.data;
	pmill_buffer_release(&dump.text);
	return NULL;
}

char *pmill_json_print(const json_t *value)
{
	char *text = pmill_json_dump(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (text == NULL)
		return NULL;
	json_t *back = NULL;
	const pmill_status status = pmill_json_read(text, strlen(text), 0, &back, NULL);
	const bool is_same = status == PMILL_OK && json_equal(value, back);
	json_decref(back);
	if (is_same)
		return text;
	free(text);
	return status == PMILL_NO_MEMORY ? NULL : pmill_json_dump(value, JSON_ENCODE_ANY);
}
