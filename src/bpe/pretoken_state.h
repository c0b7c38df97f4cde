/* What encoding pretokens needs in each thread, and the ids that it gives. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_PRETOKEN_STATE_H
#define PMILL_BPE_PRETOKEN_STATE_H

#include "bpe/known_pretokens.h"
#include "bpe/pretoken_encoder.h"

/* Growing; all zero is empty. */
struct pmill_id_buffer {
	uint32_t *ids;
	size_t count, capacity;
};

/* Room for `more` ids. Both return false if out of memory. */
bool pmill_id_buffer_reserve(struct pmill_id_buffer *ids, size_t more);
bool pmill_id_buffer_add(struct pmill_id_buffer *ids, uint32_t id);

/* One per thread. Set `encoder` and `key_maker`; all else zero is ready. */
struct pmill_pretoken_state {
	const struct pmill_pretoken_encoder *encoder; /* not owned */
	struct pmill_pretoken_scratch scratch;
	struct pmill_known_pretokens known;
	uint64_t
		*characters; /* the ids of parts that are one character of three bytes; NULL: not yet */
	bool is_without_characters;              /* there is no memory for them, or ids are too large */
	const struct pmill_key_maker *key_maker; /* not owned */
};
void pmill_pretoken_state_release(struct pmill_pretoken_state *state);

/* Whether nothing has been encoded yet. */
static inline bool pmill_pretoken_state_is_new(const struct pmill_pretoken_state *state)
{
	return state->known.id_bits == 0;
}

#endif
