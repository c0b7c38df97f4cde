/* tokenizer.json of Hugging Face's tokenizers: its row of the table, and loading as a whole. */
/* SPDX-License-Identifier: MIT */
#include "notation/hf_expression.h"
#include "formats/tokenizer_json.h"

#include <string.h>

#include "base/error.h"
#include "formats/format.h"
#include "notation/json.h"
#include "formats/load.h"
#include "notation/printable_model.h"

const json_t *pmill_hf_member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

static pmill_status read_tokens(
	struct pmill_tokenizer *tokenizer, const json_t *root, const json_t *model, pmill_error *error)
{
	const json_t *added_tokens = pmill_hf_member(root, "added_tokens");
	json_t *contents;
	pmill_status status = pmill_hf_collect_added(added_tokens, &contents, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_hf_read_model(tokenizer, model, contents, error);
	if (status == PMILL_OK)
		status = pmill_hf_read_added(
			tokenizer, added_tokens, json_object_get(model, "vocab"), error);
	json_decref(contents);
	return status;
}

static pmill_status read_root(struct pmill_tokenizer *tokenizer, const json_t *root,
	const pmill_load_options *options, const char **pattern, pmill_error *error)
{
	const json_t *model = pmill_hf_member(root, "model");
	if (!json_is_object(model))
		return pmill_fail(
			error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "not a tokenizer.json: it has no \"model\"");
	pmill_status status = pmill_hf_check_surroundings(root, error);
	if (status == PMILL_OK)
		status = pmill_hf_read_pre_tokenizer(
			&tokenizer->arena, pmill_hf_member(root, "pre_tokenizer"), pattern, error);
	if (status == PMILL_OK)
		status = read_tokens(tokenizer, root, model, error);
	if (status == PMILL_OK)
		status = pmill_load_check_specials(tokenizer, options, error);
	return status;
}

pmill_status pmill_hf_load(const json_t *root, const char *name, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_tokenizer *made = pmill_tokenizer_create_empty();
	const char *pattern = NULL;
	pmill_status status = made == NULL ? pmill_fail_memory(error)
									   : read_root(made, root, options, &pattern, error);
	status = pmill_name_error(error, name, status);
	if (status == PMILL_OK)
		status = pmill_load_text(made, name, pattern, options, error);
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
	status = pmill_hf_load(root, name, options, tokenizer, error);
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
