/* Normalises text by the steps of a model: normal forms, lower case, replacements. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NORMALIZE_NORMALIZER_H
#define PMILL_NORMALIZE_NORMALIZER_H

#include "base/array.h"
#include "normalize/normal_step.h"
#include "normalize/source_map.h"

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
 * Whether all steps are normal forms and lower case, or there are none. Then text can be normalised
 * in parts that begin at an ASCII character, which no step moves, or joins to what is before it:
 * if y begins with one, x + y normalised is x normalised + y normalised.
 */
bool pmill_normalizer_is_local(const struct pmill_normalizer *normalizer);

/*
 * Replaces what `out` holds by the normalised text. Bytes that are not UTF-8 stay as they are, and
 * nothing composes across them. `*map`, unless NULL, becomes the map from `text` to it: a character
 * that a form or lower case changed is a changed run, together with those that it was composed with
 * or that changed places with it; an ASCII letter in lower case is copied; a replacement is a
 * changed run, and so is a prefix, from the empty range at the text's begin. After a failure both
 * hold a part.
 */
pmill_status pmill_normalizer_apply(const struct pmill_normalizer *normalizer, const uint8_t *text,
	size_t len, struct pmill_buffer *out, struct pmill_source_map *map, pmill_error *error);

#endif
