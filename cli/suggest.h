/* The nearest known word to one that is not known. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_SUGGEST_H
#define PMILL_CLI_SUGGEST_H

#include <stddef.h>

/* All zero is "none yet"; offer every candidate, then look at `nearest`. */
struct pmill_cli_suggestion {
	const char *nearest; /* NULL: none is near enough */
	size_t distance;
};

void pmill_cli_suggestion_offer(struct pmill_cli_suggestion *suggestion, const char *wrong,
	size_t wrong_len, const char *candidate);

#endif
