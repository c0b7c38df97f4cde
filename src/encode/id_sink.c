/* Where an encoder's ids go: to a buffer, to a function, or nowhere; all, or the first ones. */
/* SPDX-License-Identifier: MIT */
#include "encode/id_sink.h"

#include "base/error.h"

/* At a time: a long pretoken has millions of ids, and they are in memory already. */
enum { MOST_TO_TAKE = 1 << 14 };

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

static pmill_status put(struct pmill_id_sink *sink, const uint32_t *ids, const uint64_t *places,
	size_t count, pmill_error *error)
{
	if (!pmill_ids_reserve(sink->ids, count))
		return pmill_fail_memory(error);
	pmill_ids_put(sink->ids, ids, count);
	pmill_ids_put_offsets(sink->ids, places, count);
	return sink->take != NULL ? sink->take(sink->context, sink->ids, error) : PMILL_OK;
}

pmill_status pmill_id_sink_put(struct pmill_id_sink *sink, const uint32_t *ids,
	const uint64_t *places, size_t count, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (sink->is_limited)
		count = limit(sink, places, count);
	sink->count += count;
	if (sink->ids == NULL)
		return PMILL_OK;
	const size_t most = sink->take != NULL ? MOST_TO_TAKE : count;
	for (size_t at = 0; at < count && status == PMILL_OK; at += most) {
		const size_t part = count - at < most ? count - at : most;
		status = put(sink, ids + at, places == NULL ? NULL : places + 2 * at, part, error);
	}
	return status;
}
