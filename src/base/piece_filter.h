/* Skips text in which none of a set of byte strings can begin, by hashes of short pieces. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PIECE_FILTER_H
#define PMILL_BASE_PIECE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/* Immutable once created; about 1 MiB at most, 16 KiB for a few strings. */
struct pmill_piece_filter;

/* None of the strings may be empty; they are not kept. NULL: out of memory. */
struct pmill_piece_filter *pmill_piece_filter_create(const pmill_bytes *strings, size_t count);
void pmill_piece_filter_free(struct pmill_piece_filter *filter);

/*
 * A place at or after `begin` before which, from `begin` on, no string begins. One may begin there,
 * or the text ends within a few bytes.
 */
size_t pmill_piece_filter_skip(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t begin);

#endif
