/* GGUF: what is written, what is refused, and what the file would not say. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "gguf/gguf_header.h"
#include "gguf/gguf_pre.h"
#include "support/plan.h"
#include "support/tokenizer_parts.h"

static pmill_tokenizer *make_plain(const char *layout, const char *pattern)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan(layout, pairs);
	plan.pattern = pattern;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

/* What the file says, and its values until they are released. */
static void write(const pmill_tokenizer *tokenizer, struct pmill_gguf_header *header)
{
	void *data;
	size_t len;
	pmill_error error;
	if (pmill_tokenizer_save_memory(tokenizer, "gguf", &data, &len, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	struct pmill_byte_source source;
	pmill_byte_source_of_memory(&source, data, len, "x");
	*header = (struct pmill_gguf_header){0};
	assert_int_equal(pmill_gguf_header_read(header, &source, NULL), PMILL_OK);
	assert_int_equal(source.offset, len);
	pmill_memory_free(data);
}

static void check_string(const struct pmill_gguf_value *value, size_t index, const char *text)
{
	const pmill_bytes found = pmill_gguf_string(value, index);
	assert_int_equal(found.len, strlen(text));
	assert_memory_equal(found.data, text, found.len);
}

static pmill_tokenizer *load_again(const pmill_tokenizer *tokenizer)
{
	void *data;
	size_t len;
	pmill_tokenizer *loaded = NULL;
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, "gguf", &data, &len, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_load_memory(data, len, NULL, &loaded, NULL), PMILL_OK);
	pmill_memory_free(data);
	return loaded;
}

/* ---- What is written ---- */

static void test_values(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_plain("bytes-first", "qwen2");
	struct pmill_gguf_header header;
	write(tokenizer, &header);
	const struct pmill_gguf_value *values = header.values;
	check_string(&values[PMILL_GGUF_MODEL], 0, "gpt2");
	check_string(&values[PMILL_GGUF_PRE], 0, "qwen2");
	assert_int_equal(values[PMILL_GGUF_TOKENS].count, 258 + PLAN_MERGES);
	check_string(&values[PMILL_GGUF_TOKENS], ' ', "\xC4\xA0");
	check_string(&values[PMILL_GGUF_TOKENS], 256, "<|endoftext|>");
	check_string(&values[PMILL_GGUF_TOKENS], 257, "<| pad |>");
	check_string(&values[PMILL_GGUF_TOKENS], 260, "\xC4\xA0the");
	assert_int_equal(values[PMILL_GGUF_TOKEN_TYPES].count, 258 + PLAN_MERGES);
	assert_int_equal(pmill_gguf_number(&values[PMILL_GGUF_TOKEN_TYPES], 255), 1);
	assert_int_equal(pmill_gguf_number(&values[PMILL_GGUF_TOKEN_TYPES], 256), 3);
	assert_int_equal(pmill_gguf_number(&values[PMILL_GGUF_TOKEN_TYPES], 258), 1);
	assert_int_equal(values[PMILL_GGUF_MERGES].count, PLAN_MERGES);
	check_string(&values[PMILL_GGUF_MERGES], 2, "\xC4\xA0 the");
	assert_int_equal(values[PMILL_GGUF_EOS].number, 256);
	assert_false(values[PMILL_GGUF_PADDING].is_there);
	assert_true(values[PMILL_GGUF_ADD_BOS].is_there && values[PMILL_GGUF_ADD_EOS].is_there);
	assert_int_equal(values[PMILL_GGUF_ADD_BOS].number, 0);
	pmill_gguf_header_release(&header);
	pmill_tokenizer_free(tokenizer);
}

/* A row that is the first with its steps is chosen for them; all are what they were, reloaded. */
static void test_every_row_of_patterns(void **state)
{
	(void)state;
	const struct pmill_gguf_pre *pre;
	for (size_t row = 0; (pre = pmill_gguf_pre_at(row)) != NULL; row++) {
		struct pmill_cut_step steps[PMILL_GGUF_MOST_STEPS] = {0};
		const size_t count = pmill_gguf_pre_step_count(pre);
		for (size_t i = 0; i < count; i++)
			steps[i].pattern = pre->patterns[i];
		pmill_tokenizer *tokenizer = make_plain("gpt2", "gpt2");
		tokenizer->meaning = pre->ignores_merges ? PMILL_MEANING_IGNORE_MERGES
												 : PMILL_MEANING_MERGE_LIST;
		assert_int_equal(pmill_tokenizer_set_steps(tokenizer, steps, count, NULL), PMILL_OK);
		pmill_tokenizer *loaded = load_again(tokenizer);
		assert_int_equal(loaded->step_count, count);
		for (size_t i = 0; i < count; i++)
			assert_string_equal(loaded->steps[i].pattern, steps[i].pattern);
		assert_int_equal(loaded->meaning, tokenizer->meaning);
		pmill_tokenizer_free(loaded);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_added_tokens_and_templates(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_plain("hf", "o200k");
	const struct pmill_special specials[] = {
		{.content = plan_specials[0], .id = 0, .is_special = true},
		{.content = plan_specials[1], .id = 1, .is_special = false}};
	const uint32_t before = 0, after = 1;
	const struct pmill_template whole = {&before, &after, 1, 1};
	assert_int_equal(pmill_tokenizer_set_specials(tokenizer, specials, 2, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
	pmill_tokenizer *loaded = load_again(tokenizer);
	assert_int_equal(loaded->special_count, 2);
	assert_true(loaded->specials[0].is_special);
	assert_false(loaded->specials[1].is_special);
	assert_int_equal(loaded->template.before_count, 1);
	assert_int_equal(loaded->template.before[0], 0);
	assert_int_equal(loaded->template.after_count, 1);
	assert_int_equal(loaded->template.after[0], 1);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
}

static struct parts parts;

/* All bytes, two merges, and a token beyond a hole. */
static pmill_tokenizer *make_with_hole(const char *last, const char *special)
{
	start(&parts);
	static char bytes[256];
	for (uint32_t i = 0; i < 256; i++) {
		bytes[i] = (char)i;
		add_token(&parts, i, &bytes[i], 1);
	}
	add_token(&parts, 258, last, strlen(last));
	if (special != NULL)
		add_special(&parts, 259, special);
	parts.parts.meaning = "merge list";
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_create(&parts.parts, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

static void test_holes(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_with_hole("the", NULL);
	assert_true(pmill_vocab_extend(&tokenizer->vocab, 300));
	struct pmill_gguf_header header;
	write(tokenizer, &header);
	check_string(&header.values[PMILL_GGUF_TOKENS], 257, "[PAD257]");
	check_string(&header.values[PMILL_GGUF_TOKENS], 299, "[PAD299]");
	assert_int_equal(pmill_gguf_number(&header.values[PMILL_GGUF_TOKEN_TYPES], 257), 5);
	assert_int_equal(pmill_gguf_number(&header.values[PMILL_GGUF_TOKEN_TYPES], 258), 1);
	pmill_gguf_header_release(&header);
	pmill_tokenizer *loaded = load_again(tokenizer);
	assert_int_equal(pmill_tokenizer_vocab_size(loaded), 300);
	assert_null(pmill_tokenizer_token_bytes(loaded, 257).data);
	assert_null(pmill_tokenizer_token_bytes(loaded, 299).data);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
}

/* ---- What is refused ---- */

static void check_refused(pmill_tokenizer *tokenizer, const char *message)
{
	void *data = NULL;
	size_t len;
	pmill_error error;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "gguf", &data, &len, &error), PMILL_UNSUPPORTED);
	if (strstr(error.message, message) == NULL)
		fail_msg("%s, not %s", error.message, message);
	assert_int_equal(pmill_tokenizer_check_format(tokenizer, "gguf", NULL), PMILL_UNSUPPORTED);
	assert_null(data);
	pmill_tokenizer_free(tokenizer);
}

static void test_patterns_without_a_name(void **state)
{
	(void)state;
	static const char *const patterns[] = {"cl100k", "nanochat", "none", "\\S+|\\s+"};
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		pmill_error error;
		const pmill_text_options text = {.size = sizeof text, .pattern = patterns[i]};
		assert_int_equal(
			pmill_tokenizer_check_save("x.gguf", NULL, &text, 0, &error), PMILL_UNSUPPORTED);
		assert_non_null(strstr(error.message, "x.gguf: GGUF can't hold this model"));
		check_refused(make_plain("gpt2", patterns[i]), "and has none for");
	}
	pmill_tokenizer *tokenizer = make_plain("gpt2", "gpt2");
	tokenizer->step_count = 0;
	check_refused(tokenizer, "its pattern is unknown");
	tokenizer = make_plain("gpt2", "gpt2");
	assert_int_equal(pmill_tokenizer_refuse(tokenizer, "for a test", NULL), PMILL_OK);
	check_refused(tokenizer, "for a test");
}

/* No step of llama.cpp's adds a space, drops text or sees printable bytes. */
static void test_steps_that_are_not_plain(void **state)
{
	(void)state;
	const struct pmill_cut_step steps[] = {{.pattern = "gpt2", .adds_space = true},
		{.pattern = "gpt2", .on_printable = true}, {.pattern = "\\S+", .drops_gaps = true}};
	for (size_t i = 0; i < 3; i++) {
		pmill_tokenizer *tokenizer = make_plain("gpt2", "gpt2");
		assert_int_equal(pmill_tokenizer_set_steps(tokenizer, &steps[i], 1, NULL), PMILL_OK);
		check_refused(tokenizer, "and has none for");
	}
	pmill_tokenizer *tokenizer = make_plain("gpt2", "gpt2");
	const struct pmill_cut_step dropping = {.pattern = "gpt2", .drops_gaps = true};
	assert_int_equal(pmill_tokenizer_set_steps(tokenizer, &dropping, 1, NULL), PMILL_OK);
	pmill_tokenizer_free(load_again(tokenizer));
	pmill_tokenizer_free(tokenizer);
}

/* Taking pretokens whole makes a difference only if a token isn't reached by merges. */
static void test_meanings(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_plain("gpt2", "gpt2");
	tokenizer->meaning = PMILL_MEANING_IGNORE_MERGES;
	pmill_tokenizer *loaded = load_again(tokenizer);
	assert_int_equal(loaded->meaning, PMILL_MEANING_MERGE_LIST);
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(tokenizer);
	tokenizer = make_with_hole("the", NULL);
	tokenizer->meaning = PMILL_MEANING_IGNORE_MERGES;
	check_refused(tokenizer, "only for models that apply merges to every pretoken");
}

static void test_names_that_clash(void **state)
{
	(void)state;
	check_refused(make_with_hole("[PAD256]", NULL), "the unused id 256 would be named like");
	check_refused(make_with_hole("the", "[PAD257]"), "the unused id 257 would be named like");
	check_refused(make_with_hole("the", "\xC4\xA0"), "printable form");
	check_refused(make_with_hole("the", "<\xFF>"), "is not UTF-8");
	const pmill_bytes special = {"a\0b", 3};
	const pmill_text_options text = {
		.size = sizeof text, .special_tokens = &special, .special_token_count = 1};
	pmill_error error;
	assert_int_equal(
		pmill_tokenizer_check_save("x.gguf", NULL, &text, 0, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "contains a NUL byte"));
}

/* ---- What is lost ---- */

static void check_losses(pmill_tokenizer *tokenizer, const char *wanted)
{
	struct pmill_buffer losses = {0};
	assert_int_equal(pmill_format_gguf.list_losses(tokenizer, &losses, NULL), PMILL_OK);
	assert_true(pmill_buffer_terminate(&losses));
	assert_string_equal((const char *)losses.data, wanted);
	pmill_buffer_release(&losses);
}

static void test_losses(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_plain("hf", "qwen2");
	check_losses(tokenizer, "");
	const uint32_t ids[] = {0, 1};
	struct pmill_template whole = {ids, ids, 1, 1};
	assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
	check_losses(tokenizer, "");
	whole.after_count = 2;
	assert_int_equal(pmill_tokenizer_set_template(tokenizer, &whole, NULL), PMILL_OK);
	check_losses(tokenizer, "the template");
	const struct pmill_normal_step nfc = {.kind = PMILL_NORMAL_NFC};
	assert_int_equal(pmill_tokenizer_set_normal_steps(tokenizer, &nfc, 1, NULL), PMILL_OK);
	check_losses(tokenizer, "the normalizer, the template");
	tokenizer->specials[1].strips_left = true;
	tokenizer->unicode_version = "15.0";
	check_losses(
		tokenizer, "the normalizer, the flags of added tokens, the template, the Unicode version");
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_every_row_of_patterns),
		cmocka_unit_test(test_added_tokens_and_templates),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_patterns_without_a_name),
		cmocka_unit_test(test_steps_that_are_not_plain),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_names_that_clash),
		cmocka_unit_test(test_losses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
