/* One step of cutting text into pretokens, as a model says it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_CUT_STEP_H
#define PMILL_MODEL_CUT_STEP_H

#include <stdbool.h>

/*
 * The first step cuts a segment, each later one the pieces of the step before, whose edges it sees
 * as the ends of the text. A step that neither adds a space nor keeps matches only nor cuts the
 * printable form is plain.
 */
struct pmill_cut_step {
	const char *pattern; /* the name of a known pattern, or an expression; "none" cuts nothing */
	bool adds_space;     /* first puts a space before a piece that doesn't begin with one */
	/*
	 * The text between matches is dropped ("Removed", inverted). For a pattern that leaves none,
	 * the same as keeping it; with another, text that would be dropped is an error.
	 */
	bool drops_gaps;
	bool on_printable; /* sees each byte as a visible character, as a step after ByteLevel does */
};

static inline bool pmill_cut_step_is_plain(const struct pmill_cut_step *step)
{
	return !step->adds_space && !step->drops_gaps && !step->on_printable;
}

#endif
