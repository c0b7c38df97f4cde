/* Replaces the classes in a known pattern's expression by sets of code points. */
/* SPDX-License-Identifier: MIT */
#include "regex/class_sets.h"

#include <assert.h>
#include <string.h>

#define LETTERS (1 << PMILL_CLASS_UPPER | 1 << PMILL_CLASS_LOWER | 1 << PMILL_CLASS_OTHER_LETTER)

/* Lu and Lt share a class here, and so do Lm and Lo: no pattern names one without the other. */
static const struct property {
	const char *escape;
	unsigned set;
} properties[] = {
	{"\\p{L}", LETTERS},
	{"\\p{Lu}", 1 << PMILL_CLASS_UPPER},
	{"\\p{Lt}", 1 << PMILL_CLASS_UPPER},
	{"\\p{Ll}", 1 << PMILL_CLASS_LOWER},
	{"\\p{Lm}", 1 << PMILL_CLASS_OTHER_LETTER},
	{"\\p{Lo}", 1 << PMILL_CLASS_OTHER_LETTER},
	{"\\p{M}", 1 << PMILL_CLASS_MARK},
	{"\\p{N}", 1 << PMILL_CLASS_NUMBER},
	{"\\s", 1 << PMILL_CLASS_SPACE},
};

static bool append_ranges(
	struct pmill_buffer *out, const struct pmill_unicode *unicode, unsigned set)
{
	bool done = true;
	for (uint32_t next = 0; done && next < 0x110000; next++) {
		uint32_t begin = next;
		while (next < 0x110000 && (set >> pmill_unicode_class(unicode, next) & 1) != 0)
			next++;
		if (next > begin)
			done = pmill_buffer_append_format(
				out, "\\x{%X}-\\x{%X}", (unsigned)begin, (unsigned)(next - 1));
	}
	return done;
}

/*
 * Returns the length of the escape at `text` and stores its set; 0 if it is none of the properties.
 */
static size_t match_property(const char *text, unsigned *set)
{
	for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
		size_t len = strlen(properties[i].escape);
		if (strncmp(text, properties[i].escape, len) != 0)
			continue;
		*set = properties[i].set;
		return len;
	}
	return 0;
}

/* Copies one character, or an escape of two. */
static size_t copy_character(const char *text, struct pmill_buffer *out, bool *done)
{
	size_t len = text[0] == '\\' ? 2 : 1;
	*done = pmill_buffer_append(out, text, len);
	return len;
}

/*
 * Expands a bracket whose [ has been copied: its properties become one set. Moves `*text` past the
 * ].
 */
static bool expand_bracket(
	const char **text, const struct pmill_unicode *unicode, struct pmill_buffer *out)
{
	unsigned all = 0;
	bool done = true;
	while (done && **text != ']') {
		assert(**text != '\0');
		unsigned set = 0;
		size_t len = match_property(*text, &set);
		if (len == 0)
			len = copy_character(*text, out, &done);
		all |= set;
		*text += len;
	}
	(*text)++;
	return done && append_ranges(out, unicode, all) && pmill_buffer_append_text(out, "]");
}

static bool append_set(
	struct pmill_buffer *out, const char *open, const struct pmill_unicode *unicode, unsigned set)
{
	return pmill_buffer_append_text(out, open) && append_ranges(out, unicode, set) &&
		pmill_buffer_append_text(out, "]");
}

bool pmill_class_sets_expand(
	const char *expression, const struct pmill_unicode *unicode, struct pmill_buffer *out)
{
	bool done = true;
	while (done && *expression != '\0') {
		unsigned set = 0;
		size_t len = match_property(expression, &set);
		if (len > 0) {
			done = append_set(out, "[", unicode, set);
		} else if (strncmp(expression, "\\S", 2) == 0) {
			len = 2;
			done = append_set(out, "[^", unicode, 1 << PMILL_CLASS_SPACE);
		} else {
			bool is_bracket = *expression == '[';
			len = copy_character(expression, out, &done);
			expression += len;
			len = 0;
			if (is_bracket && done)
				done = expand_bracket(&expression, unicode, out);
		}
		expression += len;
	}
	return done;
}
