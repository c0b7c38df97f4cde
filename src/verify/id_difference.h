/* Where the ids of two models first differ in a document, shown with the tokens around it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_VERIFY_ID_DIFFERENCE_H
#define PMILL_VERIFY_ID_DIFFERENCE_H

#include "base/array.h"
#include "pairmill.h"

/* What one model makes of the document. */
struct pmill_encoded_side {
	const pmill_tokenizer *tokenizer;
	const char *name;     /* of the model, for people */
	const pmill_ids *ids; /* of that document alone, in 4 bytes, with byte offsets if described */
};

/* The index of the first id that differs, or that only one has; the number of ids: none does. */
size_t pmill_id_difference_find(const pmill_ids *ids, const pmill_ids *other);

/*
 * Appends "its byte 345, id 67" and a line for each side: some tokens before that id, and from it
 * on, with ids and quoted bytes. Returns false if out of memory.
 */
bool pmill_id_difference_describe(
	const struct pmill_encoded_side sides[2], size_t index, struct pmill_buffer *out);

#endif
