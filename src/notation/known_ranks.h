/* Rank files that are known by their SHA-256: whose they are, and what they don't say. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_KNOWN_RANKS_H
#define PMILL_FORMATS_KNOWN_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "pairmill.h"

/* One encoding of a file; the file of a name may serve several. */
struct pmill_encoding {
	const char *name;    /* as in tiktoken: "cl100k_base" */
	const char *sha256;  /* of the file */
	const char *pattern; /* pmill_pattern_name or an expression */
	bool is_nfc;         /* text is brought into the normal form C first */
	const struct pmill_special_run *specials;
};

/*
 * Sets *encoding to the one with the name `asked`, by default to the base one; NULL if the file
 * isn't known. PMILL_BAD_OPTION if the file hasn't got the one that is asked for.
 */
pmill_status pmill_known_ranks_find(const void *data, size_t len, const char *asked,
	const struct pmill_encoding **encoding, pmill_error *error);

/* The encoding with pmill_encoding_name(index), or NULL. */
const struct pmill_encoding *pmill_known_ranks_encoding(size_t index);

/* PMILL_BAD_OPTION for a name that no encoding has. */
pmill_status pmill_encoding_check(const char *name, pmill_error *error);

/* PMILL_BAD_OPTION: an encoding was asked for, and the file isn't a known rank file. */
pmill_status pmill_encoding_fail_other(const char *asked, pmill_error *error);

/* The names are made in one block with the array; free it. NULL if out of memory. */
pmill_token *pmill_known_ranks_specials(const struct pmill_encoding *encoding, size_t *count);

#endif
