/* Chunks of files → parts of documents, on threads, written in order. */
/* SPDX-License-Identifier: MIT */
#include "encode/file_worker.h"

#include <stdlib.h>

#include "base/error.h"
#include "encode/encode_document.h"
#include "unicode/quote.h"

enum { MOST_IDS_KEPT = 1 << 20 }; /* of a chunk that is not done */

/* ---- Out, in order ---- */

/* Returns false if it never comes, as something has failed. */
static bool wait_for_turn(struct pmill_file_worker *worker)
{
	struct pmill_file_job *job = worker->job;
	if (worker->has_turn)
		return true;
	pthread_mutex_lock(&job->lock);
	while (job->turn != worker->chunks.sequence && !job->has_failed)
		pthread_cond_wait(&job->has_changed, &job->lock);
	worker->has_turn = !job->has_failed;
	pthread_mutex_unlock(&job->lock);
	return worker->has_turn;
}

/* The chunk has been written, or something has failed. */
static void pass_turn(struct pmill_file_worker *worker, bool has_failed)
{
	struct pmill_file_job *job = worker->job;
	pthread_mutex_lock(&job->lock);
	job->turn += worker->has_turn;
	job->has_failed |= has_failed;
	pthread_cond_broadcast(&job->has_changed);
	pthread_mutex_unlock(&job->lock);
	worker->has_turn = false;
}

static void drop_parts(struct pmill_file_worker *worker)
{
	pmill_ids_clear(worker->ids);
	worker->part_count = 0;
	if (worker->is_in_part)
		worker->parts[worker->part_count++] = (struct pmill_chunk_part){.first = 0};
}

/* Writes what the worker has of the chunk. */
static pmill_status write_parts(struct pmill_file_worker *worker, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	pmill_ids_view view = {.size = sizeof view};
	if (!wait_for_turn(worker)) {
		drop_parts(worker);
		return PMILL_OK;
	}
	pmill_ids_get(worker->ids, &view);
	for (size_t i = 0; i < worker->part_count && status == PMILL_OK; i++) {
		const struct pmill_chunk_part *part = &worker->parts[i];
		const size_t end = i + 1 < worker->part_count ? part[1].first : (size_t)view.count;
		const struct pmill_document_part written = {
			.ids = view.data == NULL ? NULL : (const uint32_t *)view.data + part->first,
			.places = view.offsets == NULL ? NULL : view.offsets + 2 * part->first,
			.count = end - part->first,
			.bytes = part->bytes,
			.is_cut = part->is_cut,
			.ends_document = part->ends_document,
			.has_next = part->has_next,
			.next = part->next};
		status = pmill_document_writer_put(&worker->job->writer, &written, error);
	}
	drop_parts(worker);
	return status;
}

static pmill_status take_ids(void *context, struct pmill_ids *ids, pmill_error *error)
{
	return ids->count < MOST_IDS_KEPT ? PMILL_OK : write_parts(context, error);
}

/* ---- In ---- */

static void set_sink(struct pmill_file_worker *worker)
{
	const struct pmill_document_writer *writer = &worker->job->writer;
	struct pmill_id_sink sink = {.is_limited = writer->most_text < UINT64_MAX,
		.most = writer->most_text,
		.ids = worker->ids};
	/* A document that is written whole is kept whole. */
	if (writer->format->append != NULL) {
		sink.take = take_ids;
		sink.context = worker;
	}
	pmill_encoder_set_sink(&worker->encoder, &sink);
}

/* A part of a document begins, unless it has. */
static pmill_status begin_part(struct pmill_file_worker *worker, pmill_error *error)
{
	void *parts = worker->parts;
	if (worker->is_in_part)
		return PMILL_OK;
	if (!pmill_array_reserve(
			&parts, &worker->part_capacity, worker->part_count + 1, sizeof *worker->parts))
		return pmill_fail_memory(error);
	worker->parts = parts;
	worker->parts[worker->part_count++] = (struct pmill_chunk_part){.first = worker->ids->count};
	worker->is_in_part = true;
	worker->part_bytes = 0;
	set_sink(worker);
	return PMILL_OK;
}

/* At the end of a document, or of the chunk. */
static void end_part(struct pmill_file_worker *worker, bool ends_document)
{
	if (!worker->is_in_part)
		return;
	struct pmill_chunk_part *part = &worker->parts[worker->part_count - 1];
	part->is_cut = worker->encoder.sink.is_full;
	part->ends_document = ends_document;
	if (ends_document && worker->walk.chunk != NULL)
		part->has_next = pmill_segment_walk_place(&worker->walk, &part->next);
	worker->is_in_part = false;
}

static void add_bytes(struct pmill_file_worker *worker, size_t len)
{
	worker->parts[worker->part_count - 1].bytes += len;
	worker->part_bytes += len;
}

static pmill_status encode_text(
	struct pmill_file_worker *worker, const struct pmill_segment *segment, pmill_error *cause)
{
	struct pmill_encoder *encoder = &worker->encoder;
	encoder->text_begin = worker->part_bytes;
	if (encoder->sink.is_full || segment->len == 0)
		return PMILL_OK;
	if (!encoder->plan->needs_documents)
		return pmill_encoder_add_segment(
			encoder, segment->text, segment->len, segment->lookahead, segment->is_final, cause);
	pmill_span_list_clear(&encoder->own_spans);
	if (!pmill_span_list_add(&encoder->own_spans, segment->len, worker->job->policy))
		return pmill_fail_memory(cause);
	encoder->spans = &encoder->own_spans;
	return pmill_encoder_add_text(encoder, segment->text, segment->len, false, NULL, cause);
}

static pmill_status put_special(
	struct pmill_file_worker *worker, const struct pmill_segment *segment, pmill_error *cause)
{
	const struct pmill_file_job *job = worker->job;
	const uint32_t index = job->walked_specials[segment->special];
	const uint64_t begin = worker->part_bytes + segment->len;
	if (index == PMILL_NO_ADDED)
		return PMILL_OK;
	const struct pmill_special *special = &job->tokenizer->specials[index];
	const uint64_t place[2] = {begin, begin + special->content.len};
	if (job->policy->treatments[index] != PMILL_FORBIDDEN)
		return pmill_encoder_add_ids(&worker->encoder, &special->id, 1, place, cause);
	struct pmill_quote quote;
	return pmill_fail(cause, PMILL_BAD_INPUT, begin, "the text contains the special token %s",
		pmill_quote(&quote, special->content.data, special->content.len));
}

static size_t special_len(const struct pmill_file_job *job, size_t special)
{
	return special == SIZE_MAX ? 0 : pmill_special_finder_token(job->walked, special).len;
}

static pmill_status encode_segment(
	struct pmill_file_worker *worker, const struct pmill_segment *segment, pmill_error *error)
{
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	pmill_status status = begin_part(worker, error);
	if (status != PMILL_OK)
		return status;
	status = encode_text(worker, segment, &cause);
	if (status == PMILL_OK && segment->special != SIZE_MAX)
		status = put_special(worker, segment, &cause);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(&worker->encoder, &cause);
	if (status == PMILL_IO)
		return pmill_fail(error, status, cause.offset, "%s", cause.message);
	if (status != PMILL_OK) {
		cause.status = status;
		if (cause.offset != PMILL_NO_OFFSET)
			cause.offset -= worker->part_bytes;
		return pmill_segment_walk_fail(&worker->walk, segment, &cause, error);
	}
	add_bytes(worker, segment->len + special_len(worker->job, segment->special));
	if (segment->ends_document)
		end_part(worker, true);
	return PMILL_OK;
}

static pmill_status encode_segments(
	struct pmill_file_worker *worker, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct pmill_segment segment;
	pmill_segment_walk_start(&worker->walk, chunk);
	pmill_encoder_set_watch(&worker->encoder, chunk->watch);
	for (;;) {
		bool is_there = false;
		pmill_status status = pmill_segment_walk_next(&worker->walk, &segment, &is_there, error);
		if (status != PMILL_OK || !is_there)
			return status;
		status = encode_segment(worker, &segment, error);
		if (status != PMILL_OK)
			return status;
	}
}

pmill_status pmill_file_worker_encode_chunk(
	void *context, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct pmill_file_worker *worker = context;
	pmill_status status = encode_segments(worker, chunk, error);
	end_part(worker, false);
	if (status == PMILL_OK)
		status = write_parts(worker, error);
	pass_turn(worker, status != PMILL_OK);
	return status;
}

pmill_status pmill_file_worker_encode_text(struct pmill_file_worker *worker, pmill_bytes text,
	struct pmill_match_watch *watch, pmill_error *error)
{
	struct pmill_encoder *encoder = &worker->encoder;
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	pmill_status status = begin_part(worker, &cause);
	if (status == PMILL_OK &&
		!pmill_span_list_add(&encoder->own_spans, text.len, worker->job->policy))
		status = pmill_fail_memory(&cause);
	encoder->spans = &encoder->own_spans;
	encoder->text_begin = 0;
	pmill_encoder_set_watch(encoder, watch);
	if (status == PMILL_OK && text.len > 0)
		status = pmill_encoder_add_text(encoder, text.data, text.len, false, NULL, &cause);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, &cause);
	if (status != PMILL_OK)
		return pmill_encode_fail_at(status, &cause, error);
	add_bytes(worker, text.len);
	worker->walk.text_bytes = text.len;
	worker->walk.documents = 1;
	end_part(worker, true);
	return write_parts(worker, error);
}

void pmill_file_worker_release(struct pmill_file_worker *worker)
{
	pmill_segment_walk_release(&worker->walk);
	pmill_chunk_release(&worker->chunks.chunk);
	pmill_ids_free(worker->ids);
	free(worker->parts);
	pmill_encoder_release(&worker->encoder);
	pmill_encode_plan_free(worker->encoder.plan);
}
