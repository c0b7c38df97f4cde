/* JSON by RFC 8259, piece by piece: strings, numbers, what opens and closes. */
/* SPDX-License-Identifier: MIT */
/* Most bytes of a text are in strings, which are skipped eight bytes at a time. */
#include "unicode/json_lexer.h"

#include <string.h>

#include "base/error.h"
#include "unicode/utf8.h"

pmill_status pmill_json_expected(
	const struct pmill_json_lexer *json, size_t offset, const char *what)
{
	if (offset >= json->len)
		return pmill_fail(json->error, PMILL_BAD_INPUT, json->len, "%s expected, but the %s ends",
			what, json->whole);
	return pmill_fail(json->error, PMILL_BAD_INPUT, offset, "%s expected", what);
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
static void skip_plain(struct pmill_json_lexer *json)
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

size_t pmill_json_decode_escape(const uint8_t **at, const uint8_t *end, uint8_t bytes[4])
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

static pmill_status skip_escape(struct pmill_json_lexer *json)
{
	size_t at = json->at + 1;
	if (at >= json->len || memchr("\"\\/bfnrtu", json->text[at], 9) == NULL)
		return pmill_json_expected(json, at, "an escape such as \\n");
	at++;
	if (json->text[at - 1] == 'u') {
		for (size_t end = at + 4; at < end; at++)
			if (at >= json->len || hex_value(json->text[at]) < 0)
				return pmill_json_expected(json, at, "a hexadecimal digit");
	}
	json->at = at;
	return PMILL_OK;
}

/* The first invalid byte of UTF-8, or `end`. */
static size_t find_invalid(const uint8_t *text, size_t at, size_t end)
{
	while (at < end) {
		uint64_t bytes;
		uint32_t code_point;
		if (end - at >= sizeof bytes) {
			memcpy(&bytes, text + at, sizeof bytes);
			if ((bytes & EACH_BYTE(0x80)) == 0) {
				at += sizeof bytes;
				continue;
			}
		}
		const size_t len = pmill_utf8_decode(text + at, end - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			return at;
		at += len;
	}
	return end;
}

/* A string whose escapes are well-formed may still hold what the reader refuses. */
static pmill_status check_escapes(
	const struct pmill_json_lexer *json, const struct pmill_json_string *string, unsigned refused)
{
	const uint8_t *at = json->text + string->begin, *end = json->text + string->end;
	while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		const size_t offset = (size_t)(at - json->text);
		const bool is_unit = at[1] == 'u';
		const uint32_t unit = is_unit ? read_hex(at + 2) : 0;
		uint8_t bytes[4];
		pmill_json_decode_escape(&at, end, bytes);
		if (is_unit && unit == 0 && (refused & PMILL_JSON_NO_NUL) != 0)
			return pmill_fail(json->error, PMILL_BAD_INPUT, offset, "\\u0000 is not allowed here");
		const bool is_lone = unit >= 0xD800 && unit <= 0xDFFF &&
			(size_t)(at - json->text) - offset == strlen("\\uD800");
		if (is_lone && (refused & PMILL_JSON_NO_BAD_TEXT) != 0)
			return pmill_fail(json->error, PMILL_BAD_INPUT, offset,
				"\\u%04X is half of a surrogate pair", (unsigned)unit);
	}
	return PMILL_OK;
}

static pmill_status check_string(
	const struct pmill_json_lexer *json, const struct pmill_json_string *string, unsigned refused)
{
	if ((refused & PMILL_JSON_NO_BAD_TEXT) != 0) {
		const size_t invalid = find_invalid(json->text, string->begin, string->end);
		if (invalid < string->end)
			return pmill_fail(json->error, PMILL_BAD_INPUT, invalid, "invalid UTF-8 (0x%02x)",
				(unsigned)json->text[invalid]);
	}
	return string->is_escaped && refused != 0 ? check_escapes(json, string, refused) : PMILL_OK;
}

static pmill_status skip_string(
	struct pmill_json_lexer *json, struct pmill_json_string *string, unsigned refused)
{
	*string = (struct pmill_json_string){.begin = json->at};
	for (;;) {
		skip_plain(json);
		int byte = pmill_json_peek(json);
		if (byte == '"') {
			string->end = json->at++;
			return check_string(json, string, refused);
		}
		if (byte < 0)
			return pmill_json_expected(json, json->at, "the string's closing quote");
		if (byte != '\\')
			return pmill_fail(json->error, PMILL_BAD_INPUT, json->at,
				"unescaped control character (0x%02x) in a string", (unsigned)byte);
		string->is_escaped = true;
		pmill_status status = skip_escape(json);
		if (status != PMILL_OK)
			return status;
	}
}

pmill_status pmill_json_skip_string(struct pmill_json_lexer *json, struct pmill_json_string *string)
{
	return skip_string(json, string, json->refused);
}

bool pmill_json_unescape(const struct pmill_json_lexer *json,
	const struct pmill_json_string *string, struct pmill_buffer *text)
{
	const uint8_t *at = json->text + string->begin, *end = json->text + string->end;
	/* Unescaping never makes a string longer. */
	if (!pmill_buffer_reserve(text, (size_t)(end - at)))
		return false;
	while (at < end) {
		const uint8_t *escape = string->is_escaped ? memchr(at, '\\', (size_t)(end - at)) : NULL;
		size_t run = (size_t)((escape != NULL ? escape : end) - at);
		memcpy(text->data + text->len, at, run);
		text->len += run;
		at += run;
		if (escape != NULL)
			text->len += pmill_json_decode_escape(&at, end, text->data + text->len);
	}
	return true;
}

/* ---- Other values ---- */

static pmill_status skip_digits(struct pmill_json_lexer *json)
{
	if (!is_digit(pmill_json_peek(json)))
		return pmill_json_expected(json, json->at, "a digit");
	while (is_digit(pmill_json_peek(json)))
		json->at++;
	return PMILL_OK;
}

pmill_status pmill_json_skip_number(struct pmill_json_lexer *json, bool *is_integer)
{
	*is_integer = true;
	if (pmill_json_peek(json) == '-')
		json->at++;
	pmill_status status = PMILL_OK;
	if (pmill_json_peek(json) == '0')
		json->at++; /* the caller refuses a digit after it: neither a comma nor the end */
	else
		status = skip_digits(json);
	if (status == PMILL_OK && pmill_json_peek(json) == '.') {
		*is_integer = false;
		json->at++;
		status = skip_digits(json);
	}
	if (status == PMILL_OK && (pmill_json_peek(json) == 'e' || pmill_json_peek(json) == 'E')) {
		*is_integer = false;
		json->at++;
		if (pmill_json_peek(json) == '+' || pmill_json_peek(json) == '-')
			json->at++;
		status = skip_digits(json);
	}
	return status;
}

bool pmill_json_has_word(const struct pmill_json_lexer *json, size_t at, const char *word)
{
	size_t len = strlen(word);
	return json->len - at >= len && memcmp(json->text + at, word, len) == 0;
}

/* ---- Objects and arrays ---- */

pmill_status pmill_json_open(struct pmill_json_lexer *json, bool is_object)
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

bool pmill_json_is_in_object(const struct pmill_json_lexer *json)
{
	size_t level = json->depth - 1;
	return json->is_object[level / 8] >> level % 8 & 1;
}

pmill_status pmill_json_read_name(struct pmill_json_lexer *json, struct pmill_json_string *name)
{
	if (pmill_json_peek_after_space(json) != '"')
		return pmill_json_expected(json, json->at, "a name in quotes");
	json->at++;
	const unsigned no_nul = (json->refused & PMILL_JSON_NO_NUL_NAME) != 0 ? PMILL_JSON_NO_NUL : 0;
	pmill_status status = skip_string(json, name, json->refused | no_nul);
	if (status != PMILL_OK)
		return status;
	if (pmill_json_peek_after_space(json) != ':')
		return pmill_json_expected(json, json->at, "':'");
	json->at++;
	return PMILL_OK;
}

pmill_status pmill_json_end_value(struct pmill_json_lexer *json, size_t outer_depth, bool *more)
{
	*more = false;
	while (json->depth > outer_depth) {
		bool in_object = pmill_json_is_in_object(json);
		int byte = pmill_json_peek_after_space(json);
		if (byte == ',') {
			json->at++;
			*more = true;
			return PMILL_OK;
		}
		if (byte != (in_object ? '}' : ']'))
			return pmill_json_expected(json, json->at, in_object ? "',' or '}'" : "',' or ']'");
		json->at++;
		json->depth--;
	}
	return PMILL_OK;
}
