/* One pretoken → ids: merges the leftmost pair of lowest rank until no pair is left. */
/* SPDX-License-Identifier: MIT */
#include "bpe/pretoken_encoder.h"

#include <stdlib.h>

#include "base/error.h"
#include "bpe/short_pretoken.h"

struct pmill_pretoken_encoder {
	struct pmill_merge_rules rules;
	bool takes_whole; /* a pretoken that is a token is taken whole */
	struct pmill_character_cuts *cuts;
};

pmill_status pmill_pretoken_encoder_create(const struct pmill_tokenizer *tokenizer,
	struct pmill_pretoken_encoder **encoder, pmill_error *error)
{
	struct pmill_pretoken_encoder *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->takes_whole = tokenizer->meaning != PMILL_MEANING_MERGE_LIST;
	pmill_status status = pmill_merge_rules_init(&created->rules, tokenizer, error);
	if (status == PMILL_OK)
		created->cuts = pmill_character_cuts_create(&tokenizer->vocab);
	if (status == PMILL_OK && created->cuts == NULL)
		status = pmill_fail_memory(error);
	if (status == PMILL_OK)
		*encoder = created;
	else
		pmill_pretoken_encoder_free(created);
	return status;
}

void pmill_pretoken_encoder_free(struct pmill_pretoken_encoder *encoder)
{
	if (encoder == NULL)
		return;
	pmill_merge_rules_release(&encoder->rules);
	pmill_character_cuts_free(encoder->cuts);
	free(encoder);
}

uint32_t pmill_pretoken_encoder_id_limit(const struct pmill_pretoken_encoder *encoder)
{
	return encoder->rules.first_byte;
}

static pmill_status merge_long(const struct pmill_merge_rules *rules,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, size_t least,
	uint32_t *symbols, size_t *count, pmill_error *error)
{
	if (len >= UINT32_MAX)
		return pmill_fail(
			error, PMILL_OVERFLOW, 0, "a pretoken of %zu bytes is too long to encode", len);
	if (!pmill_long_pretoken_merge(rules, scratch, pretoken, len, least, symbols, count))
		return pmill_fail_memory(error);
	return PMILL_OK;
}

static pmill_status check_symbols(const struct pmill_merge_rules *rules, const uint32_t *symbols,
	size_t count, pmill_error *error)
{
	size_t offset = 0;
	if (rules->has_all_bytes)
		return PMILL_OK;
	for (size_t i = 0; i < count; i++) {
		if (symbols[i] >= rules->first_byte)
			return pmill_fail(error, PMILL_BAD_INPUT, offset, "the vocab lacks byte 0x%02X",
				(unsigned)(symbols[i] - rules->first_byte));
		offset += rules->vocab->tokens[symbols[i]].len;
	}
	return PMILL_OK;
}

/* Stops at `least` symbols. */
static pmill_status merge_any(const struct pmill_merge_rules *rules,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, size_t least,
	uint32_t *symbols, size_t *count, pmill_error *error)
{
	if (len > PMILL_MOST_SHORT_MERGE)
		return merge_long(rules, scratch, pretoken, len, least, symbols, count, error);
	*count = pmill_short_pretoken_merge(rules, pretoken, len, least, symbols);
	return PMILL_OK;
}

pmill_status pmill_pretoken_encoder_split(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *token, size_t len, uint32_t *ids,
	uint32_t *rank, pmill_error *error)
{
	size_t count;
	const pmill_status status = merge_any(
		&encoder->rules, scratch, token, len, 2, ids, &count, error);
	if (status != PMILL_OK)
		return status;
	*rank = count == 2 ? pmill_merge_rules_rank(&encoder->rules, ids[0], ids[1]) : PMILL_NO_RANK;
	return PMILL_OK;
}

uint32_t pmill_pretoken_encoder_find_whole(
	const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken, size_t len)
{
	return encoder->takes_whole && len > 0 ? pmill_vocab_find(encoder->rules.vocab, pretoken, len)
										   : PMILL_NO_ID;
}

static size_t merge_whole(
	const struct pmill_merge_rules *rules, const struct pmill_short_pretoken *pretoken)
{
	const size_t count = pmill_short_pretoken_merge(
		rules, pretoken->bytes, pretoken->len, 1, pretoken->symbols);
	return check_symbols(rules, pretoken->symbols, count, NULL) == PMILL_OK ? count : 0;
}

void pmill_pretoken_encoder_encode_shorts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_short_pretoken *pretokens, size_t count)
{
	pmill_bytes strings[PMILL_MOST_SHORTS];
	uint32_t wholes[PMILL_MOST_SHORTS];
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		strings[i] = (pmill_bytes){pretokens[i].bytes, pretokens[i].len};
		wholes[i] = PMILL_NO_ID;
	}
	if (encoder->takes_whole)
		pmill_vocab_find_many(encoder->rules.vocab, strings, count, wholes);
	for (size_t i = 0; i < count; i++) {
		const bool is_whole = wholes[i] != PMILL_NO_ID;
		pretokens[i].symbols[0] = wholes[i];
		pretokens[i].count = is_whole ? 1 : merge_whole(&encoder->rules, &pretokens[i]);
	}
}

size_t pmill_pretoken_encoder_find_cuts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity)
{
	return pmill_character_cuts_find(encoder->cuts, walk, ends, capacity);
}

pmill_status pmill_pretoken_encoder_merge(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error)
{
	size_t found;
	pmill_status status = merge_any(&encoder->rules, scratch, pretoken, len, 1, ids, &found, error);
	if (status == PMILL_OK)
		status = check_symbols(&encoder->rules, ids, found, error);
	if (status == PMILL_OK)
		*count = found;
	return status;
}

pmill_status pmill_pretoken_encoder_encode(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error)
{
	const uint32_t whole = pmill_pretoken_encoder_find_whole(encoder, pretoken, len);
	if (whole == PMILL_NO_ID)
		return pmill_pretoken_encoder_merge(encoder, scratch, pretoken, len, ids, count, error);
	ids[0] = whole;
	*count = 1;
	return PMILL_OK;
}
