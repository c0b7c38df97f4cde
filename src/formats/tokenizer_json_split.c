/* tokenizer.json: pre_tokenizer → pattern. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "notation/hf_expression.h"
#include "formats/tokenizer_json.h"
#include "pretokenize/pattern.h"
#include "unicode/quote.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text == NULL ? "" : text;
}

static pmill_status fail_unsupported(const char *what, const char *value, pmill_error *error)
{
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%s %s is not supported", what,
		pmill_quote(&quote, value, strlen(value)));
}

/* use_regex is true if it is missing, as in files from before 0.11. */
static pmill_status read_byte_level(const json_t *byte_level, bool *use_regex, pmill_error *error)
{
	if (!json_is_false(json_object_get(byte_level, "add_prefix_space")))
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"the pre_tokenizer ByteLevel with add_prefix_space is not supported");
	*use_regex = !json_is_false(json_object_get(byte_level, "use_regex"));
	return PMILL_OK;
}

/*
 * Isolated keeps the text between matches, inverted or not. Removed and inverted drops it, which is
 * the same only for a pattern that leaves nothing between matches, as all known patterns do.
 */
static pmill_status read_split(
	struct pmill_arena *arena, const json_t *split, const char **pattern, pmill_error *error)
{
	const char *expression = json_string_value(
		json_object_get(json_object_get(split, "pattern"), "Regex"));
	const char *behavior = text_of(split, "behavior");
	const bool is_removed = strcmp(behavior, "Removed") == 0;
	if (expression == NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"the pre_tokenizer Split without a \"Regex\" is not supported");
	if (!is_removed && strcmp(behavior, "Isolated") != 0)
		return fail_unsupported("the pre_tokenizer Split with the behavior", behavior, error);
	const pmill_status status = pmill_hf_expression_read(arena, expression, pattern, error);
	if (status != PMILL_OK || !is_removed)
		return status;
	if (!json_is_true(json_object_get(split, "invert")) || pmill_pattern_find(*pattern) == NULL)
		return fail_unsupported(
			"the pre_tokenizer Split with the behavior \"Removed\", which may drop text, of",
			expression, error);
	return PMILL_OK;
}

/* [ByteLevel], or [Split, ByteLevel without its own pattern]. */
static pmill_status read_sequence(struct pmill_arena *arena, const json_t *const *steps,
	size_t count, const char **pattern, pmill_error *error)
{
	static const char *const types[] = {"Split", "ByteLevel"};
	for (size_t i = 0; i < count; i++) {
		const char *type = text_of(steps[i], "type");
		if (count > 2 || strcmp(type, types[2 - count + i]) != 0)
			return fail_unsupported(
				"the pre_tokenizer (its place in the sequence matters too)", type, error);
	}
	bool use_regex = false;
	const pmill_status status = read_byte_level(steps[count - 1], &use_regex, error);
	if (status != PMILL_OK)
		return status;
	*pattern = use_regex ? "gpt2" : "none";
	if (count == 1)
		return PMILL_OK;
	if (use_regex)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"the pre_tokenizer ByteLevel with use_regex after a Split is not supported");
	return read_split(arena, steps[0], pattern, error);
}

pmill_status pmill_hf_read_pre_tokenizer(struct pmill_arena *arena, const json_t *pre_tokenizer,
	const char **pattern, pmill_error *error)
{
	if (!json_is_object(pre_tokenizer))
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"without a pre_tokenizer the model is not byte-level, which is not supported");
	const json_t *list = json_object_get(pre_tokenizer, "pretokenizers");
	const bool is_sequence = strcmp(text_of(pre_tokenizer, "type"), "Sequence") == 0;
	const size_t count = is_sequence ? json_array_size(list) : 1;
	if (count == 0 || count > 2)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"a pre_tokenizer Sequence of %zu steps is not supported", count);
	const json_t *steps[2] = {pre_tokenizer, NULL};
	for (size_t i = 0; is_sequence && i < count; i++)
		steps[i] = json_array_get(list, i);
	return read_sequence(arena, steps, count, pattern, error);
}
