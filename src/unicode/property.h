/* Sets of code points, and Unicode's properties by name: general categories, scripts and others. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_PROPERTY_H
#define PMILL_UNICODE_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unicode/class.h"

enum { PMILL_CODE_POINTS = 0x110000 };

/* One bit for each code point: 136 KiB. */
struct pmill_code_points {
	uint64_t words[PMILL_CODE_POINTS / 64];
};

/*
 * In all versions at once. Names: general categories such as "Lu"; "sc:" or "scx:" and the name of
 * a script, for Script and Script_Extensions; other properties. All but categories are in lower
 * case, without spaces, hyphens and underscores. "unsteadycase" are the code points that match
 * others in one version when case is ignored, and don't in another.
 */
struct pmill_property {
	const char *name;
	uint32_t first, count; /* of its ranges */
};

/* Sorted by name, ending with a NULL. Generated, as are the ranges: see pmill_code_points_add. */
extern const struct pmill_property pmill_properties[];
extern const uint32_t pmill_property_ranges[];

/* NULL if there is none of this name. Without regard to case. */
const struct pmill_property *pmill_property_find(const char *name);

/* [begin, end) */
void pmill_code_points_add_range(struct pmill_code_points *set, uint32_t begin, uint32_t end);
/* Adds what has the property in the version; returns false if nothing does. */
bool pmill_code_points_add(struct pmill_code_points *set, const struct pmill_property *property,
	const struct pmill_unicode *unicode);

static inline bool pmill_code_points_has(const struct pmill_code_points *set, uint32_t code_point)
{
	return (set->words[code_point / 64] >> (code_point % 64) & 1) != 0;
}

#endif
