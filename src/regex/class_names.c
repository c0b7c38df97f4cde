/* What the names of classes stand for: \p{..}, \w, [:alpha:] and the like. */
/* SPDX-License-Identifier: MIT */
/*
 * The meaning is that of PCRE2 10.42, whatever PCRE2 is there: \w is \p{L}, \p{N} and _. Three
 * things differ: a script's name alone means the script, as in all other engines, and not its
 * extensions; U+180E is white space nowhere; and names need not be known to PCRE2. [:graph:] isn't
 * left to PCRE2: with JIT, 10.42 doesn't find other members after it.
 */
#include "regex/class_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_NAME = 64 };

/* Classes by name; `parts` are general categories, groups of them, or properties. */
static const struct class_row {
	const char *name, *parts, *characters, *spelling;
	bool has_formats;
} rows[] = {
	{"d", "Nd", NULL, "\\p{Nd}", false},
	{"w", "L N", "_", "\\p{L}\\p{N}_", false},
	{"s", "whitespace", NULL, NULL, false},
	{"h", "Zs", "\t", NULL, false},
	{":alpha", "L", NULL, "\\p{L}", false},
	{":lower", "Ll", NULL, "\\p{Ll}", false},
	{":upper", "Lu", NULL, "\\p{Lu}", false},
	{":alnum", "L N", NULL, "\\p{L}\\p{N}", false},
	{":digit", "Nd", NULL, "\\p{Nd}", false},
	{":word", "L N", "_", "\\p{L}\\p{N}_", false},
	{":space", "whitespace", NULL, NULL, false},
	{":blank", "Zs", "\t", NULL, false},
	{":punct", "P", "$+<=>^`|~", "\\p{P}$+<=>`|~\\^", false},
	{":graph", "L M N P S", NULL, "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}", true},
	{":print", "L M N P S Zs", NULL, "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}", true},
	{"xan", "L N", NULL, "\\p{L}\\p{N}", false},
	{"xwd", "L N", "_", "\\p{L}\\p{N}_", false},
	{"xsp", "whitespace", NULL, NULL, false},
	{"xps", "whitespace", NULL, NULL, false},
	{"l&", "Lu Ll Lt", NULL, "\\p{L&}", false},
	{"lc", "Lu Ll Lt", NULL, "\\p{L&}", false},
};

static const char *const constant[] = {"any", "xuc", ":ascii", ":cntrl", ":xdigit"};

void pmill_class_element_release(struct pmill_class_element *element)
{
	pmill_buffer_release(&element->spelling);
}

static bool begins_with_ignoring_case(const char *name, const char *beginning, size_t len)
{
	return strncasecmp(name, beginning, len) == 0;
}

/* Adds a general category, or a group of them such as L. Returns false if there is none. */
static bool add_category(struct pmill_class_element *element, const char *name, size_t len)
{
	const size_t before = element->part_count;
	for (const struct pmill_property *row = pmill_properties; row->name != NULL; row++) {
		const bool is_category = row->name[0] >= 'A' && row->name[0] <= 'Z';
		if (!is_category || len > 2 || !begins_with_ignoring_case(row->name, name, len))
			continue;
		element->parts[element->part_count++] = row;
		element->folds |= row->name[0] == 'L';
	}
	return element->part_count > before;
}

static void add_parts(struct pmill_class_element *element, const char *names)
{
	while (*names != '\0') {
		const size_t len = strcspn(names, " ");
		if (!add_category(element, names, len))
			element->parts[element->part_count++] = pmill_property_find(names);
		names += len + (names[len] == ' ');
	}
}

static enum pmill_class_name fill_from_row(struct pmill_class_element *element, const char *name)
{
	for (size_t i = 0; i < sizeof constant / sizeof constant[0]; i++)
		if (strcmp(constant[i], name) == 0)
			return PMILL_CLASS_CONSTANT;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct class_row *row = &rows[i];
		if (strcmp(row->name, name) != 0)
			continue;
		add_parts(element, row->parts);
		element->characters = row->characters;
		element->has_formats = row->has_formats;
		element->folds &= !row->has_formats; /* all cases of a letter are in it */
		element->is_word = row->characters != NULL && *row->characters == '_';
		if (row->spelling != NULL && !pmill_buffer_append_text(&element->spelling, row->spelling))
			return PMILL_CLASS_NAME_NO_MEMORY;
		return PMILL_CLASS_KNOWN;
	}
	return PMILL_CLASS_UNKNOWN;
}

enum pmill_class_name pmill_class_of_escape(struct pmill_class_element *element, char escape)
{
	const char name[] = {(char)(escape | 0x20), '\0'};
	element->is_negated = escape < 'a';
	return fill_from_row(element, name);
}

enum pmill_class_name pmill_class_of_posix(
	struct pmill_class_element *element, const char *name, size_t len)
{
	char whole[LONGEST_NAME] = ":";
	element->is_negated = len > 0 && *name == '^';
	name += element->is_negated;
	len -= element->is_negated;
	if (len + 2 > sizeof whole)
		return PMILL_CLASS_UNKNOWN;
	memcpy(whole + 1, name, len);
	return fill_from_row(element, whole);
}

/* Removes what doesn't count in names. Returns false if the rest is too long to be one. */
static bool squeeze(const char *name, size_t len, char *squeezed)
{
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		const char c = name[i];
		if (strchr(" -_\t", c) != NULL)
			continue;
		if (used + 1 == LONGEST_NAME)
			return false;
		squeezed[used++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c == ':' ? '=' : c;
	}
	squeezed[used] = '\0';
	return true;
}

/*
 * "sc=greek", "scriptextensions=greek", or the name of a script or another property alone. PCRE2's
 * script extensions include the script itself, which matters for Common and Inherited.
 */
static void add_property(struct pmill_class_element *element, const char *name)
{
	static const struct {
		const char *prefix, *kinds[2];
	} prefixes[] = {{"sc=", {"sc:"}}, {"script=", {"sc:"}}, {"scx=", {"sc:", "scx:"}},
		{"scriptextensions=", {"sc:", "scx:"}}, {"", {""}}, {"", {"sc:"}}};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0] && element->part_count == 0; i++) {
		const size_t len = strlen(prefixes[i].prefix);
		if (strncmp(name, prefixes[i].prefix, len) != 0)
			continue;
		for (size_t k = 0; k < 2 && prefixes[i].kinds[k] != NULL; k++) {
			char whole[2 * LONGEST_NAME];
			snprintf(whole, sizeof whole, "%s%s", prefixes[i].kinds[k], name + len);
			const struct pmill_property *found = pmill_property_find(whole);
			if (found != NULL)
				element->parts[element->part_count++] = found;
			element->is_script = found != NULL && *prefixes[i].prefix == '\0' &&
				*found->name == 's' && strncmp(found->name, "sc:", 3) == 0;
		}
	}
}

enum pmill_class_name pmill_class_of_property(
	struct pmill_class_element *element, const char *name, size_t len, bool is_negated)
{
	char squeezed[LONGEST_NAME];
	while (len > 0 && (*name == ' ' || *name == '\t')) {
		name++;
		len--;
	}
	const bool has_caret = len > 0 && *name == '^';
	element->is_negated = is_negated != has_caret;
	if (!squeeze(name + has_caret, len - has_caret, squeezed) || squeezed[0] == '\0')
		return PMILL_CLASS_UNKNOWN;
	const bool is_row = strlen(squeezed) > 1 && squeezed[0] != ':';
	const enum pmill_class_name result = is_row ? fill_from_row(element, squeezed)
												: PMILL_CLASS_UNKNOWN;
	if (result != PMILL_CLASS_UNKNOWN)
		return result;
	if (!add_category(element, squeezed, strlen(squeezed))) {
		if (strcmp(squeezed, "unsteadycase") != 0)
			add_property(element, squeezed);
		if (element->part_count == 0)
			return PMILL_CLASS_UNKNOWN;
		element->folds = true;
	}
	const char *kind = element->is_script ? "sc=" : "";
	return pmill_buffer_append_format(&element->spelling, "\\p{%s%s}", kind, squeezed)
		? PMILL_CLASS_KNOWN
		: PMILL_CLASS_NAME_NO_MEMORY;
}
