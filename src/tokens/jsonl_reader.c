/* Token files in the format jsonl: reading ids, of a line of any length. */
/* SPDX-License-Identifier: MIT */
/*
 * Nothing of a line is kept but where in it the reader is: before the ids, among them, or after
 * them. Other members are checked and skipped; their open objects and arrays are a stack of bits.
 * After a failure, which `status` keeps, `peek` sees the end, and so all loops end.
 */
#include "tokens/jsonl_reader.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "unicode/json_lexer.h"

struct walk {
	struct pmill_token_reader *reader;
	pmill_status status;
	pmill_error *error;
};

/* ---- Bytes ---- */

/* The next byte, or -1 at the end and after a failure. */
static int peek(struct walk *walk)
{
	struct pmill_lookahead *bytes = walk->reader->bytes;
	if (walk->status != PMILL_OK)
		return -1;
	if (bytes->len == 0)
		walk->status = pmill_lookahead_fill(bytes, 1, walk->error);
	return walk->status == PMILL_OK && bytes->len > 0 ? *bytes->data : -1;
}

static void take(struct walk *walk)
{
	pmill_lookahead_take(walk->reader->bytes, 1);
}

/* Of the line, whose LF is not skipped. */
static int peek_after_space(struct walk *walk)
{
	int byte = peek(walk);
	while (byte == ' ' || byte == '\t' || byte == '\r') {
		take(walk);
		byte = peek(walk);
	}
	return byte;
}

/* The first failure stays. */
static void fail(struct walk *walk, uint64_t offset, const char *what)
{
	const struct pmill_lookahead *bytes = walk->reader->bytes;
	if (walk->status == PMILL_OK)
		walk->status = pmill_fail(walk->error, PMILL_BAD_INPUT, offset,
			"%.500s: line %llu: byte %llu: %s", bytes->name,
			(unsigned long long)walk->reader->line + 1, (unsigned long long)offset, what);
}

/* At the next byte. */
static void fail_here(struct walk *walk, const char *what)
{
	const int byte = peek(walk);
	char message[100];
	snprintf(message, sizeof message, "%s expected%s", what,
		byte < 0 || byte == '\n' ? ", but the line ends" : "");
	fail(walk, walk->reader->bytes->offset, message);
}

/* ---- Strings ---- */

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static int hex_value(int byte)
{
	if (is_digit(byte))
		return byte - '0';
	const int lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* After the backslash. Returns the UTF-16 unit of \u, and other escapes as their letter. */
static int take_escape(struct walk *walk)
{
	const int letter = peek(walk);
	if (letter <= 0 || strchr("\"\\/bfnrtu", letter) == NULL) {
		fail_here(walk, "an escape such as \\n");
		return -1;
	}
	take(walk);
	if (letter != 'u')
		return letter;
	int unit = 0;
	for (int i = 0; i < 4; i++) {
		const int digit = hex_value(peek(walk));
		if (digit < 0) {
			fail_here(walk, "a hexadecimal digit");
			return -1;
		}
		unit = unit << 4 | digit;
		take(walk);
	}
	return unit;
}

static bool is_plain(int byte)
{
	return byte != '"' && byte != '\\' && byte >= 0x20;
}

/* Skips what is visible of the string, up to a quote, a backslash or a control character. */
static void skip_plain(struct walk *walk)
{
	struct pmill_lookahead *bytes = walk->reader->bytes;
	size_t len = 0;
	while (len < bytes->len && is_plain(bytes->data[len]))
		len++;
	pmill_lookahead_take(bytes, len);
}

/* Takes the next character of a string. Returns a UTF-16 unit or byte, or -1 at its quote. */
static int take_character(struct walk *walk)
{
	const int byte = peek(walk);
	if (byte < 0 || byte == '\n')
		fail_here(walk, "the string's closing quote");
	else if (byte < 0x20)
		fail(walk, walk->reader->bytes->offset, "unescaped control character in a string");
	if (walk->status != PMILL_OK)
		return -1;
	take(walk);
	if (byte == '\\')
		return take_escape(walk);
	return byte == '"' ? -1 : byte;
}

static void skip_string(struct walk *walk)
{
	take(walk);
	do
		skip_plain(walk);
	while (take_character(walk) >= 0);
}

/* Takes a name and the colon. Returns whether the name is "ids". */
static bool take_name(struct walk *walk)
{
	static const char ids[] = "ids";
	size_t matched = 0;
	bool is_same = true;
	int character;
	if (peek_after_space(walk) != '"') {
		fail_here(walk, "a name in quotes");
		return false;
	}
	take(walk);
	while ((character = take_character(walk)) >= 0) {
		is_same = is_same && matched < sizeof ids - 1 && character == ids[matched];
		matched += is_same;
	}
	if (peek_after_space(walk) != ':')
		fail_here(walk, "':'");
	else
		take(walk);
	return is_same && matched == sizeof ids - 1 && walk->status == PMILL_OK;
}

/* ---- Other values ---- */

static void skip_digits(struct walk *walk)
{
	if (!is_digit(peek(walk)))
		fail_here(walk, "a digit");
	while (is_digit(peek(walk)))
		take(walk);
}

static void skip_number(struct walk *walk)
{
	if (peek(walk) == '-')
		take(walk);
	if (peek(walk) == '0')
		take(walk); /* the caller refuses a digit after it: neither a comma nor the end */
	else
		skip_digits(walk);
	if (peek(walk) == '.') {
		take(walk);
		skip_digits(walk);
	}
	int byte = peek(walk);
	if (byte == 'e' || byte == 'E') {
		take(walk);
		byte = peek(walk);
		if (byte == '+' || byte == '-')
			take(walk);
		skip_digits(walk);
	}
}

static bool take_literal(struct walk *walk, const char *literal)
{
	struct pmill_lookahead *bytes = walk->reader->bytes;
	const size_t len = strlen(literal);
	if (walk->status == PMILL_OK && bytes->len < len)
		walk->status = pmill_lookahead_fill(bytes, len, walk->error);
	if (walk->status != PMILL_OK || bytes->len < len || memcmp(bytes->data, literal, len) != 0)
		return false;
	pmill_lookahead_take(bytes, len);
	return true;
}

static void skip_scalar(struct walk *walk)
{
	static const char *const literals[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
	const int byte = peek(walk);
	if (byte == '"') {
		skip_string(walk);
		return;
	}
	for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
		/* Only what begins like one is worth reading ahead for. */
		if (byte == literals[i][0] && take_literal(walk, literals[i]))
			return;
	}
	if (byte == '-' || is_digit(byte))
		skip_number(walk);
	else
		fail_here(walk, "a value");
}

/* The open objects and arrays within the line's object. */
struct levels {
	size_t depth;
	uint8_t is_object[PMILL_JSON_DEPTH / 8]; /* a bit for each */
};

static void open_level(struct walk *walk, struct levels *levels, bool is_object)
{
	/* The line's object is one of those allowed. */
	if (levels->depth == PMILL_JSON_DEPTH - 1) {
		fail(walk, walk->reader->bytes->offset, "objects and arrays are nested too deep");
		return;
	}
	const uint8_t bit = (uint8_t)(1u << levels->depth % 8);
	uint8_t *byte = &levels->is_object[levels->depth / 8];
	*byte = is_object ? *byte | bit : *byte & (uint8_t)~bit;
	levels->depth++;
	take(walk);
}

static bool is_in_object(const struct levels *levels)
{
	const size_t level = levels->depth - 1;
	return levels->is_object[level / 8] >> level % 8 & 1;
}

/* Opens objects and arrays down to the first scalar or empty one, and skips that. */
static void descend(struct walk *walk, struct levels *levels)
{
	for (;;) {
		const int byte = peek_after_space(walk);
		if (byte != '{' && byte != '[') {
			skip_scalar(walk);
			return;
		}
		open_level(walk, levels, byte == '{');
		if (peek_after_space(walk) == (byte == '{' ? '}' : ']'))
			return; /* end_value closes it */
		if (byte == '{')
			take_name(walk);
		if (walk->status != PMILL_OK)
			return;
	}
}

/* Closes the levels that end here. Returns whether another value follows. */
static bool end_value(struct walk *walk, struct levels *levels)
{
	while (levels->depth > 0 && walk->status == PMILL_OK) {
		const bool in_object = is_in_object(levels);
		const int byte = peek_after_space(walk);
		if (byte == ',') {
			take(walk);
			if (in_object)
				take_name(walk);
			return walk->status == PMILL_OK;
		}
		if (byte != (in_object ? '}' : ']')) {
			fail_here(walk, in_object ? "',' or '}'" : "',' or ']'");
			return false;
		}
		take(walk);
		levels->depth--;
	}
	return false;
}

static void skip_value(struct walk *walk)
{
	struct levels levels = {0};
	do
		descend(walk, &levels);
	while (end_value(walk, &levels));
}

/* ---- The line ---- */

static void end_line(struct walk *walk)
{
	const int byte = peek_after_space(walk);
	if (byte >= 0 && byte != '\n')
		fail_here(walk, "the end of the line");
	if (walk->status != PMILL_OK)
		return;
	walk->reader->documents++;
	if (byte == '\n') {
		take(walk);
		walk->reader->line++;
	}
}

/* After the ids. */
static void finish_line(struct walk *walk)
{
	while (walk->status == PMILL_OK) {
		const int byte = peek_after_space(walk);
		if (byte != ',' && byte != '}') {
			fail_here(walk, "',' or '}'");
			return;
		}
		take(walk);
		if (byte == '}') {
			end_line(walk);
			return;
		}
		const uint64_t offset = walk->reader->bytes->offset;
		if (take_name(walk))
			fail(walk, offset, "the member \"ids\" occurs twice");
		else
			skip_value(walk);
	}
}

static void skip_mark(struct walk *walk)
{
	if (walk->reader->bytes->offset == 0 && peek(walk) == 0xEF)
		take_literal(walk, "\xEF\xBB\xBF");
}

/* Moves to the next line that isn't blank. Returns false at the end and after a failure. */
static bool find_line(struct walk *walk)
{
	skip_mark(walk);
	int byte;
	while ((byte = peek_after_space(walk)) == '\n') {
		take(walk);
		walk->reader->line++;
	}
	if (byte >= 0 && byte != '{')
		fail_here(walk, "an object");
	return byte == '{' && walk->status == PMILL_OK;
}

/* Moves to the first id of the next line, or to the end of its array. Returns false as above. */
static bool begin_ids(struct walk *walk)
{
	if (!find_line(walk))
		return false;
	const uint64_t begin = walk->reader->bytes->offset;
	take(walk);
	int byte = peek_after_space(walk);
	while (byte != '}' && walk->status == PMILL_OK) {
		if (take_name(walk)) {
			if (peek_after_space(walk) == '[') {
				take(walk);
				return true;
			}
			fail_here(walk, "an array of ids");
		}
		skip_value(walk);
		byte = peek_after_space(walk);
		if (byte == ',')
			take(walk);
		else if (byte != '}')
			fail_here(walk, "',' or '}'");
	}
	fail(walk, begin, "the object that begins here has no member \"ids\"");
	return false;
}

static uint32_t take_id(struct walk *walk)
{
	const uint64_t begin = walk->reader->bytes->offset;
	uint64_t value = 0;
	int byte = peek(walk);
	const bool is_zero = byte == '0';
	if (byte == '-')
		fail(walk, begin, "the number that begins here is not an id");
	else if (!is_digit(byte))
		fail_here(walk, "an id");
	for (; is_digit(byte); byte = peek(walk)) {
		value = value * 10 + (uint64_t)(byte - '0');
		if (value >= PMILL_NO_ID)
			fail(walk, begin, "the number that begins here is too large for an id");
		take(walk);
	}
	const bool is_padded = is_zero && walk->reader->bytes->offset - begin > 1;
	if (byte == '.' || byte == 'e' || byte == 'E' || is_padded)
		fail(walk, begin, "the number that begins here is not an id");
	return (uint32_t)value;
}

pmill_status pmill_jsonl_read(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error)
{
	struct walk walk = {reader, PMILL_OK, error};
	*is_there = false;
	for (;;) {
		const bool is_first = !reader->is_in_document;
		if (is_first && !begin_ids(&walk))
			return walk.status;
		reader->is_in_document = true;
		const int byte = peek_after_space(&walk);
		if (byte == ',' && !is_first) {
			take(&walk);
			peek_after_space(&walk);
		} else if (byte == ']') {
			take(&walk);
			reader->is_in_document = false;
			finish_line(&walk);
			continue;
		} else if (!is_first) {
			fail_here(&walk, "',' or ']'");
		}
		*offset = reader->bytes->offset;
		*id = take_id(&walk);
		*is_there = walk.status == PMILL_OK;
		return walk.status;
	}
}
