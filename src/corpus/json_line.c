/* Finds and unescapes one field of a JSON line without building the value. */
/* SPDX-License-Identifier: MIT */
/*
 * One pass checks the line and notes where the field's string is; only that string is then
 * unescaped. A field within objects takes one more pass over each of them. Most bytes of a line are
 * in strings, which are skipped eight bytes at a time. Open objects and arrays are a stack of bits.
 */
#include "corpus/json_line.h"

#include "base/error.h"
#include "unicode/utf8.h"

struct json_reader {
	const uint8_t *text;
	size_t len;
	size_t at;
	size_t depth;
	uint8_t is_object[PMILL_JSON_DEPTH / 8]; /* a bit for each level */
	pmill_error *error;
};

/* Between the quotes. */
struct json_string {
	size_t begin, end;
	bool is_escaped; /* contains a backslash */
};

/* What is left of the asked field: names with dots between them. */
struct json_path {
	const char *names;
	size_t len;
};

static pmill_status fail_at(struct json_reader *json, size_t offset, const char *what)
{
	if (offset >= json->len)
		return pmill_fail(
			json->error, PMILL_BAD_INPUT, json->len, "%s expected, but the line ends", what);
	return pmill_fail(json->error, PMILL_BAD_INPUT, offset, "%s expected", what);
}

/* The current byte, or -1 at the end. */
static int peek(const struct json_reader *json)
{
	return json->at < json->len ? json->text[json->at] : -1;
}

static int peek_after_space(struct json_reader *json)
{
	int byte = peek(json);
	while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
		json->at++;
		byte = peek(json);
	}
	return byte;
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static int hex_value(uint8_t byte)
{
	if (is_digit(byte))
		return byte - '0';
	uint8_t lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* ---- Strings ---- */

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

/* Nonzero if one of the eight bytes is zero. */
static uint64_t find_zero(uint64_t bytes)
{
	return (bytes - EACH_BYTE(1)) & ~bytes & EACH_BYTE(0x80);
}

/* Nonzero if one of the eight bytes is a quote, a backslash or below 0x20. */
static uint64_t find_stop(uint64_t bytes)
{
	uint64_t control = (bytes - EACH_BYTE(0x20)) & ~bytes & EACH_BYTE(0x80);
	return control | find_zero(bytes ^ EACH_BYTE('"')) | find_zero(bytes ^ EACH_BYTE('\\'));
}

/* Moves to the next quote, backslash or control character, or to the end. */
static void skip_plain(struct json_reader *json)
{
	const uint8_t *text = json->text;
	size_t at = json->at;
	for (; json->len - at >= 8; at += 8) {
		uint64_t bytes;
		memcpy(&bytes, text + at, sizeof bytes);
		if (find_stop(bytes) != 0)
			break;
	}
	while (at < json->len && text[at] != '"' && text[at] != '\\' && text[at] >= 0x20)
		at++;
	json->at = at;
}

static pmill_status skip_escape(struct json_reader *json)
{
	size_t at = json->at + 1;
	if (at >= json->len || memchr("\"\\/bfnrtu", json->text[at], 9) == NULL)
		return fail_at(json, at, "an escape such as \\n");
	at++;
	if (json->text[at - 1] == 'u') {
		for (size_t end = at + 4; at < end; at++)
			if (at >= json->len || hex_value(json->text[at]) < 0)
				return fail_at(json, at, "a hexadecimal digit");
	}
	json->at = at;
	return PMILL_OK;
}

/* Moves from just after the opening quote to just after the closing one. */
static pmill_status skip_string(struct json_reader *json, struct json_string *string)
{
	*string = (struct json_string){.begin = json->at};
	for (;;) {
		skip_plain(json);
		int byte = peek(json);
		if (byte == '"') {
			string->end = json->at++;
			return PMILL_OK;
		}
		if (byte < 0)
			return fail_at(json, json->at, "the string's closing quote");
		if (byte != '\\')
			return pmill_fail(json->error, PMILL_BAD_INPUT, json->at,
				"unescaped control character (0x%02x) in a string", (unsigned)byte);
		string->is_escaped = true;
		pmill_status status = skip_escape(json);
		if (status != PMILL_OK)
			return status;
	}
}

static uint32_t read_hex(const uint8_t *digits)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++)
		value = value << 4 | (uint32_t)hex_value(digits[i]);
	return value;
}

/* `at` points just after "\u" in a checked string that ends at `end`; moves it past the escape. */
static uint32_t read_code_point(const uint8_t **at, const uint8_t *end)
{
	uint32_t unit = read_hex(*at);
	*at += 4;
	if (unit < 0xD800 || unit > 0xDFFF)
		return unit;
	if (unit < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
		uint32_t low = read_hex(*at + 2);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			*at += 6;
			return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	return 0xFFFD;
}

/*
 * `at` points to a backslash in a checked string. Writes 1 to 4 bytes, never more than the escape
 * has.
 */
static size_t decode_escape(const uint8_t **at, const uint8_t *end, uint8_t bytes[4])
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	uint8_t letter = (*at)[1];
	*at += 2;
	if (letter == 'u')
		return pmill_utf8_encode(read_code_point(at, end), bytes);
	const char *found = memchr(letters, letter, 5);
	bytes[0] = found != NULL ? (uint8_t)meanings[found - letters] : letter;
	return 1;
}

static bool ends_name(const struct json_path *path, size_t len)
{
	return len == path->len || path->names[len] == '.';
}

/*
 * Whether the path begins with the name, and ends or has a dot after it. Sets *covered to the
 * length of the name.
 */
static bool begins_path(const struct json_reader *json, const struct json_string *string,
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
			count = decode_escape(&at, end, bytes);
		else
			at++;
		if (count > path->len - matched || memcmp(bytes, path->names + matched, count) != 0)
			return false;
		matched += count;
	}
	*covered = matched;
	return ends_name(path, matched);
}

static pmill_status append_unescaped(
	struct json_reader *json, const struct json_string *string, struct pmill_buffer *text)
{
	const uint8_t *at = json->text + string->begin, *end = json->text + string->end;
	/* Unescaping never makes a string longer. */
	if (!pmill_buffer_reserve(text, (size_t)(end - at)))
		return pmill_fail_memory(json->error);
	while (at < end) {
		const uint8_t *escape = string->is_escaped ? memchr(at, '\\', (size_t)(end - at)) : NULL;
		size_t run = (size_t)((escape != NULL ? escape : end) - at);
		memcpy(text->data + text->len, at, run);
		text->len += run;
		at += run;
		if (escape != NULL)
			text->len += decode_escape(&at, end, text->data + text->len);
	}
	return PMILL_OK;
}

/* ---- Other values ---- */

static pmill_status skip_digits(struct json_reader *json)
{
	if (!is_digit(peek(json)))
		return fail_at(json, json->at, "a digit");
	while (is_digit(peek(json)))
		json->at++;
	return PMILL_OK;
}

static pmill_status skip_number(struct json_reader *json)
{
	if (peek(json) == '-')
		json->at++;
	pmill_status status = PMILL_OK;
	if (peek(json) == '0')
		json->at++; /* the caller refuses a digit after it: neither a comma nor the end */
	else
		status = skip_digits(json);
	if (status == PMILL_OK && peek(json) == '.') {
		json->at++;
		status = skip_digits(json);
	}
	if (status == PMILL_OK && (peek(json) == 'e' || peek(json) == 'E')) {
		json->at++;
		if (peek(json) == '+' || peek(json) == '-')
			json->at++;
		status = skip_digits(json);
	}
	return status;
}

/* NaN and the infinities aren't JSON, but Python's json.dumps and others write them. */
static const char *const literals[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
enum { LITERALS = sizeof literals / sizeof *literals, FIRST_NOT_JSON = 3 };

static bool is_literal(const struct json_reader *json, size_t at, const char *literal)
{
	size_t len = strlen(literal);
	return json->len - at >= len && memcmp(json->text + at, literal, len) == 0;
}

static pmill_status skip_scalar(struct json_reader *json)
{
	int byte = peek(json);
	if (byte == '"') {
		struct json_string ignored;
		json->at++;
		return skip_string(json, &ignored);
	}
	if (is_digit(byte))
		return skip_number(json);
	for (int i = 0; i < LITERALS; i++)
		if (is_literal(json, json->at, literals[i])) {
			json->at += strlen(literals[i]);
			return PMILL_OK;
		}
	return byte == '-' ? skip_number(json) : fail_at(json, json->at, "a value");
}

/* ---- Objects and arrays ---- */

static pmill_status open_level(struct json_reader *json, bool is_object)
{
	if (json->depth == PMILL_JSON_DEPTH)
		return pmill_fail(json->error, PMILL_BAD_INPUT, json->at,
			"objects and arrays are nested more than %d deep", PMILL_JSON_DEPTH);
	uint8_t bit = (uint8_t)(1u << json->depth % 8);
	uint8_t *byte = &json->is_object[json->depth / 8];
	*byte = is_object ? *byte | bit : *byte & (uint8_t)~bit;
	json->depth++;
	json->at++;
	return PMILL_OK;
}

static bool is_in_object(const struct json_reader *json)
{
	size_t level = json->depth - 1;
	return json->is_object[level / 8] >> level % 8 & 1;
}

/* Reads the name and the colon; `at` is then where the value may begin. */
static pmill_status read_name(struct json_reader *json, struct json_string *name)
{
	if (peek_after_space(json) != '"')
		return fail_at(json, json->at, "a name in quotes");
	json->at++;
	pmill_status status = skip_string(json, name);
	if (status != PMILL_OK)
		return status;
	if (peek_after_space(json) != ':')
		return fail_at(json, json->at, "':'");
	json->at++;
	return PMILL_OK;
}

/* Closes the levels that end here. Sets *more after a comma, where another value follows. */
static pmill_status end_value(struct json_reader *json, size_t outer_depth, bool *more)
{
	*more = false;
	while (json->depth > outer_depth) {
		bool in_object = is_in_object(json);
		int byte = peek_after_space(json);
		if (byte == ',') {
			json->at++;
			*more = true;
			return PMILL_OK;
		}
		if (byte != (in_object ? '}' : ']'))
			return fail_at(json, json->at, in_object ? "',' or '}'" : "',' or ']'");
		json->at++;
		json->depth--;
	}
	return PMILL_OK;
}

/* Opens objects and arrays down to the first scalar or empty one, and skips that. */
static pmill_status descend(struct json_reader *json)
{
	for (;;) {
		int byte = peek_after_space(json);
		if (byte != '{' && byte != '[')
			return skip_scalar(json);
		bool is_object = byte == '{';
		pmill_status status = open_level(json, is_object);
		if (status != PMILL_OK)
			return status;
		if (peek_after_space(json) == (is_object ? '}' : ']'))
			return PMILL_OK; /* end_value closes it */
		struct json_string ignored;
		if (is_object)
			status = read_name(json, &ignored);
		if (status != PMILL_OK)
			return status;
	}
}

static pmill_status skip_value(struct json_reader *json)
{
	size_t outer_depth = json->depth;
	bool more = true;
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && more) {
		status = descend(json);
		if (status == PMILL_OK)
			status = end_value(json, outer_depth, &more);
		struct json_string ignored;
		if (status == PMILL_OK && more && is_in_object(json))
			status = read_name(json, &ignored);
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
	struct json_string string;
};

/* The longest name that the path begins with wins; of equal ones, the last. */
static pmill_status read_member(
	struct json_reader *json, const struct json_path *path, struct found_member *found)
{
	struct json_string name;
	size_t covered = 0;
	pmill_status status = read_name(json, &name);
	if (status != PMILL_OK)
		return status;
	int byte = peek_after_space(json);
	if (!begins_path(json, &name, path, &covered) || (found->is_there && covered < found->covered))
		return skip_value(json);
	*found = (struct found_member){
		.is_there = true, .is_string = byte == '"', .covered = covered, .value = json->at};
	if (byte != '"')
		return skip_value(json);
	json->at++;
	return skip_string(json, &found->string);
}

/* The reader is at the object's brace. */
static pmill_status read_object(
	struct json_reader *json, const struct json_path *path, struct found_member *found)
{
	size_t outer_depth = json->depth;
	pmill_status status = open_level(json, true);
	bool more = status == PMILL_OK && peek_after_space(json) != '}';
	if (status == PMILL_OK && !more)
		return end_value(json, outer_depth, &more);
	while (status == PMILL_OK && more) {
		status = read_member(json, path, found);
		if (status == PMILL_OK)
			status = end_value(json, outer_depth, &more);
	}
	return status;
}

static pmill_status fail_field(const struct json_reader *json, size_t offset, const char *field,
	size_t field_len, const char *what, const char *more)
{
	enum { LONGEST_SHOWN = 200 };
	int shown = field_len < LONGEST_SHOWN ? (int)field_len : LONGEST_SHOWN;
	return pmill_fail(json->error, PMILL_BAD_INPUT, offset, "the field \"%.*s\" is %s%s", shown,
		field, what, more);
}

static pmill_status fail_no_string(
	const struct json_reader *json, size_t value, const char *field, size_t field_len)
{
	for (int i = FIRST_NOT_JSON; i < LITERALS; i++)
		if (is_literal(json, value, literals[i]))
			return fail_field(json, value, field, field_len, literals[i], ", not a string");
	return fail_field(json, value, field, field_len, "not a string", "");
}

/* Goes to the object that the path's first names led to. It has been checked. */
static void enter(struct json_reader *json, struct json_path *path, struct found_member *found)
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
	struct json_reader json = {.text = line, .len = len, .error = error};
	struct json_path path = {field, field_len};
	struct found_member found = {0};
	if (peek_after_space(&json) != '{')
		return fail_at(&json, json.at, "a JSON object");
	for (bool is_whole = true;; is_whole = false) {
		pmill_status status = read_object(&json, &path, &found);
		if (status != PMILL_OK)
			return status;
		if (is_whole && peek_after_space(&json) >= 0)
			return fail_at(&json, json.at, "the end of the line");
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
	return append_unescaped(&json, &found.string, text);
}

/* ---- The first line of a file whose format is not known ---- */

enum pmill_json_look pmill_json_line_look(
	const uint8_t *line, size_t len, bool is_cut, const char *field, size_t field_len)
{
	/* A cut within "-Infinity" or "\u0000" shows at its beginning, up to this many bytes before. */
	enum { LONGEST_WORD = 16 };
	pmill_error error;
	struct json_reader json = {.text = line, .len = len, .error = &error};
	struct json_path path = {field, field_len};
	struct found_member found = {0};
	if (peek_after_space(&json) != '{')
		return PMILL_JSON_OTHER;
	pmill_status status = read_object(&json, &path, &found);
	bool ends_at_cut = status != PMILL_OK && is_cut && json.depth > 0 &&
		error.offset + LONGEST_WORD >= len;
	bool has_more = status == PMILL_OK && peek_after_space(&json) >= 0;
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
