/* The known word nearest to an unknown one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_SUGGEST_H
#define PMILL_CLI_SUGGEST_H

#include <stddef.h>

/* Initialize to zero, offer every candidate, then read `nearest`. */
struct pmill_cli_suggestion {
	const char *nearest; /* NULL: none is close enough */
	size_t distance;
};

void pmill_cli_suggestion_offer(struct pmill_cli_suggestion *suggestion, const char *wrong,
	size_t wrong_len, const char *candidate);

#endif
