/* OUT.json beside a token file: what its ids are and how many there are. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_SIDECAR_H
#define PMILL_TOKENS_SIDECAR_H

#include "base/array.h"
#include "tokens/token_format.h"

/* What the ids mean. Texts are borrowed. */
struct pmill_sidecar_model {
	const char *sha256; /* pmill_model_digest */
	const char *name;   /* for people */
	uint32_t vocab_size;
	uint32_t eot, bos; /* PMILL_NO_ID: none */
};

/* What was written. */
struct pmill_sidecar_counts {
	uint64_t documents, tokens, bytes; /* bytes: of text */
};

/* False if out of memory. */
bool pmill_sidecar_write(struct pmill_buffer *out, const struct pmill_token_format *format,
	const struct pmill_sidecar_model *model, const struct pmill_sidecar_counts *counts);

/*
 * The format that the sidecar of the ids in `path` names; NULL: there is no sidecar. One that isn't
 * ours is PMILL_BAD_INPUT with the way out.
 */
pmill_status pmill_sidecar_find_format(
	const char *path, const struct pmill_token_format **format, pmill_error *error);

#endif
