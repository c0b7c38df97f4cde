/* Text → ids: added tokens by policy, what is between them normalised, and cut into pieces. */
/* SPDX-License-Identifier: MIT */
/*
 * A text is searched for added tokens; each part between two of them is normalised and searched
 * again, if the model asks for that; each piece that is left is cut into pretokens. A place goes
 * the other way: from the piece that is cut to the part, through the map of what normalising
 * changed to the text, and from there to the document.
 */
#include "encode/text_encoder.h"

#include "base/error.h"
#include "unicode/quote.h"

/* ---- Added tokens ---- */

static pmill_status add_token(
	struct pmill_encoder *encoder, const struct pmill_added_piece *piece, pmill_error *error)
{
	const struct pmill_special *special = &encoder->plan->tokenizer->specials[piece->special];
	/* Its own bytes are its place, even if the token before has stripped the first of them. */
	const size_t begin = special->strips_left ? piece->end : piece->token_begin;
	uint64_t place[2];
	encoder->piece_begin = 0;
	if (!piece->is_forbidden) {
		pmill_encoder_locate(encoder, begin, piece->next, place);
		return pmill_encoder_add_ids(encoder, &special->id, 1, place, error);
	}
	struct pmill_quote quote;
	pmill_status status = pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the text contains the special token %s",
		pmill_quote(&quote, special->content.data, special->content.len));
	pmill_encoder_set_offset(encoder, piece->token_begin, error);
	return status;
}

/* ---- Parts ---- */

static pmill_status encode_piece(struct pmill_encoder *encoder, const uint8_t *text,
	const struct pmill_added_piece *piece, pmill_error *error)
{
	const size_t len = piece->end - piece->begin;
	encoder->piece_begin = piece->begin;
	if (len == 0)
		return PMILL_OK;
	return pmill_encoder_add_piece(encoder, text + piece->begin, len, error);
}

/* Whether some token of the set may be recognised. */
static bool searches(const struct pmill_encoder *encoder, const struct pmill_added_set *set)
{
	return encoder->recognises && set->finder != NULL;
}

/* The normalised text of a part, and what is found in it. */
static pmill_status encode_walked(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error)
{
	struct pmill_added_walk *walk = &encoder->normalized;
	const struct pmill_added_text in = {.text = text,
		.len = len,
		.is_final = true,
		.spans = encoder->spans,
		.offset = encoder->part_begin,
		.map = encoder->part_map};
	struct pmill_added_piece piece = {.special = 0};
	pmill_status status = PMILL_OK;
	walk->set = &encoder->plan->normalized;
	pmill_added_walk_start(walk, &in);
	while (status == PMILL_OK && piece.special != PMILL_NO_ADDED && !encoder->sink.is_full) {
		status = pmill_added_walk_next(walk, &piece, error);
		if (status == PMILL_OK)
			status = encode_piece(encoder, text, &piece, error);
		if (status == PMILL_OK && piece.special != PMILL_NO_ADDED)
			status = add_token(encoder, &piece, error);
	}
	return status;
}

static bool has_normalizer(const struct pmill_encoder *encoder)
{
	return encoder->plan->tokenizer->normal_step_count > 0;
}

/* Normalises [begin, end) of the text; a map is made if something asks for places. */
static pmill_status normalize(
	struct pmill_encoder *encoder, size_t begin, size_t end, bool needs_map, pmill_error *error)
{
	struct pmill_source_map *map = needs_map ? &encoder->map : NULL;
	encoder->part_begin = begin;
	encoder->part_map = map;
	encoder->near = encoder->piece_begin = 0;
	const pmill_status status = pmill_normalizer_apply(encoder->plan->normalizer,
		encoder->text + begin, end - begin, &encoder->normal, map, error);
	if (status != PMILL_OK && error != NULL)
		error->offset = PMILL_NO_OFFSET; /* it is in the text of some step */
	return status;
}

/* The offset of an error in the normalised text of a part for which no map was made. */
static void find_offset(struct pmill_encoder *encoder, size_t begin, size_t end, pmill_error *error)
{
	if (error == NULL || error->offset == PMILL_NO_OFFSET)
		return;
	const size_t offset = (size_t)(error->offset - encoder->text_begin) - begin;
	if (normalize(encoder, begin, end, true, NULL) == PMILL_OK)
		pmill_encoder_set_offset(encoder, offset, error);
	else
		error->offset = PMILL_NO_OFFSET;
}

/* A part of the text between two tokens of the first search. */
static pmill_status encode_part(
	struct pmill_encoder *encoder, size_t begin, size_t end, pmill_error *error)
{
	const bool is_searched = searches(encoder, &encoder->plan->normalized);
	const uint8_t *text = encoder->text + begin;
	size_t len = end - begin;
	pmill_status status = PMILL_OK;
	encoder->part_begin = begin;
	encoder->part_map = NULL;
	bool is_without_map = false;
	if (has_normalizer(encoder)) {
		const bool needs_map = encoder->wants_places || (is_searched && encoder->spans->count > 1);
		is_without_map = !needs_map;
		status = normalize(encoder, begin, end, needs_map, error);
		text = encoder->normal.data;
		len = encoder->normal.len;
	}
	const struct pmill_added_piece whole = {.end = len};
	if (status == PMILL_OK)
		status = is_searched ? encode_walked(encoder, text, len, error)
							 : encode_piece(encoder, text, &whole, error);
	if (status != PMILL_OK && is_without_map)
		find_offset(encoder, begin, end, error);
	return status;
}

/* ---- What is settled of a text that goes on ---- */

/* The text up to `len` is settled, and all ids so far. */
static pmill_status settle(
	struct pmill_encoder *encoder, size_t len, struct pmill_settled *settled, pmill_error *error)
{
	const pmill_status status = pmill_encoder_flush(encoder, error);
	settled->len = len;
	settled->mark = encoder->sink.ids != NULL ? pmill_ids_mark(encoder->sink.ids)
											  : (struct pmill_ids_mark){0};
	settled->id_count = encoder->sink.count;
	return status;
}

static pmill_status settle_plain(struct pmill_encoder *encoder, size_t begin, size_t end,
	struct pmill_settled *settled, pmill_error *error)
{
	size_t at = 0;
	encoder->part_begin = begin;
	encoder->part_map = NULL;
	encoder->piece_begin = 0;
	pmill_status status = pmill_encoder_start_cursor(
		encoder, encoder->text + begin, end - begin, false, error);
	if (status == PMILL_OK)
		status = pmill_encoder_add_pretokens(
			encoder, encoder->text + begin, end - begin, &at, error);
	if (status == PMILL_OK && at > 0)
		status = settle(encoder, begin + at, settled, error);
	return status;
}

/* A part that isn't normalised, with tokens of the second search in it. */
static pmill_status settle_walked(struct pmill_encoder *encoder, size_t begin, size_t end,
	struct pmill_settled *settled, pmill_error *error)
{
	struct pmill_added_walk *walk = &encoder->normalized;
	const struct pmill_added_text in = {.text = encoder->text + begin,
		.len = end - begin,
		.spans = encoder->spans,
		.offset = begin};
	struct pmill_added_piece piece = {.special = 0};
	walk->set = &encoder->plan->normalized;
	pmill_added_walk_start(walk, &in);
	for (;;) {
		pmill_status status = pmill_added_walk_next(walk, &piece, error);
		if (status == PMILL_OK && piece.special == PMILL_NO_ADDED)
			return settle_plain(encoder, begin + piece.begin, begin + piece.end, settled, error);
		encoder->part_begin = begin;
		encoder->part_map = NULL;
		if (status == PMILL_OK)
			status = encode_piece(encoder, in.text, &piece, error);
		if (status == PMILL_OK)
			status = add_token(encoder, &piece, error);
		if (status == PMILL_OK)
			status = settle(encoder, begin + piece.next, settled, error);
		if (status != PMILL_OK)
			return status;
	}
}

static bool is_ascii(const struct pmill_encoder *encoder, size_t offset)
{
	return encoder->text[offset] < 0x80;
}

/*
 * Where the normalised text may be cut: before what comes from an ASCII character. From there on
 * the text is normalised alike without what is before it.
 */
static bool find_cut(struct pmill_encoder *encoder, size_t at, size_t end, size_t *cut)
{
	size_t source;
	if (!pmill_source_map_find_border(&encoder->map, at, &encoder->near, &source))
		return false;
	*cut = encoder->part_begin + source;
	return *cut == end || is_ascii(encoder, *cut);
}

/* The pretokens of the normalised text, settled at each place where it may be cut. */
static pmill_status settle_pretokens(
	struct pmill_encoder *encoder, size_t end, struct pmill_settled *settled, pmill_error *error)
{
	const uint8_t *text = encoder->normal.data;
	size_t at = 0, count = 1;
	pmill_status status = pmill_encoder_start_cursor(
		encoder, text, encoder->normal.len, false, error);
	while (status == PMILL_OK && count > 0) {
		size_t cut = 0, settled_to = 0;
		status = pmill_pretoken_cursor_next(
			&encoder->cursor, encoder->ends, PMILL_ENCODE_PRETOKENS, &count, error);
		for (size_t i = count; i > 0 && settled_to == 0 && status == PMILL_OK; i--)
			if (find_cut(encoder, encoder->ends[i - 1], end, &cut))
				settled_to = i;
		for (size_t i = 0; i < count && status == PMILL_OK; i++) {
			const struct pmill_pretoken pretoken = {text + at, encoder->ends[i] - at, at, 0};
			status = pmill_encoder_add_pretoken(encoder, &pretoken, error);
			at = encoder->ends[i];
			if (status == PMILL_OK && i + 1 == settled_to)
				status = settle(encoder, cut, settled, error);
		}
	}
	return status;
}

static pmill_status settle_normalized(struct pmill_encoder *encoder, size_t begin, size_t end,
	struct pmill_settled *settled, size_t len, pmill_error *error)
{
	/* What follows may compose with the last characters, but not across an ASCII one. */
	while (end > begin && (end == len || !is_ascii(encoder, end)))
		end--;
	if (end == begin)
		return PMILL_OK;
	pmill_status status = normalize(encoder, begin, end, true, error);
	return status == PMILL_OK ? settle_pretokens(encoder, end, settled, error) : status;
}

/* What is settled of the last part, after which more text may follow. */
static pmill_status settle_part(struct pmill_encoder *encoder, size_t begin, size_t end,
	struct pmill_settled *settled, size_t len, pmill_error *error)
{
	const struct pmill_encode_plan *plan = encoder->plan;
	const bool is_searched = searches(encoder, &plan->normalized);
	if (end == begin || plan->pretokenizer == NULL || plan->has_flags ||
		!pmill_pretokenizer_is_local(plan->pretokenizer))
		return PMILL_OK;
	if (!has_normalizer(encoder))
		return is_searched ? settle_walked(encoder, begin, end, settled, error)
						   : settle_plain(encoder, begin, end, settled, error);
	return !is_searched && pmill_normalizer_is_local(plan->normalizer)
		? settle_normalized(encoder, begin, end, settled, len, error)
		: PMILL_OK;
}

/* ---- The text ---- */

/* After a token that strips, another may begin in what it has stripped. */
static bool ends_surely(const struct pmill_added_piece *piece)
{
	return piece->next == piece->token_end;
}

static pmill_status add_piece(struct pmill_encoder *encoder, const struct pmill_added_piece *piece,
	struct pmill_settled *settled, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (piece->end > piece->begin)
		status = encode_part(encoder, piece->begin, piece->end, error);
	if (status != PMILL_OK || piece->special == PMILL_NO_ADDED)
		return status;
	encoder->part_begin = 0;
	encoder->part_map = NULL;
	status = add_token(encoder, piece, error);
	if (status != PMILL_OK || settled == NULL || !ends_surely(piece))
		return status;
	settled->follows_word = pmill_added_set_is_word_before(
		&encoder->plan->added, encoder->text, piece->next);
	return settle(encoder, piece->next, settled, error);
}

pmill_status pmill_encoder_add_text(struct pmill_encoder *encoder, const uint8_t *text, size_t len,
	bool follows_word, struct pmill_settled *settled, pmill_error *error)
{
	struct pmill_added_walk *walk = &encoder->added;
	const struct pmill_added_text in = {.text = text,
		.len = len,
		.is_final = settled == NULL,
		.spans = encoder->spans,
		.follows_word = follows_word};
	struct pmill_added_piece piece = {.end = len, .next = len, .special = PMILL_NO_ADDED};
	encoder->text = text;
	encoder->recognises = pmill_span_list_is_any(encoder->spans);
	const bool is_searched = searches(encoder, &encoder->plan->added);
	pmill_status status = PMILL_OK;
	walk->set = &encoder->plan->added;
	if (is_searched)
		pmill_added_walk_start(walk, &in);
	do {
		if (is_searched)
			status = pmill_added_walk_next(walk, &piece, error);
		if (status != PMILL_OK)
			break;
		if (settled != NULL && piece.special == PMILL_NO_ADDED)
			return settle_part(encoder, piece.begin, piece.end, settled, len, error);
		status = add_piece(encoder, &piece, settled, error);
	} while (status == PMILL_OK && piece.special != PMILL_NO_ADDED && !encoder->sink.is_full);
	return status;
}
