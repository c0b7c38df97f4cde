/* Whether an expression means the same to PCRE2 and to Oniguruma. */
/* SPDX-License-Identifier: MIT */
/*
 * Walks through the expression once and accepts what both are known to read alike: literals,
 * classes, general categories, scripts, \s \S \d \D, unnamed groups, lookaround, greedy, lazy and
 * possessive quantifiers. It also finds out whether the expression can match the empty string: the
 * two continue differently after an empty match.
 *
 * What is refused, and why (Oniguruma as used by Hugging Face's tokenizers, with Ruby's syntax):
 *   {n,m}+       possessive in PCRE2, a repeated repetition in Oniguruma; {n}? is {0,n} there
 *   ^ $          ends of the text in PCRE2, of every line in Oniguruma
 *   \h \H        blanks, or hexadecimal digits; \R \X \N \K \v \w \b: missing, or another set
 *   (?m) (?s)    swapped; (?i) with ss, ff, fi, fl, st: Oniguruma also matches ß, ﬀ, ...
 *   [[a]]        a set in Oniguruma, characters in PCRE2; accepted in a class that has &&, which
 *                regex/class_set reads as Oniguruma does
 */
#include "notation/regex_portable.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "unicode/property.h"
#include "unicode/utf8.h"

#define ONIGURUMA_UNICODE "16.0"

enum {
	DEEPEST = 64,
	DEEPEST_CLASS = 15,   /* as in regex/class_set */
	MOST_REPEATS = 65535, /* PCRE2's limit, the lower of the two */
};

struct group {
	bool branch_is_empty; /* the current branch can match the empty string so far */
	bool any_is_empty;    /* a previous branch could */
	bool is_lookaround;
	bool ignores_case;
};

struct walk {
	const uint8_t *text;
	size_t len, at;
	const char *reason;
	struct group groups[DEEPEST];
	size_t depth;                        /* groups[depth] is the innermost */
	size_t class_depth;                  /* classes within classes */
	bool class_has_class, class_has_and; /* what was seen in the outermost class */
	uint8_t folded_letter;               /* the previous ASCII letter if case is ignored, else 0 */
};

struct atom {
	bool is_empty; /* it can match the empty string */
	bool is_lookaround;
	bool ignores_case;
};

static bool refuse(struct walk *walk, const char *reason)
{
	walk->reason = reason;
	return false;
}

static bool starts_with(const struct walk *walk, const char *text)
{
	const size_t len = strlen(text);
	return walk->len - walk->at >= len && memcmp(walk->text + walk->at, text, len) == 0;
}

static uint8_t peek(const struct walk *walk)
{
	return walk->at < walk->len ? walk->text[walk->at] : 0;
}

static bool is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether Oniguruma knows the name, which it looks up without case and _, as a script. */
static bool is_script(const uint8_t *name, size_t len)
{
	char key[40] = "sc:";
	size_t used = 3;
	for (size_t i = 0; i < len && used + 1 < sizeof key; i++) {
		if (!is_letter(name[i]) && name[i] != '_')
			return false;
		if (name[i] != '_')
			key[used++] = (char)(name[i] | 0x20);
	}
	const struct pmill_property *script = len < 30 ? pmill_property_find(key) : NULL;
	const unsigned version = (unsigned)(pmill_unicode_find(ONIGURUMA_UNICODE) -
		pmill_unicode_table);
	for (size_t i = 0; script != NULL && i < script->count; i++)
		if ((pmill_property_ranges[2 * (script->first + i)] >> version & 1) != 0)
			return true;
	return false;
}

/* \p{Lu} and \p{Han}: general categories and scripts. `at` is just after the p. */
static bool read_category(struct walk *walk)
{
	static const char *const names[] = {"L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me",
		"N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk",
		"So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co", "Cn"};
	if (!starts_with(walk, "{"))
		return refuse(walk, "a property without braces");
	size_t begin = walk->at + 1;
	if (begin < walk->len && walk->text[begin] == '^')
		begin++;
	const uint8_t *close = memchr(walk->text + begin, '}', walk->len - begin);
	if (close == NULL)
		return refuse(walk, "a property without its closing brace");
	const size_t len = (size_t)(close - (walk->text + begin));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], walk->text + begin, len) == 0) {
			walk->at = begin + len + 1;
			return true;
		}
	}
	if (is_script(walk->text + begin, len)) {
		walk->at = begin + len + 1;
		return true;
	}
	return refuse(walk, "a property that is neither a general category nor a script");
}

/* \x{...}, and \xHH for ASCII. `at` is just after the x. */
static bool read_hex(struct walk *walk, uint32_t *code_point)
{
	const bool has_brace = peek(walk) == '{';
	walk->at += has_brace;
	uint32_t value = 0;
	size_t count = 0;
	for (; walk->at < walk->len && count < (has_brace ? 6u : 2u); count++, walk->at++) {
		const int digit = hex_value(walk->text[walk->at]);
		if (digit < 0)
			break;
		value = value << 4 | (uint32_t)digit;
	}
	const bool is_closed = !has_brace || peek(walk) == '}';
	const bool is_right = has_brace
		? count > 0 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF)
		: count == 2 && value < 0x80;
	if (!is_closed || !is_right)
		return refuse(walk, "\\x");
	walk->at += has_brace;
	*code_point = value;
	return true;
}

/*
 * Reads what follows a backslash. Sets *is_set if it means a set of characters, else *code_point.
 */
static bool read_escape(struct walk *walk, bool *is_set, uint32_t *code_point)
{
	if (walk->at == walk->len)
		return refuse(walk, "a backslash at the end");
	const uint8_t c = walk->text[walk->at++];
	*is_set = false;
	*code_point = c;
	switch (c) {
	case 'n': *code_point = '\n'; return true;
	case 'r': *code_point = '\r'; return true;
	case 't': *code_point = '\t'; return true;
	case 'f': *code_point = '\f'; return true;
	case 'e': *code_point = 0x1B; return true;
	case 'a': *code_point = 0x07; return true;
	case 'x': return read_hex(walk, code_point);
	case 's':
	case 'S':
	case 'd':
	case 'D': *is_set = true; return true;
	case 'p':
	case 'P': *is_set = true; return read_category(walk);
	default: break;
	}
	if (c < 0x80 && c > 0x20 && !is_letter(c) && !is_digit(c))
		return true;
	return refuse(walk, "an escape that is not portable");
}

static bool read_character(struct walk *walk, uint32_t *code_point)
{
	walk->at += pmill_utf8_decode(walk->text + walk->at, walk->len - walk->at, code_point);
	if (*code_point == PMILL_INVALID_CODE_POINT)
		return refuse(walk, "bytes that are not UTF-8");
	return true;
}

/* Reads one member of a class, not a range. */
static bool read_member(struct walk *walk, bool *is_set, uint32_t *code_point)
{
	*is_set = false;
	if (walk->at == walk->len)
		return refuse(walk, "a class without its end");
	if (peek(walk) == '[' || starts_with(walk, "&&"))
		return refuse(walk, "a range without its end");
	if (peek(walk) != '\\')
		return read_character(walk, code_point);
	walk->at++;
	return read_escape(walk, is_set, code_point);
}

/* Reads the end of a range, if a hyphen follows that is not before the closing bracket. */
static bool read_range(struct walk *walk, bool is_set, uint32_t first, uint32_t limit)
{
	if (peek(walk) != '-' || starts_with(walk, "-]"))
		return true;
	walk->at++;
	bool is_end_set;
	uint32_t last = 0;
	if (!read_member(walk, &is_end_set, &last))
		return false;
	if (last > limit)
		return refuse(walk, "a class that ignores case and is not only ASCII characters");
	if (is_set || is_end_set || first > last)
		return refuse(walk, "a hyphen within a class that does not make a range");
	return true;
}

static bool read_class_inside(struct walk *walk, bool ignores_case);

/* A class within a class, or a member or range. */
static bool read_item(struct walk *walk, bool is_negated, bool ignores_case)
{
	const uint32_t limit = ignores_case ? 0x7F : 0x10FFFF;
	if (peek(walk) == '[') {
		if (ignores_case || walk->class_depth == DEEPEST_CLASS)
			return refuse(walk, "[ within a class");
		if (starts_with(walk, "[:"))
			return refuse(walk, "[: within a class");
		walk->class_has_class = true;
		walk->at++;
		return read_class_inside(walk, ignores_case);
	}
	bool is_set;
	uint32_t code_point = 0;
	if (!read_member(walk, &is_set, &code_point))
		return false;
	if (ignores_case && (is_negated || is_set || code_point > limit))
		return refuse(walk, "a class that ignores case and is not only ASCII characters");
	return read_range(walk, is_set, code_point, limit);
}

/* `at` is just after the bracket. */
static bool read_class_inside(struct walk *walk, bool ignores_case)
{
	const bool is_negated = peek(walk) == '^';
	walk->at += is_negated;
	walk->class_depth++;
	if (peek(walk) == ']')
		return refuse(walk, "] at the beginning of a class");
	bool is_operand_empty = true;
	while (peek(walk) != ']') {
		const bool is_and = starts_with(walk, "&&");
		if (is_and && (is_operand_empty || ignores_case))
			return refuse(walk, "&& without a class before it, or where case is ignored");
		walk->at += 2 * is_and;
		walk->class_has_and |= is_and;
		is_operand_empty = is_and;
		if (!is_and && !read_item(walk, is_negated, ignores_case))
			return false;
	}
	if (is_operand_empty)
		return refuse(walk, "&& without a class after it");
	walk->at++;
	walk->class_depth--;
	return true;
}

/* `at` is just after the bracket. */
static bool read_class(struct walk *walk, bool ignores_case)
{
	walk->class_depth = 0;
	walk->class_has_and = walk->class_has_class = false;
	if (!read_class_inside(walk, ignores_case))
		return false;
	if (walk->class_has_class && !walk->class_has_and)
		return refuse(walk, "[ within a class");
	walk->folded_letter = 0;
	return true;
}

/* Oniguruma folds these into one character: ß, ﬀ, ﬁ, ﬂ, ﬆ. */
static bool folds_together(uint8_t first, uint8_t second)
{
	first |= 0x20;
	second |= 0x20;
	return (first == 's' && (second == 's' || second == 't')) ||
		(first == 'f' && (second == 'f' || second == 'i' || second == 'l'));
}

static bool check_folding(struct walk *walk, bool is_set, uint32_t code_point)
{
	if (is_set || code_point >= 0x80)
		return refuse(walk, "non-ASCII characters where case is ignored");
	const uint8_t letter = is_letter(code_point) ? (uint8_t)code_point : 0;
	if (letter != 0 && folds_together(walk->folded_letter, letter))
		return refuse(walk, "ss, st, ff, fi or fl where case is ignored");
	walk->folded_letter = letter;
	return true;
}

static bool open_group(struct walk *walk)
{
	static const struct opening {
		const char *text;
		bool is_lookaround, ignores_case;
	} openings[] = {{"?:", false, false}, {"?i:", false, true}, {"?>", false, false},
		{"?=", true, false}, {"?!", true, false}, {"?<=", true, false}, {"?<!", true, false}};
	if (walk->depth + 1 == DEEPEST)
		return refuse(walk, "groups nested more than 60 deep");
	struct group group = {.branch_is_empty = true};
	group.ignores_case = walk->groups[walk->depth].ignores_case;
	if (starts_with(walk, "*"))
		return refuse(walk, "(*");
	if (starts_with(walk, "?")) {
		const struct opening *found = NULL;
		for (size_t i = 0; i < sizeof openings / sizeof openings[0] && found == NULL; i++)
			if (starts_with(walk, openings[i].text))
				found = &openings[i];
		if (found == NULL)
			return refuse(
				walk, "a group that begins with (? and is not (?: (?i: (?> or lookaround");
		walk->at += strlen(found->text);
		group.is_lookaround = found->is_lookaround;
		group.ignores_case |= found->ignores_case;
	}
	walk->groups[++walk->depth] = group;
	return true;
}

static bool close_group(struct walk *walk, struct atom *atom)
{
	if (walk->depth == 0)
		return refuse(walk, ") without a group");
	const struct group group = walk->groups[walk->depth--];
	atom->is_lookaround = group.is_lookaround;
	atom->is_empty = group.is_lookaround || group.branch_is_empty || group.any_is_empty;
	atom->ignores_case = group.ignores_case;
	return true;
}

static void end_branch(struct walk *walk)
{
	struct group *group = &walk->groups[walk->depth];
	group->any_is_empty |= group->branch_is_empty;
	group->branch_is_empty = true;
	walk->folded_letter = 0;
}

static bool read_number(struct walk *walk, uint32_t *number)
{
	const size_t begin = walk->at;
	*number = 0;
	while (is_digit(peek(walk)) && *number <= MOST_REPEATS)
		*number = *number * 10 + (uint32_t)(walk->text[walk->at++] - '0');
	return walk->at > begin && *number <= MOST_REPEATS;
}

/* Reads {n}, {n,} or {n,m}; `at` is just after the brace. */
static bool read_braces(struct walk *walk, uint32_t *least, uint32_t *most)
{
	if (!read_number(walk, least))
		return refuse(walk, "{ that does not begin a repetition");
	*most = *least;
	const bool is_range = peek(walk) == ',';
	if (is_range) {
		walk->at++;
		*most = MOST_REPEATS;
		if (is_digit(peek(walk)) && !read_number(walk, most))
			return refuse(walk, "a repetition of more than 65535");
	}
	if (peek(walk) != '}' || *least > *most)
		return refuse(walk, "{ that does not begin a repetition");
	walk->at++;
	if (peek(walk) == '+')
		return refuse(walk, "{n,m}+ (write an atomic group (?>...) instead)");
	if (peek(walk) == '?' && !is_range)
		return refuse(walk, "{n}?");
	if (peek(walk) == '?')
		walk->at++;
	return true;
}

static bool is_quantifier(uint8_t c)
{
	return c == '?' || c == '*' || c == '+' || c == '{';
}

static bool read_quantifier(struct walk *walk, const struct atom *atom, uint32_t *least)
{
	*least = 1;
	const uint8_t c = peek(walk);
	if (!is_quantifier(c))
		return true;
	if (atom->is_lookaround)
		return refuse(walk, "a quantifier after lookaround");
	walk->at++;
	uint32_t most = c == '?' ? 1 : MOST_REPEATS;
	if (c == '{') {
		if (!read_braces(walk, least, &most))
			return false;
	} else {
		*least = c == '+';
		if (peek(walk) == '?' || peek(walk) == '+')
			walk->at++;
	}
	if (atom->ignores_case && most > 1)
		return refuse(walk, "a repetition of what ignores case");
	if (is_quantifier(peek(walk)))
		return refuse(walk, "two quantifiers in a row");
	return true;
}

static bool read_single(struct walk *walk, struct atom *atom)
{
	bool is_set = false;
	uint32_t code_point = 0;
	const uint8_t c = peek(walk);
	if (strchr("^$", c) != NULL)
		return refuse(walk, "^ or $ (\\A and (?![\\s\\S]) mean the ends of the text to both)");
	if (strchr("]}?*+{", c) != NULL)
		return refuse(walk, "a special character without a backslash");
	if (starts_with(walk, "\\A") || starts_with(walk, "\\z")) {
		walk->at += 2;
		*atom = (struct atom){.is_empty = true, .is_lookaround = true};
		return true;
	}
	walk->at += c == '\\' || c == '.';
	if (c == '.')
		is_set = true;
	else if (!(c == '\\' ? read_escape(walk, &is_set, &code_point)
						 : read_character(walk, &code_point)))
		return false;
	atom->ignores_case = walk->groups[walk->depth].ignores_case;
	if (atom->ignores_case)
		return check_folding(walk, is_set, code_point);
	walk->folded_letter = 0;
	return true;
}

static bool read_atom(struct walk *walk, struct atom *atom)
{
	*atom = (struct atom){0};
	const uint8_t c = peek(walk);
	if (c == ')') {
		walk->at++;
		return close_group(walk, atom);
	}
	if (c != '[')
		return read_single(walk, atom);
	walk->at++;
	atom->ignores_case = walk->groups[walk->depth].ignores_case;
	return read_class(walk, atom->ignores_case);
}

static bool step(struct walk *walk)
{
	if (peek(walk) == '(') {
		walk->at++;
		return open_group(walk);
	}
	if (peek(walk) == '|') {
		walk->at++;
		end_branch(walk);
		return true;
	}
	struct atom atom;
	uint32_t least;
	if (!read_atom(walk, &atom) || !read_quantifier(walk, &atom, &least))
		return false;
	if (!atom.is_empty && least > 0)
		walk->groups[walk->depth].branch_is_empty = false;
	return true;
}

const char *pmill_regex_find_unportable(const char *expression, size_t *offset)
{
	struct walk walk = {.text = (const uint8_t *)expression, .len = strlen(expression)};
	walk.groups[0].branch_is_empty = true;
	*offset = 0;
	while (walk.at < walk.len) {
		*offset = walk.at;
		if (!step(&walk))
			return walk.reason;
	}
	if (walk.depth > 0)
		return "a group without its end";
	*offset = 0;
	if (walk.groups[0].branch_is_empty || walk.groups[0].any_is_empty)
		return "that it can match the empty string";
	return NULL;
}
