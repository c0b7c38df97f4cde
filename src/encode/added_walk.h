/* Finds added tokens in a text, with the flags that Hugging Face's files give them. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ADDED_WALK_H
#define PMILL_ENCODE_ADDED_WALK_H

#include "encode/span_list.h"
#include "normalize/source_map.h"
#include "pretokenize/special_finder.h"
#include "unicode/property.h"

/* How a token is searched for. */
struct pmill_added_rule {
	uint32_t same; /* the next one that is spelled alike; PMILL_NO_ADDED: none */
	bool strips_left, strips_right, is_single_word;
};

#define PMILL_NO_ADDED UINT32_MAX

/* Tokens that are searched for together. Never changes once created. */
struct pmill_added_set {
	struct pmill_special_finder *finder; /* NULL: no tokens */
	uint32_t *specials; /* the token's index among the tokenizer's, by index in `finder` */
	struct pmill_added_rule *rules;            /* by index among the tokenizer's */
	const struct pmill_unicode *unicode;       /* for white space */
	struct pmill_code_points *word_characters; /* NULL unless a rule needs them */
};

/*
 * `contents` are `count` different ones. Sets the finder and what characters are; `specials` and
 * `rules` are the caller's to fill in. The version is one that there are tables for.
 */
pmill_status pmill_added_set_create(struct pmill_added_set *set, const pmill_bytes *contents,
	size_t count, bool has_single_words, const char *unicode_version, pmill_error *error);
void pmill_added_set_release(struct pmill_added_set *set);

/* A text to walk, and where it is in the text that the policies are for. */
struct pmill_added_text {
	const uint8_t *text;
	size_t len;
	bool is_final; /* no more text follows; otherwise the walk ends before what that may change */
	struct pmill_span_list *spans;
	size_t offset;                      /* of the text in that of `spans` */
	const struct pmill_source_map *map; /* from the text to that before normalising; NULL: equal */
	bool follows_word;                  /* what was before the text ends in a character of a word */
};

/* Walks one text; set `set`, all else zero is ready. */
struct pmill_added_walk {
	const struct pmill_added_set *set;
	/* private */
	struct pmill_special_cursor cursor;
	struct pmill_added_text in;
	size_t begin, near;
};

void pmill_added_walk_release(struct pmill_added_walk *walk);
/* What `in` points to must stay until the walk ends. */
void pmill_added_walk_start(struct pmill_added_walk *walk, const struct pmill_added_text *in);

/* Text, maybe empty, and the token after it, with the white space that it strips. */
struct pmill_added_piece {
	size_t begin, end, next; /* the text; where the token ends */
	uint32_t special; /* the token's index; PMILL_NO_ADDED: the text ends, and so does the walk */
	bool is_forbidden;
	size_t token_begin, token_end; /* its own bytes, whatever it strips */
};

/* The next piece. Not to be called again after one without a rule. */
pmill_status pmill_added_walk_next(
	struct pmill_added_walk *walk, struct pmill_added_piece *piece, pmill_error *error);

/* Whether the text up to `end` ends in a character of a word; only if some rule asks for that. */
bool pmill_added_set_is_word_before(
	const struct pmill_added_set *set, const uint8_t *text, size_t end);

#endif
