/* A JSON text as a tree of jansson's values. */
/* SPDX-License-Identifier: MIT */
/*
 * jansson's own parser (2.14) loses a byte of a string without an error if memory is refused, and
 * may then write past the string; and it is the slower one. Each value is put into the one that
 * holds it as soon as it is made, so that the root holds all there is. Nothing is called again for
 * what is nested.
 */
#include "notation/json_read.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct tree {
	struct pmill_json_lexer json;
	json_t *root;
	json_t *levels[PMILL_JSON_DEPTH]; /* the open ones, as many as the lexer has */
	struct pmill_json_string name;    /* of the value that comes next in an object */
	struct pmill_buffer name_text, text;
};

static pmill_status fail(const struct tree *tree, size_t offset, const char *what)
{
	return pmill_fail(tree->json.error, PMILL_BAD_INPUT, offset, "%s", what);
}

/* ---- Strings and numbers ---- */

/* The text of a string: in place, or unescaped in a buffer. NULL if out of memory. */
static const char *text_of(const struct pmill_json_lexer *json,
	const struct pmill_json_string *string, struct pmill_buffer *buffer, size_t *len)
{
	*len = string->end - string->begin;
	if (!string->is_escaped)
		return (const char *)json->text + string->begin;
	buffer->len = 0;
	if (!pmill_json_unescape(json, string, buffer))
		return NULL;
	*len = buffer->len;
	return (const char *)buffer->data;
}

static pmill_status read_string(struct tree *tree, json_t **value)
{
	struct pmill_json_string string;
	tree->json.at++;
	const pmill_status status = pmill_json_skip_string(&tree->json, &string);
	if (status != PMILL_OK)
		return status;
	size_t len;
	const char *text = text_of(&tree->json, &string, &tree->text, &len);
	*value = text == NULL ? NULL : json_stringn_nocheck(text, len);
	return PMILL_OK;
}

static pmill_status read_integer(struct tree *tree, size_t begin, json_t **value)
{
	const uint8_t *text = tree->json.text;
	const bool is_negative = text[begin] == '-';
	const uint64_t most = (uint64_t)INT64_MAX + is_negative;
	uint64_t number = 0;
	for (size_t at = begin + is_negative; at < tree->json.at; at++) {
		const uint64_t digit = text[at] - '0';
		if (number > (most - digit) / 10)
			return fail(tree, begin, "an integer that doesn't fit 64 bits");
		number = number * 10 + digit;
	}
	/* The least integer has no positive counterpart. */
	*value = json_integer(
		is_negative && number > 0 ? -(json_int_t)(number - 1) - 1 : (json_int_t)number);
	return PMILL_OK;
}

/* strtod wants the locale's decimal point. */
static bool spell_number(struct pmill_buffer *out, const uint8_t *text, size_t len)
{
	const uint8_t *point = memchr(text, '.', len);
	const size_t whole = point == NULL ? len : (size_t)(point - text);
	out->len = 0;
	return pmill_buffer_append(out, text, whole) &&
		(point == NULL ||
			(pmill_buffer_append_text(out, localeconv()->decimal_point) &&
				pmill_buffer_append(out, point + 1, len - whole - 1))) &&
		pmill_buffer_terminate(out);
}

static pmill_status read_real(struct tree *tree, size_t begin, json_t **value)
{
	const struct pmill_json_lexer *json = &tree->json;
	if (!spell_number(&tree->text, json->text + begin, json->at - begin))
		return PMILL_NO_MEMORY;
	const double number = strtod((const char *)tree->text.data, NULL);
	if (!isfinite(number))
		return fail(tree, begin, "a number that doesn't fit a double");
	*value = json_real(number);
	return PMILL_OK;
}

static pmill_status read_number(struct tree *tree, json_t **value)
{
	const size_t begin = tree->json.at;
	bool is_integer;
	const pmill_status status = pmill_json_skip_number(&tree->json, &is_integer);
	if (status != PMILL_OK)
		return status;
	return is_integer ? read_integer(tree, begin, value) : read_real(tree, begin, value);
}

static pmill_status read_word(struct tree *tree, json_t **value)
{
	static const char *const words[] = {"true", "false", "null"};
	json_t *const values[] = {json_true(), json_false(), json_null()};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (pmill_json_has_word(&tree->json, tree->json.at, words[i])) {
			tree->json.at += strlen(words[i]);
			*value = values[i];
			return PMILL_OK;
		}
	return pmill_json_expected(&tree->json, tree->json.at, "a value");
}

/* ---- The tree ---- */

/* Puts a value, which it takes over, into the innermost open level, or makes it the root. */
static pmill_status attach(struct tree *tree, json_t *value)
{
	const struct pmill_json_lexer *json = &tree->json;
	if (json->depth == 0) {
		tree->root = value;
		return PMILL_OK;
	}
	json_t *level = tree->levels[json->depth - 1];
	if (!pmill_json_is_in_object(json))
		return json_array_append_new(level, value) == 0 ? PMILL_OK : PMILL_NO_MEMORY;
	size_t len;
	const char *name = text_of(json, &tree->name, &tree->name_text, &len);
	const size_t size = json_object_size(level);
	if (name == NULL) {
		json_decref(value);
		return PMILL_NO_MEMORY;
	}
	if (json_object_setn_new_nocheck(level, name, len, value) != 0)
		return PMILL_NO_MEMORY;
	return json_object_size(level) > size
		? PMILL_OK
		: fail(tree, tree->name.begin - 1, "duplicate name in an object");
}

/* Reads a scalar, or the beginning of an object or array, up to its first value. */
static pmill_status read_value(struct tree *tree, int byte, json_t **value)
{
	switch (byte) {
	case '{': *value = json_object(); return PMILL_OK;
	case '[': *value = json_array(); return PMILL_OK;
	case '"': return read_string(tree, value);
	default:
		return byte == '-' || (byte >= '0' && byte <= '9') ? read_number(tree, value)
														   : read_word(tree, value);
	}
}

/* Adds a value. Sets *is_open if it is an object or array that isn't empty. */
static pmill_status add_value(struct tree *tree, bool *is_open)
{
	struct pmill_json_lexer *json = &tree->json;
	const int byte = pmill_json_peek_after_space(json);
	json_t *value = NULL;
	*is_open = false;
	pmill_status status = read_value(tree, byte, &value);
	if (status != PMILL_OK)
		return status;
	status = value == NULL ? PMILL_NO_MEMORY : attach(tree, value);
	if (status != PMILL_OK || (byte != '{' && byte != '['))
		return status;
	status = pmill_json_open(json, byte == '{');
	if (status != PMILL_OK)
		return status;
	tree->levels[json->depth - 1] = value;
	*is_open = pmill_json_peek_after_space(json) != (byte == '{' ? '}' : ']');
	return PMILL_OK;
}

static pmill_status read_tree(struct tree *tree)
{
	struct pmill_json_lexer *json = &tree->json;
	pmill_status status = PMILL_OK;
	for (bool more = true; status == PMILL_OK && more;) {
		if (json->depth > 0 && pmill_json_is_in_object(json))
			status = pmill_json_read_name(json, &tree->name);
		if (status == PMILL_OK)
			status = add_value(tree, &more);
		if (status == PMILL_OK && !more)
			status = pmill_json_end_value(json, 0, &more);
	}
	if (status == PMILL_OK && pmill_json_peek_after_space(json) >= 0)
		status = pmill_json_expected(json, json->at, "the end of the file");
	return status;
}

static size_t count_lines(const uint8_t *text, size_t end)
{
	size_t lines = 1;
	for (size_t at = 0; at < end; at++)
		lines += text[at] == '\n';
	return lines;
}

pmill_status pmill_json_read(
	const void *data, size_t len, unsigned refused, json_t **value, pmill_error *error)
{
	pmill_error cause;
	struct tree tree = {
		.json = {.text = data,
			.len = len,
			.refused = refused | PMILL_JSON_NO_BAD_TEXT | PMILL_JSON_NO_NUL_NAME,
			.whole = "file",
			.error = &cause},
	};
	const pmill_status status = read_tree(&tree);
	pmill_buffer_release(&tree.name_text);
	pmill_buffer_release(&tree.text);
	if (status == PMILL_OK) {
		*value = tree.root;
		return PMILL_OK;
	}
	json_decref(tree.root);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error);
	return pmill_fail(error, status, cause.offset, "line %zu: not valid JSON: %s",
		count_lines(data, (size_t)cause.offset), cause.message);
}
