/* Classes with intersections, such as [\p{L}&&[^\p{Han}]], as sets of code points. */
/* SPDX-License-Identifier: MIT */
/*
 * The grammar is what Oniguruma and Rust's engines share:
 *
 *     class  = "[" ["^"] items {"&&" items} "]"      ^ negates what && gives
 *     items  = item {item}                           their union
 *     item   = character ["-" character] | escape | "[:name:]" | class
 *
 * Whatever they might read differently is refused.
 */
#include "regex/class_set.h"

#include <stdlib.h>
#include <string.h>

#include "regex/class_names.h"
#include "unicode/utf8.h"

enum { WORDS = PMILL_CODE_POINTS / 64, DEEPEST = 16 };

struct reader {
	const char *text;
	size_t at, len;
	size_t depth;
	const struct pmill_unicode *unicode;
	enum pmill_class_set_result result;
	struct pmill_class_set_error *error;
};

/* ---- Finding ---- */

static size_t skip_posix(const char *text)
{
	size_t len = 2 + (text[1] == ':' && text[2] == '^');
	if (text[1] != ':')
		return 0;
	while ((text[len] | 0x20) >= 'a' && (text[len] | 0x20) <= 'z')
		len++;
	return text[len] == ':' && text[len + 1] == ']' ? len + 2 : 0;
}

bool pmill_class_set_find(const char *text, size_t *len)
{
	size_t depth = 0, at = 0;
	bool has_and = false;
	do {
		if (text[at] == '\\' && text[at + 1] != '\0')
			at++;
		else if (text[at] == '[' && depth > 0 && skip_posix(text + at) > 0)
			at += skip_posix(text + at) - 1;
		else if (text[at] == '[')
			depth++;
		else if (text[at] == ']')
			depth--;
		has_and |= text[at] == '&' && text[at + 1] == '&';
		at++;
	} while (depth > 0 && text[at] != '\0');
	*len = at;
	return depth == 0 && has_and;
}

/* ---- Reading ---- */

static bool fail(struct reader *reader, const char *reason)
{
	if (reader->result == PMILL_CLASS_SET_DONE)
		*reader->error = (struct pmill_class_set_error){reason, reader->at};
	reader->result = PMILL_CLASS_SET_BAD;
	return false;
}

static bool fail_memory(struct reader *reader)
{
	reader->result = PMILL_CLASS_SET_NO_MEMORY;
	return false;
}

static char peek(const struct reader *reader, size_t ahead)
{
	return ahead < reader->len - reader->at ? reader->text[reader->at + ahead] : '\0';
}

static bool sees(const struct reader *reader, const char *two)
{
	return peek(reader, 0) == two[0] && peek(reader, 1) == two[1];
}

static bool add_element(struct reader *reader, enum pmill_class_name found,
	const struct pmill_class_element *element, struct pmill_code_points *set)
{
	if (found == PMILL_CLASS_NAME_NO_MEMORY)
		return fail_memory(reader);
	if (found != PMILL_CLASS_KNOWN)
		return fail(reader, "there is no table for this property");
	return pmill_class_element_add(set, element, reader->unicode) || fail_memory(reader);
}

/* \p{name} or \pL; `at` is after the p. */
static bool read_property(struct reader *reader, bool is_negated, struct pmill_code_points *set)
{
	struct pmill_class_element element = {0};
	const char *name = reader->text + reader->at;
	size_t len = 1, skipped = 1;
	if (peek(reader, 0) == '{') {
		const char *end = memchr(name, '}', reader->len - reader->at);
		if (end == NULL)
			return fail(reader, "a property without its closing brace");
		name++;
		len = (size_t)(end - name);
		skipped = len + 2;
	}
	const enum pmill_class_name found = pmill_class_of_property(&element, name, len, is_negated);
	const bool done = add_element(reader, found, &element, set);
	pmill_class_element_release(&element);
	reader->at += skipped;
	return done;
}

static bool read_posix(struct reader *reader, size_t len, struct pmill_code_points *set)
{
	struct pmill_class_element element = {0};
	const char *name = reader->text + reader->at + 2;
	const enum pmill_class_name found = pmill_class_of_posix(&element, name, len - 4);
	const bool done = add_element(reader, found, &element, set);
	pmill_class_element_release(&element);
	reader->at += len;
	return done;
}

/* \x41 or \x{1F600}; `at` is after the x. */
static bool read_hex(struct reader *reader, uint32_t *code_point)
{
	const bool has_brace = peek(reader, 0) == '{';
	reader->at += has_brace;
	const char *digits = reader->text + reader->at;
	const size_t count = strspn(digits, "0123456789ABCDEFabcdef");
	const size_t used = has_brace || count < 2 ? count : 2;
	if (count == 0 || used > 6 || (has_brace && peek(reader, used) != '}'))
		return fail(reader, "\\x is followed by two digits, or up to six in braces");
	char copy[8] = "";
	memcpy(copy, digits, used);
	*code_point = (uint32_t)strtoul(copy, NULL, 16);
	reader->at += used + has_brace;
	return *code_point < PMILL_CODE_POINTS || fail(reader, "there is no such character");
}

/* `at` is after the backslash. Either adds to `set`, or stores a code point and true. */
static bool read_escape(
	struct reader *reader, struct pmill_code_points *set, bool *is_character, uint32_t *code_point)
{
	static const char names[] = "nrtfea", values[] = "\n\r\t\f\x1B\a";
	const char kind = peek(reader, 0);
	const char *name = kind != '\0' ? strchr(names, kind) : NULL;
	reader->at++;
	*is_character = true;
	*code_point = (uint8_t)(name != NULL ? values[name - names] : kind);
	if (name != NULL)
		return true;
	if (kind == 'x')
		return read_hex(reader, code_point);
	if (kind > ' ' && kind < 0x7F && (kind < '0' || kind > '9') &&
		((kind | 0x20) < 'a' || (kind | 0x20) > 'z'))
		return true;
	*is_character = false;
	if (kind == 'p' || kind == 'P')
		return read_property(reader, kind == 'P', set);
	if (kind == '\0' || strchr("dDsSwW", kind) == NULL)
		return fail(reader, "this escape isn't known in a class with && or classes in it");
	struct pmill_class_element element = {0};
	const enum pmill_class_name found = pmill_class_of_escape(&element, kind);
	const bool done = add_element(reader, found, &element, set);
	pmill_class_element_release(&element);
	return done;
}

static bool read_single(
	struct reader *reader, struct pmill_code_points *set, bool *is_character, uint32_t *code_point)
{
	if (peek(reader, 0) == '\\') {
		reader->at++;
		return read_escape(reader, set, is_character, code_point);
	}
	*is_character = true;
	reader->at += pmill_utf8_decode(
		(const uint8_t *)reader->text + reader->at, reader->len - reader->at, code_point);
	return *code_point != PMILL_INVALID_CODE_POINT || fail(reader, "this isn't UTF-8");
}

/* A character, a range of them, or an escape. */
static bool read_member(struct reader *reader, struct pmill_code_points *set)
{
	bool is_character;
	uint32_t first, last;
	if (!read_single(reader, set, &is_character, &first))
		return false;
	if (!is_character)
		return true;
	last = first;
	if (peek(reader, 0) == '-' && peek(reader, 1) != ']') {
		reader->at++;
		if (peek(reader, 0) == '[' || sees(reader, "&&"))
			return fail(reader, "a range needs a character here");
		if (!read_single(reader, set, &is_character, &last))
			return false;
	}
	if (!is_character || first > last)
		return fail(reader, "a range needs two characters in order");
	pmill_code_points_add_range(set, first, last + 1);
	return true;
}

static bool read_class(struct reader *reader, struct pmill_code_points *set);

/* All up to && or ]. */
static bool read_items(struct reader *reader, struct pmill_code_points *set)
{
	const size_t begin = reader->at;
	while (peek(reader, 0) != ']' && !sees(reader, "&&")) {
		if (reader->at == reader->len)
			return fail(reader, "the class has no end");
		const bool is_bracket = peek(reader, 0) == '[';
		const size_t posix = is_bracket ? skip_posix(reader->text + reader->at) : 0;
		const bool done = posix > 0 ? read_posix(reader, posix, set)
			: is_bracket            ? read_class(reader, set)
									: read_member(reader, set);
		if (!done)
			return false;
	}
	return reader->at > begin || fail(reader, "nothing stands here in the class");
}

/* `all` becomes what every operand has. */
static bool read_operands(
	struct reader *reader, struct pmill_code_points *all, struct pmill_code_points *operand)
{
	if (!read_items(reader, all))
		return false;
	while (sees(reader, "&&")) {
		reader->at += 2;
		memset(operand, 0, sizeof *operand);
		if (!read_items(reader, operand))
			return false;
		for (size_t i = 0; i < WORDS; i++)
			all->words[i] &= operand->words[i];
	}
	return true;
}

/* Adds the class at the bracket to `set`. */
static bool read_class(struct reader *reader, struct pmill_code_points *set)
{
	if (reader->depth == DEEPEST)
		return fail(reader, "there are too many classes within each other");
	struct pmill_code_points *both = calloc(2, sizeof *both);
	if (both == NULL)
		return fail_memory(reader);
	reader->depth++;
	reader->at++;
	const bool is_negated = peek(reader, 0) == '^';
	reader->at += is_negated;
	const bool done = read_operands(reader, both, both + 1);
	for (size_t i = 0; i < WORDS && done; i++)
		set->words[i] |= is_negated ? ~both->words[i] : both->words[i];
	free(both);
	reader->at++;
	reader->depth--;
	return done;
}

enum pmill_class_set_result pmill_class_set_read(const char *text, size_t len,
	const struct pmill_unicode *unicode, struct pmill_code_points *set,
	struct pmill_class_set_error *error)
{
	struct reader reader = {.text = text, .len = len, .unicode = unicode, .error = error};
	if (peek(&reader, 0) == '[')
		read_class(&reader, set);
	else
		read_member(&reader, set);
	return reader.result;
}
