/* Normalises text by the steps of a model: normal forms, lower case, replacements. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NORMALIZE_NORMALIZER_H
#define PMILL_NORMALIZE_NORMALIZER_H

#include "base/array.h"
#include "normalize/normal_step.h"

/* Immutable once created; may be shared by threads. */
struct pmill_normalizer;

/*
 * `count` may be 0: then text stays as it is. Copies what it needs of the steps. `unicode_version`,
 * NULL for the default, is that of the classes in expressions; `form_version` that of normal forms,
 * NULL for 9.0, as in Hugging Face's tokenizers. Lower case is that of 17.0, as there.
 */
pmill_status pmill_normalizer_create(const struct pmill_normal_step *steps, size_t count,
	const char *unicode_version, const char *form_version, struct pmill_normalizer **normalizer,
	pmill_error *error);
void pmill_normalizer_free(struct pmill_normalizer *normalizer);

/*
 * Replaces what `out` holds by the normalised text. Bytes that are not UTF-8 stay as they are, and
 * nothing composes across them.
 */
pmill_status pmill_normalizer_apply(const struct pmill_normalizer *normalizer, const uint8_t *text,
	size_t len, struct pmill_buffer *out, pmill_error *error);

#endif
