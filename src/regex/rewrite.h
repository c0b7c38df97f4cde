/* Rewrites an expression so that it follows a Unicode version, not the one that PCRE2 has. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_REWRITE_H
#define PMILL_REGEX_REWRITE_H

#include "pairmill.h"
#include "regex/class_text.h"

/*
 * Appends `expression` with its classes written out where PCRE2's own differ. What can't be
 * written is PMILL_UNSUPPORTED, with its name and offset. The syntax must be right, as far as PCRE2
 * can tell: `knows_properties` says whether it knows all properties in it.
 */
pmill_status pmill_regex_rewrite(const char *expression, struct pmill_versions versions,
	bool knows_properties, struct pmill_buffer *out, pmill_error *error);

#endif
