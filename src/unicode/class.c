/* Character classes: finds the tables of a Unicode version. */
/* SPDX-License-Identifier: MIT */
#include "unicode/class.h"

#include <string.h>

#include "pairmill.h"

#define DEFAULT_VERSION "16.0"

const struct pmill_unicode *pmill_unicode_find(const char *version)
{
	if (version == NULL)
		version = DEFAULT_VERSION;
	for (const struct pmill_unicode *row = pmill_unicode_table; row->version != NULL; row++) {
		if (strcmp(row->version, version) == 0)
			return row;
	}
	return NULL;
}

const struct pmill_unicode *pmill_unicode_at(unsigned index)
{
	/* Steps through the rows, so that any index past the end is safe. */
	const struct pmill_unicode *row = pmill_unicode_table;
	while (row->version != NULL && index > 0) {
		row++;
		index--;
	}
	return row->version != NULL ? row : NULL;
}

const char *pmill_unicode_name(size_t index)
{
	if (index > UINT32_MAX)
		return NULL;
	const struct pmill_unicode *row = pmill_unicode_at((unsigned)index);
	return row != NULL ? row->version : NULL;
}
