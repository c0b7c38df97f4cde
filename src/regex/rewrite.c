/* Rewrites an expression so that it follows a Unicode version, not the one that PCRE2 has. */
/* SPDX-License-Identifier: MIT */
/*
 * Goes through the expression once and copies all but the classes. It has to tell classes from text
 * that only looks so: quoted, in comments, in names, and in the arguments of verbs; and to know
 * where case is ignored, because a set of code points would then match other cases, too.
 */
#include "regex/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "regex/class_names.h"
#include "regex/class_set.h"
#include "unicode/utf8.h"

enum { DEEPEST = 256 }; /* PCRE2 allows 250 groups within each other */

enum { IGNORES_CASE = 1, IS_EXTENDED = 2 };

struct rewriter {
	const char *text;
	size_t len, at;
	struct pmill_versions versions;
	bool is_same; /* PCRE2 has the version wanted: what can't be written may stay as it is */
	struct pmill_buffer *out;
	pmill_error *error;
	pmill_status status;
	uint8_t flags[DEEPEST]; /* flags[depth] are those that hold here */
	size_t depth;
	bool is_quoted; /* within \Q...\E */
};

/* ---- Failing and copying ---- */

/* Names what goes from `begin` to here, or if nothing was passed yet, what follows. */
static bool fail(struct rewriter *rewriter, size_t begin, const char *what, const char *way_out)
{
	const size_t len = (rewriter->at > begin ? rewriter->at : rewriter->len) - begin;
	const char *own = rewriter->versions.own != NULL ? rewriter->versions.own->version : "another";
	if (rewriter->status == PMILL_OK)
		rewriter->status = pmill_fail(rewriter->error, PMILL_UNSUPPORTED, begin,
			"pattern: at offset %zu: %s \"%.*s\" can't follow Unicode %s (PCRE2 has %s): %s", begin,
			what, (int)(len < 60 ? len : 60), rewriter->text + begin,
			rewriter->versions.wanted->version, own, way_out);
	return false;
}

static bool fail_memory(struct rewriter *rewriter)
{
	if (rewriter->status == PMILL_OK)
		rewriter->status = pmill_fail_memory(rewriter->error);
	return false;
}

static bool put(struct rewriter *rewriter, const char *text)
{
	return pmill_buffer_append_text(rewriter->out, text) || fail_memory(rewriter);
}

/* Copies the next `len` bytes, or as many as there are. */
static bool copy(struct rewriter *rewriter, size_t len)
{
	if (len > rewriter->len - rewriter->at)
		len = rewriter->len - rewriter->at;
	const char *text = rewriter->text + rewriter->at;
	rewriter->at += len;
	return pmill_buffer_append(rewriter->out, text, len) || fail_memory(rewriter);
}

static char peek(const struct rewriter *rewriter, size_t ahead)
{
	return ahead < rewriter->len - rewriter->at ? rewriter->text[rewriter->at + ahead] : '\0';
}

static bool sees(const struct rewriter *rewriter, const char *text)
{
	return strncmp(rewriter->text + rewriter->at, text, strlen(text)) == 0;
}

/* Copies up to and including the next `end`. */
static bool copy_through(struct rewriter *rewriter, char end)
{
	const char *begin = rewriter->text + rewriter->at, *found = strchr(begin, end);
	return copy(rewriter, found != NULL ? (size_t)(found - begin) + 1 : strlen(begin));
}

static bool ignores_case(const struct rewriter *rewriter)
{
	return (rewriter->flags[rewriter->depth] & IGNORES_CASE) != 0;
}

/* ---- Case ---- */

/* PCRE2 folds by its own version. Nearly all characters are folded alike in all of them. */
static bool check_case(struct rewriter *rewriter, size_t begin, uint32_t first, uint32_t last)
{
	if (!ignores_case(rewriter) || rewriter->is_same)
		return true;
	const struct pmill_property *unsteady = pmill_property_find("unsteadycase");
	for (size_t i = unsteady->first; i < unsteady->first + unsteady->count; i++)
		if (pmill_property_ranges[2 * i] >> 5 <= last && pmill_property_ranges[2 * i + 1] > first)
			return fail(rewriter, begin, "ignoring the case of",
				"name both cases, or ask for PCRE2's version (--unicode)");
	return true;
}

static bool check_reference(struct rewriter *rewriter, size_t begin)
{
	if (!ignores_case(rewriter) || rewriter->is_same)
		return true;
	return fail(rewriter, begin, "a back reference that ignores case,",
		"let it heed case, or ask for PCRE2's version (--unicode)");
}

/* ---- Classes ---- */

static bool put_element(struct rewriter *rewriter, const struct pmill_class_element *element,
	size_t begin, enum pmill_class_place place)
{
	switch (pmill_class_text_append(
		rewriter->out, element, rewriter->versions, place, ignores_case(rewriter))) {
	case PMILL_CLASS_DONE: return true;
	case PMILL_CLASS_UNCHANGED:
		return pmill_buffer_append(rewriter->out, rewriter->text + begin, rewriter->at - begin) ||
			fail_memory(rewriter);
	case PMILL_CLASS_EMPTY:
		return fail(rewriter, begin, "the class", "this version has no characters of it");
	case PMILL_CLASS_FOLDS:
		return fail(rewriter, begin, "within [...], the class",
			"write it outside of brackets or without ignoring case");
	case PMILL_CLASS_NO_MEMORY: break;
	}
	return fail_memory(rewriter);
}

/* The class's name goes from `begin` to here. */
static bool put_named(struct rewriter *rewriter, enum pmill_class_name name,
	const struct pmill_class_element *element, size_t begin, enum pmill_class_place place)
{
	if (name == PMILL_CLASS_KNOWN)
		return put_element(rewriter, element, begin, place);
	if (name == PMILL_CLASS_NAME_NO_MEMORY)
		return fail_memory(rewriter);
	if (name == PMILL_CLASS_UNKNOWN && !rewriter->is_same)
		return fail(rewriter, begin, "the property",
			"there is no table for it; use general categories, scripts by their names, Alphabetic, "
			"Uppercase, Lowercase or Emoji, or ask for PCRE2's version (--unicode)");
	return pmill_buffer_append(rewriter->out, rewriter->text + begin, rewriter->at - begin) ||
		fail_memory(rewriter);
}

/* \p{name}, \pL or \P...; `at` is at the backslash. */
static bool rewrite_property(struct rewriter *rewriter, enum pmill_class_place place)
{
	struct pmill_class_element element = {0};
	const size_t begin = rewriter->at;
	const bool is_negated = peek(rewriter, 1) == 'P';
	rewriter->at += 2;
	const char *name = rewriter->text + rewriter->at;
	size_t len = *name != '\0';
	rewriter->at += len;
	if (*name == '{') {
		name++;
		len = strcspn(name, "}");
		rewriter->at += len + (name[len] == '}');
	}
	const enum pmill_class_name found = pmill_class_of_property(&element, name, len, is_negated);
	const bool done = put_named(rewriter, found, &element, begin, place);
	pmill_class_element_release(&element);
	return done;
}

/* \d \s \w \h, or negated; `at` is at the backslash. */
static bool rewrite_short(struct rewriter *rewriter, enum pmill_class_place place)
{
	struct pmill_class_element element = {0};
	const size_t begin = rewriter->at;
	rewriter->at += 2;
	const enum pmill_class_name found = pmill_class_of_escape(&element, rewriter->text[begin + 1]);
	const bool done = put_named(rewriter, found, &element, begin, place);
	pmill_class_element_release(&element);
	return done;
}

/* "(?<=[word])(?![word])" and the like: a border where one side is a word character. */
static bool put_border(struct rewriter *rewriter, const struct pmill_class_element *word,
	const char *behind, const char *ahead)
{
	bool done = put(rewriter, behind);
	for (int i = 0; i < 2 && done; i++) {
		const enum pmill_class_result result = pmill_class_text_append(
			rewriter->out, word, rewriter->versions, PMILL_CLASS_ALONE, ignores_case(rewriter));
		if (result == PMILL_CLASS_UNCHANGED)
			done = put(rewriter, "[\\p{L}\\p{N}_]");
		else if (result != PMILL_CLASS_DONE)
			done = fail_memory(rewriter);
		done = done && put(rewriter, ")") && (i == 1 || put(rewriter, ahead));
	}
	return done;
}

/* \b and \B, by the \w of the version wanted; the text of it has been passed. */
static bool put_word_border(struct rewriter *rewriter, bool is_negated)
{
	struct pmill_class_element word = {0};
	bool done = pmill_class_of_escape(&word, 'w') == PMILL_CLASS_KNOWN || fail_memory(rewriter);
	done = done && put(rewriter, "(?:") &&
		put_border(rewriter, &word, "(?<=", is_negated ? "(?=" : "(?!") && put(rewriter, "|") &&
		put_border(rewriter, &word, "(?<!", is_negated ? "(?!" : "(?=") && put(rewriter, ")");
	pmill_class_element_release(&word);
	return done;
}

/* [[:<:]] and [[:>:]]: the beginning and the end of a word. */
static bool rewrite_word_end(struct rewriter *rewriter)
{
	struct pmill_class_element word = {0};
	const bool is_begin = rewriter->text[rewriter->at + 3] == '<';
	rewriter->at += strlen("[[:<:]]");
	bool done = pmill_class_of_escape(&word, 'w') == PMILL_CLASS_KNOWN || fail_memory(rewriter);
	done = done &&
		put_border(rewriter, &word, is_begin ? "(?<!" : "(?<=", is_begin ? "(?=" : "(?!");
	pmill_class_element_release(&word);
	return done;
}

/* ---- Characters ---- */

static uint32_t read_number(const char *text, size_t len, unsigned base)
{
	uint32_t value = 0;
	for (size_t i = 0; i < len && value < PMILL_CODE_POINTS; i++) {
		const char c = text[i];
		const unsigned digit = c >= '0' && c <= '9'  ? (unsigned)(c - '0')
			: (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a' + 10)
													 : base;
		if (digit < base)
			value = value * base + digit;
	}
	return value;
}

/* An escape for one character, or for anything that isn't a class. Stores its code point, or 0. */
static bool copy_escape(struct rewriter *rewriter, uint32_t *code_point)
{
	const char kind = peek(rewriter, 1);
	*code_point = 0;
	const bool has_braces = peek(rewriter, 2) == '{';
	if ((kind == 'x' || kind == 'o' || kind == 'N') && has_braces) {
		const char *digits = rewriter->text + rewriter->at + 3;
		const size_t len = strcspn(digits, "}");
		const bool is_name = kind == 'N' && strncmp(digits, "U+", 2) == 0;
		*code_point = kind == 'N' && !is_name
			? 0
			: read_number(digits + 2 * is_name, len - 2 * is_name, kind == 'o' ? 8 : 16);
		return copy_through(rewriter, '}');
	}
	return copy(rewriter, kind == 'c' ? 3 : 2);
}

static bool copy_character(struct rewriter *rewriter, uint32_t *code_point)
{
	const size_t len = pmill_utf8_decode(
		(const uint8_t *)rewriter->text + rewriter->at, rewriter->len - rewriter->at, code_point);
	return copy(rewriter, len);
}

/* ---- Within brackets ---- */

static bool is_posix(const struct rewriter *rewriter, size_t *len)
{
	if (!sees(rewriter, "[:"))
		return false;
	const char *name = rewriter->text + rewriter->at + 2;
	*len = *name == '^';
	while ((name[*len] | 0x20) >= 'a' && (name[*len] | 0x20) <= 'z')
		(*len)++;
	return name[*len] == ':' && name[*len + 1] == ']';
}

static bool rewrite_posix(struct rewriter *rewriter, size_t len)
{
	struct pmill_class_element element = {0};
	const size_t begin = rewriter->at;
	rewriter->at += len + 4;
	const enum pmill_class_name found = pmill_class_of_posix(
		&element, rewriter->text + begin + 2, len);
	const bool done = put_named(rewriter, found, &element, begin, PMILL_CLASS_MEMBER);
	pmill_class_element_release(&element);
	return done;
}

static bool copy_quoted(struct rewriter *rewriter, uint32_t *code_point)
{
	*code_point = 0;
	if (!sees(rewriter, "\\E"))
		return copy_character(rewriter, code_point);
	rewriter->is_quoted = false;
	return copy(rewriter, 2);
}

/* One member, or the end of a range. Stores its code point, or 0 if it is none. */
static bool rewrite_member(struct rewriter *rewriter, uint32_t *code_point)
{
	size_t len;
	*code_point = 0;
	if (rewriter->is_quoted)
		return copy_quoted(rewriter, code_point);
	if (is_posix(rewriter, &len))
		return rewrite_posix(rewriter, len);
	if (peek(rewriter, 0) != '\\')
		return copy_character(rewriter, code_point);
	const char kind = peek(rewriter, 1);
	if (kind == 'Q')
		rewriter->is_quoted = true;
	if (kind == 'p' || kind == 'P')
		return rewrite_property(rewriter, PMILL_CLASS_MEMBER);
	if (kind != '\0' && strchr("dDsSwWhH", kind) != NULL)
		return rewrite_short(rewriter, PMILL_CLASS_MEMBER);
	return copy_escape(rewriter, code_point);
}

static bool fail_set(struct rewriter *rewriter, size_t offset, const char *reason)
{
	if (rewriter->status == PMILL_OK)
		rewriter->status = pmill_fail(rewriter->error, PMILL_BAD_OPTION, offset,
			"pattern: at offset %zu: %s", offset, reason);
	return false;
}

/* A class with &&, of `len` bytes, which PCRE2 doesn't know. */
static bool rewrite_set(struct rewriter *rewriter, size_t len)
{
	const size_t begin = rewriter->at;
	if (ignores_case(rewriter))
		return fail_set(rewriter, begin, "a class with && can't ignore case");
	struct pmill_code_points *set = calloc(1, sizeof *set);
	if (set == NULL)
		return fail_memory(rewriter);
	struct pmill_class_set_error error;
	const enum pmill_class_set_result result = pmill_class_set_read(
		rewriter->text + begin, len, rewriter->versions.wanted, set, &error);
	bool done = result == PMILL_CLASS_SET_DONE;
	if (result == PMILL_CLASS_SET_BAD)
		fail_set(rewriter, begin + error.offset, error.reason);
	else
		done = (done && pmill_class_set_append(rewriter->out, set)) || fail_memory(rewriter);
	free(set);
	rewriter->at += len;
	return done;
}

/* `at` is at the bracket. */
static bool rewrite_brackets(struct rewriter *rewriter)
{
	const size_t bracket = rewriter->at;
	size_t set_len;
	if (pmill_class_set_find(rewriter->text + bracket, &set_len))
		return rewrite_set(rewriter, set_len);
	bool done = copy(rewriter, 1) && (peek(rewriter, 0) != '^' || copy(rewriter, 1)) &&
		(peek(rewriter, 0) != ']' || copy(rewriter, 1));
	uint32_t before = 0, code_point = 0;
	while (done && (rewriter->is_quoted || peek(rewriter, 0) != ']')) {
		const size_t begin = rewriter->at;
		if (begin == rewriter->len)
			return fail(rewriter, bracket, "the brackets", "they have no end");
		const bool is_range = peek(rewriter, 0) == '-' && before != 0;
		if (is_range)
			done = copy(rewriter, 1) &&
				(peek(rewriter, 0) == ']' || rewrite_member(rewriter, &code_point));
		else
			done = rewrite_member(rewriter, &code_point);
		const bool is_last = is_range && rewriter->at == begin + 1;
		if (done && !is_last && code_point != 0)
			done = check_case(
				rewriter, begin, is_range && before < code_point ? before : code_point, code_point);
		before = is_range || is_last ? 0 : code_point;
	}
	return done && copy(rewriter, 1);
}

/* ---- Outside of brackets ---- */

static bool rewrite_escape(struct rewriter *rewriter)
{
	const size_t begin = rewriter->at;
	const char kind = peek(rewriter, 1);
	uint32_t code_point;
	if (kind == 'p' || kind == 'P')
		return rewrite_property(rewriter, PMILL_CLASS_ALONE);
	if (kind != '\0' && strchr("dDsSwWhH", kind) != NULL)
		return rewrite_short(rewriter, PMILL_CLASS_ALONE);
	if (kind == 'b' || kind == 'B') {
		rewriter->at += 2;
		return put_word_border(rewriter, kind == 'B');
	}
	rewriter->is_quoted = kind == 'Q';
	if (!copy_escape(rewriter, &code_point))
		return false;
	if (kind == 'X' && !rewriter->is_same)
		return fail(rewriter, begin, "the escape", "ask for PCRE2's version (--unicode)");
	if ((kind >= '1' && kind <= '9') || kind == 'k' || kind == 'g')
		return check_reference(rewriter, begin);
	return code_point == 0 || check_case(rewriter, begin, code_point, code_point);
}

static bool open_group(struct rewriter *rewriter, uint8_t flags)
{
	if (rewriter->depth + 1 == DEEPEST)
		return fail(rewriter, rewriter->at, "groups within each other", "there are too many");
	rewriter->flags[++rewriter->depth] = flags;
	return true;
}

/* (?flags) or (?flags:, after the ?. Returns false if it is another kind of group. */
static bool read_flags(const struct rewriter *rewriter, uint8_t *flags, size_t *len)
{
	const char *text = rewriter->text + rewriter->at;
	bool is_off = false;
	size_t i = 0;
	if (text[0] == '-' && text[1] >= '0' && text[1] <= '9')
		return false;
	for (; text[i] != '\0' && strchr("^-aDSWPTrimnsxJU", text[i]) != NULL; i++) {
		const uint8_t flag = text[i] == 'i' ? IGNORES_CASE : text[i] == 'x' ? IS_EXTENDED : 0;
		if (text[i] == '^')
			*flags = 0;
		else if (text[i] == '-')
			is_off = true;
		else if (is_off)
			*flags &= (uint8_t)~flag;
		else
			*flags |= flag;
	}
	*len = i;
	return text[i] == ')' || text[i] == ':';
}

/* A group that begins with (?; `at` is at the parenthesis. */
static bool rewrite_special_group(struct rewriter *rewriter)
{
	const size_t begin = rewriter->at;
	uint8_t flags = rewriter->flags[rewriter->depth];
	size_t len;
	if (sees(rewriter, "(?#"))
		return copy_through(rewriter, ')');
	if (sees(rewriter, "(?C")) {
		const char next = peek(rewriter, 3);
		if (next != ')' && (next < '0' || next > '9'))
			return fail(rewriter, begin, "a callout with text,", "leave it out");
		return copy_through(rewriter, ')');
	}
	if (sees(rewriter, "(?P=") && !check_reference(rewriter, begin))
		return false;
	if (!copy(rewriter, 2))
		return false;
	if (!read_flags(rewriter, &flags, &len))
		return open_group(rewriter, rewriter->flags[rewriter->depth]);
	const bool is_group = rewriter->text[rewriter->at + len] == ':';
	if (is_group && !open_group(rewriter, flags))
		return false;
	if (!is_group)
		rewriter->flags[rewriter->depth] = flags;
	return copy(rewriter, len + 1);
}

/* (*VERB:argument), or (*name:group). */
static bool rewrite_verb(struct rewriter *rewriter)
{
	const size_t begin = rewriter->at;
	const char first = peek(rewriter, 2);
	if (first < 'a' || first > 'z')
		return copy_through(rewriter, ')');
	const size_t len = strcspn(rewriter->text + begin, ":)");
	const bool is_script_run = sees(rewriter, "(*sr") || sees(rewriter, "(*asr") ||
		sees(rewriter, "(*script") || sees(rewriter, "(*atomic_script");
	if (!copy(rewriter, len + 1))
		return false;
	if (is_script_run && !rewriter->is_same)
		return fail(rewriter, begin, "the group", "ask for PCRE2's version (--unicode)");
	return rewriter->text[rewriter->at - 1] == ')' ||
		open_group(rewriter, rewriter->flags[rewriter->depth]);
}

static bool rewrite_parenthesis(struct rewriter *rewriter)
{
	if (sees(rewriter, "(*"))
		return rewrite_verb(rewriter);
	if (sees(rewriter, "(?"))
		return rewrite_special_group(rewriter);
	return copy(rewriter, 1) && open_group(rewriter, rewriter->flags[rewriter->depth]);
}

/* Where a line ends, and so a comment, can be changed by a verb at the beginning. */
static bool copy_comment(struct rewriter *rewriter)
{
	if (strncmp(rewriter->text, "(*", 2) == 0)
		return fail(rewriter, rewriter->at, "a comment after verbs,", "write it as (?#...)");
	return copy_through(rewriter, '\n');
}

static bool step(struct rewriter *rewriter)
{
	const size_t begin = rewriter->at;
	uint32_t code_point = 0;
	if (rewriter->is_quoted)
		return copy_quoted(rewriter, &code_point) &&
			(code_point == 0 || check_case(rewriter, begin, code_point, code_point));
	switch (peek(rewriter, 0)) {
	case '\\': return rewrite_escape(rewriter);
	case '(': return rewrite_parenthesis(rewriter);
	case ')': rewriter->depth -= rewriter->depth > 0; return copy(rewriter, 1);
	case '[':
		if (sees(rewriter, "[[:<:]]") || sees(rewriter, "[[:>:]]"))
			return rewrite_word_end(rewriter);
		return rewrite_brackets(rewriter);
	case '#':
		if ((rewriter->flags[rewriter->depth] & IS_EXTENDED) != 0)
			return copy_comment(rewriter);
		break;
	default: break;
	}
	return copy_character(rewriter, &code_point) &&
		check_case(rewriter, begin, code_point, code_point);
}

pmill_status pmill_regex_rewrite(const char *expression, struct pmill_versions versions,
	bool knows_properties, struct pmill_buffer *out, pmill_error *error)
{
	struct rewriter rewriter = {
		.text = expression,
		.len = strlen(expression),
		.versions = versions,
		.is_same = knows_properties && versions.own == versions.wanted,
		.out = out,
		.error = error,
	};
	if (!knows_properties)
		rewriter.versions.own = NULL;
	bool done = true;
	while (done && rewriter.at < rewriter.len)
		done = step(&rewriter);
	return rewriter.status;
}
