/* The parts of a tokenizer.json. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_TOKENIZER_JSON_H
#define PMILL_FORMATS_TOKENIZER_JSON_H

#include <jansson.h>

#include "base/array.h"
#include "model/tokenizer.h"

/* Errors have no file name: pmill_hf_load adds it. */

/* tokenizer_json.c */

/* A member that is present and not null, or NULL. */
const json_t *pmill_hf_member(const json_t *object, const char *key);

/* A whole tokenizer.json that was parsed. Here the errors have `name`. */
pmill_status pmill_hf_load(const json_t *root, const char *name, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error);

/* tokenizer_json_read.c */

/* Checks the members besides the model: refuses, by name, what is unsupported and affects ids. */
pmill_status pmill_hf_check_surroundings(const json_t *root, pmill_error *error);

/* model: vocab, merges, meaning. `contents` may be empty but not NULL. */
pmill_status pmill_hf_read_model(struct pmill_tokenizer *tokenizer, const json_t *model,
	const json_t *contents, pmill_error *error);

/* tokenizer_json_split.c */

/* pre_tokenizer → a pattern: constant, or in the arena. */
pmill_status pmill_hf_read_pre_tokenizer(struct pmill_arena *arena, const json_t *pre_tokenizer,
	const char **pattern, pmill_error *error);

/* tokenizer_json_added.c */

/*
 * added_tokens. The first call checks them and creates an object of their contents, which the vocab
 * leaves out (free with json_decref); the second, once vocab and merges are read, adds them with
 * their ids.
 */
pmill_status pmill_hf_collect_added(
	const json_t *added_tokens, json_t **contents, pmill_error *error);
pmill_status pmill_hf_read_added(struct pmill_tokenizer *tokenizer, const json_t *added_tokens,
	const json_t *vocab, pmill_error *error);

/* tokenizer_json_write.c */

/* Whether a tokenizer.json can hold the model. A pmill_format.check_model. */
pmill_status pmill_hf_check(const struct pmill_tokenizer *tokenizer, pmill_error *error);

/* Appends a whole tokenizer.json. */
pmill_status pmill_hf_write(const struct pmill_tokenizer *tokenizer, unsigned flags,
	struct pmill_buffer *out, pmill_error *error);

#endif
