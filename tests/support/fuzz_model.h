/* For fuzzing model readers: edits a valid file, and checks the invariants of a loaded model. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_FUZZ_MODEL_H
#define PMILL_TESTS_SUPPORT_FUZZ_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "model/build_trained.h"
#include "model/merges.h"
#include "support/plan.h"

static inline void fuzz_require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz: %s\n", what);
		abort();
	}
}

static inline pmill_tokenizer *fuzz_model(const char *layout)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan(layout, pairs);
	plan.pattern = "qwen2";
	pmill_tokenizer *tokenizer = NULL;
	fuzz_require(pmill_tokenizer_build(&plan, &tokenizer, NULL) == PMILL_OK, "build");
	return tokenizer;
}

/*
 * Edits `text` in place. Each four bytes of `data` give a place and what is overwritten, removed or
 * copied there. Places count from the end as often as from the beginning, since the model is at the
 * end of the file.
 */
static inline void fuzz_edit(struct pmill_buffer *text, const uint8_t *data, size_t len)
{
	for (; len >= 4 && text->len > 0; data += 4, len -= 4) {
		size_t at = ((size_t)data[0] << 8 | data[1]) % text->len;
		uint8_t *place = text->data + (data[2] & 1 ? text->len - 1 - at : at);
		size_t rest = (size_t)(text->data + text->len - place);
		size_t from = data[3] * 16u % text->len;
		size_t part = 1 + data[2] / 8u;
		part = part < rest ? part : rest;
		part = part < text->len - from ? part : text->len - from;
		switch (data[2] >> 1 & 3) {
		case 0: *place = data[3]; break;
		case 1: *place ^= (uint8_t)(1 << (data[3] & 7)); break;
		case 2:
			memmove(place, place + part, rest - part);
			text->len -= part;
			break;
		default: memmove(place, text->data + from, part);
		}
	}
}

static inline const struct pmill_merge *fuzz_merges(const pmill_tokenizer *tokenizer, size_t *count)
{
	const struct pmill_merge *merges;
	fuzz_require(
		pmill_tokenizer_find_merges(tokenizer, &merges, count, NULL) == PMILL_OK, "merges");
	return merges;
}

static inline void fuzz_require_same(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	fuzz_require(a->vocab.count == b->vocab.count, "the same vocab size");
	size_t count, other_count;
	const struct pmill_merge *merges = fuzz_merges(a, &count);
	const struct pmill_merge *others = fuzz_merges(b, &other_count);
	fuzz_require(count == other_count, "as many merges");
	fuzz_require(a->special_count == b->special_count, "as many special tokens");
	for (uint32_t id = 0; id < a->vocab.count; id++) {
		pmill_bytes x = pmill_tokenizer_token_bytes(a, id), y = pmill_tokenizer_token_bytes(b, id);
		fuzz_require(
			x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0), "the same token");
	}
	for (size_t i = 0; i < count; i++)
		fuzz_require(memcmp(&merges[i], &others[i], sizeof *merges) == 0, "the same merge");
	for (size_t i = 0; i < a->special_count; i++) {
		const struct pmill_special *x = &a->specials[i], *y = &b->specials[i];
		fuzz_require(x->is_special == y->is_special && x->strips_left == y->strips_left &&
				x->strips_right == y->strips_right && x->is_single_word == y->is_single_word &&
				x->is_normalized == y->is_normalized,
			"the same flags");
	}
	fuzz_require(a->step_count == b->step_count, "as many steps");
	for (size_t i = 0; i < a->step_count; i++)
		fuzz_require(strcmp(a->steps[i].pattern, b->steps[i].pattern) == 0, "the same step");
	fuzz_require(a->normal_step_count == b->normal_step_count, "as many steps of normalising");
	fuzz_require(a->template.before_count == b->template.before_count &&
			a->template.after_count == b->template.after_count,
		"the same template");
}

/* Whatever was loaded can be looked at, and made as small as half of what its merges make. */
static inline void fuzz_look_and_shrink(const pmill_tokenizer *tokenizer)
{
	static const pmill_bytes added = {"<|fuzz|>", 8};
	pmill_audit *audit = NULL;
	pmill_tokenizer *edited = NULL;
	const size_t least = tokenizer->vocab.count - pmill_tokenizer_merge_count(tokenizer) / 2;
	const pmill_edit_options options = {.size = sizeof options,
		.vocab_size = least,
		.new_specials = &added,
		.new_special_count = 1};
	fuzz_require(pmill_audit_create(tokenizer, &audit, NULL) == PMILL_OK, "an audit");
	const pmill_status status = pmill_tokenizer_edit(tokenizer, &options, &edited, NULL);
	fuzz_require(status == PMILL_OK || status == PMILL_BAD_OPTION, "an edited model");
	if (status == PMILL_OK)
		fuzz_require(
			edited->vocab.count <= least + 1 && pmill_tokenizer_find_special(edited, added) != NULL,
			"as many entries as asked for");
	pmill_tokenizer_free(edited);
	pmill_audit_free(audit);
}

/* Every merge joins two tokens into a third, and every special token has its id. */
static inline void fuzz_check_model(const pmill_tokenizer *tokenizer)
{
	size_t count;
	const struct pmill_merge *merges = fuzz_merges(tokenizer, &count);
	for (size_t i = 0; i < count; i++) {
		const struct pmill_merge merge = merges[i];
		pmill_bytes left = pmill_tokenizer_token_bytes(tokenizer, merge.left);
		pmill_bytes right = pmill_tokenizer_token_bytes(tokenizer, merge.right);
		pmill_bytes joined = pmill_tokenizer_token_bytes(tokenizer, merge.id);
		fuzz_require(left.len + right.len == joined.len && left.len > 0 && right.len > 0 &&
				memcmp(joined.data, left.data, left.len) == 0 &&
				memcmp((const uint8_t *)joined.data + left.len, right.data, right.len) == 0,
			"a merge that joins");
	}
	for (size_t i = 0; i < tokenizer->special_count; i++) {
		const struct pmill_special special = tokenizer->specials[i];
		pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, special.id);
		const bool is_own = tokenizer->refusal == NULL &&
			tokenizer->vocab.tokens[special.id].is_special;
		fuzz_require(token.len > 0, "a special token at its id");
		fuzz_require(!is_own ||
				(token.len == special.content.len &&
					memcmp(token.data, special.content.data, token.len) == 0),
			"a special token with its own bytes");
	}
	fuzz_look_and_shrink(tokenizer);
}

/* Whether malformed input gave a byte within it, which the message says. */
static inline bool fuzz_has_place(const pmill_error *error, size_t len)
{
	char text[40];
	snprintf(text, sizeof text, ": byte %llu: ", (unsigned long long)error->offset);
	return error->offset <= len && strstr(error->message, text) != NULL;
}

/*
 * What is loaded by its content loads the same with a byte-order mark before it, unless it has one.
 */
static inline void fuzz_load_by_content(const void *data, size_t len)
{
	const pmill_load_options options = {.size = sizeof options, .pattern = "gpt2"};
	pmill_tokenizer *plain = NULL, *marked = NULL;
	pmill_error plain_error = {0}, marked_error = {0};
	struct pmill_buffer text = {0};
	fuzz_require(
		pmill_buffer_append(&text, "\xEF\xBB\xBF", 3) && pmill_buffer_append(&text, data, len),
		"memory");
	const pmill_status status = pmill_tokenizer_load_memory(
		data, len, &options, &plain, &plain_error);
	const pmill_status other = pmill_tokenizer_load_memory(
		text.data, text.len, &options, &marked, &marked_error);
	const bool is_text = (len < 3 || memcmp(data, text.data, 3) != 0) &&
		(len < 4 || memcmp(data, "GGUF", 4) != 0);
	if (status == PMILL_OK && is_text) {
		fuzz_require(other == PMILL_OK, "loaded with a mark");
		fuzz_require_same(plain, marked);
	} else if (status == PMILL_BAD_INPUT && other == PMILL_BAD_INPUT && is_text) {
		fuzz_require(plain_error.offset == PMILL_NO_OFFSET
				? marked_error.offset == PMILL_NO_OFFSET
				: marked_error.offset == plain_error.offset + 3,
			"an offset that counts the mark");
	}
	if (status != PMILL_OK)
		fuzz_require(plain_error.message[0] != 0 && plain == NULL &&
				(status != PMILL_BAD_INPUT || plain_error.offset == PMILL_NO_OFFSET ||
					fuzz_has_place(&plain_error, len)),
			"a message");
	else
		fuzz_check_model(plain);
	pmill_buffer_release(&text);
	pmill_tokenizer_free(plain);
	pmill_tokenizer_free(marked);
}

/* Bytes after the beginning of something else: whatever they are, it is read or refused. */
static inline void fuzz_wrong_kind(const uint8_t *data, size_t size)
{
	static const struct {
		const char *bytes;
		size_t len;
	} starts[] = {{"GGUF", 4}, {"\n\x0E\n\x05<unk>\x15", 10}, {"\n", 1}, {"\x80\4", 2},
		{"\x40\0\0\0\0\0\0\0{", 9}, {"PMCOUNTS", 8}, {"#version", 8}, {"{\"text\": \"\"}\n{", 14},
		{"{\"config\": {}, \"vocab\": ", 25}, {"\xFF\xFE", 2}, {"YQ== 0\n", 7}, {"\r\n \t{", 5}};
	struct pmill_buffer text = {0};
	const size_t start = size == 0 ? 0 : data[0] % (sizeof starts / sizeof starts[0]);
	fuzz_require(pmill_buffer_append(&text, starts[start].bytes, starts[start].len) &&
			(size < 2 || pmill_buffer_append(&text, data + 1, size - 1)),
		"memory");
	fuzz_load_by_content(text.data, text.len);
	pmill_buffer_release(&text);
}

/* A model that can be saved is the same when loaded again. */
static inline void fuzz_check_round_trip(
	const pmill_tokenizer *tokenizer, const char *format, const pmill_load_options *options)
{
	void *data;
	size_t len;
	pmill_status status = pmill_tokenizer_save_memory(tokenizer, format, &data, &len, NULL);
	fuzz_require(status == PMILL_OK || status == PMILL_UNSUPPORTED, "saved or refused");
	if (status != PMILL_OK)
		return;
	pmill_load_options named = *options;
	named.format = format;
	named.pattern = NULL;
	pmill_tokenizer *back = NULL;
	fuzz_require(
		pmill_tokenizer_load_memory(data, len, &named, &back, NULL) == PMILL_OK, "loaded again");
	fuzz_require_same(tokenizer, back);
	pmill_tokenizer_free(back);
	pmill_memory_free(data);
}

#endif
