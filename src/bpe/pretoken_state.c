/* What encoding pretokens needs in each thread, and the ids that it gives. */
/* SPDX-License-Identifier: MIT */
#include "bpe/pretoken_state.h"

#include <stdlib.h>

#include "base/array.h"

void pmill_pretoken_state_release(struct pmill_pretoken_state *state)
{
	pmill_pretoken_scratch_release(&state->scratch);
	pmill_known_pretokens_release(&state->known);
	free(state->characters);
	state->characters = NULL;
}

bool pmill_id_buffer_reserve(struct pmill_id_buffer *ids, size_t more)
{
	if (more <= ids->capacity - ids->count)
		return true;
	void *items = ids->ids;
	if (more > SIZE_MAX / 2 - ids->count ||
		!pmill_array_reserve(&items, &ids->capacity, ids->count + more, sizeof *ids->ids))
		return false;
	ids->ids = items;
	return true;
}

bool pmill_id_buffer_add(struct pmill_id_buffer *ids, uint32_t id)
{
	if (!pmill_id_buffer_reserve(ids, 1))
		return false;
	ids->ids[ids->count++] = id;
	return true;
}
