/* tokenizer.json: the model. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "notation/printable_model.h"
#include "formats/tokenizer_json.h"
#include "unicode/quote.h"

/* Hugging Face reads merges that are strings as lines of a merges.txt, where this is a comment. */
static bool is_skipped(const json_t *merge)
{
	return json_is_string(merge) && strncmp(json_string_value(merge), "#version", 8) == 0;
}

static pmill_status read_merge(
	struct pmill_printable_reader *reader, const json_t *merge, pmill_error *error)
{
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

/* The item that gave the merge of a rank. */
static struct pmill_json_place find_ranked(const json_t *merges, size_t rank)
{
	size_t index = 0;
	for (size_t count = 0; index < json_array_size(merges); index++)
		if (!is_skipped(json_array_get(merges, index)) && count++ == rank)
			break;
	return pmill_json_at_item(merges, index);
}

static pmill_status read_merges(
	struct pmill_printable_reader *reader, const json_t *merges, struct pmill_json_error *error)
{
	const size_t count = json_array_size(merges);
	for (size_t i = 0; i < count; i++) {
		const json_t *merge = json_array_get(merges, i);
		const pmill_status status = is_skipped(merge) ? PMILL_OK
													  : read_merge(reader, merge, error->error);
		if (status == PMILL_OK)
			continue;
		pmill_json_blame(error, reader->fault, status);
		return pmill_json_blame(error, pmill_json_at_item(merges, i), status);
	}
	size_t rank = 0;
	const pmill_status status = pmill_printable_check_merges(
		reader->tokenizer, &rank, error->error);
	return status == PMILL_OK ? status : pmill_json_blame(error, find_ranked(merges, rank), status);
}

/* An empty affix adds nothing; GPT-2's own file has some. */
static bool is_set(const json_t *model, const char *key)
{
	const json_t *value = pmill_hf_member(model, key);
	return value != NULL && !json_is_false(value) &&
		!(json_is_string(value) && json_string_length(value) == 0) &&
		!(json_is_number(value) && json_number_value(value) == 0);
}

/* ---- What it is ---- */

static const struct other_model {
	const char *type, *what;
} other_models[] = {
	{"WordPiece", "this is a WordPiece model, as in BERT"},
	{"Unigram", "this is a Unigram model, as in T5 and XLM-RoBERTa"},
	{"WordLevel", "this is a WordLevel model, whose tokens are words"},
};

static pmill_status refuse_type(
	struct pmill_tokenizer *tokenizer, const json_t *model, struct pmill_json_error *error)
{
	const char *type = pmill_hf_type(model);
	for (size_t i = 0; i < sizeof other_models / sizeof other_models[0]; i++)
		if (strcmp(other_models[i].type, type) == 0)
			return pmill_hf_refuse(
				tokenizer, error, "%s, and only BPE is supported", other_models[i].what);
	struct pmill_quote quote;
	return pmill_json_blame(error, pmill_json_at_member(model, "type"),
		pmill_fail(error->error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "model %s is not supported",
			pmill_quote(&quote, type, strlen(type))));
}

static bool is_bpe(const json_t *model)
{
	/* Files from before 0.10 have no type; only BPE has merges. */
	const json_t *type = json_object_get(model, "type");
	return type == NULL || strcmp(pmill_hf_type(model), "BPE") == 0;
}

static pmill_status refuse_affix(struct pmill_tokenizer *tokenizer, const json_t *model,
	const char *key, const char *example, struct pmill_json_error *error)
{
	const char *affix = pmill_hf_text(model, key);
	struct pmill_quote quote;
	return !is_set(model, key)
		? PMILL_OK
		: pmill_hf_refuse(tokenizer, error, "the model's %s %s%s is not supported", key,
			  pmill_quote(&quote, affix, strlen(affix)), example);
}

pmill_status pmill_hf_check_model(
	struct pmill_tokenizer *tokenizer, const json_t *model, struct pmill_json_error *error)
{
	if (!is_bpe(model))
		return refuse_type(tokenizer, model, error);
	const json_t *ignore = pmill_hf_member(model, "ignore_merges");
	if (ignore != NULL && !json_is_boolean(ignore))
		return pmill_json_fail(error, pmill_json_at_member(model, "ignore_merges"),
			"the model's ignore_merges is neither true nor false");
	const bool has_vocab = json_is_object(json_object_get(model, "vocab"));
	if (!has_vocab || !json_is_array(json_object_get(model, "merges")))
		return pmill_json_fail(error, pmill_json_at_member(model, has_vocab ? "merges" : "vocab"),
			"the model's vocab is not an object, or its merges are not a list");
	pmill_status status = PMILL_OK;
	if (is_set(model, "dropout"))
		status = pmill_hf_refuse(
			tokenizer, error, "the model's dropout, which makes encoding random, is not supported");
	if (status == PMILL_OK)
		status = refuse_affix(tokenizer, model, "continuing_subword_prefix", "", error);
	if (status == PMILL_OK)
		status = refuse_affix(tokenizer, model, "end_of_word_suffix", ", as in CLIP,", error);
	return status;
}

static bool has_all_bytes(const struct pmill_tokenizer *tokenizer)
{
	for (int byte = 0; byte < 256; byte++)
		if (tokenizer->byte_ids[byte] == PMILL_NO_ID)
			return false;
	return true;
}

/* Whether byte fallback always finds a token, so that none is unknown. */
static bool has_all_fallbacks(const json_t *model)
{
	const json_t *vocab = json_object_get(model, "vocab");
	for (unsigned byte = 0; byte < 256; byte++) {
		char token[8];
		snprintf(token, sizeof token, "<0x%02X>", byte);
		if (json_object_get(vocab, token) == NULL)
			return false;
	}
	return true;
}

/* How unknown characters are handled does not matter if all bytes are in the vocab. */
pmill_status pmill_hf_check_unknown(
	struct pmill_tokenizer *tokenizer, const json_t *model, struct pmill_json_error *error)
{
	const char *unknown = pmill_hf_text(model, "unk_token");
	struct pmill_quote quote;
	pmill_status status = PMILL_OK;
	if (!is_bpe(model) || has_all_bytes(tokenizer))
		return PMILL_OK;
	if (is_set(model, "byte_fallback"))
		status = pmill_hf_refuse(tokenizer, error,
			"byte fallback, as in Llama 2, Gemma and Mistral v1, is not supported");
	if (is_set(model, "byte_fallback") && has_all_fallbacks(model))
		return status;
	if (status == PMILL_OK && is_set(model, "unk_token"))
		status = pmill_hf_refuse(tokenizer, error,
			"the model's unk_token %s stands for what the vocab lacks, which is not supported",
			pmill_quote(&quote, unknown, strlen(unknown)));
	if (status == PMILL_OK && is_set(model, "fuse_unk"))
		status = pmill_hf_refuse(tokenizer, error, "the model's fuse_unk is not supported");
	return status;
}

/* ---- Reading ---- */

pmill_status pmill_hf_read_model(struct pmill_tokenizer *tokenizer, const json_t *model,
	const json_t *vocab, const struct pmill_hf_added *added, struct pmill_json_error *error)
{
	struct pmill_printable_reader reader = {
		tokenizer, .added = added->contents, .follows_hf = true};
	pmill_status status = pmill_printable_read_vocab(&reader, vocab, error);
	/* Prefixes and suffixes make other tokens of two. */
	const bool has_merges = is_bpe(model) && !is_set(model, "continuing_subword_prefix");
	if (status == PMILL_OK && has_merges)
		status = read_merges(&reader, json_object_get(model, "merges"), error);
	pmill_printable_reader_release(&reader);
	pmill_tokenizer_find_bytes(tokenizer);
	tokenizer->meaning = json_is_true(json_object_get(model, "ignore_merges"))
		? PMILL_MEANING_IGNORE_MERGES
		: PMILL_MEANING_MERGE_LIST;
	return status;
}
