/* Where an encoder's ids go: to a buffer, to a function, or nowhere; all, or the first ones. */
/* SPDX-License-Identifier: MIT */
#include "encode/id_sink.h"

#include "base/error.h"

bool pmill_id_sink_wants_places(const struct pmill_id_sink *sink)
{
	return sink->is_limited || (sink->ids != NULL && pmill_ids_wants_offsets(sink->ids));
}

/* How many of the ids the limit leaves. */
static size_t limit(struct pmill_id_sink *sink, const uint64_t *places, size_t count)
{
	const uint64_t left = sink->most - sink->count;
	if (count > left) {
		count = (size_t)left;
		sink->is_full = true;
	}
	if (count > 0)
		sink->end = places[2 * count - 1];
	return count;
}

pmill_status pmill_id_sink_put(struct pmill_id_sink *sink, const uint32_t *ids,
	const uint64_t *places, size_t count, pmill_error *error)
{
	if (sink->is_limited)
		count = limit(sink, places, count);
	sink->count += count;
	if (sink->ids == NULL || count == 0)
		return PMILL_OK;
	if (!pmill_ids_reserve(sink->ids, count))
		return pmill_fail_memory(error);
	pmill_ids_put(sink->ids, ids, count);
	pmill_ids_put_offsets(sink->ids, places, count);
	return sink->take != NULL ? sink->take(sink->context, sink->ids, error) : PMILL_OK;
}
