/* Text → ids: special tokens by policy, the rest pretoken by pretoken. */
/* SPDX-License-Identifier: MIT */
#include "encode/encoder.h"

#include <assert.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sized_struct.h"
#include "unicode/quote.h"

void pmill_encoder_release(struct pmill_encoder *encoder)
{
	pmill_pretoken_cursor_release(&encoder->cursor);
	pmill_pretoken_scratch_release(&encoder->scratch);
	pmill_special_cursor_release(&encoder->special_cursor);
	free(encoder->ids);
	pmill_encode_plan_free(encoder->own_plan);
	*encoder = (struct pmill_encoder){0};
}

static bool reserve_ids(struct pmill_encoder *encoder, size_t more)
{
	if (more > SIZE_MAX - encoder->id_count)
		return false;
	void *ids = encoder->ids;
	if (!pmill_array_reserve(
			&ids, &encoder->id_capacity, encoder->id_count + more, sizeof *encoder->ids))
		return false;
	encoder->ids = ids;
	return true;
}

pmill_status pmill_encoder_add_id(struct pmill_encoder *encoder, uint32_t id, pmill_error *error)
{
	if (!reserve_ids(encoder, 1))
		return pmill_fail_memory(error);
	encoder->ids[encoder->id_count++] = id;
	return PMILL_OK;
}

/* The seam of the encoder: anything that finds the ids of a pretoken without merging goes here. */
static pmill_status encode_pretoken(
	struct pmill_encoder *encoder, const uint8_t *pretoken, size_t len, pmill_error *error)
{
	size_t count = 0;
	if (!reserve_ids(encoder, len))
		return pmill_fail_memory(error);
	pmill_status status = pmill_pretoken_encoder_encode(encoder->plan->pretoken_encoder,
		&encoder->scratch, pretoken, len, encoder->ids + encoder->id_count, &count, error);
	encoder->id_count += count;
	return status;
}

pmill_status pmill_encoder_start(struct pmill_encoder *encoder, const uint8_t *text, size_t len,
	size_t lookahead, bool is_final, pmill_error *error)
{
	encoder->text = text;
	encoder->len = len;
	encoder->begin = 0;
	if (len == 0)
		return PMILL_OK;
	encoder->cursor.pretokenizer = encoder->plan->pretokenizer;
	return pmill_pretoken_cursor_start(&encoder->cursor, text, len + lookahead, is_final, error);
}

pmill_status pmill_encoder_step(struct pmill_encoder *encoder, bool *is_more, pmill_error *error)
{
	size_t count = 0;
	pmill_status status = PMILL_OK;
	if (encoder->begin < encoder->len)
		status = pmill_pretoken_cursor_next(
			&encoder->cursor, encoder->ends, PMILL_ENCODE_PRETOKENS, &count, error);
	for (size_t i = 0; i < count && status == PMILL_OK && encoder->begin < encoder->len; i++) {
		status = encode_pretoken(
			encoder, encoder->text + encoder->begin, encoder->ends[i] - encoder->begin, error);
		if (status == PMILL_OK)
			encoder->begin = encoder->ends[i];
		else if (error != NULL && error->offset != PMILL_NO_OFFSET)
			error->offset += encoder->begin;
	}
	/* Chunks end where pretokens do, with enough lookahead to see it. */
	assert(status != PMILL_OK || count > 0 || encoder->begin >= encoder->len);
	*is_more = count > 0 && encoder->begin < encoder->len;
	return status;
}

/* ---- the public encoder: one document in memory ---- */

pmill_status pmill_encoder_create(const pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, const pmill_run_options *run, pmill_encoder **encoder,
	pmill_error *error)
{
	pmill_encode_options whole;
	pmill_run_options running;
	pmill_status status = pmill_sized_struct_read(
		&whole, sizeof whole, options, "pmill_encode_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(&running, sizeof running, run, "pmill_run_options", error);
	if (status != PMILL_OK)
		return status;
	struct pmill_encoder *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	status = pmill_encode_plan_create(
		tokenizer, &whole, (pmill_bytes){0}, running.scanner, &created->own_plan, error);
	created->plan = created->own_plan;
	if (status == PMILL_OK)
		*encoder = created;
	else
		pmill_encoder_free(created);
	return status;
}

void pmill_encoder_free(pmill_encoder *encoder)
{
	if (encoder == NULL)
		return;
	pmill_encoder_release(encoder);
	free(encoder);
}

/* `segment_begin` is the segment's offset in the document. */
static pmill_status encode_segment(struct pmill_encoder *encoder, const uint8_t *text, size_t len,
	size_t segment_begin, pmill_error *error)
{
	pmill_error cause;
	bool is_more = true;
	pmill_status status = pmill_encoder_start(encoder, text, len, 0, true, &cause);
	while (status == PMILL_OK && is_more)
		status = pmill_encoder_step(encoder, &is_more, &cause);
	if (status == PMILL_OK)
		return PMILL_OK;
	if (cause.offset == PMILL_NO_OFFSET)
		return pmill_fail(error, status, PMILL_NO_OFFSET, "%s", cause.message);
	cause.offset += segment_begin;
	return pmill_fail(error, status, cause.offset, "byte %llu: %s",
		(unsigned long long)cause.offset, cause.message);
}

static pmill_status add_special(
	struct pmill_encoder *encoder, const struct pmill_special_match *match, pmill_error *error)
{
	const struct pmill_planned_special *rule = &encoder->plan->special_rules[match->index];
	if (!rule->is_forbidden)
		return pmill_encoder_add_id(encoder, rule->id, error);
	struct pmill_quote quote;
	pmill_bytes token = pmill_special_finder_token(encoder->plan->specials, match->index);
	return pmill_fail(error, PMILL_BAD_INPUT, match->begin,
		"byte %zu: the text contains the special token %s", match->begin,
		pmill_quote(&quote, token.data, token.len));
}

pmill_status pmill_encoder_encode(pmill_encoder *encoder, const void *text, size_t len,
	const uint32_t **ids, size_t *id_count, pmill_error *error)
{
	const uint8_t *bytes = text;
	encoder->id_count = 0;
	encoder->special_cursor.finder = encoder->plan->specials;
	pmill_special_cursor_start(&encoder->special_cursor, bytes, len, true);
	size_t begin = 0;
	while (begin < len) {
		struct pmill_special_match match;
		pmill_status status = pmill_special_cursor_next(&encoder->special_cursor, &match, error);
		if (status == PMILL_OK)
			status = encode_segment(encoder, bytes + begin, match.begin - begin, begin, error);
		if (status == PMILL_OK && match.begin < match.end)
			status = add_special(encoder, &match, error);
		if (status != PMILL_OK)
			return status;
		begin = match.end;
	}
	*ids = encoder->ids;
	*id_count = encoder->id_count;
	return PMILL_OK;
}
