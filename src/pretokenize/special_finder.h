/* Finds special tokens: left to right, longest match at each position. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SPECIAL_FINDER_H
#define PMILL_PRETOKENIZE_SPECIAL_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/* Immutable once created; may be shared by threads. Copies the tokens. */
struct pmill_special_finder;

/* PMILL_BAD_OPTION, with its name, for an empty or repeated token. */
pmill_status pmill_special_finder_create(const pmill_bytes *tokens, size_t count,
	struct pmill_special_finder **finder, pmill_error *error);
void pmill_special_finder_free(struct pmill_special_finder *finder);

size_t pmill_special_finder_count(const struct pmill_special_finder *finder);
pmill_bytes pmill_special_finder_token(const struct pmill_special_finder *finder, size_t index);
size_t pmill_special_finder_longest(const struct pmill_special_finder *finder); /* 0: no tokens */

struct pmill_special_match {
	size_t begin;
	size_t end;   /* begin == end: no match */
	size_t index; /* of the token, in the order given to create */
};

/*
 * The first match at or after `begin`; begin = end = `len` if there is none. If `is_final` is
 * false, more text may follow: if that could change or lengthen the match, begin = end = the offset
 * from which to search again once there is more.
 */
struct pmill_special_match pmill_special_finder_next(const struct pmill_special_finder *finder,
	const uint8_t *text, size_t len, size_t begin, bool is_final);

/*
 * Whether no token can span `offset` (begin before it and end after it), whatever was matched
 * before. If `is_final` is false, returns false also where one might once more text follows.
 */
bool pmill_special_finder_is_clear(const struct pmill_special_finder *finder, const uint8_t *text,
	size_t len, size_t offset, bool is_final);

#endif
