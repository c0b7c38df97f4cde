/* Pretokens that aren't known → ids: cut into parts, which are looked up, or merged. */
/* SPDX-License-Identifier: MIT */
/*
 * A pretoken is cut where no token lies between two characters. So in text of many languages most
 * parts are single characters, and few have to be merged.
 */
#ifndef PMILL_BPE_PRETOKEN_PARTS_H
#define PMILL_BPE_PRETOKEN_PARTS_H

#include "bpe/pretoken_state.h"

enum { PMILL_PARTS = 16 }; /* that are looked up together */

/* Where a pretoken can be cut; the last end is its own. */
struct pmill_pretoken_cuts {
	struct pmill_cut_walk walk;
	size_t ends[PMILL_PARTS], count;
};

/* The first cuts. False if there is none. */
bool pmill_pretoken_cuts_find(const struct pmill_pretoken_state *state,
	struct pmill_pretoken_cuts *cuts, const uint8_t *pretoken, size_t len);

/*
 * A pretoken that can be cut, at the cuts found first and all that follow. It is no token itself,
 * as that would lie across the cut. There is room for its ids. The table may grow for its parts, of
 * which a long pretoken may have thousands, only if no slot of it is in use. On failure
 * error->offset is in a text in which the pretoken begins at `at`.
 */
pmill_status pmill_pretoken_add_parts(struct pmill_pretoken_state *state,
	struct pmill_pretoken_cuts *cuts, size_t at, bool may_grow, struct pmill_id_buffer *ids,
	pmill_error *error);

/* The same for a pretoken that may have no cut. */
pmill_status pmill_pretoken_add_unknown(struct pmill_pretoken_state *state, const uint8_t *pretoken,
	size_t len, size_t at, bool may_grow, struct pmill_id_buffer *ids, pmill_error *error);

#endif
