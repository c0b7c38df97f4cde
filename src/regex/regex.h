/* Pretokens by regular expression, on PCRE2. */
/* SPDX-License-Identifier: MIT */
/*
 * Text is cut at the beginning and end of each match: matches are pretokens, and so is the text
 * between them (Hugging Face's "Isolated"). An empty match is a cut but not a pretoken; the search
 * continues one character later, as Rust's and Oniguruma's iterators do. Without PCRE2 these
 * functions exist too; create returns PMILL_UNSUPPORTED.
 */
#ifndef PMILL_REGEX_REGEX_H
#define PMILL_REGEX_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"
#include "regex/match_watch.h"
#include "unicode/class.h"

/* A compiled expression. Immutable once created; may be shared by threads. */
struct pmill_regex;

/*
 * Classes follow `unicode`, not the version that PCRE2 has: PMILL_UNSUPPORTED names what can't.
 * A known pattern may also be walked through text that is not final.
 */
pmill_status pmill_regex_create(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error);
pmill_status pmill_regex_create_known(const char *expression, const struct pmill_unicode *unicode,
	struct pmill_regex **regex, pmill_error *error);
void pmill_regex_free(struct pmill_regex *regex);

/* Walks one segment after another, on one thread. */
struct pmill_regex_walk;

/* With `refuses_gaps`, text between matches is PMILL_BAD_INPUT at its offset. */
pmill_status pmill_regex_walk_create(const struct pmill_regex *regex, bool refuses_gaps,
	struct pmill_regex_walk **walk, pmill_error *error);
void pmill_regex_walk_free(struct pmill_regex_walk *walk);

/* Lets another thread stop the walk: `next` is then PMILL_CANCELLED. `watch` may be NULL. */
void pmill_regex_walk_set_watch(struct pmill_regex_walk *walk, struct pmill_match_watch *watch);

/* As pmill_pretoken_cursor_start and _next. `text` must stay valid until the walk ends. */
pmill_status pmill_regex_walk_start(struct pmill_regex_walk *walk, const uint8_t *text, size_t len,
	bool is_final, pmill_error *error);
pmill_status pmill_regex_walk_next(struct pmill_regex_walk *walk, size_t *ends, size_t capacity,
	size_t *count, pmill_error *error);

/* [begin, end), bytes of the text. */
struct pmill_regex_match {
	size_t begin, end;
};

/*
 * The next match itself, where pmill_regex_walk_next would cut at both its ends: for walks that are
 * final, and not together with that function. An empty match right after another isn't one. Stores
 * false in `*found` at the end of the walk.
 */
pmill_status pmill_regex_walk_next_match(struct pmill_regex_walk *walk,
	struct pmill_regex_match *match, bool *found, pmill_error *error);

#endif
