/* tokenizer.json: the model, and checks of the other members. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "notation/printable_model.h"
#include "formats/tokenizer_json.h"
#include "unicode/quote.h"

static const char *type_of(const json_t *value)
{
	const char *type = json_string_value(json_object_get(value, "type"));
	return type == NULL ? "without a type" : type;
}

static pmill_status fail_kind(const char *member, const json_t *value, pmill_error *error)
{
	const char *type = type_of(value);
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%s %s is not supported", member,
		pmill_quote(&quote, type, strlen(type)));
}

/* Whether it is one of the types, or a Sequence of them, not nested. */
static bool is_made_of(const json_t *value, const char *list, const char *const *types)
{
	const json_t *items = json_object_get(value, list);
	const bool is_sequence = strcmp(type_of(value), "Sequence") == 0 && json_is_array(items);
	const size_t count = is_sequence ? json_array_size(items) : 1;
	for (size_t i = 0; i < count; i++) {
		const char *type = type_of(is_sequence ? json_array_get(items, i) : value);
		size_t k = 0;
		while (types[k] != NULL && strcmp(types[k], type) != 0)
			k++;
		if (types[k] == NULL)
			return false;
	}
	return true;
}

/*
 * A template adds tokens only on request, which we do not offer: so it changes nothing. A missing
 * decoder does not change ids either.
 */
pmill_status pmill_hf_check_surroundings(const json_t *root, pmill_error *error)
{
	static const char *const no_types[] = {NULL};
	static const char *const decoders[] = {"ByteLevel", NULL};
	static const char *const post_processors[] = {"ByteLevel", "TemplateProcessing", NULL};
	static const struct rule {
		const char *member, *list;
		const char *const *types;
	} rules[] = {
		{"normalizer", "normalizers", no_types},
		{"post_processor", "processors", post_processors},
		{"decoder", "decoders", decoders},
	};
	if (pmill_hf_member(root, "truncation") != NULL || pmill_hf_member(root, "padding") != NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"truncation and padding are not supported: set them to null");
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		const json_t *value = pmill_hf_member(root, rules[i].member);
		if (value != NULL && !is_made_of(value, rules[i].list, rules[i].types))
			return fail_kind(rules[i].member, value, error);
	}
	return PMILL_OK;
}

/* Hugging Face reads merges that are strings as lines of a merges.txt, where this is a comment. */
static bool is_skipped(const json_t *merge)
{
	return json_is_string(merge) && strncmp(json_string_value(merge), "#version", 8) == 0;
}

static pmill_status read_merge(
	struct pmill_printable_reader *reader, const json_t *merge, pmill_error *error)
{
	if (is_skipped(merge))
		return PMILL_OK;
	if (json_is_string(merge))
		return pmill_printable_add_line(
			reader, json_string_value(merge), json_string_length(merge), error);
	const json_t *left = json_array_get(merge, 0), *right = json_array_get(merge, 1);
	if (json_array_size(merge) != 2 || !json_is_string(left) || !json_is_string(right))
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"merge %zu is neither a pair of tokens nor a string", reader->tokenizer->listed_count);
	return pmill_printable_add_merge(reader, json_string_value(left), json_string_length(left),
		json_string_value(right), json_string_length(right), error);
}

static pmill_status read_merges(
	struct pmill_printable_reader *reader, const json_t *merges, pmill_error *error)
{
	const size_t count = json_array_size(merges);
	for (size_t i = 0; i < count; i++) {
		const pmill_status status = read_merge(reader, json_array_get(merges, i), error);
		if (status != PMILL_OK)
			return status;
	}
	return pmill_printable_check_merges(reader->tokenizer, error);
}

/* An empty affix adds nothing; GPT-2's own file has some. */
static bool is_set(const json_t *model, const char *key)
{
	const json_t *value = pmill_hf_member(model, key);
	return value != NULL && !json_is_false(value) &&
		!(json_is_string(value) && json_string_length(value) == 0) &&
		!(json_is_number(value) && json_number_value(value) == 0);
}

static pmill_status fail_key(const char *key, pmill_error *error)
{
	return pmill_fail(
		error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "the model's %s is not supported", key);
}

static bool has_all_bytes(const struct pmill_tokenizer *tokenizer)
{
	for (int byte = 0; byte < 256; byte++)
		if (tokenizer->byte_ids[byte] == PMILL_NO_ID)
			return false;
	return true;
}

static pmill_status check_model(const json_t *model, pmill_error *error)
{
	static const char *const keys[] = {
		"dropout", "continuing_subword_prefix", "end_of_word_suffix", NULL};
	const char *type = json_string_value(json_object_get(model, "type"));
	/* Files from before 0.10 have no type; only BPE has merges. */
	if (type != NULL && strcmp(type, "BPE") != 0)
		return fail_kind("model", model, error);
	for (size_t i = 0; keys[i] != NULL; i++)
		if (is_set(model, keys[i]))
			return fail_key(keys[i], error);
	const json_t *ignore = pmill_hf_member(model, "ignore_merges");
	if (ignore != NULL && !json_is_boolean(ignore))
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the model's ignore_merges is neither true nor false");
	if (!json_is_object(json_object_get(model, "vocab")) ||
		!json_is_array(json_object_get(model, "merges")))
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the model's vocab is not an object, or its merges are not a list");
	return PMILL_OK;
}

/* How unknown characters are handled does not matter if all bytes are in the vocab. */
static pmill_status check_unknown(
	const struct pmill_tokenizer *tokenizer, const json_t *model, pmill_error *error)
{
	static const char *const keys[] = {"unk_token", "byte_fallback", "fuse_unk", NULL};
	if (has_all_bytes(tokenizer))
		return PMILL_OK;
	for (size_t i = 0; keys[i] != NULL; i++)
		if (is_set(model, keys[i]))
			return fail_key(keys[i], error);
	return PMILL_OK;
}

pmill_status pmill_hf_read_model(struct pmill_tokenizer *tokenizer, const json_t *model,
	const json_t *contents, pmill_error *error)
{
	pmill_status status = check_model(model, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_printable_reader reader = {tokenizer, .added = contents};
	status = pmill_printable_read_vocab(&reader, json_object_get(model, "vocab"), error);
	if (status == PMILL_OK)
		status = read_merges(&reader, json_object_get(model, "merges"), error);
	pmill_printable_reader_release(&reader);
	pmill_tokenizer_find_bytes(tokenizer);
	tokenizer->meaning = json_is_true(json_object_get(model, "ignore_merges"))
		? PMILL_MEANING_IGNORE_MERGES
		: PMILL_MEANING_MERGE_LIST;
	return status == PMILL_OK ? check_unknown(tokenizer, model, error) : status;
}
