/* Buffers of ids: what pmill_ids is, and how an encoder fills one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_IDS_H
#define PMILL_TOKENS_IDS_H

#include <stdbool.h>
#include <stddef.h>

#include "pairmill.h"

enum pmill_offset_unit {
	PMILL_OFFSETS_NONE, /* not kept */
	PMILL_OFFSETS_BYTE,
	PMILL_OFFSETS_CHAR,
};

/* Between calls of the public functions, each id has its offsets if they are kept. */
struct pmill_ids {
	unsigned id_bytes; /* 2 or 4 */
	enum pmill_offset_unit unit;
	void *data; /* uint16_t or uint32_t */
	size_t count, capacity;
	uint64_t *offsets; /* pairs of begin and end, as many as ids; NULL: none yet, or not kept */
	size_t offset_count, offset_capacity; /* in pairs */
	uint64_t *ends;
	size_t document_count, end_capacity;
};

enum pmill_offset_unit pmill_ids_unit(const struct pmill_ids *ids);
bool pmill_ids_wants_offsets(const struct pmill_ids *ids);

/*
 * Makes room for `more` ids, with their offsets if they are kept, and for one end. Then that many
 * can be put, and the document be ended, without a failure. Returns false if out of memory.
 */
bool pmill_ids_reserve(struct pmill_ids *ids, size_t more);

static inline uint32_t pmill_ids_at(const struct pmill_ids *ids, size_t index)
{
	return ids->id_bytes == 2 ? ((const uint16_t *)ids->data)[index]
							  : ((const uint32_t *)ids->data)[index];
}

/* Appends ids that have a room of the buffer's width. There is room. */
void pmill_ids_put(struct pmill_ids *ids, const uint32_t *more, size_t count);
/*
 * Appends where the next ids that have no offsets yet begin and end: 2 * count. Does nothing if
 * offsets are not kept. There is room.
 */
void pmill_ids_put_offsets(struct pmill_ids *ids, const uint64_t *pairs, size_t count);
/* The document ends after the last id. There is room. */
void pmill_ids_put_end(struct pmill_ids *ids);

/* The offsets of the ids from `index` on, to be changed in place; NULL if they are not kept. */
uint64_t *pmill_ids_offsets_since(struct pmill_ids *ids, size_t index);

/* How much a buffer holds, and back to that: what was appended since is removed. */
struct pmill_ids_mark {
	size_t count, document_count;
};
struct pmill_ids_mark pmill_ids_mark(const struct pmill_ids *ids);
void pmill_ids_rewind(struct pmill_ids *ids, struct pmill_ids_mark mark);

/*
 * Appends what `other` holds, with its ends and offsets; both have the same width, and keep the
 * same offsets or none. Returns false, with `ids` as it was, if out of memory.
 */
bool pmill_ids_append_all(struct pmill_ids *ids, const struct pmill_ids *other);

#endif
