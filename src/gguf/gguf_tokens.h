/* Vocab, special tokens and merges of a GGUF file. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_GGUF_GGUF_TOKENS_H
#define PMILL_GGUF_GGUF_TOKENS_H

#include "gguf/gguf_header.h"
#include "model/tokenizer.h"

/* Types of tokens in tokenizer.ggml.token_type. */
enum {
	PMILL_GGUF_NORMAL = 1,
	PMILL_GGUF_UNKNOWN_TOKEN = 2,
	PMILL_GGUF_CONTROL = 3,
	PMILL_GGUF_USER_DEFINED = 4,
	PMILL_GGUF_UNUSED = 5,
	PMILL_GGUF_BYTE = 6,
};

/*
 * Fills vocab and special tokens. `is_spaced`: tokens are text with U+2581 for a space, as
 * SentencePiece spells them, and not in printable bytes. Errors have the file's name.
 */
pmill_status pmill_gguf_read_tokens(const struct pmill_gguf_header *header, const char *name,
	bool is_spaced, struct pmill_tokenizer *tokenizer, pmill_error *error);

/* Then the merges. */
pmill_status pmill_gguf_read_merges(const struct pmill_gguf_header *header, const char *name,
	struct pmill_tokenizer *tokenizer, pmill_error *error);

#endif
