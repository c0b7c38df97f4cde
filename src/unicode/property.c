/* Sets of code points, and Unicode's properties by name. */
/* SPDX-License-Identifier: MIT */
#include "unicode/property.h"

#include <strings.h>

const struct pmill_property *pmill_property_find(const char *name)
{
	for (const struct pmill_property *row = pmill_properties; row->name != NULL; row++)
		if (strcasecmp(row->name, name) == 0)
			return row;
	return NULL;
}

void pmill_code_points_add_range(struct pmill_code_points *set, uint32_t begin, uint32_t end)
{
	for (uint32_t c = begin; c < end; c++) {
		if (c % 64 == 0 && end - c >= 64) {
			set->words[c / 64] = UINT64_MAX;
			c += 63;
		} else {
			set->words[c / 64] |= (uint64_t)1 << (c % 64);
		}
	}
}

/* A range is two numbers: its beginning << 5 | the versions that have it, and its end. */
bool pmill_code_points_add(struct pmill_code_points *set, const struct pmill_property *property,
	const struct pmill_unicode *unicode)
{
	const unsigned version = (unsigned)(unicode - pmill_unicode_table);
	bool is_there = false;
	for (size_t i = property->first; i < property->first + property->count; i++) {
		const uint32_t begin = pmill_property_ranges[2 * i], end = pmill_property_ranges[2 * i + 1];
		if ((begin >> version & 1) == 0)
			continue;
		pmill_code_points_add_range(set, begin >> 5, end);
		is_there = true;
	}
	return is_there;
}
