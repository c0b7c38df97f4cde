/* Finds one match after another, within limits, and can be stopped. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_MATCHER_H
#define PMILL_REGEX_MATCHER_H

#include <stddef.h>

#include "regex/code.h"
#include "regex/match_watch.h"

#if PMILL_HAVE_PCRE2

/* What one thread needs to match. */
struct pmill_matcher {
	const struct pmill_regex_code *code;
	const char *expression; /* what `code` was compiled from; NULL: a known pattern's */
	bool has_windows;       /* set by the owner: a search may be cut into parts of the text */
	struct pmill_match_watch *watch; /* set by the owner; may be NULL */
	const PCRE2_SIZE *offsets;       /* of the last match: its beginning and end */
	/* The text, well-formed UTF-8. */
	const uint8_t *text;
	size_t len;
	/* The matcher's own. */
	struct pmill_regex_code patient; /* the expression with callouts, once it is needed */
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	size_t window;   /* bytes */
	size_t limit;    /* where the present window ends; PCRE2_UNSET: with the text */
	size_t renew_at; /* a search from here on needs the next window */
	/* How fast it goes: bytes passed in the time spent, since the last verdict. */
	unsigned calls_left; /* until the next look at the clock */
	unsigned callouts;
	uint64_t measured_ns; /* when last looked; 0: not yet */
	uint64_t spent_ns;
	size_t measured_at; /* position in the text */
	size_t passed;
};

/* One match may take this many steps back; a number that an error names. */
#define PMILL_MATCH_LIMIT 10000000

/* Both are borrowed. Returns false if out of memory; release in either case. */
bool pmill_matcher_init(
	struct pmill_matcher *matcher, const struct pmill_regex_code *code, const char *expression);
void pmill_matcher_release(struct pmill_matcher *matcher);

void pmill_matcher_set_text(struct pmill_matcher *matcher, const uint8_t *text, size_t len);

/* The time until the next match is not the matcher's: the thread did something else meanwhile. */
void pmill_matcher_forget_time(struct pmill_matcher *matcher);

/*
 * Finds the next match that begins at or after `begin`, with PCRE2's options and results.
 * PCRE2_ERROR_CALLOUT: it was asked to stop.
 */
int pmill_matcher_find(struct pmill_matcher *matcher, size_t begin, uint32_t options);

#endif

#endif
