/* How a training is to merge: the tie rules by name. */
/* SPDX-License-Identifier: MIT */
#include "merge/merger_settings.h"

#include <string.h>

#include "pairmill.h"

static const char *const ties_names[] = {
	[PMILL_TIES_BYTES] = "bytes",
	[PMILL_TIES_IDS] = "ids",
};

const char *pmill_ties_name(size_t index)
{
	return index < sizeof ties_names / sizeof *ties_names ? ties_names[index] : NULL;
}

bool pmill_ties_find(const char *name, enum pmill_ties *ties)
{
	for (size_t i = 0; pmill_ties_name(i) != NULL; i++)
		if (strcmp(pmill_ties_name(i), name) == 0) {
			*ties = (enum pmill_ties)i;
			return true;
		}
	return false;
}
