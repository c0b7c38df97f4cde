/* tekken.json: what it can hold, and writing. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "notation/ranks.h"
#include "formats/tekken.h"
#include "notation/base64.h"
#include "notation/json.h"
#include "notation/json_read.h"
#include "notation/rust_expression.h"

#define NAME "tekken.json"

/*
 * For models from elsewhere: the first version whose readers take special tokens from the file; the
 * others would put their own names there.
 */
#define NEW_VERSION "v11"

/* ---- What it can hold ---- */

static pmill_status check_pattern(
	const struct pmill_tokenizer *tokenizer, const char **expression, pmill_error *error)
{
	const char *pattern = pmill_tokenizer_pattern(tokenizer);
	if (tokenizer->step_count == 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no pattern: name the one it was trained with");
	if (pattern == NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			NAME " can't hold this model: it cuts text in several steps");
	return pmill_rust_expression_write(pattern, expression, error);
}

/* Special tokens have the ids from 0 on, the bytes those after, and there are no holes. */
static pmill_status check_id(
	const struct pmill_tokenizer *tokenizer, uint32_t id, pmill_error *error)
{
	const size_t specials = tokenizer->special_count;
	const struct pmill_vocab_token *token = &tokenizer->vocab.tokens[id];
	const pmill_bytes bytes = pmill_vocab_token(&tokenizer->vocab, id);
	if (bytes.data == NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			NAME " can't hold this model: no token has the id %u", id);
	if (token->is_special != (id < specials))
		return pmill_ranks_fail_token(tokenizer, NAME, id,
			id < specials ? "comes before a special token" : "is special, but not one of the first",
			error);
	if (id >= specials && id - specials < 256 &&
		(bytes.len != 1 || *(const uint8_t *)bytes.data != id - specials))
		return pmill_ranks_fail_token(tokenizer, NAME, id,
			"has the place of another: first come the special tokens, then the bytes in order",
			error);
	if (!token->is_special && bytes.len > PMILL_TEKKEN_LONGEST_TOKEN)
		return pmill_ranks_fail_token(tokenizer, NAME, id, "is longer than 1 MiB", error);
	if (token->is_special && !pmill_json_is_text(bytes.data, bytes.len))
		return pmill_ranks_fail_token(tokenizer, NAME, id, "is special, and not UTF-8", error);
	return PMILL_OK;
}

static pmill_status check(
	const struct pmill_tokenizer *tokenizer, const char **expression, pmill_error *error)
{
	pmill_status status = pmill_ranks_check(tokenizer, NAME, error);
	if (status == PMILL_OK)
		status = check_pattern(tokenizer, expression, error);
	for (uint32_t id = 0; id < tokenizer->vocab.count && status == PMILL_OK; id++)
		status = check_id(tokenizer, id, error);
	return status;
}

pmill_status pmill_tekken_check(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	const char *expression;
	return check(tokenizer, &expression, error);
}

/* ---- Writing ---- */

struct writer {
	const struct pmill_tokenizer *tokenizer;
	const char *expression;
	json_t *rest;           /* what the tekken.json that was read said besides its vocab */
	const json_t *specials; /* its list of special tokens; NULL: it had none */
	struct pmill_buffer *out;
};

static bool append_text(struct writer *writer, const char *text)
{
	return pmill_buffer_append_text(writer->out, text);
}

static bool append_value(struct writer *writer, const char *key, const json_t *value)
{
	char *text = pmill_json_print(value);
	const bool done = text != NULL && pmill_json_append_text(writer->out, key) &&
		append_text(writer, ": ") && append_text(writer, text);
	free(text);
	return done;
}

/* The members that aren't written anew, each after ",\n" and `indent`. */
static bool append_others(
	struct writer *writer, const json_t *object, const char *const *ours, const char *indent)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
	{
		size_t i = 0;
		while (ours[i] != NULL && strcmp(ours[i], key) != 0)
			i++;
		if (ours[i] == NULL &&
			!(append_text(writer, ",\n") && append_text(writer, indent) &&
				append_value(writer, key, value)))
			return false;
	}
	return true;
}

static bool append_config(struct writer *writer)
{
	static const char *const ours[] = {"pattern", "num_vocab_tokens", "default_vocab_size",
		"default_num_special_tokens", "version", NULL};
	const json_t *config = json_object_get(writer->rest, "config");
	const char *version = json_string_value(json_object_get(config, "version"));
	const size_t size = writer->tokenizer->vocab.count;
	const size_t specials = writer->tokenizer->special_count;
	return append_text(writer, "{\n  \"config\": {\n    \"pattern\": ") &&
		pmill_json_append_text(writer->out, writer->expression) &&
		pmill_buffer_append_format(writer->out,
			",\n    \"num_vocab_tokens\": %zu,\n    \"default_vocab_size\": %zu,\n"
			"    \"default_num_special_tokens\": %zu,\n    \"version\": \"%s\"",
			size - specials, size, specials, version != NULL ? version : NEW_VERSION) &&
		append_others(writer, config, ours, "    ") && append_text(writer, "\n  }");
}

static bool append_token(struct writer *writer, size_t rank, pmill_bytes token)
{
	struct pmill_buffer *out = writer->out;
	return pmill_buffer_append_format(
			   out, "%s\n    {\n      \"rank\": %zu,\n", rank == 0 ? "" : ",", rank) &&
		append_text(writer, "      \"token_bytes\": \"") &&
		pmill_base64_append(out, token.data, token.len) &&
		append_text(writer, "\",\n      \"token_str\": ") &&
		(pmill_json_is_text(token.data, token.len)
				? pmill_json_append_string(out, token.data, token.len)
				: append_text(writer, "null")) &&
		append_text(writer, "\n    }");
}

static bool append_vocab(struct writer *writer)
{
	const size_t specials = writer->tokenizer->special_count;
	bool done = append_text(writer, ",\n  \"vocab\": [");
	for (size_t id = specials; id < writer->tokenizer->vocab.count && done; id++)
		done = append_token(
			writer, id - specials, pmill_vocab_token(&writer->tokenizer->vocab, (uint32_t)id));
	return done && append_text(writer, "\n  ]");
}

/* How many special tokens a reader would not put there by itself, up to the last of them. */
static size_t count_named(const struct writer *writer, bool has_list)
{
	const struct pmill_special *specials = writer->tokenizer->specials;
	size_t count = writer->tokenizer->special_count;
	for (; count > 0; count--) {
		char text[PMILL_TEKKEN_NAME_SIZE];
		const char *expected = pmill_tekken_default_special((uint32_t)count - 1, has_list, text);
		const pmill_bytes content = specials[count - 1].content;
		if (content.len != strlen(expected) || memcmp(content.data, expected, content.len) != 0)
			break;
	}
	return count;
}

static bool append_special(struct writer *writer, size_t index)
{
	const pmill_bytes content = writer->tokenizer->specials[index].content;
	const json_t *before = json_array_get(writer->specials, index);
	const bool is_control = !json_is_false(json_object_get(before, "is_control"));
	return pmill_buffer_append_format(writer->out,
			   "%s\n    {\n      \"rank\": %zu,\n      \"token_str\": ", index == 0 ? "" : ",",
			   index) &&
		pmill_json_append_string(writer->out, content.data, content.len) &&
		pmill_buffer_append_format(
			writer->out, ",\n      \"is_control\": %s\n    }", is_control ? "true" : "false");
}

/* A file without the list stays without it as long as its readers find the same. */
static bool append_specials(struct writer *writer)
{
	if (writer->rest != NULL && writer->specials == NULL && count_named(writer, false) == 0)
		return true;
	size_t count = count_named(writer, true);
	if (count < json_array_size(writer->specials))
		count = json_array_size(writer->specials);
	bool done = append_text(writer, ",\n  \"special_tokens\": [");
	for (size_t i = 0; i < count && i < writer->tokenizer->special_count && done; i++)
		done = append_special(writer, i);
	return done && append_text(writer, count == 0 ? "]" : "\n  ]");
}

static bool write_file(struct writer *writer)
{
	static const char *const ours[] = {"config", "vocab", "special_tokens", NULL};
	return append_config(writer) && append_vocab(writer) && append_specials(writer) &&
		append_others(writer, writer->rest, ours, "  ") && append_text(writer, "\n}\n");
}

pmill_status pmill_tekken_write(const struct pmill_tokenizer *tokenizer, unsigned flags,
	struct pmill_buffer *out, pmill_error *error)
{
	(void)flags;
	struct writer writer = {.tokenizer = tokenizer, .out = out};
	const pmill_status status = check(tokenizer, &writer.expression, error);
	if (status != PMILL_OK)
		return status;
	if (tokenizer->tekken_rest != NULL) {
		const size_t len = strlen(tokenizer->tekken_rest);
		const pmill_status read = pmill_json_read(
			tokenizer->tekken_rest, len, 0, &writer.rest, error);
		if (read != PMILL_OK)
			return read;
	}
	writer.specials = json_object_get(writer.rest, "special_tokens");
	if (!json_is_array(writer.specials))
		writer.specials = NULL;
	const bool done = write_file(&writer);
	json_decref(writer.rest);
	return done ? PMILL_OK : pmill_fail_memory(error);
}
