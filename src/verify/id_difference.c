/* Where the ids of two models first differ in a document. */
/* SPDX-License-Identifier: MIT */
#include "verify/id_difference.h"

#include <inttypes.h>

#include "unicode/quote.h"

enum { BEFORE = 4, FROM = 4 }; /* ids shown */

static pmill_ids_view view_of(const pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_get(ids, &view);
	return view;
}

size_t pmill_id_difference_find(const pmill_ids *ids, const pmill_ids *other)
{
	const pmill_ids_view a = view_of(ids), b = view_of(other);
	const uint32_t *left = a.data, *right = b.data;
	const size_t count = a.count < b.count ? a.count : b.count;
	size_t index = 0;
	while (index < count && left[index] == right[index])
		index++;
	return index;
}

/* Where the id begins, or the document's last one ends. */
static uint64_t byte_of(const pmill_ids_view *view, size_t index)
{
	if (index < view->count)
		return view->offsets[2 * index];
	return view->count == 0 ? 0 : view->offsets[2 * view->count - 1];
}

static bool describe_id(const pmill_tokenizer *tokenizer, uint32_t id, struct pmill_buffer *out)
{
	struct pmill_quote quote;
	const pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
	return pmill_buffer_append_format(
		out, " %" PRIu32 " %s", id, pmill_quote(&quote, token.data, token.len));
}

/* '  NAME: ... 464 "The" 262 " c" | 257 "at" ...', with a bar before the id that differs. */
static bool describe_side(
	const struct pmill_encoded_side *side, size_t index, struct pmill_buffer *out)
{
	const pmill_ids_view view = view_of(side->ids);
	const uint32_t *ids = view.data;
	const size_t begin = index > BEFORE ? index - BEFORE : 0;
	const size_t end = view.count - index > FROM ? index + FROM : view.count;
	bool done = pmill_buffer_append_format(out, "\n  %s:%s", side->name, begin > 0 ? " ..." : "");
	for (size_t i = begin; i < end && done; i++)
		done = (i != index || pmill_buffer_append_text(out, " |")) &&
			describe_id(side->tokenizer, ids[i], out);
	if (index == view.count)
		return done && pmill_buffer_append_text(out, " | (no more)");
	return done && (end == view.count || pmill_buffer_append_text(out, " ..."));
}

bool pmill_id_difference_describe(
	const struct pmill_encoded_side sides[2], size_t index, struct pmill_buffer *out)
{
	const pmill_ids_view view = view_of(sides[0].ids), other = view_of(sides[1].ids);
	const uint64_t byte = byte_of(index < view.count ? &view : &other, index);
	return pmill_buffer_append_format(out, "its byte %" PRIu64 ", id %zu", byte, index) &&
		describe_side(&sides[0], index, out) && describe_side(&sides[1], index, out);
}
