/* tokenizer.json: writing, with keys in the order of Hugging Face's own files. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "notation/hf_expression.h"
#include "notation/json.h"
#include "notation/printable_model.h"
#include "formats/tokenizer_json.h"
#include "model/merges.h"

#define BYTE_LEVEL(use_regex)                                                                      \
	"{\n    \"type\": \"ByteLevel\",\n    \"add_prefix_space\": false,\n"                          \
	"    \"trim_offsets\": true,\n    \"use_regex\": " use_regex "\n  }"

static bool write_added(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	bool done = pmill_buffer_append_text(out, "  \"added_tokens\": [");
	for (size_t i = 0; i < tokenizer->special_count && done; i++) {
		const struct pmill_special *special = &tokenizer->specials[i];
		done = pmill_buffer_append_format(out,
				   "%s\n    {\n      \"id\": %u,\n      \"content\": ", i == 0 ? "" : ",",
				   special->id) &&
			pmill_json_append_string(out, special->content.data, special->content.len) &&
			pmill_buffer_append_format(out,
				",\n      \"single_word\": false,\n      \"lstrip\": false,\n"
				"      \"rstrip\": false,\n      \"normalized\": false,\n"
				"      \"special\": %s\n    }",
				special->is_special ? "true" : "false");
	}
	return done &&
		pmill_buffer_append_text(out, tokenizer->special_count == 0 ? "],\n" : "\n  ],\n");
}

/* gpt2 is built into ByteLevel; an expression needs a Split before it. */
static bool write_pre_tokenizer(
	const char *pattern, const char *expression, struct pmill_buffer *out)
{
	if (!pmill_buffer_append_text(out, "  \"normalizer\": null,\n  \"pre_tokenizer\": "))
		return false;
	if (strcmp(pattern, "gpt2") == 0)
		return pmill_buffer_append_text(out, BYTE_LEVEL("true") ",\n");
	if (expression == NULL)
		return pmill_buffer_append_text(out, BYTE_LEVEL("false") ",\n");
	return pmill_buffer_append_text(out,
			   "{\n    \"type\": \"Sequence\",\n    \"pretokenizers\": [\n      {\n"
			   "        \"type\": \"Split\",\n        \"pattern\": {\n          \"Regex\": ") &&
		pmill_json_append_text(out, expression) &&
		pmill_buffer_append_text(out,
			"\n        },\n        \"behavior\": \"Isolated\",\n        \"invert\": false\n      "
			"},\n"
			"      {\n        \"type\": \"ByteLevel\",\n        \"add_prefix_space\": false,\n"
			"        \"trim_offsets\": true,\n        \"use_regex\": false\n      }\n    ]\n  "
			"},\n");
}

static bool write_merges(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	const struct pmill_merge *merges;
	size_t count;
	bool done = pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL) == PMILL_OK &&
		pmill_buffer_append_text(out, "    \"merges\": [");
	for (size_t i = 0; i < count && done; i++) {
		const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, merges[i].left);
		const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, merges[i].right);
		done = pmill_buffer_append_text(out, i == 0 ? "\n      [" : ",\n      [") &&
			pmill_json_append_printable(out, left.data, left.len) &&
			pmill_buffer_append(out, ", ", 2) &&
			pmill_json_append_printable(out, right.data, right.len) &&
			pmill_buffer_append(out, "]", 1);
	}
	return done && pmill_buffer_append_text(out, count == 0 ? "]\n" : "\n    ]\n");
}

static bool write_model(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	return pmill_buffer_append_format(out,
			   "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n"
			   "    \"unk_token\": null,\n    \"continuing_subword_prefix\": null,\n"
			   "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n"
			   "    \"byte_fallback\": false,\n    \"ignore_merges\": %s,\n    \"vocab\": ",
			   pmill_printable_ignores_merges(tokenizer) ? "true" : "false") &&
		pmill_printable_write_vocab(tokenizer, out, "\n      ", "\n    },\n") &&
		write_merges(tokenizer, out) && pmill_buffer_append_text(out, "  }\n}\n");
}

static pmill_status check(
	const struct pmill_tokenizer *tokenizer, const char **expression, pmill_error *error)
{
	if (pmill_tokenizer_pattern(tokenizer) == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no pattern: name the one it was trained with");
	const pmill_status status = pmill_printable_check_model(tokenizer, error);
	return status == PMILL_OK
		? pmill_hf_expression_write(pmill_tokenizer_pattern(tokenizer), expression, error)
		: status;
}

pmill_status pmill_hf_check(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	const char *expression;
	return check(tokenizer, &expression, error);
}

pmill_status pmill_hf_write(const struct pmill_tokenizer *tokenizer, unsigned flags,
	struct pmill_buffer *out, pmill_error *error)
{
	(void)flags;
	const char *expression;
	const pmill_status status = check(tokenizer, &expression, error);
	if (status != PMILL_OK)
		return status;
	const bool done = pmill_buffer_append_text(out,
						  "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n"
						  "  \"padding\": null,\n") &&
		write_added(tokenizer, out) &&
		write_pre_tokenizer(pmill_tokenizer_pattern(tokenizer), expression, out) &&
		pmill_buffer_append_text(out,
			"  \"post_processor\": " BYTE_LEVEL("true") ",\n  \"decoder\": " BYTE_LEVEL(
				"true") ",\n") &&
		write_model(tokenizer, out);
	return done ? PMILL_OK : pmill_fail_memory(error);
}
