/* tokenizer_config.json: what transformers reads besides tokenizer.json. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_TOKENIZER_CONFIG_H
#define PMILL_FORMATS_TOKENIZER_CONFIG_H

#include "base/array.h"
#include "model/tokenizer.h"

/*
 * The special token with a role, such as "eos_token", told by its spelling; NULL: none, or no such
 * role.
 */
const struct pmill_special *pmill_tokenizer_config_role(
	const struct pmill_tokenizer *tokenizer, const char *key);

/* Appends the file. Returns false if out of memory. */
bool pmill_tokenizer_config_write(
	const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out);

#endif
