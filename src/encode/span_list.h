/* Which policy each byte of a text has. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_SPAN_LIST_H
#define PMILL_ENCODE_SPAN_LIST_H

#include "model/policy.h"

/* The policies of a text's bytes, in order; each begins where the one before ends. */
struct pmill_span_end {
	size_t end;
	const pmill_policy *policy; /* never NULL */
};

/* All zero is empty. */
struct pmill_span_list {
	struct pmill_span_end *items;
	size_t count, capacity;
	size_t hint;       /* the span of the last look-up */
	bool is_referring; /* it has references to its policies; otherwise others see to that */
};

void pmill_span_list_release(struct pmill_span_list *list);
void pmill_span_list_clear(struct pmill_span_list *list);

/* The text goes on until `end`, with this policy. Returns false if out of memory. */
bool pmill_span_list_add(struct pmill_span_list *list, size_t end, const pmill_policy *policy);

/* Removes the first `len` bytes. */
void pmill_span_list_drop(struct pmill_span_list *list, size_t len);

/* Whether one of the policies recognises anything. */
bool pmill_span_list_is_any(const struct pmill_span_list *list);

/* The policy of the byte at `offset`; or the last one. Not for an empty list. */
const pmill_policy *pmill_span_list_at(struct pmill_span_list *list, size_t offset);

/*
 * How the token with this index is treated that bytes [begin, end) spell: recognised or forbidden
 * only if all of them allow that. An empty range counts as the byte at `begin`.
 */
enum pmill_treatment pmill_span_list_treat(
	struct pmill_span_list *list, size_t begin, size_t end, size_t index);

#endif
