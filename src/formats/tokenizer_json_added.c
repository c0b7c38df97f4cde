/* tokenizer.json: added tokens. */
/* SPDX-License-Identifier: MIT */
/*
 * Hugging Face's rule for ids: an added token whose text is in the vocab has that id; any other
 * gets the next id after the vocab and the added tokens so far, whatever the file says. A file that
 * says otherwise is refused: the two programs would disagree on ids.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "notation/printable_model.h"
#include "formats/tokenizer_json.h"
#include "unicode/printable.h"
#include "unicode/quote.h"
#include "unicode/utf8.h"

/* Checking more pairs for overlaps would take too long; no known file comes near. */
#define MOST_PAIRS 4000000u

static pmill_status fail_added(
	const json_t *token, pmill_status status, const char *reason, pmill_error *error)
{
	const json_t *content = json_object_get(token, "content");
	struct pmill_quote quote;
	return pmill_fail(error, status, PMILL_NO_OFFSET, "the added token %s %s",
		json_is_string(content)
			? pmill_quote(&quote, json_string_value(content), json_string_length(content))
			: "without a content",
		reason);
}

static bool spells_byte(const json_t *content)
{
	uint32_t code_point;
	const size_t len = json_string_length(content);
	return pmill_utf8_decode((const uint8_t *)json_string_value(content), len, &code_point) ==
		len &&
		pmill_printable_to_byte(code_point) >= 0;
}

static pmill_status check_added(const json_t *token, pmill_error *error)
{
	static const char *const flags[] = {"single_word", "lstrip", "rstrip", NULL};
	const json_t *content = json_object_get(token, "content");
	if (!json_is_string(content) || json_string_length(content) == 0)
		return fail_added(token, PMILL_BAD_INPUT, "is empty", error);
	if (!json_is_integer(json_object_get(token, "id")))
		return fail_added(token, PMILL_BAD_INPUT, "has no id", error);
	for (size_t i = 0; flags[i] != NULL; i++) {
		if (json_is_true(json_object_get(token, flags[i]))) {
			char reason[60] = "has the flag ";
			strcat(strcat(reason, flags[i]), ", which is not supported");
			return fail_added(token, PMILL_UNSUPPORTED, reason, error);
		}
	}
	if (spells_byte(content))
		return fail_added(
			token, PMILL_UNSUPPORTED, "is spelled like the printable form of a byte", error);
	return PMILL_OK;
}

static bool is_normalized(const json_t *token)
{
	return json_is_true(json_object_get(token, "normalized"));
}

static bool can_touch(const json_t *a, const json_t *b)
{
	const json_t *left = json_object_get(a, "content"), *right = json_object_get(b, "content");
	const char *x = json_string_value(left), *y = json_string_value(right);
	const size_t x_len = json_string_length(left), y_len = json_string_length(right);
	/* Whether y could start inside x, or at its start, as far as both reach. */
	for (size_t i = 0; i < x_len; i++)
		if (memcmp(x + i, y, x_len - i < y_len ? x_len - i : y_len) == 0)
			return true;
	return false;
}

/*
 * Hugging Face first searches for the tokens that are not normalised, then for the others in what
 * is left. That equals a single search like ours if no two tokens of different kinds can overlap.
 */
static pmill_status check_overlaps(const json_t *added_tokens, pmill_error *error)
{
	const size_t count = json_array_size(added_tokens);
	size_t normalized = 0;
	for (size_t i = 0; i < count; i++)
		normalized += is_normalized(json_array_get(added_tokens, i));
	if (normalized == 0 || normalized == count)
		return PMILL_OK;
	const bool is_too_many = (count - normalized) > MOST_PAIRS / normalized;
	for (size_t i = 0; i < count; i++) {
		const json_t *a = json_array_get(added_tokens, i);
		if (is_too_many)
			return fail_added(a, PMILL_UNSUPPORTED,
				"is one of too many to check, some normalized and some not", error);
		for (size_t k = 0; k < count; k++) {
			const json_t *b = json_array_get(added_tokens, k);
			if (is_normalized(a) != is_normalized(b) && can_touch(a, b))
				return fail_added(a, PMILL_UNSUPPORTED,
					"can overlap with another that differs in the flag normalized", error);
		}
	}
	return PMILL_OK;
}

static pmill_status collect(const json_t *added_tokens, json_t *contents, pmill_error *error)
{
	const size_t count = json_array_size(added_tokens);
	for (size_t i = 0; i < count; i++) {
		const json_t *token = json_array_get(added_tokens, i);
		const pmill_status status = check_added(token, error);
		if (status != PMILL_OK)
			return status;
		const char *content = json_string_value(json_object_get(token, "content"));
		if (json_object_get(contents, content) != NULL)
			return fail_added(token, PMILL_BAD_INPUT, "occurs twice", error);
		if (json_object_set_new(contents, content, json_true()) != 0)
			return pmill_fail_memory(error);
	}
	return check_overlaps(added_tokens, error);
}

pmill_status pmill_hf_collect_added(
	const json_t *added_tokens, json_t **contents, pmill_error *error)
{
	if (added_tokens != NULL && !json_is_array(added_tokens))
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "added_tokens is not a list");
	json_t *found = json_object();
	if (found == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = collect(added_tokens, found, error);
	if (status == PMILL_OK)
		*contents = found;
	else
		json_decref(found);
	return status;
}

struct next_id {
	size_t vocab_size; /* entries of the vocab, as Hugging Face counts */
	uint64_t largest;  /* of the added tokens so far */
	bool has_any;
};

static pmill_status read_one(struct pmill_tokenizer *tokenizer, const json_t *token,
	const json_t *vocab, struct next_id *next, struct pmill_special *special, pmill_error *error)
{
	const json_t *content = json_object_get(token, "content");
	const json_t *in_vocab = json_object_get(vocab, json_string_value(content));
	uint64_t expected = next->has_any && next->largest >= next->vocab_size ? next->largest + 1
																		   : next->vocab_size;
	if (in_vocab != NULL) {
		uint32_t id;
		const pmill_status status = pmill_printable_read_id(
			in_vocab, next->vocab_size, json_string_value(content), &id, error);
		if (status != PMILL_OK)
			return status;
		expected = id;
	}
	const json_int_t id = json_integer_value(json_object_get(token, "id"));
	if (id < 0 || (uint64_t)id != expected || expected >= PMILL_NO_ID)
		return fail_added(token, PMILL_BAD_INPUT,
			in_vocab != NULL ? "has another id in the vocab"
							 : "has an id that is not the next one after the vocab",
			error);
	next->largest = !next->has_any || expected > next->largest ? expected : next->largest;
	next->has_any = true;
	*special = (struct pmill_special){
		.content = {json_string_value(content), json_string_length(content)},
		.id = (uint32_t)expected,
		.is_special = json_is_true(json_object_get(token, "special")),
	};
	return pmill_vocab_add(
		&tokenizer->vocab, special->id, special->content.data, special->content.len, true, error);
}

pmill_status pmill_hf_read_added(struct pmill_tokenizer *tokenizer, const json_t *added_tokens,
	const json_t *vocab, pmill_error *error)
{
	const size_t count = json_array_size(added_tokens);
	if (count == 0)
		return PMILL_OK;
	struct pmill_special *specials = calloc(count, sizeof *specials);
	if (specials == NULL)
		return pmill_fail_memory(error);
	struct next_id next = {.vocab_size = json_object_size(vocab)};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = read_one(
			tokenizer, json_array_get(added_tokens, i), vocab, &next, &specials[i], error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_set_specials(tokenizer, specials, count, error);
	free(specials);
	return status;
}
