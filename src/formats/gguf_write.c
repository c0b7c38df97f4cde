/* GGUF: writing a file of a vocab alone, for llama.cpp. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/error.h"
#include "formats/format.h"
#include "formats/gguf.h"
#include "formats/tokenizer_config.h"
#include "gguf/gguf_header.h"
#include "gguf/gguf_pre.h"
#include "gguf/gguf_tokens.h"
#include "model/merges.h"
#include "notation/json.h"
#include "notation/printable_model.h"
#include "unicode/class.h"
#include "unicode/printable.h"
#include "unicode/quote.h"

/* Without a model of its own: llama.cpp wants one that it knows. */
#define ARCHITECTURE "llama"

/* ---- What it can hold ---- */

static bool ignores_merges(const struct pmill_tokenizer *tokenizer)
{
	return pmill_printable_ignores_merges(tokenizer);
}

static pmill_status fail_pattern(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	if (tokenizer->step_count == 0)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"GGUF can't hold this model: its pattern is unknown");
	if (pmill_gguf_pre_choose(tokenizer->steps, tokenizer->step_count, !ignores_merges(tokenizer)))
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"GGUF can't hold this model: llama.cpp has its pattern only for models that %s",
			ignores_merges(tokenizer) ? "apply merges to every pretoken"
									  : "take a pretoken in the vocab whole (ignore_merges)");
	const char *pattern = tokenizer->steps[0].pattern;
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"GGUF can't hold this model: llama.cpp knows patterns by name, and has none for %s%s",
		pmill_quote(&quote, pattern, strlen(pattern)),
		tokenizer->step_count > 1 ? " and what follows it" : "");
}

/*
 * The row that cuts and merges as the model does. Where ids are ranks and every token comes from
 * the merge of its own rank, taking pretokens whole makes no difference.
 */
static pmill_status choose_pre(
	const struct pmill_tokenizer *tokenizer, const struct pmill_gguf_pre **pre, pmill_error *error)
{
	const bool ignores = ignores_merges(tokenizer);
	*pre = pmill_gguf_pre_choose(tokenizer->steps, tokenizer->step_count, ignores);
	if (*pre != NULL)
		return PMILL_OK;
	*pre = pmill_gguf_pre_choose(tokenizer->steps, tokenizer->step_count, !ignores);
	if (*pre == NULL)
		return fail_pattern(tokenizer, error);
	const pmill_status status = pmill_format_tiktoken.check_model(tokenizer, error);
	return status == PMILL_UNSUPPORTED ? fail_pattern(tokenizer, error) : status;
}

pmill_status pmill_gguf_check_special(pmill_bytes content, pmill_error *error)
{
	struct pmill_quote quote;
	const char *reason = !pmill_json_is_text(content.data, content.len) ? "is not UTF-8"
		: memchr(content.data, 0, content.len) != NULL                  ? "contains a NUL byte"
																		: NULL;
	if (content.len == 0 || reason == NULL)
		return pmill_printable_check_special(content, error);
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "the special token %s %s",
		pmill_quote(&quote, content.data, content.len), reason);
}

/* What training makes is a merge list. */
pmill_status pmill_gguf_check_pattern(const char *pattern, pmill_error *error)
{
	const struct pmill_cut_step step = {.pattern = pattern};
	const struct pmill_tokenizer plain = {.steps = &step, .step_count = 1};
	return pmill_gguf_pre_choose(&step, 1, false) != NULL ? PMILL_OK : fail_pattern(&plain, error);
}

/* "[PAD5]" for the id 5. */
static size_t name_padding(char text[24], uint32_t id)
{
	return (size_t)snprintf(text, 24, "[PAD%u]", id);
}

/* llama.cpp refuses a file in which two entries have the same text. */
static pmill_status check_padding(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	for (uint32_t id = 0; id < tokenizer->vocab.count; id++) {
		char text[24];
		if (tokenizer->vocab.tokens[id].len != 0)
			continue;
		const pmill_bytes name = {text, name_padding(text, id)};
		if (pmill_vocab_find(&tokenizer->vocab, name.data, name.len) != PMILL_NO_ID ||
			pmill_tokenizer_find_special(tokenizer, name) != NULL)
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
				"GGUF can't hold this model: the unused id %u would be named like the token %s", id,
				text);
	}
	return PMILL_OK;
}

pmill_status pmill_gguf_check(const pmill_tokenizer *tokenizer, pmill_error *error)
{
	const struct pmill_gguf_pre *pre;
	pmill_status status = choose_pre(tokenizer, &pre, error);
	for (size_t i = 0; i < tokenizer->special_count && status == PMILL_OK; i++)
		status = pmill_gguf_check_special(tokenizer->specials[i].content, error);
	if (status == PMILL_OK)
		status = pmill_printable_check_model(tokenizer, error);
	return status == PMILL_OK ? check_padding(tokenizer, error) : status;
}

/* ---- What it would not say ---- */

static bool has_flags(const struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < tokenizer->special_count; i++) {
		const struct pmill_special *special = &tokenizer->specials[i];
		if (special->strips_left || special->strips_right || special->is_single_word ||
			special->is_normalized != tokenizer->specials[0].is_normalized)
			return true;
	}
	return false;
}

static bool has_long_template(const struct pmill_tokenizer *tokenizer)
{
	return tokenizer->template.before_count > 1 || tokenizer->template.after_count > 1;
}

static bool has_other_unicode(const struct pmill_tokenizer *tokenizer)
{
	return tokenizer->unicode_version != NULL &&
		strcmp(tokenizer->unicode_version, pmill_unicode_find(NULL)->version) != 0;
}

pmill_status pmill_gguf_list_losses(
	const pmill_tokenizer *tokenizer, struct pmill_buffer *losses, pmill_error *error)
{
	const struct {
		bool is_lost;
		const char *what;
	} rows[] = {
		{tokenizer->normal_step_count > 0, "the normalizer"},
		{has_flags(tokenizer), "the flags of added tokens"},
		{has_long_template(tokenizer), "the template"},
		{has_other_unicode(tokenizer), "the Unicode version"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].is_lost &&
			((losses->len > 0 && !pmill_buffer_append_text(losses, ", ")) ||
				!pmill_buffer_append_text(losses, rows[i].what)))
			return pmill_fail_memory(error);
	return PMILL_OK;
}

/* ---- Values ---- */

/* Each of these returns false if out of memory. */
static bool put_number(struct pmill_buffer *out, uint64_t number, size_t len)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	return pmill_buffer_append(out, bytes, len);
}

static bool put_string(struct pmill_buffer *out, const char *text)
{
	return put_number(out, strlen(text), 8) && pmill_buffer_append_text(out, text);
}

/* A key and its type; for an array also the type of its elements and their number. */
static bool put_key(struct pmill_buffer *out, enum pmill_gguf_key key, size_t count)
{
	const struct pmill_gguf_field *field = &pmill_gguf_fields[key];
	return put_string(out, field->key) && put_number(out, field->type, 4) &&
		(field->type != PMILL_GGUF_ARRAY ||
			(put_number(out, field->element, 4) && put_number(out, count, 8)));
}

static bool put_text(struct pmill_buffer *out, enum pmill_gguf_key key, const char *text)
{
	return put_key(out, key, 1) && put_string(out, text);
}

/* Sets the length that was put at `at` before what follows it now. */
static void set_len(struct pmill_buffer *out, size_t at)
{
	const uint64_t len = out->len - at - 8;
	for (size_t i = 0; i < 8; i++)
		out->data[at + i] = (uint8_t)(len >> (8 * i));
}

static bool put_token(
	struct pmill_buffer *out, const struct pmill_tokenizer *tokenizer, uint32_t id)
{
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
	const size_t at = out->len;
	char padding[24];
	bool done = put_number(out, 0, 8);
	if (token.data == NULL)
		done = done && pmill_buffer_append(out, padding, name_padding(padding, id));
	else
		done = done &&
			(tokenizer->vocab.tokens[id].is_special
					? pmill_buffer_append(out, token.data, token.len)
					: pmill_printable_append(out, token.data, token.len));
	if (done)
		set_len(out, at);
	return done;
}

static bool put_tokens(struct pmill_buffer *out, const struct pmill_tokenizer *tokenizer)
{
	bool done = put_key(out, PMILL_GGUF_TOKENS, tokenizer->vocab.count);
	for (uint32_t id = 0; id < tokenizer->vocab.count && done; id++)
		done = put_token(out, tokenizer, id);
	return done;
}

static bool put_types(struct pmill_buffer *out, const struct pmill_tokenizer *tokenizer)
{
	size_t next = 0; /* of the special tokens, which are sorted by id */
	bool done = put_key(out, PMILL_GGUF_TOKEN_TYPES, tokenizer->vocab.count);
	for (uint32_t id = 0; id < tokenizer->vocab.count && done; id++) {
		int type = tokenizer->vocab.tokens[id].len == 0 ? PMILL_GGUF_UNUSED : PMILL_GGUF_NORMAL;
		while (next < tokenizer->special_count && tokenizer->specials[next].id < id)
			next++;
		if (next < tokenizer->special_count && tokenizer->specials[next].id == id)
			type = tokenizer->specials[next].is_special ? PMILL_GGUF_CONTROL
														: PMILL_GGUF_USER_DEFINED;
		done = put_number(out, (uint64_t)type, 4);
	}
	return done;
}

static bool put_merges(struct pmill_buffer *out, const struct pmill_tokenizer *tokenizer)
{
	const struct pmill_merge *merges;
	size_t count;
	bool done = pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL) == PMILL_OK &&
		put_key(out, PMILL_GGUF_MERGES, count);
	for (size_t i = 0; i < count && done; i++) {
		const struct pmill_merge *merge = &merges[i];
		const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, merge->left);
		const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, merge->right);
		const size_t at = out->len;
		done = put_number(out, 0, 8) && pmill_printable_append(out, left.data, left.len) &&
			pmill_buffer_append(out, " ", 1) && pmill_printable_append(out, right.data, right.len);
		if (done)
			set_len(out, at);
	}
	return done;
}

/* ---- Roles of tokens ---- */

/*
 * llama.cpp takes 11 for a begin and an end that aren't named, so they are named where they can be:
 * by the template, else by their spelling.
 */
static uint32_t find_role(const struct pmill_tokenizer *tokenizer, enum pmill_gguf_key key)
{
	const struct pmill_template *template = &tokenizer->template;
	static const char *const roles[] = {
		[PMILL_GGUF_BOS] = "bos_token",
		[PMILL_GGUF_EOS] = "eos_token",
		[PMILL_GGUF_UNKNOWN] = "unk_token",
		[PMILL_GGUF_PADDING] = "pad_token",
	};
	if (key == PMILL_GGUF_BOS && template->before_count == 1)
		return template->before[0];
	if (key == PMILL_GGUF_EOS && template->after_count == 1)
		return template->after[0];
	const struct pmill_special *special = pmill_tokenizer_config_role(tokenizer, roles[key]);
	return special == NULL ? PMILL_NO_ID : special->id;
}

static bool put_roles(
	struct pmill_buffer *out, const struct pmill_tokenizer *tokenizer, uint64_t *keys)
{
	bool done = true;
	for (int key = PMILL_GGUF_BOS; key <= PMILL_GGUF_PADDING && done; key++) {
		const uint32_t id = find_role(tokenizer, (enum pmill_gguf_key)key);
		if (id == PMILL_NO_ID)
			continue;
		done = put_key(out, (enum pmill_gguf_key)key, 1) && put_number(out, id, 4);
		++*keys;
	}
	return done && put_key(out, PMILL_GGUF_ADD_BOS, 1) &&
		put_number(out, tokenizer->template.before_count == 1, 1) &&
		put_key(out, PMILL_GGUF_ADD_EOS, 1) &&
		put_number(out, tokenizer->template.after_count == 1, 1);
}

/* ---- The file ---- */

pmill_status pmill_gguf_write(
	const pmill_tokenizer *tokenizer, unsigned flags, struct pmill_buffer *out, pmill_error *error)
{
	(void)flags;
	const struct pmill_gguf_pre *pre;
	pmill_status status = pmill_gguf_check(tokenizer, error);
	if (status == PMILL_OK)
		status = choose_pre(tokenizer, &pre, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_buffer roles = {0};
	uint64_t keys = 8; /* those that are always there */
	const bool done = put_roles(&roles, tokenizer, &keys) &&
		pmill_buffer_append_text(out, "GGUF") && put_number(out, 3, 4) && put_number(out, 0, 8) &&
		put_number(out, keys, 8) && put_text(out, PMILL_GGUF_ARCHITECTURE, ARCHITECTURE) &&
		put_text(out, PMILL_GGUF_MODEL, "gpt2") && put_text(out, PMILL_GGUF_PRE, pre->names[0]) &&
		put_tokens(out, tokenizer) && put_types(out, tokenizer) && put_merges(out, tokenizer) &&
		pmill_buffer_append(out, roles.data, roles.len);
	pmill_buffer_release(&roles);
	return done ? PMILL_OK : pmill_fail_memory(error);
}
