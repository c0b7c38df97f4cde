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
	pmill_added_walk_release(&encoder->added);
	pmill_added_walk_release(&encoder->normalized);
	if (encoder->cut.cutter != NULL)
		pmill_cut_cursor_release(&encoder->cut);
	pmill_buffer_release(&encoder->normal);
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

static pmill_status add_ids(
	struct pmill_encoder *encoder, const uint32_t *ids, size_t count, pmill_error *error)
{
	if (!reserve_ids(encoder, count))
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++)
		encoder->ids[encoder->id_count++] = ids[i];
	return PMILL_OK;
}

void pmill_encoder_set_watch(struct pmill_encoder *encoder, struct pmill_match_watch *watch)
{
	pmill_pretoken_cursor_set_watch(&encoder->cursor, watch);
	encoder->cut.watch = watch;
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

/* ---- whole documents ---- */

static pmill_status encode_plain(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	bool is_more = true;
	pmill_status status = pmill_encoder_start(encoder, text, len, 0, true, error);
	while (status == PMILL_OK && is_more)
		status = pmill_encoder_step(encoder, &is_more, error);
	return status;
}

/* Several steps, or one that changes the text: there may be no place in the text for an error. */
static pmill_status encode_cut(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	encoder->cut.cutter = encoder->plan->cutter;
	pmill_status status = pmill_cut_cursor_start(&encoder->cut, text, len, error);
	while (status == PMILL_OK) {
		pmill_bytes pretoken;
		status = pmill_cut_cursor_next(&encoder->cut, &pretoken, error);
		if (status != PMILL_OK || pretoken.len == 0)
			break;
		const uint8_t *bytes = pretoken.data;
		status = encode_pretoken(encoder, bytes, pretoken.len, error);
		if (status == PMILL_OK || error == NULL || error->offset == PMILL_NO_OFFSET)
			continue;
		if ((uintptr_t)bytes - (uintptr_t)text < len)
			error->offset += (uint64_t)(bytes - text);
		else
			error->offset = PMILL_NO_OFFSET;
	}
	return status;
}

static pmill_status encode_piece(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	return encoder->plan->pretokenizer != NULL ? encode_plain(encoder, text, len, error)
											   : encode_cut(encoder, text, len, error);
}

static pmill_status add_token(struct pmill_encoder *encoder, const struct pmill_added_walk *walk,
	const struct pmill_added_piece *piece, pmill_error *error)
{
	if (!piece->rule->is_forbidden)
		return add_ids(encoder, &piece->rule->id, 1, error);
	struct pmill_quote quote;
	pmill_bytes token = pmill_special_finder_token(walk->set->finder, piece->index);
	return pmill_fail(error, PMILL_BAD_INPUT, piece->token_begin,
		"the text contains the special token %s", pmill_quote(&quote, token.data, token.len));
}

typedef pmill_status encode_fn(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error);

/* Tokens of the walk, and `encode` for the text between them. */
static pmill_status encode_walk(struct pmill_encoder *encoder, struct pmill_added_walk *walk,
	const uint8_t *text, size_t len, encode_fn *encode, pmill_error *error)
{
	struct pmill_added_piece piece = {0};
	pmill_status status = PMILL_OK;
	pmill_added_walk_start(walk, text, len);
	do {
		status = pmill_added_walk_next(walk, &piece, error);
		if (status == PMILL_OK && piece.begin < piece.end) {
			status = encode(encoder, text + piece.begin, piece.end - piece.begin, error);
			if (status != PMILL_OK && error != NULL && error->offset != PMILL_NO_OFFSET)
				error->offset += piece.begin;
		}
		if (status == PMILL_OK && piece.rule != NULL)
			status = add_token(encoder, walk, &piece, error);
	} while (status == PMILL_OK && piece.rule != NULL);
	return status;
}

static pmill_status encode_normalized(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	const struct pmill_encode_plan *plan = encoder->plan;
	pmill_status status = PMILL_OK;
	bool changes = plan->tokenizer->normal_step_count > 0;
	if (changes) {
		status = pmill_normalizer_apply(plan->normalizer, text, len, &encoder->normal, NULL, error);
		text = encoder->normal.data;
		len = encoder->normal.len;
	}
	encoder->normalized.set = &plan->normalized;
	if (status == PMILL_OK && len > 0)
		status = encode_walk(encoder, &encoder->normalized, text, len, encode_piece, error);
	if (changes && error != NULL)
		error->offset = PMILL_NO_OFFSET;
	return status;
}

pmill_status pmill_encoder_add_document(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	const struct pmill_encode_plan *plan = encoder->plan;
	bool is_direct = plan->tokenizer->normal_step_count == 0 && plan->normalized.finder == NULL;
	encoder->added.set = &plan->added;
	return encode_walk(
		encoder, &encoder->added, text, len, is_direct ? encode_piece : encode_normalized, error);
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

pmill_status pmill_encoder_encode(pmill_encoder *encoder, const void *text, size_t len,
	const uint32_t **ids, size_t *id_count, pmill_error *error)
{
	const struct pmill_template *template = &encoder->plan->tokenizer->template;
	const bool adds_template = encoder->plan->adds_template;
	pmill_error cause;
	encoder->id_count = 0;
	pmill_status status = PMILL_OK;
	if (adds_template)
		status = add_ids(encoder, template->before, template->before_count, &cause);
	if (status == PMILL_OK)
		status = pmill_encoder_add_document(encoder, text, len, &cause);
	if (status == PMILL_OK && adds_template)
		status = add_ids(encoder, template->after, template->after_count, &cause);
	if (status == PMILL_OK) {
		*ids = encoder->ids;
		*id_count = encoder->id_count;
		return PMILL_OK;
	}
	if (cause.offset == PMILL_NO_OFFSET)
		return pmill_fail(error, status, PMILL_NO_OFFSET, "%s", cause.message);
	return pmill_fail(error, status, cause.offset, "byte %llu: %s",
		(unsigned long long)cause.offset, cause.message);
}
