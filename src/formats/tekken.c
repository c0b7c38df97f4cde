/* tekken.json, Mistral's format: its row of the table, versions, and special tokens by default. */
/* SPDX-License-Identifier: MIT */
/*
 * {"config": {pattern, default_vocab_size, default_num_special_tokens, version, ...},
 *  "vocab": [{rank, token_bytes, token_str}, ...],
 *  "special_tokens": [{rank, token_str, is_control}, ...], "image": ...}
 *
 * Special tokens have the first ids, ordinary ones those after: default_num_special_tokens + rank.
 * The first 256 are the bytes in order. As mistral-common 1.13 reads it, so do we.
 */
#include "formats/tekken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/format.h"
#include "notation/ranks.h"
#include "notation/json.h"
#include "notation/rust_expression.h"
#include "unicode/quote.h"

static const char *const versions[] = {"v1", "v2", "v3", "v7", "v11", "v13", "v15"};

/* Of files up to v7 without a list: mistral-common's DEPRECATED_SPECIAL_TOKENS. */
static const char *const old_specials[] = {"<unk>", "<s>", "</s>", "[INST]", "[/INST]",
	"[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]",
	"[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
	"[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]"};

const char *pmill_tekken_version_name(size_t index)
{
	return index < sizeof versions / sizeof versions[0] ? versions[index] : NULL;
}

unsigned pmill_tekken_version(const char *version)
{
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
		if (strcmp(versions[i], version) == 0)
			return (unsigned)strtoul(version + 1, NULL, 10);
	return 0;
}

const char *pmill_tekken_default_special(
	uint32_t id, bool has_list, char text[PMILL_TEKKEN_NAME_SIZE])
{
	if (!has_list && id < sizeof old_specials / sizeof old_specials[0])
		return old_specials[id];
	snprintf(text, PMILL_TEKKEN_NAME_SIZE, "<SPECIAL_%u>", id);
	return text;
}

bool pmill_tekken_is(const json_t *root)
{
	return json_is_object(json_object_get(root, "config")) &&
		json_is_array(json_object_get(root, "vocab"));
}

static pmill_status load(const void *data, size_t len, const char *name,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	json_t *root;
	pmill_status status = pmill_json_parse_with_nul(data, len, name, &root, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_tekken_load(
		&(struct pmill_json_source){data, len, name, root}, options, tokenizer, error);
	json_decref(root);
	return status;
}

/* For training: no id layout puts special tokens first and then the bytes by value. */
static pmill_status check_special(pmill_bytes content, pmill_error *error)
{
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"tekken.json can't hold the special token %s: it has special tokens before the bytes, and "
		"training gives them other ids",
		pmill_quote(&quote, content.data, content.len));
}

static bool has_flags(const struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < tokenizer->special_count; i++) {
		const struct pmill_special *special = &tokenizer->specials[i];
		if (!special->is_special || special->strips_left || special->strips_right ||
			special->is_single_word || special->is_normalized)
			return true;
	}
	return false;
}

static pmill_status list_losses(
	const pmill_tokenizer *tokenizer, struct pmill_buffer *losses, pmill_error *error)
{
	const bool done = (tokenizer->normal_step_count == 0 ||
						  pmill_ranks_add_loss(losses, "the normalizer")) &&
		(!pmill_ranks_has_template(tokenizer) || pmill_ranks_add_loss(losses, "the template")) &&
		(!has_flags(tokenizer) || pmill_ranks_add_loss(losses, "the flags of the added tokens"));
	return done ? PMILL_OK : pmill_fail_memory(error);
}

const struct pmill_format pmill_format_tekken = {
	.name = "tekken.json",
	.suffix = "tekken.json",
	.load = load,
	.save = pmill_tekken_write,
	.list_losses = list_losses,
	.check_model = pmill_tekken_check,
	.check_special = check_special,
	.check_pattern = pmill_rust_expression_check,
};
