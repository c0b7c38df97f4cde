/* GGUF: reading vocabs of all kinds, and hostile files, each refused at its byte. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "gguf/gguf_pre.h"
#include "model/tokenizer.h"
#include "support/gguf_file.h"
#include "support/scratch_folder.h"

/* ---- How much is asked for at a time ---- */

void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *memory, size_t size);

static size_t largest;

void *__wrap_malloc(size_t size)
{
	largest = size > largest ? size : largest;
	return __real_malloc(size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	largest = size > largest ? size : largest;
	return __real_realloc(memory, size);
}

/* ---- Files ---- */

static const char *const more_tokens[] = {
	"th", "the", "\xC4\xA0the", "<|end|>", "<think>", "[PAD261]", "<unk>", "[PAD263]", NULL};
static const int more_types[] = {1, 1, 1, 3, 4, 5, 2, 5};
enum { MORE = 8, VOCAB = 256 + MORE };

static void add_merges(struct gguf_file *file)
{
	static const char *const merges[] = {"t h", "th e", "\xC4\xA0 the", NULL};
	gguf_texts(file, "tokenizer.ggml.merges", merges);
}

/* A file like those of models; `pre` may be NULL. */
static void add_model(struct gguf_file *file, const char *pre)
{
	gguf_text(file, "general.architecture", "llama");
	gguf_array(file, "general.tags", 8, 2);
	gguf_bytes(file, "a", 1);
	gguf_bytes(file, "", 0);
	gguf_array(file, "llama.numbers", 12, 3);
	for (int i = 0; i < 3; i++)
		gguf_number(file, 7, 8);
	gguf_key(file, "llama.rope", 6);
	gguf_number(file, 1, 4);
	gguf_text(file, "tokenizer.ggml.model", "gpt2");
	if (pre != NULL)
		gguf_text(file, "tokenizer.ggml.pre", pre);
	gguf_tokens(file, more_tokens);
	gguf_types(file, more_types, MORE);
	add_merges(file);
}

static pmill_status load(
	struct gguf_file *file, const char *pattern, pmill_tokenizer **tokenizer, pmill_error *error)
{
	const struct pmill_buffer whole = gguf_finish(file, 3);
	const pmill_load_options options = {.size = sizeof options, .pattern = pattern};
	*tokenizer = NULL;
	*error = (pmill_error){0};
	return pmill_tokenizer_load_memory(whole.data, whole.len, &options, tokenizer, error);
}

static pmill_tokenizer *load_well(struct gguf_file *file, const char *pattern)
{
	pmill_tokenizer *tokenizer;
	pmill_error error;
	if (load(file, pattern, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	gguf_release(file);
	return tokenizer;
}

/* Loading fails with such a message, about the byte at `offset` unless that is -1. */
static void check_refused(
	struct gguf_file *file, pmill_status wanted, long offset, const char *message)
{
	pmill_tokenizer *tokenizer;
	pmill_error error;
	const pmill_status status = load(file, NULL, &tokenizer, &error);
	if (status != wanted || strstr(error.message, message) == NULL)
		fail_msg("%d: %s, not %s", status, error.message, message);
	assert_true(offset < 0 || error.offset == (uint64_t)offset);
	assert_null(tokenizer);
	gguf_release(file);
}

/* Where the next byte of the body will be in the file. */
static long place(const struct gguf_file *file)
{
	return (long)(24 + file->body.len);
}

/* ---- Models ---- */

static void check_token(const pmill_tokenizer *tokenizer, uint32_t id, const char *text)
{
	const pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
	if (text == NULL) {
		assert_null(token.data);
		return;
	}
	assert_int_equal(token.len, strlen(text));
	assert_memory_equal(token.data, text, token.len);
}

static void test_a_model(void **state)
{
	(void)state;
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	pmill_tokenizer *tokenizer = load_well(&file, NULL);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), VOCAB);
	static const char *const texts[] = {
		"th", "the", " the", "<|end|>", "<think>", NULL, "<unk>", NULL};
	for (uint32_t i = 0; i < MORE; i++)
		check_token(tokenizer, 256 + i, texts[i]);
	check_token(tokenizer, ' ', " ");
	assert_int_equal(pmill_tokenizer_merge_count(tokenizer), 3);
	assert_string_equal(pmill_tokenizer_pattern(tokenizer), "gpt2");
	assert_int_equal(tokenizer->meaning, PMILL_MEANING_MERGE_LIST);
	assert_int_equal(tokenizer->special_count, 3);
	assert_true(tokenizer->specials[0].is_special);
	assert_false(tokenizer->specials[1].is_special);
	assert_true(tokenizer->specials[2].is_special);
	assert_int_equal(tokenizer->template.before_count, 0);
	assert_null(tokenizer->refusal);
	pmill_tokenizer_free(tokenizer);
}

static void test_versions(void **state)
{
	(void)state;
	static const struct {
		uint32_t version;
		pmill_status status;
		const char *message;
	} rows[] = {{2, PMILL_OK, ""}, {3, PMILL_OK, ""},
		{0, PMILL_UNSUPPORTED, "version 0, which is not known"},
		{1, PMILL_UNSUPPORTED, "version 1, which is not supported"},
		{4, PMILL_UNSUPPORTED, "version 4, which is not known"},
		{0x03000000, PMILL_UNSUPPORTED, "big-endian"}};
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct pmill_buffer whole = gguf_finish(&file, rows[i].version);
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		assert_int_equal(
			pmill_tokenizer_load_memory(whole.data, whole.len, NULL, &tokenizer, &error),
			rows[i].status);
		assert_non_null(strstr(error.message, rows[i].message));
		pmill_tokenizer_free(tokenizer);
	}
	gguf_release(&file);
}

/* Without types all tokens are normal; the last id may be a hole, and an empty text is one. */
static void test_without_types(void **state)
{
	(void)state;
	static const char *const more[] = {"", "th", "", NULL};
	static const char *const merges[] = {"t h", NULL};
	struct gguf_file file = {0};
	gguf_texts(&file, "tokenizer.ggml.merges", merges);
	gguf_tokens(&file, more);
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	gguf_text(&file, "tokenizer.ggml.pre", "qwen2");
	pmill_tokenizer *tokenizer = load_well(&file, NULL);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 259);
	check_token(tokenizer, 256, NULL);
	check_token(tokenizer, 257, "th");
	assert_int_equal(tokenizer->special_count, 0);
	pmill_tokenizer_free(tokenizer);
}

static void check_template(const char *pre, int adds_bos, int adds_eos, size_t before, size_t after)
{
	struct gguf_file file = {0};
	add_model(&file, pre);
	gguf_u32(&file, "tokenizer.ggml.bos_token_id", 259);
	gguf_u32(&file, "tokenizer.ggml.eos_token_id", 262);
	gguf_u32(&file, "tokenizer.ggml.padding_token_id", UINT32_MAX);
	if (adds_bos >= 0)
		gguf_bool(&file, "tokenizer.ggml.add_bos_token", adds_bos);
	if (adds_eos >= 0)
		gguf_bool(&file, "tokenizer.ggml.add_eos_token", adds_eos);
	pmill_tokenizer *tokenizer = load_well(&file, NULL);
	assert_int_equal(tokenizer->template.before_count, before);
	assert_int_equal(tokenizer->template.after_count, after);
	if (before > 0)
		assert_int_equal(tokenizer->template.before[0], 259);
	if (after > 0)
		assert_int_equal(tokenizer->template.after[0], 262);
	pmill_tokenizer_free(tokenizer);
}

static void test_templates(void **state)
{
	(void)state;
	check_template("gpt-2", -1, -1, 0, 0);
	check_template("gpt-2", 1, 1, 1, 1);
	check_template("llama-bpe", -1, -1, 1, 0);
	check_template("llama-bpe", 0, 1, 0, 1);
	check_template("tekken", -1, 0, 1, 0);
}

/* ---- Names of patterns ---- */

/* Each name is in one kind of rows only; what it stands for can be run, or is not known yet. */
static void test_names_of_patterns(void **state)
{
	(void)state;
	const struct pmill_gguf_pre *pre;
	for (size_t row = 0; (pre = pmill_gguf_pre_at(row)) != NULL; row++)
		for (size_t i = 0; i < PMILL_GGUF_MOST_NAMES && pre->names[i] != NULL; i++) {
			struct gguf_file file = {0};
			add_model(&file, pre->names[i]);
			gguf_u32(&file, "tokenizer.ggml.bos_token_id", 259);
			pmill_tokenizer *tokenizer = load_well(&file, NULL);
			const struct pmill_gguf_pre *found = pmill_gguf_pre_find(pre->names[i]);
			assert_int_equal(found->ignores_merges, pre->ignores_merges);
			assert_int_equal(found->adds_bos, pre->adds_bos);
			assert_int_equal(tokenizer->meaning,
				pre->ignores_merges ? PMILL_MEANING_IGNORE_MERGES : PMILL_MEANING_MERGE_LIST);
			pmill_encoder *encoder = NULL;
			pmill_error error = {0};
			const pmill_status status = pmill_encoder_create(tokenizer, NULL, &encoder, &error);
			if (status != PMILL_OK)
				fail_msg("%s: %s", pre->names[i], error.message);
			pmill_encoder_free(encoder);
			pmill_tokenizer_free(tokenizer);
		}
}

static void test_unknown_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pre, *message;
	} rows[] = {{NULL, "doesn't say its pattern"}, {"default", "doesn't say its pattern"},
		{"new-model", "\"new-model\", stands for a pattern that is not known"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gguf_file file = {0};
		add_model(&file, rows[i].pre);
		pmill_tokenizer *tokenizer = load_well(&file, NULL);
		assert_non_null(strstr(tokenizer->refusal, rows[i].message));
		pmill_tokenizer_free(tokenizer);
		add_model(&file, rows[i].pre);
		tokenizer = load_well(&file, "qwen2");
		assert_null(tokenizer->refusal);
		assert_string_equal(pmill_tokenizer_pattern(tokenizer), "qwen2");
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_contradictory_options(void **state)
{
	(void)state;
	static const char *const pres[] = {"gpt-2", "starcoder"};
	pmill_tokenizer *tokenizer;
	pmill_error error;
	for (size_t i = 0; i < 2; i++) {
		struct gguf_file file = {0};
		add_model(&file, pres[i]);
		assert_int_equal(load(&file, "o200k", &tokenizer, &error), PMILL_BAD_OPTION);
		assert_null(tokenizer);
		gguf_release(&file);
	}
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	const struct pmill_buffer whole = gguf_finish(&file, 3);
	const pmill_bytes special = {"<|start|>", 9};
	const pmill_load_options options = {
		.size = sizeof options, .special_tokens = &special, .special_token_count = 1};
	assert_int_equal(
		pmill_tokenizer_load_memory(whole.data, whole.len, &options, &tokenizer, &error),
		PMILL_BAD_OPTION);
	gguf_release(&file);
}

/* ---- Other kinds of vocabs ---- */

static void add_pieces(struct gguf_file *file, const char *model)
{
	static const char *const tokens[] = {"<unk>", "<s>", "\xE2\x96\x81the", "A", "<0x41>", "<0x0A>",
		"\xE2\x96\x81\xE2\x96\x81", "[PAD7]", "unused", NULL};
	static const int types[] = {2, 3, 1, 1, 6, 6, 4, 5, 5};
	gguf_text(file, "tokenizer.ggml.model", model);
	gguf_texts(file, "tokenizer.ggml.tokens", tokens);
	gguf_array(file, "tokenizer.ggml.token_type", 5, 9);
	for (size_t i = 0; i < 9; i++)
		gguf_number(file, (uint64_t)types[i], 4);
	gguf_u32(file, "tokenizer.ggml.bos_token_id", 1);
}

static void check_decoded(const pmill_tokenizer *tokenizer)
{
	static const uint32_t ids[] = {1, 2, 5, 3, 4, 8};
	void *data;
	size_t len;
	assert_int_equal(pmill_tokenizer_decode(tokenizer, ids, 6, NULL, &data, &len, NULL), PMILL_OK);
	assert_int_equal(len, strlen("<s> the\nAAunused"));
	assert_memory_equal(data, "<s> the\nAAunused", len);
	pmill_memory_free(data);
}

static void test_vocabs_that_only_decode(void **state)
{
	(void)state;
	static const char *const models[] = {"llama", "t5", "gemma4"};
	for (size_t i = 0; i < 3; i++) {
		struct gguf_file file = {0};
		add_pieces(&file, models[i]);
		pmill_tokenizer *tokenizer = load_well(&file, "gpt2");
		assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 9);
		assert_int_equal(pmill_tokenizer_token_id(tokenizer, "A", 1), 3);
		check_token(tokenizer, 7, NULL);
		check_decoded(tokenizer);
		pmill_encoder *encoder = NULL;
		pmill_error error = {0};
		assert_int_equal(
			pmill_encoder_create(tokenizer, NULL, &encoder, &error), PMILL_UNSUPPORTED);
		assert_non_null(strstr(error.message, "not byte-level BPE"));
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_vocabs_that_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *model, *message;
	} rows[] = {{"bert", "WordPiece"}, {"rwkv", "RWKV"}, {"none", "empty"}, {"no_vocab", "empty"},
		{"plamo2", "PLaMo"}, {"other\n", "unknown kind, tokenizer.ggml.model \"other\\x0a\""}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gguf_file file = {0};
		add_pieces(&file, rows[i].model);
		check_refused(&file, PMILL_UNSUPPORTED, -1, rows[i].message);
	}
}

/* ---- Damage ---- */

static void test_cut_anywhere(void **state)
{
	(void)state;
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	gguf_bool(&file, "tokenizer.ggml.add_bos_token", false);
	const struct pmill_buffer whole = gguf_finish(&file, 3);
	for (size_t len = 0; len < whole.len; len++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		const pmill_load_options options = {.size = sizeof options, .format = "gguf"};
		uint8_t *copy = malloc(len + 1); /* so that sanitizers see a byte read behind the end */
		memcpy(copy, whole.data, len);
		assert_int_equal(
			pmill_tokenizer_load_memory(copy, len, &options, &tokenizer, &error), PMILL_BAD_INPUT);
		assert_true(error.offset <= len);
		assert_null(tokenizer);
		free(copy);
	}
	gguf_release(&file);
}

/* Each 64-bit number of a file made very large is refused, with no more memory than the file. */
static void test_forged_numbers(void **state)
{
	(void)state;
	static const uint64_t forged[] = {
		UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX / 8};
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	const struct pmill_buffer whole = gguf_finish(&file, 3);
	const size_t tokens = (size_t)((const uint8_t *)memmem(
									   whole.data, whole.len, "tokenizer.ggml.tokens", 21) -
		whole.data);
	for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++)
		for (size_t at = 16; at < tokens + 64; at++) {
			uint8_t saved[8];
			memcpy(saved, whole.data + at, 8);
			memcpy(whole.data + at, &forged[i], 8);
			pmill_tokenizer *tokenizer = NULL;
			largest = 0;
			pmill_tokenizer_load_memory(whole.data, whole.len, NULL, &tokenizer, NULL);
			assert_true(largest < 1 << 20);
			pmill_tokenizer_free(tokenizer);
			memcpy(whole.data + at, saved, 8);
		}
	gguf_release(&file);
}

static void test_counts_beyond_the_file(void **state)
{
	(void)state;
	static const uint32_t elements[] = {0, 5, 8, 12};
	for (size_t i = 0; i < 4; i++) {
		struct gguf_file file = {0};
		gguf_key(&file, "x", 9);
		gguf_number(&file, elements[i], 4);
		const long at = place(&file);
		gguf_number(&file, UINT64_C(1) << 63, 8);
		check_refused(&file, PMILL_BAD_INPUT, at, "more than the file has room for");
	}
	struct gguf_file file = {0};
	file.keys = UINT64_C(1) << 31;
	check_refused(&file, PMILL_BAD_INPUT, 16, "more than the file has room for");
	gguf_number(&file, UINT64_C(1) << 31, 8);
	file.keys = 0;
	gguf_text(&file, "x", "");
	check_refused(&file, PMILL_BAD_INPUT, 24, "a key of 2147483648 bytes is too long");
}

static void test_wrong_types(void **state)
{
	(void)state;
	struct gguf_file file = {0};
	gguf_key(&file, "x", 13);
	gguf_number(&file, 0, 8);
	check_refused(&file, PMILL_BAD_INPUT, 24 + 9, "unknown type");
	gguf_key(&file, "x\n", 9);
	gguf_number(&file, 9, 4);
	gguf_number(&file, 1, 8);
	check_refused(&file, PMILL_BAD_INPUT, 24 + 14, "\"x\\x0a\" is an array of arrays");
	gguf_u32(&file, "tokenizer.ggml.tokens", 1);
	check_refused(&file, PMILL_BAD_INPUT, 24 + 29, "has another type");
	gguf_array(&file, "tokenizer.ggml.merges", 5, 0);
	check_refused(&file, PMILL_BAD_INPUT, 24 + 33, "is an array of another type");
	gguf_key(&file, "tokenizer.ggml.bos_token_id", 10);
	gguf_number(&file, 1, 8);
	check_refused(&file, PMILL_BAD_INPUT, 24 + 35, "has another type");
}

static void test_a_key_twice(void **state)
{
	(void)state;
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	const long at = place(&file);
	gguf_text(&file, "tokenizer.ggml.pre", "gpt-2");
	check_refused(&file, PMILL_BAD_INPUT, at, "the key \"tokenizer.ggml.pre\" occurs twice");
	add_model(&file, "gpt-2");
	gguf_u32(&file, "other", 1);
	gguf_u32(&file, "other", 2);
	pmill_tokenizer_free(load_well(&file, NULL));
}

static void test_what_is_missing(void **state)
{
	(void)state;
	static const char *const none[] = {NULL};
	struct gguf_file file = {0};
	gguf_text(&file, "general.architecture", "llama");
	check_refused(&file, PMILL_BAD_INPUT, -1, "tokenizer.ggml.model is missing");
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	check_refused(&file, PMILL_BAD_INPUT, -1, "tokenizer.ggml.tokens is missing");
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	gguf_texts(&file, "tokenizer.ggml.tokens", none);
	check_refused(&file, PMILL_BAD_INPUT, -1, "tokenizer.ggml.tokens is missing");
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	gguf_tokens(&file, none);
	check_refused(&file, PMILL_BAD_INPUT, -1, "tokenizer.ggml.merges is missing");
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	gguf_tokens(&file, more_tokens);
	gguf_types(&file, more_types, MORE - 1);
	add_merges(&file);
	check_refused(&file, PMILL_BAD_INPUT, -1, "264 tokens have only 263 types");
}

/* The last of three tokens, of this type, is refused at its first byte. */
static void check_token_refused(const char *text, size_t len, int type, const char *message)
{
	struct gguf_file file = {0};
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	gguf_array(&file, "tokenizer.ggml.token_type", 5, 3);
	gguf_number(&file, 1, 4);
	gguf_number(&file, 3, 4);
	gguf_number(&file, (uint64_t)type, 4);
	add_merges(&file);
	gguf_array(&file, "tokenizer.ggml.tokens", 8, 3);
	gguf_bytes(&file, "a", 1);
	gguf_bytes(&file, "<s>", 3);
	const long at = place(&file) + 8;
	gguf_bytes(&file, text, len);
	check_refused(&file, PMILL_BAD_INPUT, at, message);
}

static void test_bad_tokens(void **state)
{
	(void)state;
	check_token_refused("b\0c", 3, 1, "contains a NUL");
	check_token_refused("b\0c", 3, 3, "contains a NUL");
	check_token_refused("b c", 3, 1, "not spelled in printable bytes");
	check_token_refused("\xFF", 1, 1, "not spelled in printable bytes");
	check_token_refused("a", 1, 1, "occurs twice, with the ids 0 and 2");
	check_token_refused("<s>", 3, 4, "occurs twice, with the ids 1 and 2");
	check_token_refused("b", 1, 0, "has the type 0");
	check_token_refused("b", 1, 6, "has the type 6");
	check_token_refused("b", 1, -1, "has the type -1");
}

static void check_merge_refused(const char *merge, const char *message)
{
	const char *const merges[] = {"t h", merge, NULL};
	struct gguf_file file = {0};
	gguf_text(&file, "tokenizer.ggml.model", "gpt2");
	gguf_tokens(&file, more_tokens);
	gguf_types(&file, more_types, MORE);
	gguf_array(&file, "tokenizer.ggml.merges", 8, 2);
	gguf_bytes(&file, merges[0], 3);
	const long at = place(&file) + 8;
	gguf_bytes(&file, merge, strlen(merge));
	check_refused(&file, PMILL_BAD_INPUT, at, message);
}

static void test_bad_merges(void **state)
{
	(void)state;
	check_merge_refused("th x", "is not in the vocab");
	check_merge_refused("the", "space");
	check_merge_refused("", "space");
	check_merge_refused("t h", "occurs twice");
}

static void test_bad_ids(void **state)
{
	(void)state;
	struct gguf_file file = {0};
	add_model(&file, "llama-bpe");
	check_refused(&file, PMILL_BAD_INPUT, -1, "tokenizer.ggml.bos_token_id is missing");
	static const uint32_t ids[] = {VOCAB, 261, UINT32_MAX};
	for (size_t i = 0; i < 3; i++) {
		add_model(&file, "gpt-2");
		gguf_bool(&file, "tokenizer.ggml.add_eos_token", true);
		gguf_u32(&file, "tokenizer.ggml.eos_token_id", ids[i]);
		check_refused(&file, PMILL_BAD_INPUT, place(&file) - 4, "which is not in the vocab");
	}
}

/* ---- Files on disk ---- */

/* A model of 1 TB, all of it a hole: only the header is read. */
static void test_a_large_file(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	struct gguf_file file = {0};
	add_model(&file, "gpt-2");
	const struct pmill_buffer whole = gguf_finish(&file, 3);
	const char *path = scratch_write(&folder, "model.gguf", whole.data, whole.len);
	for (int shift = 40; shift > 30 && truncate(path, (off_t)1 << shift) != 0;)
		shift--;
	static const char *const formats[] = {NULL, "gguf"};
	for (size_t i = 0; i < 2; i++) {
		const pmill_load_options options = {.size = sizeof options, .format = formats[i]};
		pmill_tokenizer *tokenizer = NULL;
		assert_int_equal(pmill_tokenizer_load(path, &options, &tokenizer, NULL), PMILL_OK);
		assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), VOCAB);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	const pmill_load_options other = {.size = sizeof other, .format = "tiktoken"};
	assert_int_equal(pmill_tokenizer_load(path, &other, &tokenizer, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "is GGUF, not a tiktoken"));
	assert_int_equal(pmill_tokenizer_load_memory(whole.data, whole.len, &other, &tokenizer, &error),
		PMILL_UNSUPPORTED);
	gguf_release(&file);
	scratch_remove(&folder);
}

static void test_what_is_no_gguf(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	const char *path = scratch_write(&folder, "x.gguf", "YQ== 0\n", 7);
	const pmill_load_options options = {.size = sizeof options, .format = "gguf"};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	assert_int_equal(pmill_tokenizer_load(path, &options, &tokenizer, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "not GGUF"));
	assert_int_equal(error.offset, 0);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_model),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_without_types),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_names_of_patterns),
		cmocka_unit_test(test_unknown_patterns),
		cmocka_unit_test(test_contradictory_options),
		cmocka_unit_test(test_vocabs_that_only_decode),
		cmocka_unit_test(test_vocabs_that_are_refused),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_forged_numbers),
		cmocka_unit_test(test_counts_beyond_the_file),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_a_key_twice),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_bad_tokens),
		cmocka_unit_test(test_bad_merges),
		cmocka_unit_test(test_bad_ids),
		cmocka_unit_test(test_a_large_file),
		cmocka_unit_test(test_what_is_no_gguf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
