/* Finds special tokens: left to right, the longest at each position. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SPECIAL_FINDER_H
#define PMILL_PRETOKENIZE_SPECIAL_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/* Never changes once created; shared by threads. Copies the tokens. */
struct pmill_special_finder;

/* Refuses (PMILL_BAD_OPTION, naming it) an empty token and one that is there twice. */
pmill_status pmill_special_finder_create(const pmill_bytes *tokens, size_t count,
	struct pmill_special_finder **finder, pmill_error *error);
void pmill_special_finder_free(struct pmill_special_finder *finder);

size_t pmill_special_finder_count(const struct pmill_special_finder *finder);
pmill_bytes pmill_special_finder_token(const struct pmill_special_finder *finder, size_t index);
size_t pmill_special_finder_longest(const struct pmill_special_finder *finder); /* 0: no tokens */

struct pmill_special_match {
	size_t begin;
	size_t end;   /* begin == end: none found */
	size_t index; /* of the token, as given to create */
};

/*
 * The first match at or after `begin`; begin = end = `len` where there is none. With `is_final`
 * false more text may follow: where the first match, or its being the longest, could depend on
 * that, begin = end = the offset from which the search must be repeated when more is there.
 */
struct pmill_special_match pmill_special_finder_next(const struct pmill_special_finder *finder,
	const uint8_t *text, size_t len, size_t begin, bool is_final);

/*
 * Whether no token can lie across `offset` (begin before it, end behind it), whatever the search
 * has matched before. With `is_final` false, false also where a token might when more text follows.
 */
bool pmill_special_finder_is_clear(const struct pmill_special_finder *finder, const uint8_t *text,
	size_t len, size_t offset, bool is_final);

#endif
