/* Vocab and merges in printable bytes, shared by tokenizer.json and vocab.json. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_PRINTABLE_MODEL_H
#define PMILL_FORMATS_PRINTABLE_MODEL_H

#include <jansson.h>

#include "base/array.h"
#include "model/tokenizer.h"
#include "notation/json_place.h"

/* Set `tokenizer`; all else zero is ready. Errors have no file name: the caller adds it. */
struct pmill_printable_reader {
	struct pmill_tokenizer *tokenizer;
	const json_t *added; /* an object whose keys are the special and added tokens; NULL: none */
	/*
	 * As a tokenizer.json is read: an entry that isn't spelled in printable bytes is a token that
	 * no text becomes, and an added token in the vocab is an ordinary one too if merges need it.
	 */
	bool follows_hf;
	const json_t *vocab;
	struct pmill_json_place fault; /* in `vocab`, if that is why a merge failed */
	size_t merge_capacity;
	struct pmill_buffer left, joined;
};

void pmill_printable_reader_release(struct pmill_printable_reader *reader);

/* Adds the entries of {token: id} except those in `added`. */
pmill_status pmill_printable_read_vocab(
	struct pmill_printable_reader *reader, const json_t *vocab, struct pmill_json_error *error);

/* Reads an id of {token: id}: an integer in proportion to the number of entries. */
pmill_status pmill_printable_read_id(
	const json_t *value, size_t entries, const char *token, uint32_t *id, pmill_error *error);

/* Adds the next merge. Both parts and their join must be in the vocab. */
pmill_status pmill_printable_add_merge(struct pmill_printable_reader *reader, const char *left,
	size_t left_len, const char *right, size_t right_len, pmill_error *error);

/* Adds "A B", with one space. */
pmill_status pmill_printable_add_line(
	struct pmill_printable_reader *reader, const char *line, size_t len, pmill_error *error);

/* Once all merges are added: refuses one that occurs twice; *rank is that of the second. */
pmill_status pmill_printable_check_merges(
	const struct pmill_tokenizer *tokenizer, size_t *rank, pmill_error *error);

/* Refuses a merge that can't be written as a line "A B", or such a string in a tokenizer.json. */
pmill_status pmill_printable_check_lines(
	const struct pmill_tokenizer *tokenizer, pmill_error *error);

/* Refuses a special token that JSON or printable bytes can't hold. A pmill_format.check_special. */
pmill_status pmill_printable_check_special(pmill_bytes content, pmill_error *error);

/*
 * Checks whether the model can be written as a vocab and a merge list: so can its special tokens,
 * and none is spelled like another token. With PMILL_MEANING_RANK_BY_ID no token may have a byte
 * that the vocab lacks.
 */
pmill_status pmill_printable_check_model(
	const struct pmill_tokenizer *tokenizer, pmill_error *error);

/*
 * Whether a vocab and a merge list mean the same only if a pretoken in the vocab is taken whole
 * (ignore_merges): so does the model, and if it goes by ranks, merging can't make all its tokens.
 */
bool pmill_printable_ignores_merges(const struct pmill_tokenizer *tokenizer);

/* With PMILL_MEANING_RANK_BY_ID: the first token that merging can't make; else PMILL_NO_ID. */
uint32_t pmill_printable_find_unmade(const struct pmill_tokenizer *tokenizer);

/* Appends `{`, the entries by id below `end`, each preceded by `before`, and `close`. */
bool pmill_printable_write_vocab(const struct pmill_tokenizer *tokenizer, size_t end,
	struct pmill_buffer *out, const char *before, const char *close);

#endif
