/* Token files in the format jsonl: writing a document. */
/* SPDX-License-Identifier: MIT */
/*
 * {"ids":[40,1842],"tokens":["I","\u0120love"],"offsets":[[0,1],[1,6]]}
 *
 * Tokens are spelled as in a tokenizer.json: ordinary ones in printable bytes, special and added
 * ones as they are. Of each member, as many items are written at a time as are pending at once.
 */
#include "tokens/jsonl_writer.h"

#include "base/error.h"
#include "tokens/decimal.h"
#include "unicode/json_text.h"

struct document {
	struct pmill_output *output;
	const pmill_tokenizer *tokenizer;
	const struct pmill_ids *ids;
	/* The ids of special and added tokens are in [first, last]. */
	uint32_t first_special, last_special;
};

static uint32_t special_at(const pmill_tokenizer *tokenizer, size_t index)
{
	pmill_special_info info = {.size = sizeof info};
	pmill_tokenizer_get_special(tokenizer, index, &info);
	return info.id;
}

/* Whether it is a special or an added token. These are ordered by id. */
static bool is_listed(const struct document *document, uint32_t id)
{
	if (id < document->first_special || id > document->last_special)
		return false;
	size_t low = 0, high = pmill_tokenizer_special_count(document->tokenizer);
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;
		if (special_at(document->tokenizer, middle) <= id)
			low = middle;
		else
			high = middle;
	}
	return special_at(document->tokenizer, low) == id;
}

static bool append_id(const struct document *document, size_t index)
{
	struct pmill_buffer *out = &document->output->pending;
	if (!pmill_buffer_reserve(out, PMILL_LONGEST_DECIMAL))
		return false;
	out->len += pmill_decimal_put(pmill_ids_at(document->ids, index), out->data + out->len);
	return true;
}

static bool append_token(const struct document *document, size_t index)
{
	struct pmill_buffer *out = &document->output->pending;
	const uint32_t id = pmill_ids_at(document->ids, index);
	const pmill_bytes token = pmill_tokenizer_token_bytes(document->tokenizer, id);
	if (token.data == NULL)
		return pmill_json_append_text(out, NULL);
	if (is_listed(document, id) && pmill_json_is_text(token.data, token.len))
		return pmill_json_append_string(out, token.data, token.len);
	return pmill_json_append_printable(out, token.data, token.len);
}

static bool append_offsets(const struct document *document, size_t index)
{
	struct pmill_buffer *out = &document->output->pending;
	const uint64_t *pair = document->ids->offsets + 2 * index;
	if (!pmill_buffer_reserve(out, 2 * PMILL_LONGEST_DECIMAL + 3))
		return false;
	out->data[out->len++] = '[';
	out->len += pmill_decimal_put(pair[0], out->data + out->len);
	out->data[out->len++] = ',';
	out->len += pmill_decimal_put(pair[1], out->data + out->len);
	out->data[out->len++] = ']';
	return true;
}

/* `begin`: what comes before the first item. */
static pmill_status write_member(const struct document *document, const char *begin,
	bool (*append_item)(const struct document *document, size_t index), pmill_error *error)
{
	struct pmill_buffer *out = &document->output->pending;
	if (!pmill_buffer_append_text(out, begin))
		return pmill_fail_memory(error);
	for (size_t i = 0; i < document->ids->count; i++) {
		if (i > 0 && !pmill_buffer_append(out, ",", 1))
			return pmill_fail_memory(error);
		if (!append_item(document, i))
			return pmill_fail_memory(error);
		const pmill_status status = pmill_output_flush_if_large(document->output, error);
		if (status != PMILL_OK)
			return status;
	}
	return pmill_buffer_append(out, "]", 1) ? PMILL_OK : pmill_fail_memory(error);
}

pmill_status pmill_jsonl_write_document(struct pmill_output *output,
	const pmill_tokenizer *tokenizer, const struct pmill_ids *ids, pmill_error *error)
{
	struct document document = {output, tokenizer, ids, PMILL_NO_ID, 0};
	const size_t specials = pmill_tokenizer_special_count(tokenizer);
	if (specials > 0) {
		document.first_special = special_at(tokenizer, 0);
		document.last_special = special_at(tokenizer, specials - 1);
	}
	pmill_status status = write_member(&document, "{\"ids\":[", append_id, error);
	if (status == PMILL_OK)
		status = write_member(&document, ",\"tokens\":[", append_token, error);
	if (status == PMILL_OK && pmill_ids_wants_offsets(ids))
		status = write_member(&document, ",\"offsets\":[", append_offsets, error);
	if (status != PMILL_OK)
		return status;
	return pmill_buffer_append(&output->pending, "}\n", 2) ? PMILL_OK : pmill_fail_memory(error);
}
