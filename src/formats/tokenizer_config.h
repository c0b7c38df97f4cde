/* tokenizer_config.json: what transformers reads besides tokenizer.json. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_TOKENIZER_CONFIG_H
#define PMILL_FORMATS_TOKENIZER_CONFIG_H

#include "base/array.h"
#include "model/tokenizer.h"

/* Appends the file. Returns false if out of memory. */
bool pmill_tokenizer_config_write(
	const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out);

#endif
