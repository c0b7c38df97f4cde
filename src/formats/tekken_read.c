/* tekken.json: reading. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/load.h"
#include "formats/tekken.h"
#include "model/splitter.h"
#include "notation/base64.h"
#include "notation/json.h"
#include "notation/rust_expression.h"
#include "unicode/quote.h"

struct reader {
	const json_t *root, *config, *vocab, *special_tokens; /* special_tokens: NULL if none */
	struct pmill_tokenizer *tokenizer;
	const char *pattern;          /* NULL: it can't be used, and the tokenizer says why */
	uint32_t specials, ranks;     /* ids from 0 to `specials`, and then as many as `ranks` */
	struct pmill_buffer bytes;    /* of the current token */
	struct pmill_special *tokens; /* the special ones */
	struct pmill_json_error fault;
	pmill_error *error; /* the fault's */
};

static pmill_status fail_config(struct reader *reader, const char *key, const char *reason)
{
	return pmill_json_fail(
		&reader->fault, pmill_json_at_member(reader->config, key), "config.%s %s", key, reason);
}

/* ---- config ---- */

/* A string without NUL; NULL otherwise. */
static const char *plain_text(const json_t *value)
{
	const char *text = json_string_value(value);
	return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

static pmill_status read_size(struct reader *reader, const char *key, uint32_t *size)
{
	const json_t *value = json_object_get(reader->config, key);
	const json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number >= PMILL_NO_ID)
		return fail_config(reader, key, "is not a number of tokens");
	*size = (uint32_t)number;
	return PMILL_OK;
}

static pmill_status read_sizes(struct reader *reader)
{
	uint32_t total = 0;
	pmill_status status = read_size(reader, "default_num_special_tokens", &reader->specials);
	if (status == PMILL_OK)
		status = read_size(reader, "default_vocab_size", &total);
	if (status != PMILL_OK)
		return status;
	if (reader->specials > json_array_size(reader->special_tokens) + PMILL_MOST_HOLES)
		return fail_config(reader, "default_num_special_tokens", "is out of range");
	if (total <= reader->specials)
		return fail_config(
			reader, "default_vocab_size", "is not more than the number of special tokens");
	if (total - reader->specials > json_array_size(reader->vocab))
		return fail_config(reader, "default_vocab_size", "is more than the tokens in the file");
	reader->ranks = total - reader->specials;
	return PMILL_OK;
}

static pmill_status fail_version(struct reader *reader, const char *version)
{
	char known[80];
	struct pmill_quote quote;
	pmill_list_names(known, sizeof known, pmill_tekken_version_name);
	return pmill_json_blame(&reader->fault, pmill_json_at_member(reader->config, "version"),
		pmill_fail(reader->error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"config.version is %s, which is not known (known: %s)",
			pmill_quote(&quote, version, strlen(version)), known));
}

static pmill_status read_version(struct reader *reader)
{
	const char *version = plain_text(json_object_get(reader->config, "version"));
	if (version == NULL)
		return fail_config(reader, "version", "is not a string");
	const unsigned number = pmill_tekken_version(version);
	if (number == 0)
		return fail_version(reader, version);
	if (number > 7 && reader->special_tokens == NULL)
		return pmill_json_fail(&reader->fault, pmill_json_at_member(reader->root, "special_tokens"),
			"special_tokens is missing, which a tekken.json of version %s must have", version);
	return PMILL_OK;
}

/* An expression that can't be used matters for encoding only. */
static pmill_status read_pattern(struct reader *reader, const pmill_load_options *options)
{
	const char *expression = plain_text(json_object_get(reader->config, "pattern"));
	if (expression == NULL || expression[0] == '\0')
		return fail_config(reader, "pattern", "is not an expression");
	pmill_error local = {0};
	pmill_error *error = reader->error != NULL ? reader->error : &local;
	const pmill_status status = pmill_rust_expression_read(
		&reader->tokenizer->arena, expression, &reader->pattern, error);
	return status == PMILL_UNSUPPORTED && options->pattern == NULL
		? pmill_tokenizer_refuse(reader->tokenizer, error->message, error)
		: pmill_json_blame(&reader->fault, pmill_json_at_member(reader->config, "pattern"), status);
}

static pmill_status read_config(struct reader *reader, const pmill_load_options *options)
{
	const json_t *specials = json_object_get(reader->root, "special_tokens");
	reader->config = json_object_get(reader->root, "config");
	reader->vocab = json_object_get(reader->root, "vocab");
	reader->special_tokens = json_is_null(specials) ? NULL : specials;
	if (!pmill_tekken_is(reader->root))
		return pmill_json_fail(&reader->fault, pmill_json_at(reader->root),
			"not a tekken.json: it has no \"config\" and no list \"vocab\"");
	if (reader->special_tokens != NULL && !json_is_array(reader->special_tokens))
		return pmill_json_fail(&reader->fault, pmill_json_at_member(reader->root, "special_tokens"),
			"special_tokens is not a list");
	pmill_status status = read_version(reader);
	if (status == PMILL_OK)
		status = read_sizes(reader);
	return status == PMILL_OK ? read_pattern(reader, options) : status;
}

/* ---- vocab ---- */

/* `key` is NULL if it is about the whole item. */
static pmill_status fail_item(
	struct reader *reader, const char *list, size_t index, const char *key, const char *reason)
{
	const json_t *items = json_object_get(reader->root, list);
	const json_t *item = json_array_get(items, index);
	return pmill_json_fail(&reader->fault,
		json_is_object(item) && key != NULL ? pmill_json_at_member(item, key)
											: pmill_json_at_item(items, index),
		"%s[%zu]%s%s %s", list, index, key == NULL ? "" : ".", key == NULL ? "" : key, reason);
}

static bool has_rank(const json_t *item, size_t rank)
{
	const json_t *value = json_object_get(item, "rank");
	return json_is_integer(value) && json_integer_value(value) == (json_int_t)rank;
}

static pmill_status read_bytes(struct reader *reader, const json_t *item, size_t rank)
{
	const json_t *value = json_object_get(item, "token_bytes");
	const size_t len = json_string_length(value);
	size_t bad_offset;
	reader->bytes.len = 0;
	if (!json_is_string(value) || len == 0)
		return fail_item(reader, "vocab", rank, "token_bytes", "is missing, or empty");
	if (pmill_base64_parse(&reader->bytes, json_string_value(value), len, &bad_offset))
		return reader->bytes.len <= PMILL_TEKKEN_LONGEST_TOKEN
			? PMILL_OK
			: fail_item(reader, "vocab", rank, "token_bytes", "is longer than 1 MiB");
	return bad_offset == SIZE_MAX
		? pmill_fail_memory(reader->error)
		: pmill_json_fail(&reader->fault, pmill_json_at(value),
			  "vocab[%zu].token_bytes: character %zu: not valid base64", rank, bad_offset);
}

/*
 * The text of the bytes, null if they aren't UTF-8. Writers that replace what isn't UTF-8 put
 * U+FFFD there.
 */
static bool is_text_of(const json_t *value, const struct pmill_buffer *bytes)
{
	if (value == NULL || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	const char *text = json_string_value(value);
	const size_t len = json_string_length(value);
	return pmill_json_is_text(bytes->data, bytes->len)
		? len == bytes->len && memcmp(text, bytes->data, len) == 0
		: strstr(text, "\xEF\xBF\xBD") != NULL;
}

static pmill_status read_token(struct reader *reader, size_t rank)
{
	const json_t *item = json_array_get(reader->vocab, rank);
	if (!has_rank(item, rank))
		return fail_item(reader, "vocab", rank, "rank", "is not the place in the list");
	const pmill_status status = read_bytes(reader, item, rank);
	if (status != PMILL_OK)
		return status;
	const struct pmill_buffer *bytes = &reader->bytes;
	if (rank < 256 && (bytes->len != 1 || bytes->data[0] != rank))
		return fail_item(reader, "vocab", rank, NULL, "is not the byte of that value");
	if (!is_text_of(json_object_get(item, "token_str"), bytes))
		return fail_item(reader, "vocab", rank, "token_str", "is not the text of token_bytes");
	const uint32_t id = reader->specials + (uint32_t)rank;
	return pmill_vocab_add(
		&reader->tokenizer->vocab, id, bytes->data, bytes->len, false, reader->error);
}

static pmill_status read_vocab(struct reader *reader)
{
	pmill_status status = PMILL_OK;
	if (!pmill_vocab_reserve(&reader->tokenizer->vocab, (size_t)reader->specials + reader->ranks))
		return pmill_fail_memory(reader->error);
	uint32_t rank = 0;
	while (rank < reader->ranks && status == PMILL_OK)
		status = read_token(reader, rank++);
	return status == PMILL_OK
		? status
		: pmill_json_blame(&reader->fault, pmill_json_at_item(reader->vocab, rank - 1), status);
}

/* ---- special_tokens ---- */

static pmill_status read_special(
	struct reader *reader, size_t index, pmill_bytes *content, char *filler)
{
	const json_t *item = json_array_get(reader->special_tokens, index);
	if (item == NULL) {
		const char *text = pmill_tekken_default_special(
			(uint32_t)index, reader->special_tokens != NULL, filler);
		*content = (pmill_bytes){text, strlen(text)};
		return PMILL_OK;
	}
	const json_t *text = json_object_get(item, "token_str");
	if (!has_rank(item, index))
		return fail_item(reader, "special_tokens", index, "rank", "is not the place in the list");
	if (json_string_length(text) == 0)
		return fail_item(reader, "special_tokens", index, "token_str", "is missing, or empty");
	*content = (pmill_bytes){json_string_value(text), json_string_length(text)};
	return PMILL_OK;
}

/* `names` are the keys so far. */
static pmill_status add_special(struct reader *reader, size_t index, json_t *names)
{
	char filler[PMILL_TEKKEN_NAME_SIZE];
	pmill_bytes content;
	pmill_status status = read_special(reader, index, &content, filler);
	if (status != PMILL_OK)
		return status;
	if (json_object_getn(names, content.data, content.len) != NULL)
		return fail_item(reader, "special_tokens", index, "token_str", "occurs before, too");
	if (json_object_setn_new_nocheck(names, content.data, content.len, json_true()) != 0)
		return pmill_fail_memory(reader->error);
	const uint32_t id = (uint32_t)index;
	status = pmill_vocab_add(
		&reader->tokenizer->vocab, id, content.data, content.len, true, reader->error);
	content.data = pmill_arena_copy(&reader->tokenizer->arena, content.data, content.len);
	if (content.data == NULL)
		return pmill_fail_memory(reader->error);
	reader->tokens[index] = (struct pmill_special){
		.content = content, .id = id, .is_special = true};
	return status;
}

/*
 * All are special, those too that aren't control tokens: mistral-common recognises none of them in
 * text.
 */
static pmill_status read_specials(struct reader *reader)
{
	const size_t count = reader->specials;
	if (json_array_size(reader->special_tokens) > count)
		return fail_item(
			reader, "special_tokens", count, NULL, "is beyond default_num_special_tokens");
	reader->tokens = pmill_array_allocate(count + 1, sizeof *reader->tokens);
	json_t *names = json_object();
	pmill_status status = reader->tokens == NULL || names == NULL ? pmill_fail_memory(reader->error)
																  : PMILL_OK;
	size_t index = 0;
	while (index < count && status == PMILL_OK)
		status = add_special(reader, index++, names);
	json_decref(names);
	if (status != PMILL_OK)
		return pmill_json_blame(
			&reader->fault, pmill_json_at_item(reader->special_tokens, index - 1), status);
	return pmill_tokenizer_set_specials(reader->tokenizer, reader->tokens, count, reader->error);
}

/* ---- The rest ---- */

static pmill_status keep_rest(struct reader *reader)
{
	struct pmill_tokenizer *tokenizer = reader->tokenizer;
	json_t *rest = json_copy((json_t *)reader->root);
	char *text = NULL;
	if (rest != NULL && json_object_del(rest, "vocab") == 0)
		text = pmill_json_print(rest);
	if (text != NULL)
		tokenizer->tekken_rest = pmill_arena_copy(&tokenizer->arena, text, strlen(text));
	json_decref(rest);
	free(text);
	return tokenizer->tekken_rest != NULL ? PMILL_OK : pmill_fail_memory(reader->error);
}

static pmill_status read_all(struct reader *reader, const pmill_load_options *options)
{
	pmill_status status = read_config(reader, options);
	if (status == PMILL_OK)
		status = read_vocab(reader);
	if (status != PMILL_OK)
		return status;
	pmill_tokenizer_find_bytes(reader->tokenizer);
	reader->tokenizer->meaning = PMILL_MEANING_RANK_BY_ID;
	status = read_specials(reader);
	if (status == PMILL_OK)
		status = pmill_load_check_specials(reader->tokenizer, options, reader->error);
	return status == PMILL_OK ? keep_rest(reader) : status;
}

pmill_status pmill_tekken_load(const struct pmill_json_source *source,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct reader reader = {.root = source->root,
		.tokenizer = pmill_tokenizer_create_empty(),
		.fault = {.error = error},
		.error = error};
	if (reader.tokenizer == NULL)
		return pmill_fail_memory(error);
	pmill_status status = pmill_name_json_error(&reader.fault, source, read_all(&reader, options));
	if (status == PMILL_OK)
		status = pmill_load_text(reader.tokenizer, source->name, reader.pattern, options, error);
	if (status == PMILL_OK)
		*tokenizer = reader.tokenizer;
	else
		pmill_tokenizer_free(reader.tokenizer);
	pmill_buffer_release(&reader.bytes);
	free(reader.tokens);
	return status;
}
