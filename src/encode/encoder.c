/* Pieces of text between added tokens → ids, each with its place if that is asked for. */
/* SPDX-License-Identifier: MIT */
#include "encode/encoder.h"

#include <assert.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"

enum {
	IDS_AT_A_TIME = 4096,    /* for the sink */
	WATCHED_BYTES = 1 << 20, /* a call of less is over before a watcher wants to hear of it */
};

void pmill_encoder_release(struct pmill_encoder *encoder)
{
	pmill_pretoken_cursor_release(&encoder->cursor);
	if (encoder->plan != NULL)
		pmill_encode_plan_give_state(encoder->plan, &encoder->pretokens);
	pmill_added_walk_release(&encoder->added);
	pmill_added_walk_release(&encoder->normalized);
	if (encoder->cut.cutter != NULL)
		pmill_cut_cursor_release(&encoder->cut);
	pmill_buffer_release(&encoder->normal);
	pmill_source_map_release(&encoder->map);
	free(encoder->ids.ids);
	free(encoder->places);
	pmill_span_list_release(&encoder->own_spans);
	pmill_buffer_release(&encoder->joined);
}

void pmill_encoder_set_watch(struct pmill_encoder *encoder, struct pmill_match_watch *watch)
{
	pmill_pretoken_cursor_set_watch(&encoder->cursor, watch);
	encoder->cut.watch = watch;
}

void pmill_encoder_begin_call(struct pmill_encoder *encoder, size_t len)
{
	if (pmill_pretoken_state_is_new(&encoder->pretokens))
		pmill_encode_plan_take_state(encoder->plan, &encoder->pretokens);
	encoder->progress = (struct pmill_progress_state){0};
	if (encoder->watcher == NULL || len < WATCHED_BYTES)
		return;
	encoder->progress.callback = encoder->watcher;
	encoder->progress.context = encoder->watcher_context;
	pmill_progress_stage(&encoder->progress, "encode", "bytes", len);
}

void pmill_encoder_ready_pretokens(struct pmill_encoder *encoder)
{
	encoder->pretokens.encoder = encoder->plan->pretoken_encoder;
	encoder->pretokens.key_maker = encoder->plan->key_maker;
}

/* ---- Places ---- */

void pmill_encoder_locate(
	struct pmill_encoder *encoder, size_t begin, size_t end, uint64_t place[2])
{
	begin += encoder->piece_begin;
	end += encoder->piece_begin;
	if (encoder->part_map != NULL)
		pmill_source_map_find(encoder->part_map, begin, end, &encoder->near, &begin, &end);
	const uint64_t base = encoder->text_begin + encoder->part_begin;
	place[0] = base + begin;
	place[1] = base + end;
}

static void locate_in_pretoken(struct pmill_encoder *encoder, const struct pmill_pretoken *pretoken,
	size_t begin, size_t end, uint64_t place[2])
{
	begin = begin > pretoken->added ? begin - pretoken->added : 0;
	end = end > pretoken->added ? end - pretoken->added : 0;
	pmill_encoder_locate(encoder, pretoken->begin + begin, pretoken->begin + end, place);
}

/* The ids from index `first` on are those of the pretoken, or of several, one behind the other. */
static void set_places(
	struct pmill_encoder *encoder, const struct pmill_pretoken *pretoken, size_t first)
{
	const struct pmill_vocab *vocab = &encoder->plan->tokenizer->vocab;
	size_t begin = 0;
	for (size_t i = first; i < encoder->ids.count; i++) {
		const size_t end = begin + vocab->tokens[encoder->ids.ids[i]].len;
		locate_in_pretoken(encoder, pretoken, begin, end, &encoder->places[2 * i]);
		begin = end;
	}
}

void pmill_encoder_set_offset(struct pmill_encoder *encoder, size_t offset, pmill_error *error)
{
	uint64_t place[2];
	if (error == NULL)
		return;
	pmill_encoder_locate(encoder, offset, offset, place);
	error->offset = place[0];
}

/* ---- Ids ---- */

void pmill_encoder_set_sink(struct pmill_encoder *encoder, const struct pmill_id_sink *sink)
{
	encoder->sink = *sink;
	encoder->wants_places = pmill_id_sink_wants_places(sink);
	encoder->ids.count = 0;
}

/* Room for the places of all ids, if they are wanted. */
static bool reserve_places(struct pmill_encoder *encoder)
{
	void *places = encoder->places;
	if (!encoder->wants_places || encoder->ids.count <= encoder->place_capacity)
		return true;
	bool done = pmill_array_reserve(
		&places, &encoder->place_capacity, encoder->ids.count, 2 * sizeof *encoder->places);
	encoder->places = places;
	return done;
}

pmill_status pmill_encoder_flush(struct pmill_encoder *encoder, pmill_error *error)
{
	const size_t count = encoder->ids.count;
	encoder->ids.count = 0;
	/* The watcher may have said so at the beginning, and not been asked again. */
	if (encoder->progress.is_cancelled)
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	return pmill_id_sink_put(&encoder->sink, encoder->ids.ids, encoder->places, count, error);
}

/* Whether the ids so far are more than the limit: what follows need not be looked at. */
static bool is_past_limit(const struct pmill_encoder *encoder)
{
	const struct pmill_id_sink *sink = &encoder->sink;
	return sink->is_limited && encoder->ids.count > sink->most - sink->count;
}

/* `at` is where the piece has been encoded to. */
static pmill_status flush_if_many(struct pmill_encoder *encoder, size_t at, pmill_error *error)
{
	if (encoder->ids.count < IDS_AT_A_TIME && !is_past_limit(encoder))
		return PMILL_OK;
	const uint64_t done = encoder->part_begin + encoder->piece_begin + at;
	pmill_progress_step(&encoder->progress, done);
	return pmill_encoder_flush(encoder, error);
}

static pmill_status add_id(
	struct pmill_encoder *encoder, uint32_t id, const uint64_t place[2], pmill_error *error)
{
	if (!pmill_id_buffer_add(&encoder->ids, id) || !reserve_places(encoder))
		return pmill_fail_memory(error);
	if (encoder->wants_places)
		memcpy(&encoder->places[2 * (encoder->ids.count - 1)], place, 2 * sizeof *place);
	return flush_if_many(encoder, 0, error);
}

pmill_status pmill_encoder_add_ids(struct pmill_encoder *encoder, const uint32_t *ids, size_t count,
	const uint64_t place[2], pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = add_id(encoder, ids[i], place, error);
	return status;
}

/* The offset of an error, from the pretoken to the document. */
static void set_pretoken_offset(
	struct pmill_encoder *encoder, const struct pmill_pretoken *pretoken, pmill_error *error)
{
	if (error == NULL || error->offset == PMILL_NO_OFFSET)
		return;
	const size_t offset = (size_t)error->offset;
	pmill_encoder_set_offset(encoder,
		pretoken->begin + (offset > pretoken->added ? offset - pretoken->added : 0), error);
}

pmill_status pmill_encoder_add_pretoken(
	struct pmill_encoder *encoder, const struct pmill_pretoken *pretoken, pmill_error *error)
{
	const size_t first = encoder->ids.count, len = pretoken->len;
	pmill_encoder_ready_pretokens(encoder);
	pmill_status status = pmill_encode_pretokens(
		&encoder->pretokens, pretoken->bytes, len, 0, &len, 1, &encoder->ids, error);
	if (status != PMILL_OK)
		set_pretoken_offset(encoder, pretoken, error);
	else if (!reserve_places(encoder))
		return pmill_fail_memory(error);
	else if (encoder->wants_places)
		set_places(encoder, pretoken, first);
	return status;
}

/* ---- Pieces ---- */

/* The first `count` pretokens that the cursor has found, from *at on. */
static pmill_status encode_found(struct pmill_encoder *encoder, const uint8_t *text, size_t *at,
	size_t count, pmill_error *error)
{
	const size_t first = encoder->ids.count, begin = *at;
	pmill_encoder_ready_pretokens(encoder);
	pmill_status status = pmill_encode_pretokens(&encoder->pretokens, text, encoder->cursor.len,
		begin, encoder->ends, count, &encoder->ids, error);
	/* What comes after more ids than are wanted need not be looked at. */
	if (status != PMILL_OK && is_past_limit(encoder))
		status = PMILL_OK;
	*at = encoder->ends[count - 1];
	if (status != PMILL_OK && error != NULL && error->offset != PMILL_NO_OFFSET)
		pmill_encoder_set_offset(encoder, (size_t)error->offset, error);
	if (status == PMILL_OK && !reserve_places(encoder))
		return pmill_fail_memory(error);
	const struct pmill_pretoken all = {text + begin, *at - begin, begin, 0};
	if (status == PMILL_OK && encoder->wants_places)
		set_places(encoder, &all, first);
	return status;
}

pmill_status pmill_encoder_add_pretokens(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, size_t *at, pmill_error *error)
{
	size_t count = 1;
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && count > 0 && *at < len && !encoder->sink.is_full) {
		status = pmill_pretoken_cursor_next(
			&encoder->cursor, encoder->ends, PMILL_ENCODE_PRETOKENS, &count, error);
		if (status != PMILL_OK && error != NULL && error->offset != PMILL_NO_OFFSET)
			pmill_encoder_set_offset(encoder, (size_t)error->offset, error);
		if (status != PMILL_OK)
			break;
		while (count > 1 && encoder->ends[count - 2] >= len)
			count--;
		if (count > 0)
			status = encode_found(encoder, text, at, count, error);
		if (status == PMILL_OK)
			status = flush_if_many(encoder, *at, error);
	}
	return status;
}

pmill_status pmill_encoder_start_cursor(struct pmill_encoder *encoder, const uint8_t *text,
	size_t len, bool is_final, pmill_error *error)
{
	encoder->cursor.pretokenizer = encoder->plan->pretokenizer;
	return pmill_pretoken_cursor_start(&encoder->cursor, text, len, is_final, error);
}

pmill_status pmill_encoder_add_segment(struct pmill_encoder *encoder, const uint8_t *text,
	size_t len, size_t lookahead, bool is_final, pmill_error *error)
{
	size_t at = 0;
	encoder->text = text;
	encoder->part_begin = encoder->piece_begin = 0;
	encoder->part_map = NULL;
	if (len == 0)
		return PMILL_OK;
	pmill_status status = pmill_encoder_start_cursor(
		encoder, text, len + lookahead, is_final, error);
	if (status == PMILL_OK)
		status = pmill_encoder_add_pretokens(encoder, text, len, &at, error);
	/* Chunks end where pretokens do, with enough lookahead to see it. */
	assert(status != PMILL_OK || at >= len || encoder->sink.is_full);
	return status;
}

static pmill_status encode_plain(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	size_t at = 0;
	pmill_status status = pmill_encoder_start_cursor(encoder, text, len, true, error);
	return status == PMILL_OK ? pmill_encoder_add_pretokens(encoder, text, len, &at, error)
							  : status;
}

/* Several steps, or one that changes the text. */
static pmill_status encode_cut(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	encoder->cut.cutter = encoder->plan->cutter;
	pmill_status status = pmill_cut_cursor_start(&encoder->cut, text, len, error);
	while (status == PMILL_OK && !encoder->sink.is_full) {
		pmill_bytes bytes;
		status = pmill_cut_cursor_next(&encoder->cut, &bytes, error);
		if (status != PMILL_OK && error != NULL && error->offset != PMILL_NO_OFFSET)
			pmill_encoder_set_offset(encoder, (size_t)error->offset, error);
		if (status != PMILL_OK || bytes.len == 0)
			break;
		const struct pmill_pretoken pretoken = {
			bytes.data, bytes.len, encoder->cut.begin, encoder->cut.added};
		status = pmill_encoder_add_pretoken(encoder, &pretoken, error);
		if (status == PMILL_OK)
			status = flush_if_many(encoder, encoder->cut.begin, error);
	}
	return status;
}

pmill_status pmill_encoder_add_piece(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	return encoder->plan->pretokenizer != NULL ? encode_plain(encoder, text, len, error)
											   : encode_cut(encoder, text, len, error);
}
