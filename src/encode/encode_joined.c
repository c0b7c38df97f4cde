/* Several documents → ids, the pretokens of all in common batches. */
/* SPDX-License-Identifier: MIT */
/*
 * A short document alone has so few pretokens that waiting for their lines in the table takes
 * longer than all else.
 */
#include "encode/encode_joined.h"

struct joining {
	struct pmill_encoder *encoder;
	const pmill_policy *policy;
	struct pmill_ids *ids;
	struct pmill_pretoken_queue queue;
};

bool pmill_encoder_may_join(
	const struct pmill_encoder *encoder, const pmill_policy *policy, const struct pmill_ids *ids)
{
	const struct pmill_encode_plan *plan = encoder->plan;
	const struct pmill_template *template = &plan->tokenizer->template;
	const bool is_framed = pmill_encoder_policy(encoder, policy)->adds_template &&
		template->before_count + template->after_count > 0;
	return plan->pretokenizer != NULL && plan->tokenizer->normal_step_count == 0 && !is_framed &&
		!pmill_ids_wants_offsets(ids);
}

static bool put(struct joining *joining, size_t begin, size_t end)
{
	if (!pmill_ids_reserve(joining->ids, end - begin))
		return false;
	pmill_ids_put(joining->ids, joining->encoder->ids.ids + begin, end - begin);
	return true;
}

/* Encodes what is queued. */
static pmill_status flush(struct joining *joining)
{
	struct pmill_id_buffer *ids = &joining->encoder->ids;
	struct pmill_pretoken_queue *queue = &joining->queue;
	size_t at = 0;
	ids->count = 0;
	const pmill_status status = pmill_pretoken_queue_encode(
		queue, &joining->encoder->pretokens, ids);
	if (status != PMILL_OK)
		return status;
	for (size_t i = 0; i < queue->end_count; i++) {
		if (!put(joining, at, queue->ends[i].id_count))
			return PMILL_NO_MEMORY;
		at = queue->ends[i].id_count;
		pmill_ids_put_end(joining->ids);
	}
	if (!put(joining, at, ids->count))
		return PMILL_NO_MEMORY;
	pmill_pretoken_queue_clear(queue, &joining->encoder->pretokens);
	return PMILL_OK;
}

static pmill_status queue_pretokens(
	struct joining *joining, pmill_bytes text, size_t begin, const size_t *ends, size_t count)
{
	pmill_status status = PMILL_OK;
	while (count > 0 && status == PMILL_OK) {
		const size_t added = pmill_pretoken_queue_add(
			&joining->queue, &joining->encoder->pretokens, text.data, text.len, begin, ends, count);
		if (added == 0) {
			status = flush(joining);
			continue;
		}
		begin = ends[added - 1];
		ends += added;
		count -= added;
	}
	return status;
}

/* Whether the text has a token that one of the searches finds. */
static pmill_status search(struct joining *joining, pmill_bytes text, bool *is_found)
{
	struct pmill_encoder *encoder = joining->encoder;
	const struct pmill_added_set *sets[] = {&encoder->plan->added, &encoder->plan->normalized};
	struct pmill_added_walk *walk = &encoder->added;
	const struct pmill_added_text in = {
		.text = text.data, .len = text.len, .is_final = true, .spans = &encoder->own_spans};
	pmill_status status = PMILL_OK;
	*is_found = false;
	if (text.len == 0 || !joining->policy->is_any)
		return PMILL_OK;
	pmill_span_list_clear(&encoder->own_spans);
	if (!pmill_span_list_add(&encoder->own_spans, text.len, joining->policy))
		return PMILL_NO_MEMORY;
	for (size_t i = 0; i < 2 && status == PMILL_OK && !*is_found; i++) {
		struct pmill_added_piece piece;
		if (sets[i]->finder == NULL)
			continue;
		walk->set = sets[i];
		pmill_added_walk_start(walk, &in);
		status = pmill_added_walk_next(walk, &piece, NULL);
		*is_found = status == PMILL_OK && piece.special != PMILL_NO_ADDED;
	}
	return status;
}

/* Not in a common batch: it has an added token. */
static pmill_status add_alone(struct joining *joining, pmill_bytes text)
{
	const pmill_span span = {text, joining->policy};
	const struct pmill_id_sink sink = {.ids = joining->ids};
	uint64_t end;
	pmill_status status = flush(joining);
	if (status == PMILL_OK)
		status = pmill_encoder_add_document(joining->encoder, &span, 1, &sink, &end, NULL);
	if (status == PMILL_OK && !pmill_ids_reserve(joining->ids, 0))
		status = PMILL_NO_MEMORY;
	if (status == PMILL_OK)
		pmill_ids_put_end(joining->ids);
	return status;
}

static pmill_status add_pretokens(struct joining *joining, pmill_bytes text)
{
	struct pmill_encoder *encoder = joining->encoder;
	size_t begin = 0, count = text.len;
	pmill_status status = text.len == 0
		? PMILL_OK
		: pmill_encoder_start_cursor(encoder, text.data, text.len, true, NULL);
	while (status == PMILL_OK && begin < text.len && count > 0) {
		status = pmill_pretoken_cursor_next(
			&encoder->cursor, encoder->ends, PMILL_ENCODE_PRETOKENS, &count, NULL);
		if (status == PMILL_OK)
			status = queue_pretokens(joining, text, begin, encoder->ends, count);
		if (count > 0)
			begin = encoder->ends[count - 1];
	}
	if (status == PMILL_OK && !pmill_pretoken_queue_end(&joining->queue)) {
		status = flush(joining);
		pmill_pretoken_queue_end(&joining->queue);
	}
	return status;
}

static pmill_status add_document(struct joining *joining, pmill_bytes text)
{
	bool is_found;
	const pmill_status status = search(joining, text, &is_found);
	if (status != PMILL_OK)
		return status;
	return is_found ? add_alone(joining, text) : add_pretokens(joining, text);
}

pmill_status pmill_encoder_add_joined(struct pmill_encoder *encoder, const pmill_bytes *texts,
	size_t count, const pmill_policy *policy, struct pmill_ids *ids)
{
	struct joining joining;
	const struct pmill_ids_mark mark = pmill_ids_mark(ids);
	joining.encoder = encoder;
	joining.policy = pmill_encoder_policy(encoder, policy);
	joining.ids = ids;
	pmill_encoder_begin_call(encoder, 0);
	pmill_encoder_ready_pretokens(encoder);
	pmill_status status = pmill_pretoken_queue_clear(&joining.queue, &encoder->pretokens)
		? PMILL_OK
		: PMILL_NO_MEMORY;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = add_document(&joining, texts[i]);
	if (status == PMILL_OK)
		status = flush(&joining);
	encoder->ids.count = 0;
	if (status != PMILL_OK)
		pmill_ids_rewind(ids, mark);
	return status;
}
