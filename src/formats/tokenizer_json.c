/* tokenizer.json of Hugging Face's tokenizers: its row of the table, and loading as a whole. */
/* SPDX-License-Identifier: MIT */
#include "formats/tokenizer_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/format.h"
#include "formats/load.h"
#include "notation/hf_expression.h"
#include "notation/json.h"
#include "unicode/quote.h"
#include "notation/printable_model.h"

const json_t *pmill_hf_member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

const char *pmill_hf_type(const json_t *value)
{
	const char *type = json_string_value(json_object_get(value, "type"));
	return type == NULL ? "without a type" : type;
}

const char *pmill_hf_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text == NULL ? "" : text;
}

pmill_status pmill_hf_refuse(
	struct pmill_tokenizer *tokenizer, struct pmill_json_error *error, const char *format, ...)
{
	char reason[600];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	return pmill_tokenizer_refuse(tokenizer, reason, error->error);
}

/* ---- Sequences ---- */

/* Takes the last of `open` apart: into its parts, the first of them last, or to `leaves`. */
static pmill_status flatten_last(
	json_t *open, const char *list, json_t *leaves, struct pmill_json_error *error)
{
	const size_t last = json_array_size(open) - 1;
	json_t *value = json_incref(json_array_get(open, last));
	const json_t *parts = json_object_get(value, list);
	const bool is_sequence = strcmp(pmill_hf_type(value), "Sequence") == 0;
	int failed = json_array_remove(open, last);
	if (is_sequence && !json_is_array(parts)) {
		json_decref(value); /* the tree has it, too */
		return pmill_json_fail(
			error, pmill_json_at_member(value, list), "a Sequence has no list of %s", list);
	}
	if (!is_sequence)
		failed |= json_array_append(leaves, value);
	for (size_t i = is_sequence ? json_array_size(parts) : 0; i > 0; i--)
		failed |= json_array_append(open, json_array_get(parts, i - 1));
	json_decref(value);
	return failed ? pmill_fail_memory(error->error) : PMILL_OK;
}

pmill_status pmill_hf_flatten(
	const json_t *value, const char *list, json_t **leaves, struct pmill_json_error *error)
{
	json_t *open = json_array(), *found = json_array();
	pmill_status status = PMILL_OK;
	if (open == NULL || found == NULL ||
		(value != NULL && json_array_append(open, (json_t *)value) != 0))
		status = pmill_fail_memory(error->error);
	while (status == PMILL_OK && json_array_size(open) > 0)
		status = flatten_last(open, list, found, error);
	json_decref(open);
	if (status == PMILL_OK)
		*leaves = found;
	else
		json_decref(found);
	return status;
}

/* ---- Loading ---- */

/* What is written again as it was. */
static pmill_status keep(struct pmill_tokenizer *tokenizer, const json_t *root, pmill_error *error)
{
	struct pmill_kept *kept = &tokenizer->kept;
	const struct member {
		const char *key;
		const char **text;
	} members[] = {
		{"truncation", &kept->truncation},
		{"padding", &kept->padding},
		{"normalizer", &kept->normalizer},
		{"pre_tokenizer", &kept->pre_tokenizer},
		{"post_processor", &kept->post_processor},
		{"decoder", &kept->decoder},
	};
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const json_t *value = pmill_hf_member(root, members[i].key);
		char *text = value == NULL ? NULL
								   : pmill_json_dump(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
		const char *used = value == NULL ? "null" : text;
		*members[i].text = used == NULL ? NULL
										: pmill_arena_copy(&tokenizer->arena, used, strlen(used));
		free(text);
		if (*members[i].text == NULL)
			return pmill_fail_memory(error);
	}
	return PMILL_OK;
}

static bool has_byte_level(const json_t *leaves)
{
	for (size_t i = 0; i < json_array_size(leaves); i++)
		if (strcmp(pmill_hf_type(json_array_get(leaves, i)), "ByteLevel") == 0)
			return true;
	return false;
}

/* In a byte-level model, only a decoder that maps printable bytes back is what decoding does. */
static pmill_status check_decoder(
	struct pmill_tokenizer *tokenizer, const json_t *leaves, struct pmill_json_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < json_array_size(leaves) && status == PMILL_OK; i++) {
		const char *type = pmill_hf_type(json_array_get(leaves, i));
		struct pmill_quote quote;
		if (strcmp(type, "ByteLevel") != 0 && strcmp(type, "Fuse") != 0)
			status = pmill_hf_refuse(tokenizer, error, "the decoder %s is not supported",
				pmill_quote(&quote, type, strlen(type)));
	}
	return status;
}

static pmill_status read_vocab(struct pmill_tokenizer *tokenizer, const json_t *root,
	const json_t *model, bool is_byte_level, struct pmill_json_error *error)
{
	struct pmill_hf_added added = {0};
	json_t *vocab = NULL, *decoder = NULL;
	pmill_status status = pmill_hf_vocab_object(model, &vocab, error);
	if (status == PMILL_OK)
		status = pmill_hf_flatten(pmill_hf_member(root, "decoder"), "decoders", &decoder, error);
	if (status == PMILL_OK)
		status = pmill_json_blame(error, pmill_json_at_member(root, "added_tokens"),
			pmill_hf_collect_added(pmill_hf_member(root, "added_tokens"), &added, error));
	if (status != PMILL_OK)
		goto out;
	if (is_byte_level || has_byte_level(decoder)) {
		status = check_decoder(tokenizer, decoder, error);
		if (status == PMILL_OK)
			status = pmill_hf_read_model(tokenizer, model, vocab, &added, error);
	} else {
		added.is_text = true;
		status = pmill_hf_read_text_vocab(tokenizer, vocab, decoder, error);
	}
	if (status == PMILL_OK)
		status = pmill_hf_check_unknown(tokenizer, model, error);
	if (status == PMILL_OK)
		status = pmill_hf_place_added(tokenizer, &added, vocab, error);
out:
	pmill_hf_added_release(&added);
	json_decref(decoder);
	json_decref(vocab);
	return status;
}

static pmill_status read_root(struct pmill_tokenizer *tokenizer, const json_t *root,
	const pmill_load_options *options, struct pmill_hf_cuts *cuts, struct pmill_json_error *error)
{
	const json_t *model = pmill_hf_member(root, "model");
	if (!json_is_object(model))
		return pmill_json_fail(error, pmill_json_at_member(root, "model"),
			"not a tokenizer.json: it has no \"model\"");
	pmill_status status = pmill_hf_check_model(tokenizer, model, error);
	if (status == PMILL_OK)
		status = pmill_hf_read_normalizer(tokenizer, pmill_hf_member(root, "normalizer"), error);
	if (status == PMILL_OK)
		status = pmill_hf_read_pre_tokenizer(
			tokenizer, pmill_hf_member(root, "pre_tokenizer"), cuts, error);
	if (status == PMILL_OK)
		status = read_vocab(tokenizer, root, model, cuts->is_byte_level, error);
	if (status == PMILL_OK)
		status = pmill_hf_read_post_processor(
			tokenizer, pmill_hf_member(root, "post_processor"), error);
	if (status == PMILL_OK)
		status = pmill_load_check_specials(tokenizer, options, error->error);
	return status == PMILL_OK ? keep(tokenizer, root, error->error) : status;
}

pmill_status pmill_hf_load(const struct pmill_json_source *source,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_json_error located = {.error = error};
	struct pmill_tokenizer *made = pmill_tokenizer_create_empty();
	struct pmill_hf_cuts cuts = {0};
	pmill_status status = made == NULL ? pmill_fail_memory(error)
									   : read_root(made, source->root, options, &cuts, &located);
	status = pmill_name_json_error(&located, source, status);
	if (status == PMILL_OK)
		status = pmill_load_steps(made, source->name, cuts.steps, cuts.count, options, error);
	free(cuts.steps);
	if (status == PMILL_OK)
		*tokenizer = made;
	else
		pmill_tokenizer_free(made);
	return status;
}

static pmill_status load(const void *data, size_t len, const char *name,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	json_t *root;
	pmill_status status = pmill_json_parse(data, len, name, &root, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_hf_load(
		&(struct pmill_json_source){data, len, name, root}, options, tokenizer, error);
	json_decref(root);
	return status;
}

const struct pmill_format pmill_format_tokenizer_json = {
	.name = "tokenizer.json",
	.suffix = ".json",
	.load = load,
	.save = pmill_hf_write,
	.check_model = pmill_hf_check,
	.check_special = pmill_printable_check_special,
	.check_pattern = pmill_hf_expression_check,
};
