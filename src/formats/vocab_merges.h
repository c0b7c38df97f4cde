/* vocab.json and merges.txt, as bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_VOCAB_MERGES_H
#define PMILL_FORMATS_VOCAB_MERGES_H

#include "base/array.h"
#include "model/tokenizer.h"
#include "notation/json_place.h"

/* Checks whether these two files can express the model. */
pmill_status pmill_vocab_merges_check(const struct pmill_tokenizer *tokenizer, pmill_error *error);

/* Both append to `out` and return false if out of memory. */
bool pmill_vocab_json_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out);
bool pmill_merges_txt_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out);

/* A vocab.json that was parsed, and the merges beside its path → a model. */
pmill_status pmill_vocab_merges_load(const struct pmill_json_source *vocab, const char *path,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);

/*
 * The vocab beside merges that were named ("merges.txt", "vocab.bpe"); NULL if the path is no such
 * name, or there is none. Release it with pmill_memory_free.
 */
pmill_status pmill_vocab_merges_find_vocab(const char *path, char **vocab, pmill_error *error);

/* The bytes of the two files → a model. The names are for messages. */
pmill_status pmill_vocab_merges_read(const struct pmill_buffer *vocab, const char *vocab_name,
	const struct pmill_buffer *merges, const char *merges_name, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error);

#endif
