/* Pretokens by a regular expression, on PCRE2. */
/* SPDX-License-Identifier: MIT */
/*
 * The text is cut where a match begins and where it ends: matches are pretokens, and so is the text
 * between them (Hugging Face's "Isolated"). An empty match is no pretoken, but a cut; the search
 * goes on one character behind it, as Rust's and Oniguruma's iterators do. A build without PCRE2
 * has all of this too; create then says PMILL_UNSUPPORTED.
 */
#ifndef PMILL_PRETOKENIZE_REGEX_H
#define PMILL_PRETOKENIZE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"
#include "unicode/class.h"

/* A compiled expression. Never changes once created; shared by threads. */
struct pmill_regex;

/*
 * With `unicode` not NULL the expression is one of the known patterns: its classes are written out
 * from these tables, and it can be walked through text that is not final.
 */
pmill_status pmill_regex_create(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error);
void pmill_regex_free(struct pmill_regex *regex);

/* A walk through one segment after another, by one thread. */
struct pmill_regex_walk;

pmill_status pmill_regex_walk_create(
	const struct pmill_regex *regex, struct pmill_regex_walk **walk, pmill_error *error);
void pmill_regex_walk_free(struct pmill_regex_walk *walk);

/* As pmill_pretoken_cursor_start and _next. `text` must stay until the walk's end. */
pmill_status pmill_regex_walk_start(struct pmill_regex_walk *walk, const uint8_t *text, size_t len,
	bool is_final, pmill_error *error);
pmill_status pmill_regex_walk_next(struct pmill_regex_walk *walk, size_t *ends, size_t capacity,
	size_t *count, pmill_error *error);

#endif
