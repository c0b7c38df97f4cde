/* A document that comes in pieces → ids, as soon as they can't change any more. */
/* SPDX-License-Identifier: MIT */
/*
 * What isn't settled is kept as text. Each time that there is enough more of it, it is encoded as
 * text after which more may follow; what that settles is taken off its front. From there on the
 * text is encoded alike without what came before. To look again only when the text has grown by an
 * eighth keeps the time linear, however small the pieces.
 */
#include <stdlib.h>

#include "base/error.h"
#include "encode/characters.h"
#include "encode/encode_document.h"

enum { GROWTH = 8 };

/* ---- Clones ---- */

static bool copy_spans(const struct pmill_span_list *from, struct pmill_span_list *to)
{
	to->is_referring = true;
	for (size_t i = 0; i < from->count; i++)
		if (!pmill_span_list_add(to, from->items[i].end, from->items[i].policy))
			return false;
	return true;
}

static bool copy_stream(const struct pmill_stream *from, struct pmill_stream *to)
{
	to->bytes = from->bytes;
	to->characters = from->characters;
	to->id_count = from->id_count;
	to->follows_word = from->follows_word;
	to->next_try = from->next_try;
	if (from->first != NULL) {
		to->first = pmill_policy_share(from->first);
		to->last = pmill_policy_share(from->last);
	}
	return copy_spans(&from->spans, &to->spans) &&
		pmill_buffer_append(&to->text, from->text.data, from->text.len);
}

pmill_status pmill_encoder_clone(
	const pmill_encoder *encoder, pmill_encoder **clone, pmill_error *error)
{
	struct pmill_encoder *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->plan = pmill_encode_plan_share(encoder->plan);
	made->watcher = encoder->watcher;
	made->watcher_context = encoder->watcher_context;
	if (!copy_stream(&encoder->stream, &made->stream)) {
		pmill_encoder_free(made);
		return pmill_fail_memory(error);
	}
	*clone = made;
	return PMILL_OK;
}

void pmill_encoder_drop(pmill_encoder *encoder)
{
	struct pmill_stream *stream = &encoder->stream;
	pmill_policy_free(stream->first);
	pmill_policy_free(stream->last);
	pmill_span_list_clear(&stream->spans);
	*stream = (struct pmill_stream){.text = stream->text, .spans = stream->spans};
	stream->text.len = 0;
}

void pmill_encoder_free(pmill_encoder *encoder)
{
	if (encoder == NULL)
		return;
	pmill_encoder_drop(encoder);
	pmill_buffer_release(&encoder->stream.text);
	pmill_span_list_release(&encoder->stream.spans);
	pmill_encoder_release(encoder);
	pmill_encode_plan_free(encoder->plan);
	free(encoder);
}

/* ---- Text in ---- */

static void set_sink(struct pmill_encoder *encoder, struct pmill_ids *ids)
{
	const struct pmill_id_sink sink = {.ids = ids};
	pmill_encoder_set_sink(encoder, &sink);
	encoder->text_begin = encoder->stream.bytes;
	encoder->spans = &encoder->stream.spans;
	pmill_encoder_begin_call(encoder, encoder->stream.text.len);
}

/* Offsets of ids since the mark, which come from the stream's text. */
static void set_characters(
	struct pmill_encoder *encoder, struct pmill_ids *ids, struct pmill_ids_mark mark)
{
	const struct pmill_stream *stream = &encoder->stream;
	if (pmill_ids_unit(ids) == PMILL_OFFSETS_CHAR && ids->count > mark.count)
		pmill_characters_from_bytes(stream->text.data, stream->text.len,
			(struct pmill_character_place){stream->bytes, stream->characters},
			pmill_ids_offsets_since(ids, mark.count), ids->count - mark.count);
}

/* Takes what is settled off the front of the text. */
static void drop_settled(struct pmill_stream *stream, const struct pmill_settled *settled)
{
	stream->characters += pmill_characters_count(stream->text.data, settled->len);
	stream->bytes += settled->len;
	stream->id_count += settled->id_count;
	stream->follows_word = settled->follows_word;
	stream->text.len -= settled->len;
	memmove(stream->text.data, stream->text.data + settled->len, stream->text.len);
	pmill_span_list_drop(&stream->spans, settled->len);
}

static pmill_status settle(struct pmill_encoder *encoder, struct pmill_ids *ids, pmill_error *error)
{
	struct pmill_stream *stream = &encoder->stream;
	struct pmill_settled settled = {.mark = pmill_ids_mark(ids)};
	const struct pmill_ids_mark begin = settled.mark;
	if (stream->text.len < stream->next_try)
		return PMILL_OK;
	set_sink(encoder, ids);
	pmill_status status = pmill_encoder_add_text(
		encoder, stream->text.data, stream->text.len, stream->follows_word, &settled, error);
	/* If nothing is settled, nothing need have been flushed. */
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, error);
	if (status != PMILL_OK)
		return status;
	pmill_ids_rewind(ids, settled.mark);
	set_characters(encoder, ids, begin);
	if (settled.len > 0)
		drop_settled(stream, &settled);
	stream->next_try = stream->text.len + stream->text.len / GROWTH + 1;
	return PMILL_OK;
}

static pmill_status add_template(struct pmill_encoder *encoder, const uint32_t *template,
	size_t count, struct pmill_ids *ids, pmill_error *error)
{
	const struct pmill_ids_mark mark = pmill_ids_mark(ids);
	const uint64_t end = encoder->stream.bytes + encoder->stream.text.len;
	const uint64_t place[2] = {end, end};
	set_sink(encoder, ids);
	pmill_status status = pmill_encoder_add_ids(encoder, template, count, place, error);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, error);
	if (status == PMILL_OK)
		set_characters(encoder, ids, mark);
	encoder->stream.id_count += count;
	return status;
}

static pmill_status begin(struct pmill_encoder *encoder, const pmill_policy *policy,
	struct pmill_ids *ids, pmill_error *error)
{
	const struct pmill_template *template = &encoder->plan->tokenizer->template;
	struct pmill_stream *stream = &encoder->stream;
	if (stream->first != NULL)
		return PMILL_OK;
	stream->spans.is_referring = true;
	stream->first = pmill_policy_share(policy);
	return policy->adds_template
		? add_template(encoder, template->before, template->before_count, ids, error)
		: PMILL_OK;
}

static pmill_status append(struct pmill_encoder *encoder, const void *text, size_t len,
	const pmill_policy *policy, pmill_error *error)
{
	struct pmill_stream *stream = &encoder->stream;
	pmill_policy *last = pmill_policy_share(policy);
	pmill_policy_free(stream->last);
	stream->last = last;
	if (len == 0)
		return PMILL_OK;
	const bool done = pmill_buffer_append(&stream->text, text, len) &&
		pmill_span_list_add(&stream->spans, stream->text.len, policy);
	return done ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status add(struct pmill_encoder *encoder, const void *text, size_t len,
	const pmill_policy *policy, struct pmill_ids *ids, pmill_error *error)
{
	pmill_status status = pmill_encoder_check_ids(encoder, ids, error);
	if (status == PMILL_OK && policy != encoder->stream.last)
		status = pmill_encode_plan_check(encoder->plan, policy, error);
	policy = pmill_encoder_policy(encoder, policy);
	if (status == PMILL_OK)
		status = begin(encoder, policy, ids, error);
	if (status == PMILL_OK)
		status = append(encoder, text, len, policy, error);
	return status == PMILL_OK && encoder->stream.text.len > 0 ? settle(encoder, ids, error)
															  : status;
}

pmill_status pmill_encoder_add(pmill_encoder *encoder, const void *text, size_t len,
	const pmill_policy *policy, pmill_ids *ids, pmill_error *error)
{
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	const struct pmill_ids_mark mark = pmill_ids_mark(ids);
	const pmill_status status = add(encoder, text, len, policy, ids, &cause);
	if (status == PMILL_OK)
		return PMILL_OK;
	pmill_ids_rewind(ids, mark);
	return pmill_encode_fail_at(status, &cause, error);
}

void pmill_encoder_settled(const pmill_encoder *encoder, uint64_t *bytes, uint64_t *id_count)
{
	*bytes = encoder->stream.bytes;
	*id_count = encoder->stream.id_count;
}

/* ---- The end ---- */

static pmill_status finish(struct pmill_encoder *encoder, struct pmill_ids *ids, pmill_error *error)
{
	const struct pmill_template *template = &encoder->plan->tokenizer->template;
	struct pmill_stream *stream = &encoder->stream;
	const struct pmill_ids_mark mark = pmill_ids_mark(ids);
	pmill_status status = pmill_encoder_check_ids(encoder, ids, error);
	if (status == PMILL_OK && !pmill_ids_reserve(ids, 0))
		status = pmill_fail_memory(error);
	if (status != PMILL_OK)
		return status;
	set_sink(encoder, ids);
	if (stream->text.len > 0)
		status = pmill_encoder_add_text(
			encoder, stream->text.data, stream->text.len, stream->follows_word, NULL, error);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, error);
	if (status != PMILL_OK)
		return status;
	set_characters(encoder, ids, mark);
	return stream->last != NULL && stream->last->adds_template
		? add_template(encoder, template->after, template->after_count, ids, error)
		: PMILL_OK;
}

pmill_status pmill_encoder_finish(pmill_encoder *encoder, pmill_ids *ids, pmill_error *error)
{
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	const struct pmill_ids_mark mark = pmill_ids_mark(ids);
	const pmill_status status = finish(encoder, ids, &cause);
	if (status != PMILL_OK) {
		pmill_ids_rewind(ids, mark);
		return pmill_encode_fail_at(status, &cause, error);
	}
	pmill_ids_put_end(ids);
	pmill_encoder_drop(encoder);
	return PMILL_OK;
}
