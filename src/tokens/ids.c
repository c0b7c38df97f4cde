/* Buffers of ids in two or four bytes, with the ends of documents, and offsets if asked for. */
/* SPDX-License-Identifier: MIT */
#include "tokens/ids.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sized_struct.h"

static const char *const unit_names[] = {"byte", "char"};

enum { UNITS = sizeof unit_names / sizeof *unit_names };

const char *pmill_offset_unit_name(size_t index)
{
	return index < UNITS ? unit_names[index] : NULL;
}

/* ---- Making ---- */

static pmill_status pick_unit(const char *name, enum pmill_offset_unit *unit, pmill_error *error)
{
	*unit = PMILL_OFFSETS_NONE;
	if (name == NULL)
		return PMILL_OK;
	for (size_t i = 0; i < UNITS; i++) {
		if (strcmp(name, unit_names[i]) == 0) {
			*unit = PMILL_OFFSETS_BYTE + (enum pmill_offset_unit)i;
			return PMILL_OK;
		}
	}
	return pmill_fail_unknown(error, "offset unit", name, pmill_offset_unit_name);
}

/* `*id_bytes` is 0 for the narrowest. */
static pmill_status pick_width(
	const pmill_tokenizer *tokenizer, unsigned *id_bytes, pmill_error *error)
{
	const uint32_t most = UINT32_C(1) << 16;
	const uint32_t entries = tokenizer != NULL ? pmill_tokenizer_vocab_size(tokenizer) : 0;
	if (*id_bytes != 0 && *id_bytes != 2 && *id_bytes != 4)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"ids of %u bytes are not possible: 2 or 4", *id_bytes);
	if (*id_bytes == 2 && entries > most)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"2 bytes hold ids below %u, but the vocab has %u entries", (unsigned)most,
			(unsigned)entries);
	if (*id_bytes == 0)
		*id_bytes = tokenizer != NULL && entries <= most ? 2 : 4;
	return PMILL_OK;
}

pmill_status pmill_ids_create(const pmill_tokenizer *tokenizer, const pmill_ids_options *options,
	pmill_ids **ids, pmill_error *error)
{
	pmill_ids_options known;
	struct pmill_ids made = {0};
	pmill_status status = pmill_sized_struct_read(
		&known, sizeof known, options, "pmill_ids_options", error);
	if (status != PMILL_OK)
		return status;
	made.id_bytes = known.id_bytes;
	status = pick_width(tokenizer, &made.id_bytes, error);
	if (status == PMILL_OK)
		status = pick_unit(known.offsets, &made.unit, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_ids *created = malloc(sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	*created = made;
	*ids = created;
	return PMILL_OK;
}

void pmill_ids_free(pmill_ids *ids)
{
	if (ids == NULL)
		return;
	free(ids->data);
	free(ids->offsets);
	free(ids->ends);
	free(ids);
}

void pmill_ids_clear(pmill_ids *ids)
{
	pmill_ids_rewind(ids, (struct pmill_ids_mark){0});
}

enum pmill_offset_unit pmill_ids_unit(const struct pmill_ids *ids)
{
	return ids->unit;
}

bool pmill_ids_wants_offsets(const struct pmill_ids *ids)
{
	return ids->unit != PMILL_OFFSETS_NONE;
}

/* ---- Room ---- */

static bool reserve_ids(struct pmill_ids *ids, size_t needed)
{
	return pmill_array_reserve(&ids->data, &ids->capacity, needed, ids->id_bytes);
}

static bool reserve_offsets(struct pmill_ids *ids, size_t needed)
{
	if (!pmill_ids_wants_offsets(ids))
		return true;
	void *items = ids->offsets;
	const bool is_done = pmill_array_reserve(
		&items, &ids->offset_capacity, needed, 2 * sizeof *ids->offsets);
	ids->offsets = items;
	return is_done;
}

static bool reserve_ends(struct pmill_ids *ids, size_t more)
{
	if (more > SIZE_MAX - ids->document_count)
		return false;
	void *items = ids->ends;
	const bool is_done = pmill_array_reserve(
		&items, &ids->end_capacity, ids->document_count + more, sizeof *ids->ends);
	ids->ends = items;
	return is_done;
}

static bool reserve(struct pmill_ids *ids, size_t more, size_t more_ends)
{
	if (more > SIZE_MAX - ids->count)
		return false;
	const size_t needed = ids->count + more;
	return reserve_ids(ids, needed) && reserve_offsets(ids, needed) && reserve_ends(ids, more_ends);
}

bool pmill_ids_reserve(struct pmill_ids *ids, size_t more)
{
	return reserve(ids, more, 1);
}

/* ---- Putting ---- */

/* The inner loop has a fixed length, which compilers turn into vector instructions at -O2. */
static void narrow(uint16_t *restrict to, const uint32_t *restrict from, size_t count)
{
	enum { BLOCK = 16 };
	size_t i = 0;
	for (; count - i >= BLOCK; i += BLOCK) {
		for (size_t k = 0; k < BLOCK; k++)
			to[i + k] = (uint16_t)from[i + k];
	}
	for (; i < count; i++)
		to[i] = (uint16_t)from[i];
}

/* The index of the first id that has no room in the buffer's width; `count` if all have. */
static size_t find_too_large(const struct pmill_ids *ids, const uint32_t *more, size_t count)
{
	size_t i = ids->id_bytes == 2 ? 0 : count;
	while (i < count && more[i] <= UINT16_MAX)
		i++;
	return i;
}

void pmill_ids_put(struct pmill_ids *ids, const uint32_t *more, size_t count)
{
	assert(count <= ids->capacity - ids->count);
	assert(find_too_large(ids, more, count) == count);
	if (count == 0)
		return;
	if (ids->id_bytes == 2)
		narrow((uint16_t *)ids->data + ids->count, more, count);
	else
		memcpy((uint32_t *)ids->data + ids->count, more, count * sizeof *more);
	ids->count += count;
}

void pmill_ids_put_offsets(struct pmill_ids *ids, const uint64_t *pairs, size_t count)
{
	if (!pmill_ids_wants_offsets(ids) || count == 0)
		return;
	assert(count <= ids->offset_capacity - ids->offset_count);
	memcpy(ids->offsets + 2 * ids->offset_count, pairs, count * 2 * sizeof *pairs);
	ids->offset_count += count;
}

void pmill_ids_put_end(struct pmill_ids *ids)
{
	assert(ids->document_count < ids->end_capacity);
	ids->ends[ids->document_count++] = ids->count;
}

uint64_t *pmill_ids_offsets_since(struct pmill_ids *ids, size_t index)
{
	assert(index <= ids->count);
	return ids->offsets != NULL ? ids->offsets + 2 * index : NULL;
}

struct pmill_ids_mark pmill_ids_mark(const struct pmill_ids *ids)
{
	return (struct pmill_ids_mark){ids->count, ids->document_count};
}

void pmill_ids_rewind(struct pmill_ids *ids, struct pmill_ids_mark mark)
{
	assert(mark.count <= ids->count && mark.document_count <= ids->document_count);
	ids->count = mark.count;
	ids->offset_count = pmill_ids_wants_offsets(ids) ? mark.count : 0;
	ids->document_count = mark.document_count;
}

bool pmill_ids_append_all(struct pmill_ids *ids, const struct pmill_ids *other)
{
	assert(ids->id_bytes == other->id_bytes && ids->unit == other->unit && ids != other);
	if (!reserve(ids, other->count, other->document_count))
		return false;
	if (other->count > 0)
		memcpy((char *)ids->data + ids->count * ids->id_bytes, other->data,
			other->count * other->id_bytes);
	pmill_ids_put_offsets(ids, other->offsets, other->offset_count);
	for (size_t i = 0; i < other->document_count; i++)
		ids->ends[ids->document_count + i] = ids->count + other->ends[i];
	ids->count += other->count;
	ids->document_count += other->document_count;
	return true;
}

/* ---- The caller's own ids ---- */

static void put_no_offsets(struct pmill_ids *ids, size_t count)
{
	if (!pmill_ids_wants_offsets(ids) || count == 0)
		return;
	memset(ids->offsets + 2 * ids->offset_count, 0, count * 2 * sizeof *ids->offsets);
	ids->offset_count += count;
}

pmill_status pmill_ids_append(
	pmill_ids *ids, const uint32_t *more, size_t count, pmill_error *error)
{
	const size_t bad = find_too_large(ids, more, count);
	if (bad < count)
		return pmill_fail(error, PMILL_OVERFLOW, bad, "id %u at index %zu has no room in 2 bytes",
			(unsigned)more[bad], bad);
	if (!reserve(ids, count, 0))
		return pmill_fail_memory(error);
	pmill_ids_put(ids, more, count);
	put_no_offsets(ids, count);
	return PMILL_OK;
}

pmill_status pmill_ids_end_document(pmill_ids *ids, pmill_error *error)
{
	if (!reserve_ends(ids, 1))
		return pmill_fail_memory(error);
	pmill_ids_put_end(ids);
	return PMILL_OK;
}

/* ---- What it holds ---- */

static const char view_name[] = "pmill_ids_view";

pmill_status pmill_ids_get(const pmill_ids *ids, pmill_ids_view *view)
{
	assert(!pmill_ids_wants_offsets(ids) || ids->offset_count == ids->count);
	pmill_ids_view known;
	memset(&known, 0, sizeof known); /* the padding too, which the caller gets */
	known.data = ids->data;
	known.id_bytes = ids->id_bytes;
	known.count = ids->count;
	known.ends = ids->ends;
	known.document_count = ids->document_count;
	known.offsets = ids->offsets;
	return pmill_sized_struct_write(view, &known, sizeof known, view_name, NULL);
}

pmill_status pmill_ids_take(pmill_ids *ids, pmill_ids_view *view)
{
	const pmill_status status = pmill_ids_get(ids, view);
	if (status != PMILL_OK)
		return status;
	pmill_ids_clear(ids);
	/* Of a struct too short for a pointer, that memory stays. */
#define HAS(field) (view->size >= offsetof(pmill_ids_view, field) + sizeof view->field)
	if (HAS(data)) {
		ids->data = NULL;
		ids->capacity = 0;
	}
	if (HAS(ends)) {
		ids->ends = NULL;
		ids->end_capacity = 0;
	}
	if (HAS(offsets)) {
		ids->offsets = NULL;
		ids->offset_capacity = 0;
	}
#undef HAS
	return PMILL_OK;
}
