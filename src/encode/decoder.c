/* Ids → bytes: all at once, or as they arrive. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "encode/decode_rule.h"
#include "unicode/utf8.h"

static pmill_status measure(const struct pmill_decode_rule *rule, const uint32_t *ids,
	size_t id_count, size_t *len, pmill_error *error)
{
	size_t sum = 0;
	for (size_t i = 0; i < id_count; i++) {
		pmill_bytes token = pmill_decode_id(rule, ids[i]);
		if (token.data == NULL)
			return pmill_fail(error, PMILL_BAD_INPUT, i, "id %u at index %zu is not in the vocab",
				(unsigned)ids[i], i);
		if (__builtin_add_overflow(sum, token.len, &sum))
			return pmill_fail(error, PMILL_OVERFLOW, i, "the text of the ids is too long");
	}
	*len = sum;
	return PMILL_OK;
}

/* The ids have been measured, and `out` has room. */
static void put_tokens(
	const struct pmill_decode_rule *rule, const uint32_t *ids, size_t id_count, uint8_t *out)
{
	for (size_t i = 0; i < id_count; i++) {
		pmill_bytes token = pmill_decode_id(rule, ids[i]);
		memcpy(out, token.data, token.len);
		out += token.len;
	}
}

pmill_status pmill_tokenizer_decode(const pmill_tokenizer *tokenizer, const uint32_t *ids,
	size_t id_count, const pmill_decode_options *options, void **data, size_t *len,
	pmill_error *error)
{
	size_t needed = 0;
	struct pmill_decode_rule rule;
	pmill_status status = pmill_decode_rule_read(&rule, tokenizer, options, error);
	if (status == PMILL_OK)
		status = measure(&rule, ids, id_count, &needed, error);
	if (status != PMILL_OK)
		return status;
	uint8_t *bytes = malloc(needed > 0 ? needed : 1);
	if (bytes == NULL)
		return pmill_fail_memory(error);
	put_tokens(&rule, ids, id_count, bytes);
	*data = bytes;
	*len = needed;
	return PMILL_OK;
}

struct pmill_stream_decoder {
	struct pmill_decode_rule rule;
	struct pmill_buffer text; /* the bytes returned last, then those held back */
	size_t given;
};

pmill_status pmill_stream_decoder_create(const pmill_tokenizer *tokenizer,
	const pmill_decode_options *options, pmill_stream_decoder **decoder, pmill_error *error)
{
	struct pmill_decode_rule rule;
	const pmill_status status = pmill_decode_rule_read(&rule, tokenizer, options, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_stream_decoder *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->rule = rule;
	*decoder = created;
	return PMILL_OK;
}

void pmill_stream_decoder_free(pmill_stream_decoder *decoder)
{
	if (decoder == NULL)
		return;
	pmill_buffer_release(&decoder->text);
	free(decoder);
}

/* The length of the text without an incomplete character at its end. */
static size_t whole_len(const uint8_t *text, size_t len)
{
	for (size_t cut = 1; cut <= 3 && cut <= len; cut++) {
		if (pmill_utf8_is_cut(text + len - cut, cut))
			return len - cut;
	}
	return len;
}

static void drop_given(struct pmill_stream_decoder *decoder)
{
	struct pmill_buffer *text = &decoder->text;
	if (decoder->given > 0)
		memmove(text->data, text->data + decoder->given, text->len - decoder->given);
	text->len -= decoder->given;
	decoder->given = 0;
}

pmill_status pmill_stream_decoder_add(pmill_stream_decoder *decoder, const uint32_t *ids,
	size_t id_count, pmill_bytes *bytes, pmill_error *error)
{
	size_t more = 0;
	pmill_status status = measure(&decoder->rule, ids, id_count, &more, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_buffer *text = &decoder->text;
	if (!pmill_buffer_reserve(text, more))
		return pmill_fail_memory(error);
	drop_given(decoder);
	if (more > 0)
		put_tokens(&decoder->rule, ids, id_count, text->data + text->len);
	text->len += more;
	decoder->given = whole_len(text->data, text->len);
	*bytes = (pmill_bytes){text->data, decoder->given};
	return PMILL_OK;
}

pmill_bytes pmill_stream_decoder_finish(pmill_stream_decoder *decoder)
{
	drop_given(decoder);
	decoder->given = decoder->text.len;
	return (pmill_bytes){decoder->text.data, decoder->text.len};
}
