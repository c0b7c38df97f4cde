/* tekken.json: what its reader, its writer and others share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_TEKKEN_H
#define PMILL_FORMATS_TEKKEN_H

#include <jansson.h>

#include "model/tokenizer.h"
#include "notation/json_place.h"

enum {
	/*
	 * The longest token: mistral-common's have up to 78 bytes. Finding a token's parts takes some
	 * 50 times its length in memory.
	 */
	PMILL_TEKKEN_LONGEST_TOKEN = 1 << 20,
	PMILL_TEKKEN_NAME_SIZE = 24, /* of "<SPECIAL_4294967295>" */
};

/* Whether a parsed object is a tekken.json. */
bool pmill_tekken_is(const json_t *root);

/* Reads one that was parsed with pmill_json_parse_with_nul. */
pmill_status pmill_tekken_load(const struct pmill_json_source *source,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);

/* Whether a tekken.json can hold the model. A pmill_format.check_model. */
pmill_status pmill_tekken_check(const struct pmill_tokenizer *tokenizer, pmill_error *error);

/* Appends a whole tekken.json. */
pmill_status pmill_tekken_write(const struct pmill_tokenizer *tokenizer, unsigned flags,
	struct pmill_buffer *out, pmill_error *error);

/*
 * The special token that a reader puts at an id which the file doesn't name: "<SPECIAL_id>", made
 * in `text`; without any list of special tokens, the first ones come from a fixed list.
 */
const char *pmill_tekken_default_special(
	uint32_t id, bool has_list, char text[PMILL_TEKKEN_NAME_SIZE]);

/* The number in "v13"; 0 if there is no such version. From 8 on, files list special tokens. */
unsigned pmill_tekken_version(const char *version);

/* Row of the table of versions; NULL at the end. */
const char *pmill_tekken_version_name(size_t index);

#endif
