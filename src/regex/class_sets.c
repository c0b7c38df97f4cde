/* Replaces the classes in a known pattern's expression by sets of code points. */
/* SPDX-License-Identifier: MIT */
#include "regex/class_sets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "regex/class_set.h"
#include "regex/class_text.h"

/* The length of the class at `text`; 0 if it is none. */
static size_t measure_class(const char *text)
{
	size_t len = 0;
	if (*text == '[')
		pmill_class_set_find(text, &len);
	else if (strncmp(text, "\\p{", 3) == 0)
		len = strcspn(text, "}") + 1;
	else if (strncmp(text, "\\s", 2) == 0 || strncmp(text, "\\S", 2) == 0)
		len = 2;
	return len;
}

static bool append_class(
	const char *text, size_t len, const struct pmill_unicode *unicode, struct pmill_buffer *out)
{
	struct pmill_code_points *set = calloc(1, sizeof *set);
	struct pmill_class_set_error error;
	if (set == NULL)
		return false;
	const enum pmill_class_set_result result = pmill_class_set_read(
		text, len, unicode, set, &error);
	assert(result != PMILL_CLASS_SET_BAD);
	const bool done = result == PMILL_CLASS_SET_DONE && pmill_class_set_append(out, set);
	free(set);
	return done;
}

bool pmill_class_sets_expand(
	const char *expression, const struct pmill_unicode *unicode, struct pmill_buffer *out)
{
	bool done = true;
	while (done && *expression != '\0') {
		size_t len = measure_class(expression);
		if (len > 0) {
			done = append_class(expression, len, unicode, out);
		} else {
			len = *expression == '\\' ? 2 : 1;
			done = pmill_buffer_append(out, expression, len);
		}
		expression += len;
	}
	return done;
}
