/* What one thread needs to count words: a table, a cursor, buffers. */
/* SPDX-License-Identifier: MIT */
#include "train/shard.h"

#include <stdlib.h>

#include "base/error.h"

pmill_status pmill_shard_create(
	const struct pmill_shard_settings *settings, struct pmill_shard **shard, pmill_error *error)
{
	struct pmill_shard *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->cursor.pretokenizer = settings->pretokenizer;
	created->spill = settings->spill;
	created->walk.specials = settings->specials;
	created->walk.separator_index = settings->separator_index;
	pmill_status status = pmill_word_table_create(settings->seed, &created->table, error);
	if (status != PMILL_OK) {
		pmill_shard_free(created);
		return status;
	}
	if (settings->spill->runs == NULL)
		pmill_word_table_make_roomy(created->table, settings->pool);
	*shard = created;
	return PMILL_OK;
}

void pmill_shard_free(struct pmill_shard *shard)
{
	if (shard == NULL)
		return;
	pmill_word_table_free(shard->table);
	pmill_pretoken_cursor_release(&shard->cursor);
	pmill_segment_walk_release(&shard->walk);
	pmill_chunk_release(&shard->chunk);
	free(shard);
}

void pmill_shard_set_input(struct pmill_shard *shard, const pmill_input_options *input)
{
	shard->walk.field = input->field;
	shard->walk.skip_bad_lines = input->skip_bad_lines;
}

/* Else it is an unescaped JSON line, in the walk's own buffer. */
static bool is_in_chunk(const struct pmill_segment *segment, const struct pmill_chunk *chunk)
{
	uintptr_t text = (uintptr_t)segment->text, begin = (uintptr_t)chunk->data;
	return text >= begin && text - begin <= chunk->len + chunk->lookahead;
}

/* Bytes that may be read from the segment's begin on. */
static size_t readable_from(const struct pmill_segment *segment, const struct pmill_chunk *chunk)
{
	if (!is_in_chunk(segment, chunk))
		return segment->len;
	return chunk->len + chunk->lookahead - (size_t)(segment->text - chunk->data);
}

/* Pretokens that end behind `len` belong to the next chunk; a boundary falls on `len` itself. */
static size_t drop_lookahead(const size_t *ends, size_t count, size_t len)
{
	while (count > 0 && ends[count - 1] > len)
		count--;
	return count;
}

/* The text of a JSON line has bytes of its own: then the chunk's first byte is all that can be said. */
static void locate_error(
	pmill_error *error, const struct pmill_segment *segment, const struct pmill_chunk *chunk)
{
	uint64_t offset = chunk->offset;
	if (is_in_chunk(segment, chunk))
		offset += (uint64_t)(segment->text - chunk->data);
	else if (error != NULL)
		error->offset = 0;
	pmill_error_locate(error, chunk->name, offset);
}

size_t pmill_shard_table_peak(const struct pmill_shard *shard)
{
	size_t now = pmill_word_table_memory(shard->table);
	return now > shard->table_peak ? now : shard->table_peak;
}

static size_t table_limit(const struct pmill_shard *shard)
{
	return shard->spill->table_memory /
		atomic_load_explicit(&shard->spill->shard_count, memory_order_relaxed);
}

pmill_status pmill_shard_spill(struct pmill_shard *shard, pmill_error *error)
{
	shard->table_peak = pmill_shard_table_peak(shard);
	return pmill_runs_add_table(shard->spill->runs, shard->table, table_limit(shard), error);
}

pmill_status pmill_shard_spill_last(struct pmill_shard *shard, pmill_error *error)
{
	shard->table_peak = pmill_shard_table_peak(shard);
	return pmill_runs_add_table(shard->spill->runs, shard->table, 0, error);
}

/* How many of the pretokens can be added at once; the table becomes a run where it is full. */
static pmill_status make_room(struct pmill_shard *shard, size_t begin, const size_t *ends,
	size_t count, size_t *part, pmill_error *error)
{
	*part = count;
	if (shard->spill->runs == NULL)
		return PMILL_OK;
	pmill_status status = PMILL_OK;
	size_t limit = table_limit(shard);
	*part = pmill_word_table_room(shard->table, limit, begin, ends, count);
	if (*part < count && pmill_word_table_count(shard->table) > 0) {
		status = pmill_shard_spill(shard, error);
		*part = pmill_word_table_room(shard->table, limit, begin, ends, count);
	}
	if (*part == 0)
		*part = 1; /* a word that is longer than the limit allows is counted all the same */
	return status;
}

static pmill_status add_pretokens(struct pmill_shard *shard, const struct pmill_segment *segment,
	size_t readable, size_t begin, size_t count, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t done = 0, part; done < count && status == PMILL_OK; done += part) {
		status = make_room(shard, begin, shard->ends + done, count - done, &part, error);
		if (status == PMILL_OK)
			status = pmill_word_table_add_pretokens(
				shard->table, segment->text, readable, begin, shard->ends + done, part, error);
		begin = shard->ends[done + part - 1];
	}
	return status;
}

static pmill_status count_segment(struct pmill_shard *shard, const struct pmill_segment *segment,
	const struct pmill_chunk *chunk, pmill_error *error)
{
	if (segment->len == 0)
		return PMILL_OK;
	struct pmill_pretoken_cursor *cursor = &shard->cursor;
	size_t readable = readable_from(segment, chunk);
	pmill_status status = pmill_pretoken_cursor_start(
		cursor, segment->text, segment->len + segment->lookahead, segment->is_final, error);
	size_t begin = 0, count = 0;
	while (status == PMILL_OK && begin < segment->len) {
		status = pmill_pretoken_cursor_next(cursor, shard->ends, PMILL_SHARD_ENDS, &count, error);
		if (status != PMILL_OK || count == 0)
			break;
		count = drop_lookahead(shard->ends, count, segment->len);
		if (count == 0)
			break;
		status = add_pretokens(shard, segment, readable, begin, count, error);
		shard->pretokens += count;
		begin = shard->ends[count - 1];
	}
	if (status == PMILL_BAD_INPUT)
		locate_error(error, segment, chunk);
	return status;
}

pmill_status pmill_shard_count_chunk(
	struct pmill_shard *shard, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct pmill_segment segment;
	bool is_there = true;
	pmill_segment_walk_start(&shard->walk, chunk);
	pmill_status status = pmill_segment_walk_next(&shard->walk, &segment, &is_there, error);
	while (status == PMILL_OK && is_there) {
		status = count_segment(shard, &segment, chunk, error);
		if (status == PMILL_OK)
			status = pmill_segment_walk_next(&shard->walk, &segment, &is_there, error);
	}
	return status;
}

void pmill_shard_count_source(struct pmill_shard *shard, struct pmill_chunk_source *source)
{
	for (;;) {
		/* Reading fails behind all chunks that were handed out. */
		shard->sequence = UINT64_MAX;
		shard->status = pmill_chunk_source_next(source, &shard->chunk, &shard->error);
		if (shard->status != PMILL_OK || shard->chunk.data == NULL)
			return;
		shard->sequence = shard->chunk.sequence;
		shard->status = pmill_shard_count_chunk(shard, &shard->chunk, &shard->error);
		if (shard->status != PMILL_OK)
			return;
	}
}

pmill_totals pmill_shard_totals(const struct pmill_shard *shard)
{
	return (pmill_totals){.documents = shard->walk.documents,
		.bytes = shard->walk.text_bytes,
		.pretokens = shard->pretokens,
		.bad_lines = shard->walk.bad_lines};
}
