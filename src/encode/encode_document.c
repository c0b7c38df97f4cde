/* Whole documents in memory → ids. */
/* SPDX-License-Identifier: MIT */
#include "encode/encode_document.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "encode/characters.h"

enum { MOST_SHORT_IDS = 1 << 16 };

const pmill_policy *pmill_encoder_policy(
	const struct pmill_encoder *encoder, const pmill_policy *policy)
{
	return policy != NULL ? policy : encoder->plan->default_policy;
}

pmill_status pmill_encoder_check_ids(
	const struct pmill_encoder *encoder, const struct pmill_ids *ids, pmill_error *error)
{
	const uint32_t vocab_size = pmill_tokenizer_vocab_size(encoder->plan->tokenizer);
	if (ids == NULL || ids->id_bytes > 2 || vocab_size <= MOST_SHORT_IDS)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"ids of two bytes can't hold those of a vocab of %u", (unsigned)vocab_size);
}

pmill_status pmill_encode_fail_at(pmill_status status, const pmill_error *cause, pmill_error *error)
{
	if (cause->offset == PMILL_NO_OFFSET)
		return pmill_fail(error, status, PMILL_NO_OFFSET, "%s", cause->message);
	return pmill_fail(error, status, cause->offset, "byte %llu: %.950s",
		(unsigned long long)cause->offset, cause->message);
}

/* ---- The text of spans ---- */

static bool join(struct pmill_encoder *encoder, const pmill_span *spans, size_t count)
{
	encoder->joined.len = 0;
	for (size_t i = 0; i < count; i++)
		if (!pmill_buffer_append(&encoder->joined, spans[i].text.data, spans[i].text.len))
			return false;
	return true;
}

static bool sum_lengths(const pmill_span *spans, size_t count, size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < count; i++)
		if (__builtin_add_overflow(*len, spans[i].text.len, len))
			return false;
	return true;
}

static bool add_span(struct pmill_encoder *encoder, const pmill_span *span, size_t *end)
{
	*end += span->text.len;
	return span->text.len == 0 ||
		pmill_span_list_add(&encoder->own_spans, *end, pmill_encoder_policy(encoder, span->policy));
}

/* Sets *text to the text of all: where it is, if only one span holds any. */
static pmill_status take_spans(struct pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, pmill_bytes *text, pmill_error *error)
{
	size_t end = 0;
	*text = (pmill_bytes){NULL, 0};
	pmill_span_list_clear(&encoder->own_spans);
	for (size_t i = 0; i < span_count; i++) {
		const pmill_policy *policy = spans[i].policy;
		const bool is_known = i > 0 && policy == spans[i - 1].policy;
		const pmill_status status = is_known
			? PMILL_OK
			: pmill_encode_plan_check(encoder->plan, policy, error);
		if (status != PMILL_OK)
			return status;
		if (spans[i].text.len > 0)
			text->data = spans[i].text.data;
		if (!add_span(encoder, &spans[i], &end))
			return pmill_fail_memory(error);
	}
	if (!sum_lengths(spans, span_count, &text->len))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the text is too long");
	bool is_one = true;
	for (size_t i = 0; i < span_count; i++)
		is_one &= spans[i].text.len == 0 || spans[i].text.len == text->len;
	if (is_one)
		return PMILL_OK;
	if (!join(encoder, spans, span_count))
		return pmill_fail_memory(error);
	text->data = encoder->joined.data;
	return PMILL_OK;
}

/* ---- The document ---- */

static bool adds_template(const struct pmill_encoder *encoder, const pmill_span *span)
{
	return pmill_encoder_policy(encoder, span->policy)->adds_template;
}

/* How many ids the template puts before and after. */
struct frame {
	size_t before, after;
};

static struct frame frame_of(
	const struct pmill_encoder *encoder, const pmill_span *spans, size_t count)
{
	const struct pmill_template *template = &encoder->plan->tokenizer->template;
	struct frame frame = {0, 0};
	if (count > 0 && adds_template(encoder, &spans[0]))
		frame.before = template->before_count;
	if (count > 0 && adds_template(encoder, &spans[count - 1]))
		frame.after = template->after_count;
	return frame;
}

/* Room for what comes after the text is left free. */
static pmill_status limit_sink(
	struct pmill_id_sink *sink, const struct frame *frame, pmill_error *error)
{
	if (!sink->is_limited)
		return PMILL_OK;
	if (sink->most < frame->before + frame->after)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the template alone has %zu ids, and there shall be at most %llu",
			frame->before + frame->after, (unsigned long long)sink->most);
	sink->most -= frame->after;
	return PMILL_OK;
}

static pmill_status add_framed(
	struct pmill_encoder *encoder, pmill_bytes text, const struct frame *frame, pmill_error *error)
{
	const struct pmill_template *template = &encoder->plan->tokenizer->template;
	const uint64_t first[2] = {0, 0}, last[2] = {text.len, text.len};
	pmill_status status = pmill_encoder_add_ids(
		encoder, template->before, frame->before, first, error);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, error);
	if (status == PMILL_OK && text.len > 0)
		status = pmill_encoder_add_text(encoder, text.data, text.len, false, NULL, error);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, error);
	if (status != PMILL_OK || frame->after == 0)
		return status;
	const uint64_t end = encoder->sink.end;
	encoder->sink.most += frame->after;
	status = pmill_encoder_add_ids(encoder, template->after, frame->after, last, error);
	if (status == PMILL_OK)
		status = pmill_encoder_flush(encoder, error);
	encoder->sink.end = end;
	return status;
}

static void set_characters(struct pmill_ids *ids, pmill_bytes text, struct pmill_ids_mark mark)
{
	if (ids == NULL || pmill_ids_unit(ids) != PMILL_OFFSETS_CHAR || ids->count == mark.count)
		return;
	pmill_characters_from_bytes(text.data, text.len, (struct pmill_character_place){0, 0},
		pmill_ids_offsets_since(ids, mark.count), ids->count - mark.count);
}

pmill_status pmill_encoder_add_document(struct pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, const struct pmill_id_sink *sink, uint64_t *end, pmill_error *error)
{
	pmill_bytes text;
	struct pmill_ids_mark mark = {0, 0};
	const struct frame frame = frame_of(encoder, spans, span_count);
	pmill_status status = take_spans(encoder, spans, span_count, &text, error);
	if (status != PMILL_OK)
		return status;
	if (sink->ids != NULL)
		mark = pmill_ids_mark(sink->ids);
	pmill_encoder_set_sink(encoder, sink);
	encoder->text_begin = 0;
	encoder->spans = &encoder->own_spans;
	pmill_encoder_begin_call(encoder, text.len);
	status = limit_sink(&encoder->sink, &frame, error);
	if (status == PMILL_OK)
		status = add_framed(encoder, text, &frame, error);
	if (status == PMILL_OK)
		set_characters(sink->ids, text, mark);
	else if (sink->ids != NULL)
		pmill_ids_rewind(sink->ids, mark);
	*end = encoder->sink.is_full ? encoder->sink.end : text.len;
	return status;
}

/* ---- The public calls ---- */

static pmill_status encode(struct pmill_encoder *encoder, const pmill_span *spans, size_t count,
	const struct pmill_id_sink *sink, uint64_t *end, pmill_error *error)
{
	pmill_error cause = {.offset = PMILL_NO_OFFSET};
	struct pmill_ids *ids = sink->ids;
	pmill_status status = pmill_encoder_check_ids(encoder, ids, &cause);
	if (status == PMILL_OK && ids != NULL && !pmill_ids_reserve(ids, 0))
		status = pmill_fail_memory(&cause);
	if (status == PMILL_OK)
		status = pmill_encoder_add_document(encoder, spans, count, sink, end, &cause);
	if (status != PMILL_OK)
		return pmill_encode_fail_at(status, &cause, error);
	if (ids != NULL)
		pmill_ids_put_end(ids);
	return PMILL_OK;
}

pmill_status pmill_encoder_encode_spans(pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, pmill_ids *ids, pmill_error *error)
{
	const struct pmill_id_sink sink = {.ids = ids};
	uint64_t end;
	return encode(encoder, spans, span_count, &sink, &end, error);
}

pmill_status pmill_encoder_encode(pmill_encoder *encoder, const void *text, size_t len,
	const pmill_policy *policy, pmill_ids *ids, pmill_error *error)
{
	const pmill_span span = {{text, len}, policy};
	return pmill_encoder_encode_spans(encoder, &span, 1, ids, error);
}

pmill_status pmill_encoder_count(pmill_encoder *encoder, const pmill_span *spans, size_t span_count,
	uint64_t *id_count, pmill_error *error)
{
	const struct pmill_id_sink sink = {0};
	uint64_t end;
	const pmill_status status = encode(encoder, spans, span_count, &sink, &end, error);
	if (status == PMILL_OK)
		*id_count = encoder->sink.count;
	return status;
}

pmill_status pmill_encoder_truncate(pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, uint64_t most, pmill_ids *ids, uint64_t *used, pmill_error *error)
{
	const struct pmill_id_sink sink = {.ids = ids, .is_limited = true, .most = most};
	uint64_t end = 0;
	const pmill_status status = encode(encoder, spans, span_count, &sink, &end, error);
	if (status == PMILL_OK)
		*used = end;
	return status;
}

/* ---- The encoder ---- */

pmill_status pmill_encoder_create(const pmill_tokenizer *tokenizer, const pmill_run_options *run,
	pmill_encoder **encoder, pmill_error *error)
{
	pmill_run_options running;
	pmill_status status = pmill_sized_struct_read(
		&running, sizeof running, run, "pmill_run_options", error);
	if (status != PMILL_OK)
		return status;
	struct pmill_encoder *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	status = pmill_encode_plan_create(tokenizer, running.scanner, &created->plan, error);
	if (status != PMILL_OK) {
		free(created);
		return status;
	}
	created->watcher = running.progress;
	created->watcher_context = running.progress_context;
	*encoder = created;
	return PMILL_OK;
}
