/* A worker: what one thread needs to count words (table, cursor, buffers). */
/* SPDX-License-Identifier: MIT */
#include "counter/worker.h"

#include <stdlib.h>

#include "base/error.h"

pmill_status pmill_worker_create(
	const struct pmill_worker_settings *settings, struct pmill_worker **worker, pmill_error *error)
{
	struct pmill_worker *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->cursor.pretokenizer = settings->pretokenizer;
	created->chunks.work = pmill_worker_count;
	created->chunks.context = created;
	created->spill = settings->spill;
	created->walk.specials = settings->specials;
	created->walk.separator_index = settings->separator_index;
	pmill_status status = pmill_word_table_create(settings->seed, &created->table, error);
	if (status != PMILL_OK) {
		pmill_worker_free(created);
		return status;
	}
	if (settings->key_maker != NULL)
		pmill_word_table_set_key_maker(created->table, settings->key_maker);
	if (settings->spill->runs == NULL)
		pmill_word_table_make_roomy(created->table, settings->pool);
	*worker = created;
	return PMILL_OK;
}

void pmill_worker_free(struct pmill_worker *worker)
{
	if (worker == NULL)
		return;
	pmill_word_table_free(worker->table);
	pmill_pretoken_cursor_release(&worker->cursor);
	pmill_segment_walk_release(&worker->walk);
	pmill_chunk_release(&worker->chunks.chunk);
	free(worker);
}

void pmill_worker_start_inputs(struct pmill_worker *worker, const pmill_input_options *input)
{
	pmill_bad_line_log_release(&worker->walk.bad); /* of inputs that failed */
	worker->walk.field = input->field;
	worker->walk.skip_bad_lines = input->skip_bad_lines;
}

/* Otherwise the segment is an unescaped JSON string, in the walk's own buffer. */
static bool is_in_chunk(const struct pmill_segment *segment, const struct pmill_chunk *chunk)
{
	uintptr_t text = (uintptr_t)segment->text, begin = (uintptr_t)chunk->data;
	return text >= begin && text - begin <= chunk->len + chunk->lookahead;
}

/* Bytes that may be read from the start of the segment. */
static size_t readable_from(const struct pmill_segment *segment, const struct pmill_chunk *chunk)
{
	if (!is_in_chunk(segment, chunk))
		return segment->len;
	return chunk->len + chunk->lookahead - (size_t)(segment->text - chunk->data);
}

/* Pretokens that end after `len` belong to the next chunk; `len` itself is a boundary. */
static size_t drop_lookahead(const size_t *ends, size_t count, size_t len)
{
	while (count > 0 && ends[count - 1] > len)
		count--;
	return count;
}

/* Unescaped JSON text has no offsets in the file, so its error gets the chunk's first byte. */
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

size_t pmill_worker_table_peak(const struct pmill_worker *worker)
{
	size_t now = pmill_word_table_memory(worker->table);
	return now > worker->table_peak ? now : worker->table_peak;
}

static size_t table_limit(const struct pmill_worker *worker)
{
	return worker->spill->table_memory /
		atomic_load_explicit(&worker->spill->worker_count, memory_order_relaxed);
}

pmill_status pmill_worker_spill(struct pmill_worker *worker, pmill_error *error)
{
	worker->table_peak = pmill_worker_table_peak(worker);
	return pmill_runs_add_table(worker->spill->runs, worker->table, table_limit(worker), error);
}

pmill_status pmill_worker_spill_last(struct pmill_worker *worker, pmill_error *error)
{
	worker->table_peak = pmill_worker_table_peak(worker);
	return pmill_runs_add_table(worker->spill->runs, worker->table, 0, error);
}

/* Sets how many of the pretokens can be added at once, after spilling a full table. */
static pmill_status make_room(struct pmill_worker *worker, size_t begin, const size_t *ends,
	size_t count, size_t *batch, pmill_error *error)
{
	*batch = count;
	if (worker->spill->runs == NULL)
		return PMILL_OK;
	pmill_status status = PMILL_OK;
	size_t limit = table_limit(worker);
	*batch = pmill_word_table_room(worker->table, limit, begin, ends, count);
	if (*batch < count && pmill_word_table_count(worker->table) > 0) {
		status = pmill_worker_spill(worker, error);
		*batch = pmill_word_table_room(worker->table, limit, begin, ends, count);
	}
	if (*batch == 0)
		*batch = 1; /* a word longer than the limit allows is counted anyway */
	return status;
}

static pmill_status add_pretokens(struct pmill_worker *worker, const struct pmill_segment *segment,
	size_t readable, size_t begin, size_t count, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t done = 0, batch; done < count && status == PMILL_OK; done += batch) {
		status = make_room(worker, begin, worker->ends + done, count - done, &batch, error);
		if (status == PMILL_OK)
			status = pmill_word_table_add_pretokens(
				worker->table, segment->text, readable, begin, worker->ends + done, batch, error);
		begin = worker->ends[done + batch - 1];
	}
	return status;
}

static pmill_status count_segment(struct pmill_worker *worker, const struct pmill_segment *segment,
	const struct pmill_chunk *chunk, pmill_error *error)
{
	if (segment->len == 0)
		return PMILL_OK;
	struct pmill_pretoken_cursor *cursor = &worker->cursor;
	size_t readable = readable_from(segment, chunk);
	pmill_status status = pmill_pretoken_cursor_start(
		cursor, segment->text, segment->len + segment->lookahead, segment->is_final, error);
	size_t begin = 0, count = 0;
	while (status == PMILL_OK && begin < segment->len) {
		status = pmill_pretoken_cursor_next(cursor, worker->ends, PMILL_WORKER_ENDS, &count, error);
		if (status != PMILL_OK || count == 0)
			break;
		count = drop_lookahead(worker->ends, count, segment->len);
		if (count == 0)
			break;
		status = add_pretokens(worker, segment, readable, begin, count, error);
		worker->pretokens += count;
		begin = worker->ends[count - 1];
	}
	if (status == PMILL_BAD_INPUT)
		locate_error(error, segment, chunk);
	return status;
}

pmill_status pmill_worker_count(void *context, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct pmill_worker *worker = context;
	struct pmill_segment segment;
	bool has_segment = true;
	pmill_segment_walk_start(&worker->walk, chunk);
	pmill_pretoken_cursor_set_watch(&worker->cursor, chunk->watch);
	pmill_status status = pmill_segment_walk_next(&worker->walk, &segment, &has_segment, error);
	while (status == PMILL_OK && has_segment) {
		status = count_segment(worker, &segment, chunk, error);
		if (status == PMILL_OK)
			status = pmill_segment_walk_next(&worker->walk, &segment, &has_segment, error);
	}
	return status;
}

pmill_status pmill_workers_keep_bad_lines(struct pmill_worker *const *workers, unsigned count,
	struct pmill_bad_line_list *list, struct pmill_arena *strings, pmill_error *error)
{
	struct pmill_bad_line_log all = {0};
	bool done = true;
	for (unsigned i = 0; i < count && done; i++)
		done = pmill_bad_line_log_move(&all, &workers[i]->walk.bad);
	pmill_bad_line_log_settle(&all);
	done = done && pmill_bad_line_list_append(list, &all, strings);
	pmill_bad_line_log_release(&all);
	return done ? PMILL_OK : pmill_fail_memory(error);
}

pmill_totals pmill_worker_totals(const struct pmill_worker *worker)
{
	return (pmill_totals){.documents = worker->walk.documents,
		.bytes = worker->walk.text_bytes,
		.pretokens = worker->pretokens,
		.bad_lines = worker->walk.bad_lines};
}
