/* Finds added tokens in a text, with the flags that Hugging Face's files give them. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ADDED_WALK_H
#define PMILL_ENCODE_ADDED_WALK_H

#include "pretokenize/special_finder.h"
#include "unicode/property.h"

/* What to do with a token that is found. */
struct pmill_added_rule {
	uint32_t id;
	bool is_forbidden; /* by the policy: an error */
	bool strips_left, strips_right, is_single_word;
};

/* Tokens that are searched for together. Never changes once created. */
struct pmill_added_set {
	struct pmill_special_finder *finder;       /* NULL: no tokens */
	struct pmill_added_rule *rules;            /* by index in `finder` */
	const struct pmill_unicode *unicode;       /* for white space */
	struct pmill_code_points *word_characters; /* NULL unless a rule needs them */
};

/* The set takes over `rules`, also on failure. The version is one that there are tables for. */
pmill_status pmill_added_set_create(struct pmill_added_set *set, const pmill_bytes *contents,
	struct pmill_added_rule *rules, size_t count, const char *unicode_version, pmill_error *error);
void pmill_added_set_release(struct pmill_added_set *set);

/* Walks one text; set `set`, all else zero is ready. */
struct pmill_added_walk {
	const struct pmill_added_set *set;
	/* private */
	struct pmill_special_cursor cursor;
	const uint8_t *text;
	size_t len, begin;
};

void pmill_added_walk_release(struct pmill_added_walk *walk);
void pmill_added_walk_start(struct pmill_added_walk *walk, const uint8_t *text, size_t len);

/* Text, maybe empty, and the token after it. */
struct pmill_added_piece {
	size_t begin, end;
	const struct pmill_added_rule *rule; /* NULL: the text ends, and so does the walk */
	size_t token_begin;                  /* where its own bytes begin, whatever it strips */
	size_t index;                        /* in the set's finder */
};

/* The next piece. Not to be called again after one without a rule. */
pmill_status pmill_added_walk_next(
	struct pmill_added_walk *walk, struct pmill_added_piece *piece, pmill_error *error);

#endif
