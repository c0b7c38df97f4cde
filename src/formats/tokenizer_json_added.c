/* tokenizer.json: added tokens. */
/* SPDX-License-Identifier: MIT */
/*
 * Hugging Face's rule for ids (tokenizers 0.23): an added token whose text is in the vocab has that
 * id; any other gets the next id after the number of entries in the vocab, whatever the file says.
 * Of two with one text the later one's flags count; an empty one is passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/tokenizer_json.h"
#include "notation/printable_model.h"
#include "unicode/printable.h"
#include "unicode/quote.h"

void pmill_hf_added_release(struct pmill_hf_added *added)
{
	free(added->specials);
	json_decref(added->contents);
	*added = (struct pmill_hf_added){0};
}

static pmill_status check_added(const json_t *list, size_t index, struct pmill_json_error *error)
{
	const json_t *token = json_array_get(list, index);
	const json_t *content = json_object_get(token, "content");
	struct pmill_quote quote;
	if (!json_is_string(content))
		return pmill_json_fail(error,
			content == NULL ? pmill_json_at_item(list, index)
							: pmill_json_at_member(token, "content"),
			"an added token has no content");
	if (!json_is_integer(json_object_get(token, "id")))
		return pmill_json_fail(error, pmill_json_at_member(token, "id"),
			"the added token %s has no id",
			pmill_quote(&quote, json_string_value(content), json_string_length(content)));
	return PMILL_OK;
}

static bool has_flag(const json_t *token, const char *flag)
{
	return json_is_true(json_object_get(token, flag));
}

static struct pmill_special read_flags(const json_t *token)
{
	const json_t *content = json_object_get(token, "content");
	return (struct pmill_special){
		.content = {json_string_value(content), json_string_length(content)},
		.id = PMILL_NO_ID,
		.is_special = has_flag(token, "special"),
		.strips_left = has_flag(token, "lstrip"),
		.strips_right = has_flag(token, "rstrip"),
		.is_single_word = has_flag(token, "single_word"),
		.is_normalized = has_flag(token, "normalized"),
	};
}

static pmill_status collect(
	const json_t *added_tokens, struct pmill_hf_added *added, struct pmill_json_error *error)
{
	for (size_t i = 0; i < json_array_size(added_tokens); i++) {
		const json_t *token = json_array_get(added_tokens, i);
		const pmill_status status = check_added(added_tokens, i, error);
		if (status != PMILL_OK)
			return status;
		const struct pmill_special special = read_flags(token);
		if (special.content.len == 0)
			continue;
		const json_t *earlier = json_object_get(added->contents, special.content.data);
		if (earlier != NULL) {
			added->specials[json_integer_value(earlier)] = special;
			continue;
		}
		if (json_object_set_new(
				added->contents, special.content.data, json_integer((json_int_t)added->count)) != 0)
			return pmill_fail_memory(error->error);
		added->specials[added->count++] = special;
	}
	return PMILL_OK;
}

pmill_status pmill_hf_collect_added(
	const json_t *added_tokens, struct pmill_hf_added *added, struct pmill_json_error *error)
{
	if (added_tokens != NULL && !json_is_array(added_tokens))
		return pmill_fail(
			error->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "added_tokens is not a list");
	added->list = added_tokens;
	added->contents = json_object();
	added->specials = calloc(json_array_size(added_tokens) + 1, sizeof *added->specials);
	if (added->contents == NULL || added->specials == NULL)
		return pmill_fail_memory(error->error);
	return collect(added_tokens, added, error);
}

/* Whether its id is taken by the token itself: with merges, or as decoded text. False: no room. */
static bool find_placed(const struct pmill_tokenizer *tokenizer,
	const struct pmill_special *special, const struct pmill_hf_added *added, bool *is_there)
{
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, special->id);
	*is_there = token.data != NULL && added->is_text;
	if (token.data == NULL || added->is_text || tokenizer->vocab.tokens[special->id].is_special)
		return true;
	struct pmill_buffer text = {0};
	const bool done = pmill_printable_append(&text, token.data, token.len);
	*is_there = done && text.len == special->content.len &&
		memcmp(text.data, special->content.data, text.len) == 0;
	pmill_buffer_release(&text);
	return done;
}

/* The entry of the vocab that gave an added token its id, or the added token itself. */
static struct pmill_json_place find_entry(
	const struct pmill_hf_added *added, const json_t *vocab, const char *content)
{
	size_t index = 0;
	if (json_object_get(vocab, content) != NULL)
		return pmill_json_at_key(vocab, content);
	while (index < json_array_size(added->list) &&
		pmill_hf_text(json_array_get(added->list, index), "content") != content)
		index++;
	return pmill_json_at_item(added->list, index);
}

/* `next`: the id of the next one that isn't in the vocab. */
static pmill_status place(struct pmill_tokenizer *tokenizer, struct pmill_special *special,
	const struct pmill_hf_added *added, const json_t *vocab, uint64_t *next,
	struct pmill_json_error *error)
{
	const json_t *in_vocab = json_object_get(vocab, special->content.data);
	if (in_vocab == NULL) {
		if (*next >= PMILL_NO_ID)
			return pmill_fail(
				error->error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "there are too many added tokens");
		special->id = (uint32_t)(*next)++;
	} else {
		const pmill_status status = pmill_printable_read_id(
			in_vocab, json_object_size(vocab), special->content.data, &special->id, error->error);
		bool is_there = false;
		if (status != PMILL_OK)
			return pmill_json_blame(
				error, pmill_json_at_member(vocab, special->content.data), status);
		if (!find_placed(tokenizer, special, added, &is_there))
			return pmill_fail_memory(error->error);
		if (is_there)
			return PMILL_OK;
	}
	const pmill_status status = pmill_vocab_add(&tokenizer->vocab, special->id,
		special->content.data, special->content.len, true, error->error);
	return status == PMILL_OK
		? status
		: pmill_json_blame(error, find_entry(added, vocab, special->content.data), status);
}

pmill_status pmill_hf_place_added(struct pmill_tokenizer *tokenizer, struct pmill_hf_added *added,
	const json_t *vocab, struct pmill_json_error *error)
{
	uint64_t next = json_object_size(vocab);
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < added->count && status == PMILL_OK; i++)
		status = place(tokenizer, &added->specials[i], added, vocab, &next, error);
	if (status == PMILL_OK && added->count > 0)
		status = pmill_tokenizer_set_specials(
			tokenizer, added->specials, added->count, error->error);
	return status;
}
