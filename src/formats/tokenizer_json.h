/* The parts of a tokenizer.json. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_TOKENIZER_JSON_H
#define PMILL_FORMATS_TOKENIZER_JSON_H

#include <jansson.h>

#include "base/array.h"
#include "model/tokenizer.h"
#include "notation/json_place.h"

/* Errors have neither file name nor byte: pmill_hf_load adds both. */

/* tokenizer_json.c */

/* A member that is present and not null, or NULL. */
const json_t *pmill_hf_member(const json_t *object, const char *key);

/* Its "type", or "without a type". */
const char *pmill_hf_type(const json_t *value);

/* Its string `key`; "" if there is none. */
const char *pmill_hf_text(const json_t *object, const char *key);

/*
 * What a value consists of: itself, or what is in its Sequences, nested ones as well, in order.
 * `value` may be NULL; `list` names the member of a Sequence. Free with json_decref.
 */
pmill_status pmill_hf_flatten(
	const json_t *value, const char *list, json_t **leaves, struct pmill_json_error *error);

/* Adds a reason why the model can't encode. */
pmill_status pmill_hf_refuse(struct pmill_tokenizer *tokenizer, struct pmill_json_error *error,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A whole tokenizer.json that was parsed. Here the errors have the file's name. */
pmill_status pmill_hf_load(const struct pmill_json_source *source,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);

/* tokenizer_json_cut.c */

/* Steps in malloc memory; their patterns are constant or in the tokenizer's arena. */
struct pmill_hf_cuts {
	struct pmill_cut_step *steps;
	size_t count, capacity;
	bool is_byte_level; /* there is a ByteLevel: tokens are spelled in printable bytes */
};

/* pre_tokenizer → steps. What isn't supported is a reason of refusal. */
pmill_status pmill_hf_read_pre_tokenizer(struct pmill_tokenizer *tokenizer,
	const json_t *pre_tokenizer, struct pmill_hf_cuts *cuts, struct pmill_json_error *error);

/* A pre_tokenizer for the steps; NULL in *value with PMILL_UNSUPPORTED if there is none. */
pmill_status pmill_hf_make_pre_tokenizer(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error);

/* tokenizer_json_normal.c: the same for the normalizer. */
pmill_status pmill_hf_read_normalizer(
	struct pmill_tokenizer *tokenizer, const json_t *normalizer, struct pmill_json_error *error);
pmill_status pmill_hf_make_normalizer(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error);

/* tokenizer_json_template.c: the same for the post_processor. Vocab and added tokens are there. */
pmill_status pmill_hf_read_post_processor(struct pmill_tokenizer *tokenizer,
	const json_t *post_processor, struct pmill_json_error *error);
pmill_status pmill_hf_make_post_processor(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error);

/* Appends JSON text in which renamed special tokens have their new names. */
bool pmill_hf_append_renamed(const struct pmill_tokenizer *tokenizer, const void *text, size_t len,
	struct pmill_buffer *out);

/* tokenizer_json_text.c */

/* The model's {token: id}, made from another kind of list if need be. Free with json_decref. */
pmill_status pmill_hf_vocab_object(
	const json_t *model, json_t **vocab, struct pmill_json_error *error);

/*
 * The vocab of a model that isn't byte-level, for decoding only: what the decoder makes of each
 * token by itself. Adds what that leaves out to the reasons of refusal.
 */
pmill_status pmill_hf_read_text_vocab(struct pmill_tokenizer *tokenizer, const json_t *vocab,
	const json_t *decoder, struct pmill_json_error *error);

/* tokenizer_json_added.c */

/* The added tokens; `contents` has the index of each by its content. */
struct pmill_hf_added {
	struct pmill_special *specials; /* contents belong to the JSON */
	size_t count;
	json_t *contents;
	const json_t *list; /* added_tokens */
	bool is_text;       /* those in the vocab are placed: the model isn't byte-level */
};

/* added_tokens, not yet with ids. A failure that is not of one token has no place. */
pmill_status pmill_hf_collect_added(
	const json_t *added_tokens, struct pmill_hf_added *added, struct pmill_json_error *error);
void pmill_hf_added_release(struct pmill_hf_added *added);

/* Once vocab and merges are read: gives them their ids, and adds them to the tokenizer. */
pmill_status pmill_hf_place_added(struct pmill_tokenizer *tokenizer, struct pmill_hf_added *added,
	const json_t *vocab, struct pmill_json_error *error);

/* tokenizer_json_read.c */

/* What the model is, if it can't be encoded with: reasons of refusal. */
pmill_status pmill_hf_check_model(
	struct pmill_tokenizer *tokenizer, const json_t *model, struct pmill_json_error *error);

/* The same of what depends on the vocab, once that is read. */
pmill_status pmill_hf_check_unknown(
	struct pmill_tokenizer *tokenizer, const json_t *model, struct pmill_json_error *error);

/* Vocab, merges and meaning of a byte-level model. */
pmill_status pmill_hf_read_model(struct pmill_tokenizer *tokenizer, const json_t *model,
	const json_t *vocab, const struct pmill_hf_added *added, struct pmill_json_error *error);

/* tokenizer_json_write.c */

/* Whether a tokenizer.json can hold the model. A pmill_format.check_model. */
pmill_status pmill_hf_check(const struct pmill_tokenizer *tokenizer, pmill_error *error);

/* Appends a whole tokenizer.json. */
pmill_status pmill_hf_write(const struct pmill_tokenizer *tokenizer, unsigned flags,
	struct pmill_buffer *out, pmill_error *error);

#endif
