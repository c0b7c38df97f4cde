/* tokenizer.json: writing, with keys in the order of Hugging Face's own files. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "notation/json.h"
#include "notation/printable_model.h"
#include "formats/tokenizer_json.h"
#include "model/merges.h"

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

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
				",\n      \"single_word\": %s,\n      \"lstrip\": %s,\n"
				"      \"rstrip\": %s,\n      \"normalized\": %s,\n"
				"      \"special\": %s\n    }",
				truth(special->is_single_word), truth(special->strips_left),
				truth(special->strips_right), truth(special->is_normalized),
				truth(special->is_special));
	}
	return done &&
		pmill_buffer_append_text(out, tokenizer->special_count == 0 ? "],\n" : "\n  ],\n");
}

/* ---- The members before the model ---- */

typedef pmill_status make_fn(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error);

/* The decoder of what is spelled in printable bytes. */
static pmill_status make_decoder(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error)
{
	(void)tokenizer;
	*value = json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0,
		"trim_offsets", 1, "use_regex", 1);
	return *value == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

/* As they were read, and what the library makes where nothing was. */
static const struct member {
	const char *key;
	size_t kept;   /* the text's place in struct pmill_kept */
	make_fn *make; /* NULL: null */
	bool is_made;  /* also if it was read, since ids and names may have changed */
} members[] = {
	{"truncation", offsetof(struct pmill_kept, truncation), NULL, false},
	{"padding", offsetof(struct pmill_kept, padding), NULL, false},
	{"added_tokens", 0, NULL, false},
	{"normalizer", offsetof(struct pmill_kept, normalizer), pmill_hf_make_normalizer, false},
	{"pre_tokenizer", offsetof(struct pmill_kept, pre_tokenizer), pmill_hf_make_pre_tokenizer,
		false},
	{"post_processor", offsetof(struct pmill_kept, post_processor), pmill_hf_make_post_processor,
		true},
	{"decoder", offsetof(struct pmill_kept, decoder), make_decoder, false},
};

enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

static const char *kept_text(const struct pmill_tokenizer *tokenizer, const struct member *member)
{
	const char *text;
	memcpy(&text, (const char *)&tokenizer->kept + member->kept, sizeof text);
	return text;
}

/* Appends it with all lines but the first indented once more. */
static bool append_indented(struct pmill_buffer *out, const char *text)
{
	for (;;) {
		const size_t len = strcspn(text, "\n");
		if (!pmill_buffer_append(out, text, len))
			return false;
		if (text[len] == '\0')
			return true;
		if (!pmill_buffer_append(out, "\n  ", 3))
			return false;
		text += len + 1;
	}
}

static pmill_status write_made(const struct pmill_tokenizer *tokenizer, make_fn *make,
	struct pmill_buffer *out, pmill_error *error)
{
	json_t *value = NULL;
	const pmill_status status = make(tokenizer, &value, error);
	if (status != PMILL_OK)
		return status;
	char *text = pmill_json_dump(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
	const bool done = text != NULL && append_indented(out, text);
	free(text);
	json_decref(value);
	return done ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status write_member(const struct pmill_tokenizer *tokenizer,
	const struct member *member, struct pmill_buffer *out, pmill_error *error)
{
	const char *text = kept_text(tokenizer, member);
	if (!pmill_buffer_append_format(out, "  \"%s\": ", member->key))
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	if (member->make != NULL && (text == NULL || member->is_made))
		status = write_made(tokenizer, member->make, out, error);
	else if (!append_indented(out, text == NULL ? "null" : text))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK && !pmill_buffer_append(out, ",\n", 2))
		status = pmill_fail_memory(error);
	return status;
}

static pmill_status write_members(
	const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < MEMBER_COUNT && status == PMILL_OK; i++) {
		if (strcmp(members[i].key, "added_tokens") != 0)
			status = write_member(tokenizer, &members[i], out, error);
		else if (!write_added(tokenizer, out))
			status = pmill_fail_memory(error);
	}
	return status;
}

/* ---- The model ---- */

static bool write_pair(pmill_bytes left, pmill_bytes right, struct pmill_buffer *out)
{
	return pmill_buffer_append(out, "[", 1) &&
		pmill_json_append_printable(out, left.data, left.len) &&
		pmill_buffer_append(out, ", ", 2) &&
		pmill_json_append_printable(out, right.data, right.len) && pmill_buffer_append(out, "]", 1);
}

/* As one string. Printable bytes hold no space; the quotation marks in the middle are replaced. */
static bool write_string(pmill_bytes left, pmill_bytes right, struct pmill_buffer *out)
{
	if (!pmill_json_append_printable(out, left.data, left.len))
		return false;
	const size_t middle = out->len;
	if (!pmill_json_append_printable(out, right.data, right.len))
		return false;
	memmove(out->data + middle, out->data + middle + 1, out->len - middle - 1);
	out->data[middle - 1] = ' ';
	out->len--;
	return true;
}

static bool write_merges(
	const struct pmill_tokenizer *tokenizer, bool as_strings, struct pmill_buffer *out)
{
	const struct pmill_merge *merges;
	size_t count;
	bool done = pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL) == PMILL_OK &&
		pmill_buffer_append_text(out, "    \"merges\": [");
	for (size_t i = 0; i < count && done; i++) {
		const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, merges[i].left);
		const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, merges[i].right);
		done = pmill_buffer_append_text(out, i == 0 ? "\n      " : ",\n      ") &&
			(as_strings ? write_string(left, right, out) : write_pair(left, right, out));
	}
	return done && pmill_buffer_append_text(out, count == 0 ? "]\n" : "\n    ]\n");
}

/*
 * Where the vocab ends. If pretokens in it are taken whole, a text could become an added token that
 * is in it; so those are left out that get the same ids without it, as the next ones after it.
 */
static size_t vocab_end(const struct pmill_tokenizer *tokenizer)
{
	const struct pmill_vocab *vocab = &tokenizer->vocab;
	size_t end = vocab->count, left = tokenizer->special_count;
	if (!pmill_printable_ignores_merges(tokenizer))
		return end;
	while (left > 0 && tokenizer->specials[left - 1].id + (size_t)1 == end &&
		vocab->tokens[end - 1].is_special) {
		end--;
		left--;
	}
	for (size_t id = 0; id < end; id++)
		if (vocab->tokens[id].len == 0)
			return vocab->count;
	return end;
}

static bool write_model(
	const struct pmill_tokenizer *tokenizer, unsigned flags, struct pmill_buffer *out)
{
	return pmill_buffer_append_format(out,
			   "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n"
			   "    \"unk_token\": null,\n    \"continuing_subword_prefix\": null,\n"
			   "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n"
			   "    \"byte_fallback\": false,\n    \"ignore_merges\": %s,\n    \"vocab\": ",
			   pmill_printable_ignores_merges(tokenizer) ? "true" : "false") &&
		pmill_printable_write_vocab(
			tokenizer, vocab_end(tokenizer), out, "\n      ", "\n    },\n") &&
		write_merges(tokenizer, (flags & PMILL_MERGES_AS_STRINGS) != 0, out) &&
		pmill_buffer_append_text(out, "  }\n}\n");
}

/* ---- The whole ---- */

static pmill_status check_steps(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	json_t *made = NULL;
	if (tokenizer->kept.pre_tokenizer != NULL)
		return PMILL_OK;
	const pmill_status status = pmill_hf_make_pre_tokenizer(tokenizer, &made, error);
	json_decref(made);
	return status;
}

pmill_status pmill_hf_check(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	if (tokenizer->step_count == 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no pattern: name the one it was trained with");
	const pmill_status status = pmill_printable_check_model(tokenizer, error);
	return status == PMILL_OK ? check_steps(tokenizer, error) : status;
}

pmill_status pmill_hf_write(const struct pmill_tokenizer *tokenizer, unsigned flags,
	struct pmill_buffer *out, pmill_error *error)
{
	pmill_status status = pmill_hf_check(tokenizer, error);
	if (status == PMILL_OK && (flags & PMILL_MERGES_AS_STRINGS) != 0)
		status = pmill_printable_check_lines(tokenizer, error);
	if (status == PMILL_OK && !pmill_buffer_append_text(out, "{\n  \"version\": \"1.0\",\n"))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK)
		status = write_members(tokenizer, out, error);
	if (status == PMILL_OK && !write_model(tokenizer, flags, out))
		status = pmill_fail_memory(error);
	return status;
}
