/* Finds and unescapes one field of a JSON line without building the value. */
/* SPDX-License-Identifier: MIT */
/*
 * One pass checks the line and notes where the field's string is; only that string is then
 * unescaped. A field within objects takes one more pass over each of them.
 */
#include "corpus/json_line.h"

#include <string.h>

#include "base/error.h"
#include "unicode/json_lexer.h"

/* What is left of the asked field: names with dots between them. */
struct json_path {
	const char *names;
	size_t len;
};

static bool ends_name(const struct json_path *path, size_t len)
{
	return len == path->len || path->names[len] == '.';
}

/*
 * Whether the path begins with the name, and ends or has a dot after it. Sets *covered to the
 * length of the name.
 */
static bool begins_path(const struct pmill_json_lexer *json, const struct pmill_json_string *string,
	const struct json_path *path, size_t *covered)
{
	const uint8_t *at = json->text + string->begin, *end = json->text + string->end;
	size_t matched = 0;
	if (!string->is_escaped) {
		*covered = (size_t)(end - at);
		return *covered <= path->len && ends_name(path, *covered) &&
			memcmp(at, path->names, *covered) == 0;
	}
	while (at < end) {
		uint8_t bytes[4] = {*at};
		size_t count = 1;
		if (*at == '\\')
			count = pmill_json_decode_escape(&at, end, bytes);
		else
			at++;
		if (count > path->len - matched || memcmp(bytes, path->names + matched, count) != 0)
			return false;
		matched += count;
	}
	*covered = matched;
	return ends_name(path, matched);
}

/* ---- Values ---- */

/* NaN and the infinities aren't JSON, but Python's json.dumps and others write them. */
static const char *const literals[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
enum { LITERALS = sizeof literals / sizeof *literals, FIRST_NOT_JSON = 3 };

static pmill_status skip_scalar(struct pmill_json_lexer *json)
{
	int byte = pmill_json_peek(json);
	if (byte == '"') {
		struct pmill_json_string ignored;
		json->at++;
		return pmill_json_skip_string(json, &ignored);
	}
	bool is_integer;
	if (byte >= '0' && byte <= '9')
		return pmill_json_skip_number(json, &is_integer);
	for (int i = 0; i < LITERALS; i++)
		if (pmill_json_has_word(json, json->at, literals[i])) {
			json->at += strlen(literals[i]);
			return PMILL_OK;
		}
	return byte == '-' ? pmill_json_skip_number(json, &is_integer)
					   : pmill_json_expected(json, json->at, "a value");
}

/* Opens objects and arrays down to the first scalar or empty one, and skips that. */
static pmill_status descend(struct pmill_json_lexer *json)
{
	for (;;) {
		int byte = pmill_json_peek_after_space(json);
		if (byte != '{' && byte != '[')
			return skip_scalar(json);
		bool is_object = byte == '{';
		pmill_status status = pmill_json_open(json, is_object);
		if (status != PMILL_OK)
			return status;
		if (pmill_json_peek_after_space(json) == (is_object ? '}' : ']'))
			return PMILL_OK; /* end_value closes it */
		struct pmill_json_string ignored;
		if (is_object)
			status = pmill_json_read_name(json, &ignored);
		if (status != PMILL_OK)
			return status;
	}
}

static pmill_status skip_value(struct pmill_json_lexer *json)
{
	size_t outer_depth = json->depth;
	bool more = true;
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && more) {
		status = descend(json);
		if (status == PMILL_OK)
			status = pmill_json_end_value(json, outer_depth, &more);
		struct pmill_json_string ignored;
		if (status == PMILL_OK && more && pmill_json_is_in_object(json))
			status = pmill_json_read_name(json, &ignored);
	}
	return status;
}

/* ---- The line ---- */

/* The member that leads to the asked field, or is it. */
struct found_member {
	bool is_there;
	bool is_string;
	size_t covered; /* bytes of the path */
	size_t value;   /* where it begins */
	struct pmill_json_string string;
};

/* The longest name that the path begins with wins; of equal ones, the last. */
static pmill_status read_member(
	struct pmill_json_lexer *json, const struct json_path *path, struct found_member *found)
{
	struct pmill_json_string name;
	size_t covered = 0;
	pmill_status status = pmill_json_read_name(json, &name);
	if (status != PMILL_OK)
		return status;
	int byte = pmill_json_peek_after_space(json);
	if (!begins_path(json, &name, path, &covered) || (found->is_there && covered < found->covered))
		return skip_value(json);
	*found = (struct found_member){
		.is_there = true, .is_string = byte == '"', .covered = covered, .value = json->at};
	if (byte != '"')
		return skip_value(json);
	json->at++;
	return pmill_json_skip_string(json, &found->string);
}

/* The reader is at the object's brace. */
static pmill_status read_object(
	struct pmill_json_lexer *json, const struct json_path *path, struct found_member *found)
{
	size_t outer_depth = json->depth;
	pmill_status status = pmill_json_open(json, true);
	bool more = status == PMILL_OK && pmill_json_peek_after_space(json) != '}';
	if (status == PMILL_OK && !more)
		return pmill_json_end_value(json, outer_depth, &more);
	while (status == PMILL_OK && more) {
		status = read_member(json, path, found);
		if (status == PMILL_OK)
			status = pmill_json_end_value(json, outer_depth, &more);
	}
	return status;
}

static pmill_status fail_field(const struct pmill_json_lexer *json, size_t offset,
	const char *field, size_t field_len, const char *what, const char *more)
{
	enum { LONGEST_SHOWN = 200 };
	int shown = field_len < LONGEST_SHOWN ? (int)field_len : LONGEST_SHOWN;
	return pmill_fail(json->error, PMILL_BAD_INPUT, offset, "the field \"%.*s\" is %s%s", shown,
		field, what, more);
}

static pmill_status fail_no_string(
	const struct pmill_json_lexer *json, size_t value, const char *field, size_t field_len)
{
	for (int i = FIRST_NOT_JSON; i < LITERALS; i++)
		if (pmill_json_has_word(json, value, literals[i]))
			return fail_field(json, value, field, field_len, literals[i], ", not a string");
	return fail_field(json, value, field, field_len, "not a string", "");
}

/* Goes to the object that the path's first names led to. It has been checked. */
static void enter(struct pmill_json_lexer *json, struct json_path *path, struct found_member *found)
{
	path->names += found->covered + 1;
	path->len -= found->covered + 1;
	json->at = found->value;
	json->depth = 0;
	*found = (struct found_member){.value = json->at};
}

pmill_status pmill_json_line_field(const uint8_t *line, size_t len, const char *field,
	size_t field_len, struct pmill_buffer *text, pmill_error *error)
{
	struct pmill_json_lexer json = {.text = line, .len = len, .whole = "line", .error = error};
	struct json_path path = {field, field_len};
	struct found_member found = {0};
	if (pmill_json_peek_after_space(&json) != '{')
		return pmill_json_expected(&json, json.at, "a JSON object");
	for (bool is_whole = true;; is_whole = false) {
		pmill_status status = read_object(&json, &path, &found);
		if (status != PMILL_OK)
			return status;
		if (is_whole && pmill_json_peek_after_space(&json) >= 0)
			return pmill_json_expected(&json, json.at, "the end of the line");
		if (!found.is_there)
			return fail_field(&json, found.value, field, field_len, "missing", "");
		if (found.covered == path.len)
			break;
		if (line[found.value] != '{')
			return fail_field(&json, found.value, field, field_len, "missing",
				": what should hold it is not an object");
		enter(&json, &path, &found);
	}
	if (!found.is_string)
		return fail_no_string(&json, found.value, field, field_len);
	return pmill_json_unescape(&json, &found.string, text) ? PMILL_OK : pmill_fail_memory(error);
}

/* ---- The first line of a file whose format is not known ---- */

enum pmill_json_look pmill_json_line_look(
	const uint8_t *line, size_t len, bool is_cut, const char *field, size_t field_len)
{
	/* A cut within "-Infinity" or "\u0000" shows at its beginning, up to this many bytes before. */
	enum { LONGEST_WORD = 16 };
	pmill_error error;
	struct pmill_json_lexer json = {.text = line, .len = len, .whole = "line", .error = &error};
	struct json_path path = {field, field_len};
	struct found_member found = {0};
	if (pmill_json_peek_after_space(&json) != '{')
		return PMILL_JSON_OTHER;
	pmill_status status = read_object(&json, &path, &found);
	bool ends_at_cut = status != PMILL_OK && is_cut && json.depth > 0 &&
		error.offset + LONGEST_WORD >= len;
	bool has_more = status == PMILL_OK && pmill_json_peek_after_space(&json) >= 0;
	if (has_more || (status != PMILL_OK && !ends_at_cut))
		return PMILL_JSON_OTHER;
	while (found.is_there && found.covered < path.len && found.value < len &&
		line[found.value] == '{') {
		enter(&json, &path, &found);
		(void)read_object(&json, &path, &found); /* has been checked, up to the cut */
	}
	return found.is_there && found.covered == path.len ? PMILL_JSON_OBJECT_WITH_FIELD
													   : PMILL_JSON_OBJECT;
}
