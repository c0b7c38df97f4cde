/* What a model does to text and ids, as a SHA-256: the same whatever file it was loaded from. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_MODEL_DIGEST_H
#define PMILL_MODEL_MODEL_DIGEST_H

#include "pairmill.h"

/*
 * Of the tokens with their ids, which of them are special or added and how those match, merges,
 * pattern, normalizer and template; docs/token-files.md says of which bytes. 64 hexadecimal digits
 * and a NUL.
 */
pmill_status pmill_model_digest(
	const pmill_tokenizer *tokenizer, char text[65], pmill_error *error);

#endif
