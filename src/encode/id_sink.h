/* Where an encoder's ids go: to a buffer, to a function, or nowhere; all, or the first ones. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ID_SINK_H
#define PMILL_ENCODE_ID_SINK_H

#include "tokens/ids.h"

/* Takes ids out of the buffer from time to time. */
typedef pmill_status pmill_take_ids(void *context, struct pmill_ids *ids, pmill_error *error);

/* All zero counts ids and keeps none. */
struct pmill_id_sink {
	struct pmill_ids *ids; /* NULL: none is kept */
	pmill_take_ids *take;  /* NULL: they stay in the buffer */
	void *context;
	bool is_limited;
	uint64_t most; /* if is_limited */
	/* So far. */
	uint64_t count;
	uint64_t end; /* if is_limited: where the last id ends in the document */
	bool is_full; /* there was one id more than `most` */
};

/* Whether each id must come with its place. */
bool pmill_id_sink_wants_places(const struct pmill_id_sink *sink);

/* `places`: where each id begins and ends in the document, 2 * count; NULL if not wanted. */
pmill_status pmill_id_sink_put(struct pmill_id_sink *sink, const uint32_t *ids,
	const uint64_t *places, size_t count, pmill_error *error);

#endif
