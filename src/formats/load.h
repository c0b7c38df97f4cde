/* What the readers of all formats share: messages, pattern and Unicode version, special tokens. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_LOAD_H
#define PMILL_FORMATS_LOAD_H

#include "base/array.h"
#include "model/tokenizer.h"
#include "pairmill.h"

/*
 * Ids may be this much larger than the number of tokens: more holes than any known vocab has, and
 * few enough that a forged id costs no memory.
 */
#define PMILL_MOST_HOLES 65536u

/* Puts "NAME: " before the message that is there, unless it is of memory. Returns `status`. */
pmill_status pmill_name_error(pmill_error *error, const char *name, pmill_status status);

/*
 * Sets pattern and Unicode version. `pattern` is what the file says, or NULL; an option that says
 * something else is PMILL_BAD_OPTION. Where neither says one: "gpt2" and "16.0".
 */
pmill_status pmill_load_text(struct pmill_tokenizer *tokenizer, const char *name,
	const char *pattern, const pmill_load_options *options, pmill_error *error);

/* Whether two patterns cut alike: equal, or names and spellings of one known pattern. */
bool pmill_pattern_is_same(const char *a, const char *b);

/*
 * Special tokens that the file does not name. Each of `options` that `find` (may be NULL) knows
 * takes the id that it says; the others fill the holes of the vocab in order, then follow behind
 * it.
 */
pmill_status pmill_load_specials(struct pmill_tokenizer *tokenizer,
	const pmill_load_options *options, uint32_t (*find)(const void *context, pmill_bytes content),
	const void *context, pmill_error *error);

/* Writes one file whole or not at all. */
pmill_status pmill_write_file(
	const char *path, const struct pmill_buffer *bytes, unsigned flags, pmill_error *error);

#endif
