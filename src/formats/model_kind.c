/* What a file given as a model is, by its content. */
/* SPDX-License-Identifier: MIT */
/*
 * Names mislead: Llama 3's tokenizer.model holds .tiktoken lines, Llama 2's a SentencePiece model.
 * A first line of base64, a space and a rank is looked for before all else: it is text that other
 * kinds could begin with.
 */
#include "formats/model_kind.h"

#include <string.h>

#include "base/error.h"
#include "files/file_kind.h"
#include "unicode/utf8.h"

#define WEIGHTS ", which holds weights, not a vocab; name the tokenizer.json beside it"
#define NOT_A_PAGE "HTML, not a model; download the file itself, not a page about it"

/* Text that isn't a model. What isn't text is found by files/file_kind. */
static const struct beginning {
	const char *text;
	const char *what; /* after "looks like " */
} beginnings[] = {
	{"#version", "a merges.txt, which is half a model; name the vocab.json beside it"},
	{"version https://git-lfs",
		"a Git LFS pointer, not the file itself; fetch that with \"git lfs pull\""},
	{"<!DOCTYPE", NOT_A_PAGE},
	{"<!doctype", NOT_A_PAGE},
	{"<html", NOT_A_PAGE},
	{"<?xml", "XML, not a model; name a tokenizer.json, a .tiktoken or a vocab.json"},
};

/* JSON objects that lie beside a model, by members that only they have. */
static const struct json_kind {
	const char *key;
	const char *other_key; /* must be there, too; NULL: none */
	const char *what;
} json_kinds[] = {
	{"merge_counts", NULL, "a training.json, not a model; name its folder"},
	{"added_tokens_decoder", NULL, "a tokenizer_config.json, not a model; name its folder"},
	{"tokenizer_class", NULL, "a tokenizer_config.json, not a model; name its folder"},
	{"model_type", NULL, "a config.json" WEIGHTS},
	{"architectures", NULL, "a config.json" WEIGHTS},
	{"weight_map", NULL, "an index of weights, not a vocab; name the tokenizer.json beside it"},
	{"eos_token", NULL, "a special_tokens_map.json, not a model; name its folder"},
	{"text", NULL, "a document (JSON lines), not a model; name a tokenizer.json or a vocab.json"},
};

static bool is_base64(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
		(byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

bool pmill_model_kind_is_ranks(const uint8_t *data, size_t len)
{
	size_t at = pmill_byte_order_mark(data, len);
	while (at < len && (data[at] == '\n' || data[at] == '\r'))
		at++;
	const size_t begin = at;
	while (at < len && is_base64(data[at]))
		at++;
	const size_t digits = at - begin;
	while (at < len && data[at] == '=' && at - begin < digits + 2)
		at++;
	if (digits == 0 || (at - begin) % 4 != 0 || at == len || data[at] != ' ')
		return false;
	const size_t rank = ++at;
	while (at < len && data[at] >= '0' && data[at] <= '9')
		at++;
	return at > rank && (at == len || data[at] == '\n' || data[at] == '\r');
}

bool pmill_model_kind_is_json(const uint8_t *data, size_t len)
{
	size_t at = pmill_byte_order_mark(data, len);
	while (at < len && data[at] != 0 && strchr(" \t\r\n", data[at]) != NULL)
		at++;
	return at < len && (data[at] == '{' || data[at] == '[');
}

/*
 * A protocol buffer: field 1 (a piece, of fewer than 128 bytes), which begins with its own field 1
 * (the text, here "<unk>" or the like) and goes on with field 2, a float.
 */
static bool is_sentencepiece(const uint8_t *data, size_t len)
{
	if (len < 5 || data[0] != 0x0A || data[1] >= 0x80 || data[2] != 0x0A)
		return false;
	const size_t text = data[3];
	return text + 2 <= data[1] && 4 + text < len && data[4 + text] == 0x15;
}

static const char *find_text(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		const size_t begin = strlen(beginnings[i].text);
		if (len >= begin && memcmp(data, beginnings[i].text, begin) == 0)
			return beginnings[i].what;
	}
	if (is_sentencepiece(data, len))
		return "a SentencePiece model, which is not supported; byte-level BPE is: tokenizer.json, "
			   ".tiktoken, vocab.json with merges.txt";
	return NULL;
}

static pmill_status check_bytes(
	const uint8_t *data, size_t len, const char *name, pmill_error *error)
{
	const struct pmill_file_kind *kind = pmill_file_kind_find(data, len);
	const char *what = find_text(data, len);
	if (kind != NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"%.300s: looks like %s, not a model that pairmill reads; %s", name, kind->name,
			kind->model_way_out);
	if (what != NULL)
		return pmill_fail(
			error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%.300s: looks like %s", name, what);
	return PMILL_OK;
}

pmill_status pmill_model_kind_check(
	const uint8_t *data, size_t len, const char *name, pmill_error *error)
{
	const size_t mark = pmill_byte_order_mark(data, len);
	if (pmill_model_kind_is_ranks(data, len))
		return PMILL_OK;
	return check_bytes(data + mark, len - mark, name, error);
}

bool pmill_model_kind_has_model(const json_t *root)
{
	return json_is_object(json_object_get(root, "model"));
}

bool pmill_model_kind_is_vocab(const json_t *root)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)root, key, value)
	{
		if (!json_is_integer(value))
			return false;
	}
	return json_object_size(root) > 0;
}

pmill_status pmill_model_kind_check_json(const json_t *root, const char *name, pmill_error *error)
{
	for (size_t i = 0; i < sizeof json_kinds / sizeof json_kinds[0]; i++) {
		const struct json_kind *kind = &json_kinds[i];
		if (json_object_get(root, kind->key) != NULL &&
			(kind->other_key == NULL || json_object_get(root, kind->other_key) != NULL))
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%.300s: looks like %s",
				name, kind->what);
	}
	return PMILL_OK;
}
