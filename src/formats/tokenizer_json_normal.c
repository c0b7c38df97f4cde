/* tokenizer.json: normalizer → steps of normalising, and back. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/tokenizer_json.h"
#include "notation/hf_expression.h"
#include "notation/json.h"
#include "pretokenize/pattern.h"
#include "unicode/quote.h"

static const struct kind {
	const char *type;
	enum pmill_normal_kind kind;
} kinds[] = {
	{"NFC", PMILL_NORMAL_NFC},
	{"NFD", PMILL_NORMAL_NFD},
	{"NFKC", PMILL_NORMAL_NFKC},
	{"NFKD", PMILL_NORMAL_NFKD},
	{"Lowercase", PMILL_NORMAL_LOWERCASE},
	{"Prepend", PMILL_NORMAL_PREPEND},
	{"Replace", PMILL_NORMAL_REPLACE},
	{"Strip", PMILL_NORMAL_STRIP},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* The string `key`, which must be there. */
static pmill_status read_text(
	const json_t *value, const char *key, pmill_bytes *text, struct pmill_json_error *error)
{
	const json_t *string = json_object_get(value, key);
	if (!json_is_string(string))
		return pmill_json_fail(error, pmill_json_at_member(value, key),
			"the normalizer %s has no %s", pmill_hf_type(value), key);
	*text = (pmill_bytes){json_string_value(string), json_string_length(string)};
	return PMILL_OK;
}

/* What Oniguruma would read differently is a reason of refusal. */
static pmill_status read_expression(struct pmill_tokenizer *tokenizer, const char *expression,
	const char **found, struct pmill_json_error *error)
{
	pmill_error reason = {0};
	const pmill_status status = pmill_hf_expression_read(
		&tokenizer->arena, expression, found, &reason);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error->error);
	if (status != PMILL_OK) {
		*found = expression;
		return pmill_hf_refuse(tokenizer, error, "%s", reason.message);
	}
	const char *named = pmill_pattern_expression(*found);
	*found = named != NULL ? named : *found;
	return PMILL_OK;
}

static pmill_status read_replace(struct pmill_tokenizer *tokenizer, const json_t *value,
	struct pmill_normal_step *step, struct pmill_json_error *error)
{
	const json_t *pattern = json_object_get(value, "pattern");
	const json_t *text = json_object_get(pattern, "String");
	const char *expression = json_string_value(json_object_get(pattern, "Regex"));
	const pmill_status status = read_text(value, "content", &step->content, error);
	if (status != PMILL_OK)
		return status;
	if (expression != NULL)
		return read_expression(tokenizer, expression, &step->expression, error);
	if (!json_is_string(text))
		return pmill_json_fail(error, pmill_json_at_member(value, "pattern"),
			"the normalizer Replace has neither a \"Regex\" nor a \"String\"");
	step->found = (pmill_bytes){json_string_value(text), json_string_length(text)};
	return step->found.len > 0 ? PMILL_OK
							   : pmill_hf_refuse(tokenizer, error,
									 "the normalizer Replace of the empty text is not supported");
}

static pmill_status read_leaf(struct pmill_tokenizer *tokenizer, const json_t *value,
	struct pmill_normal_step *step, struct pmill_json_error *error)
{
	const char *type = pmill_hf_type(value);
	int index = 0;
	while (index < KIND_COUNT && strcmp(kinds[index].type, type) != 0)
		index++;
	struct pmill_quote quote;
	if (index == KIND_COUNT)
		return pmill_hf_refuse(tokenizer, error, "the normalizer %s is not supported",
			pmill_quote(&quote, type, strlen(type)));
	step->kind = kinds[index].kind;
	step->strips_left = json_is_true(json_object_get(value, "strip_left"));
	step->strips_right = json_is_true(json_object_get(value, "strip_right"));
	if (step->kind == PMILL_NORMAL_PREPEND)
		return read_text(value, "prepend", &step->content, error);
	return step->kind == PMILL_NORMAL_REPLACE ? read_replace(tokenizer, value, step, error)
											  : PMILL_OK;
}

static pmill_status read_leaves(
	struct pmill_tokenizer *tokenizer, const json_t *leaves, struct pmill_json_error *error)
{
	const size_t count = json_array_size(leaves);
	struct pmill_normal_step *steps = calloc(count + 1, sizeof *steps);
	pmill_status status = steps == NULL ? pmill_fail_memory(error->error) : PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = read_leaf(tokenizer, json_array_get(leaves, i), &steps[i], error);
	/* Steps of a model that can't encode may be incomplete. */
	if (status == PMILL_OK && tokenizer->refusal == NULL)
		status = pmill_tokenizer_set_normal_steps(tokenizer, steps, count, error->error);
	free(steps);
	return status;
}

pmill_status pmill_hf_read_normalizer(
	struct pmill_tokenizer *tokenizer, const json_t *normalizer, struct pmill_json_error *error)
{
	json_t *leaves;
	pmill_status status = pmill_hf_flatten(normalizer, "normalizers", &leaves, error);
	if (status != PMILL_OK)
		return status;
	status = read_leaves(tokenizer, leaves, error);
	json_decref(leaves);
	return status;
}

/* ---- Writing ---- */

/* Content that isn't UTF-8 makes it NULL, as no memory does. */
static json_t *make_step(const struct pmill_normal_step *step)
{
	const char *type = NULL;
	for (int i = 0; i < KIND_COUNT; i++)
		if (kinds[i].kind == step->kind)
			type = kinds[i].type;
	const char *content = step->content.data;
	const int len = (int)step->content.len;
	switch (step->kind) {
	case PMILL_NORMAL_PREPEND:
		return json_pack(
			"{s:s, s:s#}", "type", type, "prepend", content == NULL ? "" : content, len);
	case PMILL_NORMAL_REPLACE:
		return step->expression != NULL
			? json_pack("{s:s, s:{s:s}, s:s#}", "type", type, "pattern", "Regex", step->expression,
				  "content", content == NULL ? "" : content, len)
			: json_pack("{s:s, s:{s:s#}, s:s#}", "type", type, "pattern", "String",
				  step->found.data, (int)step->found.len, "content", content == NULL ? "" : content,
				  len);
	case PMILL_NORMAL_STRIP:
		return json_pack("{s:s, s:b, s:b}", "type", type, "strip_left", step->strips_left,
			"strip_right", step->strips_right);
	default: return json_pack("{s:s}", "type", type);
	}
}

static bool is_text(const struct pmill_normal_step *step)
{
	return pmill_json_is_text(step->content.data, step->content.len) &&
		pmill_json_is_text(step->found.data, step->found.len);
}

pmill_status pmill_hf_make_normalizer(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error)
{
	json_t *list = json_array();
	int failed = list == NULL;
	for (size_t i = 0; i < tokenizer->normal_step_count && !failed; i++) {
		const struct pmill_normal_step *step = &tokenizer->normal_steps[i];
		if (!is_text(step)) {
			json_decref(list);
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
				"a step of the normalizer is not UTF-8, so JSON can't hold it");
		}
		failed = json_array_append_new(list, make_step(step));
	}
	if (failed)
		*value = NULL;
	else if (json_array_size(list) == 0)
		*value = json_null();
	else if (json_array_size(list) == 1)
		*value = json_incref(json_array_get(list, 0));
	else
		*value = json_pack("{s:s, s:O}", "type", "Sequence", "normalizers", list);
	json_decref(list);
	return *value == NULL ? pmill_fail_memory(error) : PMILL_OK;
}
