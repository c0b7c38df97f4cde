/* Whether ids can be ranks: what .tiktoken and tekken.json take for granted. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_RANKS_H
#define PMILL_FORMATS_RANKS_H

#include "model/tokenizer.h"

/*
 * PMILL_UNSUPPORTED, with the token, if a model that merges by the ranks of its tokens gives other
 * ids; or if the model can't encode at all. `format` is for the message.
 */
pmill_status pmill_ranks_check(
	const struct pmill_tokenizer *tokenizer, const char *format, pmill_error *error);

/* "FORMAT can't hold this model: the token "..." (id N) REASON". */
pmill_status pmill_ranks_fail_token(const struct pmill_tokenizer *tokenizer, const char *format,
	uint32_t id, const char *reason, pmill_error *error);

/* Appends a phrase to a list of losses. Returns false if out of memory. */
bool pmill_ranks_add_loss(struct pmill_buffer *losses, const char *loss);

bool pmill_ranks_has_template(const struct pmill_tokenizer *tokenizer);

#endif
