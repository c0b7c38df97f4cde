/* One step of normalising text, as a model says it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NORMALIZE_NORMAL_STEP_H
#define PMILL_NORMALIZE_NORMAL_STEP_H

#include <stdbool.h>

#include "pairmill.h"

enum pmill_normal_kind {
	PMILL_NORMAL_NFC,
	PMILL_NORMAL_NFD,
	PMILL_NORMAL_NFKC,
	PMILL_NORMAL_NFKD,
	PMILL_NORMAL_LOWERCASE, /* each character by itself: U+0130 becomes two */
	PMILL_NORMAL_PREPEND,   /* `content`, to text that isn't empty */
	PMILL_NORMAL_REPLACE,   /* each `found` or match of `expression` by `content` */
	PMILL_NORMAL_STRIP,     /* white space, at the left and at the right */
};

/* What a kind doesn't name is empty, NULL or false. */
struct pmill_normal_step {
	enum pmill_normal_kind kind;
	pmill_bytes content;
	pmill_bytes found;      /* never empty */
	const char *expression; /* for PCRE2; NULL: `found` */
	bool strips_left, strips_right;
};

#endif
