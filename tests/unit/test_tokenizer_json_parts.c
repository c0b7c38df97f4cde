/* The parts of a tokenizer.json that are refused by name, and how a Split's expression is read. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/tokenizer.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

/* NULL: as in `plain`. */
struct parts {
	const char *others, *pre_tokenizer, *model, *vocab, *merges;
};

static const struct parts plain = {"\"normalizer\": null",
	"{\"type\": \"ByteLevel\", "
	"\"add_prefix_space\": false}",
	"\"type\": \"BPE\"", "{\"a\": 0, \"b\": 1, \"ab\": 2}", "[\"a b\"]"};

static pmill_status load(const struct parts *parts, pmill_tokenizer **tokenizer, pmill_error *error)
{
	char json[2000];
	const int len = snprintf(json, sizeof json,
		"{%s, \"pre_tokenizer\": %s, \"model\": {%s, \"vocab\": %s, \"merges\": %s}}",
		parts->others ? parts->others : plain.others,
		parts->pre_tokenizer ? parts->pre_tokenizer : plain.pre_tokenizer,
		parts->model ? parts->model : plain.model, parts->vocab ? parts->vocab : plain.vocab,
		parts->merges ? parts->merges : plain.merges);
	assert_true((size_t)len < sizeof json);
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	return pmill_tokenizer_load_memory(json, (size_t)len, &options, tokenizer, error);
}

static void test_broken(void **state)
{
	(void)state;
	static const struct {
		struct parts parts;
		pmill_status status;
		const char *message;
	} rows[] = {
		{{.model = "\"type\": \"Magic\""}, PMILL_UNSUPPORTED, "model \"Magic\" is not supported"},
		{{.model = "\"ignore_merges\": 1"}, PMILL_BAD_INPUT,
			"the model's ignore_merges is neither true nor false"},
		{{.vocab = "[]"}, PMILL_BAD_INPUT,
			"the model's vocab is not an object, or its merges are not a list"},
		{{.merges = "{}"}, PMILL_BAD_INPUT,
			"the model's vocab is not an object, or its merges are not a list"},
		{{.merges = "[\"a b\", 7]"}, PMILL_BAD_INPUT,
			"merge 1 is neither a pair of tokens nor a string"},
		{{.merges = "[[\"a\", \"b\", \"c\"]]"}, PMILL_BAD_INPUT,
			"merge 0 is neither a pair of tokens nor a string"},
		{{.merges = "[[\"a\"]]"}, PMILL_BAD_INPUT,
			"merge 0 is neither a pair of tokens nor a string"},
		{{.merges = "[\"a b\", \"a b\"]"}, PMILL_BAD_INPUT,
			"the merge of \"a\" and \"b\" occurs twice"},
		{{.merges = "[\"b a\"]"}, PMILL_BAD_INPUT, "\"ba\""},
		{{.vocab = "{\"a\": 0, \"b\": \"1\", \"ab\": 2}"}, PMILL_BAD_INPUT,
			"the id of the token \"b\" is not an integer"},
		{{.vocab = "{\"a\": 0, \"b\": 1, \"ab\": -2}"}, PMILL_BAD_INPUT,
			"the token \"ab\" has the id -2, which is out of range among 3 tokens"},
		{{.vocab = "{\"a\": 0, \"b\": 1, \"ab\": 2147483648}"}, PMILL_BAD_INPUT,
			"the token \"ab\" has the id 2147483648, which is out of range among 3 tokens"},
		{{.pre_tokenizer = "{\"type\": \"ByteLevel\"}"}, PMILL_BAD_INPUT,
			"the pre_tokenizer ByteLevel has no add_prefix_space"},
		{{.pre_tokenizer = "{\"type\": \"Sequence\"}"}, PMILL_BAD_INPUT,
			"a Sequence has no list of pretokenizers"},
		{{.pre_tokenizer = "{\"type\": \"Split\"}"}, PMILL_BAD_INPUT,
			"the pre_tokenizer Split has neither a \"Regex\" nor a \"String\""},
		{{.others = "\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": 1}"},
			PMILL_BAD_INPUT, "a Sequence has no list of normalizers"},
		{{.others = "\"normalizer\": {\"type\": \"Prepend\"}"}, PMILL_BAD_INPUT,
			"the normalizer Prepend has no prepend"},
		{{.others = "\"normalizer\": {\"type\": \"Replace\", \"content\": \"\"}"}, PMILL_BAD_INPUT,
			"the normalizer Replace has neither a \"Regex\" nor a \"String\""},
		{{.others = "\"post_processor\": {\"type\": \"TemplateProcessing\"}"}, PMILL_BAD_INPUT,
			"the post_processor TemplateProcessing has no single"},
		{{.others = "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": "
					"[{\"SpecialToken\": {\"id\": \"x\"}}]}"},
			PMILL_BAD_INPUT, "the post_processor TemplateProcessing has a token without ids"},
		{{.others = "\"post_processor\": {\"type\": \"BertProcessing\", \"cls\": [\"x\", 9]}"},
			PMILL_BAD_INPUT,
			"the post_processor BertProcessing has a token whose id is not in the vocab"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		const pmill_status status = load(&rows[i].parts, &tokenizer, &error);
		if (status != rows[i].status || strstr(error.message, rows[i].message) == NULL)
			fail_msg(
				"row %zu: status %d, \"%s\" for \"%s\"", i, status, error.message, rows[i].message);
		assert_null(tokenizer);
	}
}

/* Loads a model that can't encode: it says why, decodes, and isn't written. */
static void check_refusal(const struct parts *parts, const char *reasons)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_encoder *encoder = NULL;
	pmill_error error = {0};
	if (load(parts, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s: %s", reasons, error.message);
	const char *refusal = pmill_tokenizer_refusal(tokenizer);
	if (refusal == NULL || strcmp(refusal, reasons) != 0)
		fail_msg("\"%s\" instead of \"%s\"", refusal == NULL ? "" : refusal, reasons);
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, reasons));
	void *data = NULL;
	size_t len;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, NULL, &data, &len, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, reasons));
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 3);
	pmill_tokenizer_free(tokenizer);
}

#define NOT_BYTE_LEVEL "it is not byte-level: there is no pre_tokenizer ByteLevel"
#define PRE(kind) "{\"type\": \"Sequence\", \"pretokenizers\": [" kind ", " BYTE_LEVEL "]}"
#define BYTE_LEVEL "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}"

/* All reasons, not only the first. */
static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		struct parts parts;
		const char *reasons;
	} rows[] = {
		{{.others = "\"normalizer\": {\"type\": \"StripAccents\"}"},
			"the normalizer \"StripAccents\" is not supported"},
		{{.others = "\"normalizer\": {}"}, "the normalizer \"without a type\" is not supported"},
		{{.others = "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": "
					"\"ByteLevel\"}, {\"type\": \"CTC\"}]}"},
			"the decoder \"CTC\" is not supported"},
		{{.others = "\"post_processor\": {\"type\": \"Bert\"}"},
			"the post_processor \"Bert\" is not supported"},
		{{.model = "\"type\": \"WordPiece\"",
			 .pre_tokenizer = "{\"type\": "
							  "\"BertPreTokenizer\"}"},
			"this is a WordPiece model, as in BERT, and only BPE is supported; the pre_tokenizer "
			"\"BertPreTokenizer\" is not supported; " NOT_BYTE_LEVEL},
		{{.model = "\"type\": \"Unigram\"",
			 .vocab = "[[\"a\", 0], [\"b\", -1], [\"c\", -1.5]]",
			 .pre_tokenizer = "null"},
			"this is a Unigram model, as in T5 and XLM-RoBERTa, and only BPE is "
			"supported; " NOT_BYTE_LEVEL},
		{{.model = "\"dropout\": 0.1, \"unk_token\": \"?\", \"fuse_unk\": true"},
			"the model's dropout, which makes encoding random, is not supported; the model's "
			"unk_token \"?\" stands for what the vocab lacks, which is not supported; the model's "
			"fuse_unk is not supported"},
		{{.model = "\"end_of_word_suffix\": \"</w>\""},
			"the model's end_of_word_suffix \"</w>\", as in CLIP, is not supported"},
		{{.model = "\"continuing_subword_prefix\": \"##\"", .merges = "[\"a ##b\"]"},
			"the model's continuing_subword_prefix \"##\" is not supported"},
		{{.model = "\"byte_fallback\": true",
			 .pre_tokenizer = "null",
			 .others = "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": "
					   "\"Fuse\"}, {\"type\": \"Strip\"}]}"},
			NOT_BYTE_LEVEL "; decoding keeps a space at the beginning that its decoder would "
						   "leave out; byte fallback, as in Llama 2, Gemma and Mistral v1, is not "
						   "supported"},
		{{.pre_tokenizer = "{\"type\": \"Metaspace\"}"},
			"the pre_tokenizer \"Metaspace\" is not supported; " NOT_BYTE_LEVEL},
		{{.pre_tokenizer = PRE("{\"type\": \"Whitespace\"}")},
			"the pre_tokenizer \"Whitespace\" is not supported"},
		{{.pre_tokenizer = PRE(BYTE_LEVEL)},
			"two pre_tokenizers ByteLevel in a row, which map bytes twice, are not supported"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_refusal(&rows[i].parts, rows[i].reasons);
}

static void test_accepted(void **state)
{
	(void)state;
	static const struct parts rows[] = {{0},
		{.others = "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": "
				   "\"ByteLevel\"}]}, \"post_processor\": {\"type\": \"TemplateProcessing\", "
				   "\"single\": [{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}]}"},
		{.others = "\"truncation\": {\"max_length\": 5}, \"padding\": {\"strategy\": 1}"},
		{.model = "\"dropout\": 0, \"end_of_word_suffix\": \"\", \"byte_fallback\": false"},
		{.merges = "[\"#version: 0.2\", [\"a\", \"b\"]]"},
		{.pre_tokenizer = PRE("{\"type\": \"Sequence\", \"pretokenizers\": []}")}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		if (load(&rows[i], &tokenizer, &error) != PMILL_OK)
			fail_msg("row %zu: %s", i, error.message);
		assert_string_equal(pmill_tokenizer_pattern(tokenizer), "gpt2");
		assert_null(pmill_tokenizer_refusal(tokenizer));
		assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 3);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Members that aren't applied, and all that was read, come out as they went in. */
static void test_kept(void **state)
{
	(void)state;
	static const char *const members = "\"truncation\": {\"max_length\": 5}, \"padding\": "
									   "{\"strategy\": \"x\"}, \"decoder\": null, "
									   "\"normalizer\": {\"type\": \"Sequence\", "
									   "\"normalizers\": []}";
	static const char *const written = "\"truncation\": {\n    \"max_length\": 5\n  },\n  "
									   "\"padding\": {\n    \"strategy\": \"x\"\n  },\n";
	pmill_tokenizer *tokenizer = NULL;
	void *data = NULL;
	size_t len;
	assert_int_equal(load(&(struct parts){.others = members}, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, NULL, &data, &len, NULL), PMILL_OK);
	char *text = realloc(data, len + 1);
	assert_non_null(text);
	text[len] = '\0';
	assert_non_null(strstr(text, written));
	assert_non_null(strstr(text, "\n  \"decoder\": null,\n"));
	assert_non_null(strstr(text, "\"normalizers\": []\n  },\n"));
	free(text);
	pmill_tokenizer_free(tokenizer);
}

/* ---- Decoding of models that aren't byte-level ---- */

static void test_text_vocab(void **state)
{
	(void)state;
	static const struct parts llama = {
		.others = "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", "
				  "\"pattern\": {\"String\": \"\xE2\x96\x81\"}, \"content\": \" \"}, "
				  "{\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}]}, \"added_tokens\": "
				  "[{\"id\": 0, \"content\": \"<s>\", \"special\": true}]",
		.pre_tokenizer = "null",
		.vocab = "{\"<s>\": 0, \"<0x0A>\": 1, \"\xE2\x96\x81\": 2, \"\xE2\x96\x81\xC3\xA9\": 3, "
				 "\"<0x20>\": 4}",
		.merges = "[[\"\xE2\x96\x81\", \"\xC3\xA9\"]]",
	};
	static const struct parts word_piece = {.model = "\"type\": \"WordPiece\"",
		.others = "\"decoder\": {\"type\": \"WordPiece\", \"prefix\": \"##\"}",
		.vocab = "{\"ab\": 0, \"##c\": 1}",
		.pre_tokenizer = "null"};
	static const struct {
		const struct parts *parts;
		uint32_t ids[5];
		size_t count;
		const char *text;
	} rows[] = {
		{&llama, {0, 3, 1, 2, 4}, 5, "<s> \xC3\xA9\n  "}, {&word_piece, {0, 1, 0}, 3, " abc ab"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		if (load(rows[i].parts, &tokenizer, &error) != PMILL_OK)
			fail_msg("row %zu: %s", i, error.message);
		void *data = NULL;
		size_t len;
		assert_int_equal(
			pmill_tokenizer_decode(tokenizer, rows[i].ids, rows[i].count, NULL, &data, &len, NULL),
			PMILL_OK);
		assert_int_equal(len, strlen(rows[i].text));
		assert_memory_equal(data, rows[i].text, len);
		pmill_memory_free(data);
		pmill_tokenizer_free(tokenizer);
	}
}

/* A decoder can't make tokens arbitrarily long, nor a file give arbitrarily many reasons. */
static void test_hostile_decoders(void **state)
{
	(void)state;
	static char others[1900];
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	const char *part = "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": "
					   "\"aa\"}";
	size_t len = (size_t)snprintf(
		others, sizeof others, "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [%s", part);
	for (int i = 0; i < 15; i++)
		len += (size_t)snprintf(others + len, sizeof others - len, ", %s", part);
	snprintf(others + len, sizeof others - len, "]}");
	const struct parts parts = {.others = others, .pre_tokenizer = "null"};
	assert_int_equal(load(&parts, &tokenizer, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "the token with id 0 decodes to more than 1008 bytes"));
	len = (size_t)snprintf(others, sizeof others,
		"\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}");
	for (int i = 0; i < 30; i++)
		len += (size_t)snprintf(others + len, sizeof others - len, ", {\"type\": \"Fuse\"}");
	snprintf(others + len, sizeof others - len, "]}");
	assert_int_equal(load(&parts, &tokenizer, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, "a decoder of 31 parts is not supported"));
	assert_null(tokenizer);
}

static void test_hostile_reasons(void **state)
{
	(void)state;
	static char steps[1500];
	size_t len = (size_t)snprintf(steps, sizeof steps,
		"{\"type\": \"Sequence\", "
		"\"pretokenizers\": [" BYTE_LEVEL);
	for (int i = 0; i < 60; i++)
		len += (size_t)snprintf(steps + len, sizeof steps - len, ", {\"type\": \"%d\"}", i);
	snprintf(steps + len, sizeof steps - len, "]}");
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(load(&(struct parts){.pre_tokenizer = steps}, &tokenizer, NULL), PMILL_OK);
	assert_in_range(strlen(pmill_tokenizer_refusal(tokenizer)), 2000, 2100);
	pmill_tokenizer_free(tokenizer);
	tokenizer = NULL;
	/* A reason that is there already isn't said again. */
	assert_int_equal(
		load(&(struct parts){.pre_tokenizer = PRE("{\"type\": \"X\"}, {\"type\": \"X\"}")},
			&tokenizer, NULL),
		PMILL_OK);
	assert_string_equal(
		pmill_tokenizer_refusal(tokenizer), "the pre_tokenizer \"X\" is not supported");
	pmill_tokenizer_free(tokenizer);
}

/* ---- Out of memory ---- */

static const struct parts full = {
	.others = "\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Replace\", "
			  "\"pattern\": {\"String\": \"x\"}, \"content\": \"y\"}, {\"type\": \"Prepend\", "
			  "\"prepend\": \"a\"}]}, \"post_processor\": {\"type\": \"RobertaProcessing\", "
			  "\"cls\": [\"<s>\", 3], \"sep\": [\"<s>\", 3]}, \"added_tokens\": [{\"id\": 3, "
			  "\"content\": \"<s>\"}, {\"id\": 0, \"content\": \"ab\"}]",
	.pre_tokenizer = PRE("{\"type\": \"Split\", \"pattern\": {\"String\": \"x\"}, \"behavior\": "
						 "\"Contiguous\"}, {\"type\": \"Digits\"}"),
};

static const struct parts other = {
	.others = "\"decoder\": {\"type\": \"Metaspace\", \"replacement\": \"a\"}",
	.model = "\"type\": \"Unigram\"",
	.pre_tokenizer = "null",
	.vocab = "[[\"aa\", 0], [\"b\", 1]]",
};

static const struct pmill_rename rename_s = {{"<s>", 3}, {"<t>", 3}};

/* Loads, renames and saves; `tokenizer` may come without the text. */
static pmill_status load_and_save(
	const struct parts *parts, pmill_tokenizer **tokenizer, pmill_error *error)
{
	void *data = NULL;
	size_t len;
	char *text = NULL;
	pmill_status status = load(parts, tokenizer, error);
	if (status == PMILL_OK && pmill_tokenizer_refusal(*tokenizer) != NULL)
		return status;
	if (status == PMILL_OK)
		status = pmill_tokenizer_keep_rename(*tokenizer, &rename_s, error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_describe(*tokenizer, "normalizer", &text, error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_save_memory(*tokenizer, NULL, &data, &len, error);
	pmill_memory_free(data);
	pmill_memory_free(text);
	return status;
}

static void check_memory(const struct parts *parts)
{
	bool is_out = true;
	for (long k = 0; is_out; k++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		allocations_left = k;
		const pmill_status status = load_and_save(parts, &tokenizer, &error);
		is_out = was_refused() != 0;
		if (status != (is_out ? PMILL_NO_MEMORY : PMILL_OK))
			fail_msg("allocation %ld: status %d, %s", k, status, error.message);
		pmill_tokenizer_free(tokenizer);
	}
}

static void test_out_of_memory(void **state)
{
	(void)state;
	check_memory(&full);
	check_memory(&other);
	check_memory(&(struct parts){0});
}

/* ---- Split ---- */

static pmill_status load_split(const char *pattern, const char *rest, const char *byte_level,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	char text[1000];
	snprintf(text, sizeof text,
		"{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": {%s}, "
		"%s}, {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": %s}]}",
		pattern, rest, byte_level);
	return load(&(struct parts){.pre_tokenizer = text}, tokenizer, error);
}

#define ISOLATED "\"behavior\": \"Isolated\""

static void test_refused_splits(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *rest, *message;
	} rows[] = {
		{"\"String\": \"\"", ISOLATED,
			"the pre_tokenizer Split at the empty text is not supported"},
		{"\"Regex\": \"a+\"", "\"behavior\": \"Glued\"",
			"the pre_tokenizer Split with the behavior \"Glued\" is not supported"},
		{"\"Regex\": \"a+\"", "\"behavior\": \"Removed\"",
			"the pre_tokenizer Split with the behavior \"Removed\" is not supported"},
		{"\"Regex\": \"^a\"", ISOLATED, "Oniguruma may read it differently"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_tokenizer *tokenizer = NULL;
		assert_int_equal(
			load_split(rows[i].pattern, rows[i].rest, "false", &tokenizer, NULL), PMILL_OK);
		const char *refusal = pmill_tokenizer_refusal(tokenizer);
		if (refusal == NULL || strstr(refusal, rows[i].message) == NULL)
			fail_msg("\"%s\" for \"%s\"", refusal == NULL ? "" : refusal, rows[i].message);
		pmill_tokenizer_free(tokenizer);
	}
}

static void check_steps(
	const char *pattern, const char *rest, const char *byte_level, const char *expected)
{
	pmill_tokenizer *tokenizer = NULL;
	char *text = NULL;
	assert_int_equal(load_split(pattern, rest, byte_level, &tokenizer, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_describe(tokenizer, "pattern", &text, NULL), PMILL_OK);
	assert_string_equal(text, expected);
	pmill_memory_free(text);
	pmill_tokenizer_free(tokenizer);
}

static void test_behaviors(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *rest, *byte_level, *steps;
	} rows[] = {
		{"\"String\": \"a.b\"", ISOLATED, "false", "(?:a\\.b)\n"},
		{"\"Regex\": \"a+\"", "\"invert\": true, " ISOLATED, "false", "a+\n"},
		{"\"Regex\": \"a+\"", "\"behavior\": \"Contiguous\"", "false", "(?>a+)+\n"},
		{"\"Regex\": \"a+\"", "\"behavior\": \"MergedWithNext\"", "false",
			"(?>a+)(?:(?!a+)[\\s\\S])*\n"},
		{"\"Regex\": \"a+\"", "\"behavior\": \"MergedWithPrevious\"", "false",
			"(?:(?!a+)[\\s\\S])+(?>a+)?|(?:a+)\n"},
		{"\"Regex\": \"a+\"", "\"invert\": true, \"behavior\": \"MergedWithPrevious\"", "false",
			"(?>a+)(?:(?!a+)[\\s\\S])*\n"},
		{"\"Regex\": \"a+\"", ISOLATED, "true", "a+\ngpt2\n"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_steps(rows[i].pattern, rows[i].rest, rows[i].byte_level, rows[i].steps);
}

/* What has no operators is an expression here, even if it is spelled like a pattern's name. */
static void test_expressions(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"abc", "(?:abc)"}, {"gpt2", "(?:gpt2)"}, {"none", "(?:none)"}, {"a+", "a+"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char pattern[100];
		snprintf(pattern, sizeof pattern, "\"Regex\": \"%s\"", rows[i][0]);
		bool refused = true;
		for (long k = 0; refused; k++) {
			pmill_tokenizer *tokenizer = NULL;
			pmill_error error = {0};
			allocations_left = k;
			const pmill_status status = load_split(pattern, ISOLATED, "false", &tokenizer, &error);
			refused = was_refused() != 0;
			if (status != (refused ? PMILL_NO_MEMORY : PMILL_OK))
				fail_msg("%s: status %d, %s", rows[i][0], status, error.message);
			if (!refused)
				assert_string_equal(pmill_tokenizer_pattern(tokenizer), rows[i][1]);
			pmill_tokenizer_free(tokenizer);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_text_vocab),
		cmocka_unit_test(test_hostile_decoders),
		cmocka_unit_test(test_hostile_reasons),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_refused_splits),
		cmocka_unit_test(test_behaviors),
		cmocka_unit_test(test_expressions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
