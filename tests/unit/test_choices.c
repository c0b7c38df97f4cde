/* The names that options take: each list ends, each name works, and a wrong one names them all. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "support/scratch_folder.h"

/* What the calls below work on. */
static struct scratch_folder folder;
static char text_path[600], lines_path[600], tsv_path[600], out_path[600];
static pmill_counts *counts;
static pmill_tokenizer *tokenizer;

static const char text[] = "the cat sat on the mat; the cats and the mats, the hat that sat.";

static int set_up(void **state)
{
	(void)state;
	pmill_error error = {0};
	pmill_counter *counter = NULL;
	scratch_create(&folder);
	strcpy(text_path, scratch_write(&folder, "a.txt", text, strlen(text)));
	strcpy(lines_path, scratch_write(&folder, "a.jsonl", "{\"text\": \"the\"}\n", 16));
	strcpy(tsv_path, scratch_write(&folder, "a.tsv", "the\t3\n", 6));
	strcpy(out_path, scratch_path(&folder, "out"));
	const pmill_train_options options = {.size = sizeof options, .vocab_size = 260};
	const int is_made = pmill_counter_create(NULL, NULL, &counter, &error) == PMILL_OK &&
		pmill_counter_add_text(counter, text, strlen(text), &error) == PMILL_OK &&
		pmill_counter_take(counter, &counts, &error) == PMILL_OK &&
		pmill_tokenizer_train_from_counts(counts, &options, NULL, &tokenizer, &error) == PMILL_OK;
	if (!is_made)
		fprintf(stderr, "%s\n", error.message);
	pmill_counter_free(counter);
	return !is_made;
}

static int tear_down(void **state)
{
	(void)state;
	pmill_counts_free(counts);
	pmill_tokenizer_free(tokenizer);
	scratch_remove(&folder);
	return 0;
}

/* ---- The call that each kind of name is for ---- */

static pmill_status create_counter(
	const pmill_text_options *words, const pmill_run_options *run, pmill_error *error)
{
	pmill_counter *counter = NULL;
	const pmill_status status = pmill_counter_create(words, run, &counter, error);
	if (status == PMILL_OK) {
		pmill_counter_info info = {.size = sizeof info};
		assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
		if (words != NULL && words->pattern != NULL)
			assert_string_equal(info.pattern, words->pattern);
		if (words != NULL && words->unicode_version != NULL)
			assert_string_equal(info.unicode_version, words->unicode_version);
	}
	pmill_counter_free(counter);
	return status;
}

static pmill_status use_pattern(const char *name, pmill_error *error)
{
	return create_counter(
		&(pmill_text_options){.size = sizeof(pmill_text_options), .pattern = name}, NULL, error);
}

static pmill_status use_unicode(const char *name, pmill_error *error)
{
	return create_counter(
		&(pmill_text_options){.size = sizeof(pmill_text_options), .unicode_version = name}, NULL,
		error);
}

/* One for another processor is none that anybody could use here. */
static pmill_status use_scanner(const char *name, pmill_error *error)
{
	const pmill_run_options run = {.size = sizeof run, .scanner = name};
	const pmill_status status = create_counter(NULL, &run, error);
	if (status == PMILL_BAD_OPTION && strstr(error->message, "this processor lacks") != NULL)
		return PMILL_OK;
	return status;
}

static pmill_status train(const pmill_train_options *given, pmill_error *error)
{
	pmill_train_options options = *given;
	pmill_tokenizer *trained = NULL;
	options.size = sizeof options;
	options.vocab_size = 260;
	const pmill_status status = pmill_tokenizer_train_from_counts(
		counts, &options, NULL, &trained, error);
	pmill_error checked;
	assert_int_equal(pmill_tokenizer_check_train(NULL, &options, &checked), status);
	if (status == PMILL_OK) {
		pmill_training training = {.size = sizeof training};
		assert_int_equal(pmill_tokenizer_get_training(trained, &training), PMILL_OK);
		if (options.ties != NULL)
			assert_string_equal(training.ties, options.ties);
		if (options.layout != NULL)
			assert_string_equal(training.layout, options.layout);
		if (options.compat != NULL)
			assert_string_equal(training.compat, options.compat);
	} else {
		assert_string_equal(checked.message, error->message);
	}
	pmill_tokenizer_free(trained);
	return status;
}

static pmill_status use_ties(const char *name, pmill_error *error)
{
	return train(&(pmill_train_options){.ties = name}, error);
}

static pmill_status use_layout(const char *name, pmill_error *error)
{
	return train(&(pmill_train_options){.layout = name}, error);
}

static pmill_status use_compat(const char *name, pmill_error *error)
{
	return train(&(pmill_train_options){.compat = name}, error);
}

static pmill_status use_merger(const char *name, pmill_error *error)
{
	return train(&(pmill_train_options){.merger = name}, error);
}

static pmill_status use_input_format(const char *name, pmill_error *error)
{
	const pmill_input_options options = {.size = sizeof options, .format = name};
	const char *paths[] = {strcmp(name, "jsonl") == 0 ? lines_path : text_path};
	pmill_counter *counter = NULL;
	assert_int_equal(pmill_counter_create(NULL, NULL, &counter, NULL), PMILL_OK);
	const pmill_status status = pmill_counter_add_files(counter, paths, 1, &options, error);
	pmill_counter_free(counter);
	return status;
}

static pmill_status use_tsv(const char *name, pmill_error *error)
{
	pmill_counts *loaded = NULL;
	const pmill_status status = pmill_counts_load(tsv_path, name, NULL, NULL, &loaded, error);
	pmill_counts_free(loaded);
	return status;
}

/* Saved by its name and loaded again. */
static pmill_status use_model_format(const char *name, pmill_error *error)
{
	pmill_tokenizer *loaded = NULL;
	const pmill_load_options options = {.size = sizeof options, .format = name};
	/* A vocab.json has a merges.txt beside it. */
	char path[700];
	snprintf(path, sizeof path, "%s/%s", folder.path,
		strcmp(name, "vocab.json") == 0 ? "vocab.json" : "model");
	pmill_status status = pmill_tokenizer_save(
		tokenizer, path, name, PMILL_OVERWRITE | PMILL_ALLOW_LOSS, error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_load(path, &options, &loaded, error);
	if (status == PMILL_OK)
		assert_int_equal(pmill_tokenizer_vocab_size(loaded), pmill_tokenizer_vocab_size(tokenizer));
	pmill_tokenizer_free(loaded);
	if (access(path, F_OK) != 0)
		return status;
	struct stat about;
	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
		scratch_remove_below(path);
	else
		unlink(path);
	return status;
}

static pmill_status use_meaning(const char *name, pmill_error *error)
{
	static const pmill_token tokens[] = {{{"a", 1}, 0}, {{"aa", 2}, 1}};
	const pmill_tokenizer_parts parts = {
		.size = sizeof parts, .tokens = tokens, .token_count = 2, .meaning = name};
	pmill_tokenizer *created = NULL;
	const pmill_status status = pmill_tokenizer_create(&parts, &created, error);
	if (status == PMILL_OK)
		assert_string_equal(pmill_tokenizer_meaning(created), name);
	pmill_tokenizer_free(created);
	return status;
}

/* Encoded in the format and decoded again. */
static pmill_status use_token_format(const char *name, pmill_error *error)
{
	const char *in[] = {text_path}, *ids[] = {out_path};
	const pmill_encode_file_options encode = {.size = sizeof encode, .format = name};
	const pmill_decode_file_options decode = {.size = sizeof decode, .format = name};
	const pmill_output_options output = {
		.size = sizeof output, .path = out_path, .flags = PMILL_OVERWRITE};
	pmill_encode_totals totals = {.size = sizeof totals};
	pmill_status status = pmill_encode_files(
		tokenizer, in, 1, NULL, NULL, &encode, NULL, &output, NULL, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_decode_files(tokenizer, ids, 1, &decode, NULL, NULL, &totals, error);
	if (status == PMILL_OK)
		assert_int_equal(totals.bytes, strlen(text));
	return status;
}

static pmill_status use_offset_unit(const char *name, pmill_error *error)
{
	const pmill_ids_options options = {.size = sizeof options, .offsets = name};
	pmill_ids *ids = NULL;
	const pmill_status status = pmill_ids_create(tokenizer, &options, &ids, error);
	pmill_ids_free(ids);
	return status;
}

static pmill_status use_policy(const pmill_policy_options *options, pmill_error *error)
{
	pmill_policy *policy = NULL;
	const pmill_status status = pmill_policy_create(tokenizer, options, &policy, error);
	pmill_policy_free(policy);
	return status;
}

static pmill_status use_special_choice(const char *name, pmill_error *error)
{
	return use_policy(
		&(const pmill_policy_options){.size = sizeof(pmill_policy_options), .special = name},
		error);
}

static pmill_status use_added_choice(const char *name, pmill_error *error)
{
	return use_policy(
		&(const pmill_policy_options){.size = sizeof(pmill_policy_options), .added = name}, error);
}

static const struct choice {
	const char *kind;
	const char *(*name_at)(size_t index);
	pmill_status (*use)(const char *name, pmill_error *error);
} choices[] = {
	{"pattern", pmill_pattern_name, use_pattern},
	{"Unicode version", pmill_unicode_name, use_unicode},
	{"tie rule", pmill_ties_name, use_ties},
	{"id layout", pmill_layout_name, use_layout},
	{"compat", pmill_compat_name, use_compat},
	{"input format", pmill_input_format_name, use_input_format},
	{"TSV spelling", pmill_tsv_name, use_tsv},
	{"model format", pmill_model_format_name, use_model_format},
	{"meaning of BPE", pmill_meaning_name, use_meaning},
	{"token file format", pmill_token_format_name, use_token_format},
	{"offset unit", pmill_offset_unit_name, use_offset_unit},
	{"choice for a policy", pmill_policy_choice_name, use_special_choice},
	{"choice for a policy", pmill_policy_choice_name, use_added_choice},
	{"scanner", pmill_scanner_name, use_scanner},
	{"merger", pmill_merger_name, use_merger},
};

enum { CHOICES = sizeof choices / sizeof *choices };

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHOICES; i++) {
		const struct choice *choice = &choices[i];
		size_t count = 0;
		for (; choice->name_at(count) != NULL; count++) {
			const char *name = choice->name_at(count);
			assert_true(strlen(name) > 0 && count < 100);
			for (size_t k = 0; k < count; k++)
				assert_string_not_equal(choice->name_at(k), name);
		}
		assert_true(count > 0);
		for (size_t beyond = 1; beyond < 1000; beyond++)
			assert_null(choice->name_at(count + beyond));
		assert_null(choice->name_at(UINT32_MAX));
		assert_null(choice->name_at(SIZE_MAX));
		assert_null(choice->name_at(SIZE_MAX / 2 + 1));
	}
}

static void test_names_work(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHOICES; i++) {
		const char *name;
		for (size_t k = 0; (name = choices[i].name_at(k)) != NULL; k++) {
			pmill_error error = {0};
			const pmill_status status = choices[i].use(name, &error);
			if (status != PMILL_OK)
				print_error("%s %s: %s\n", choices[i].kind, name, error.message);
			assert_int_equal(status, PMILL_OK);
		}
	}
}

/* At least one scanner is for this processor, and the regex scanner runs everywhere. */
static void test_scanners(void **state)
{
	(void)state;
	size_t usable = 0;
	const char *name;
	for (size_t i = 0; (name = pmill_scanner_name(i)) != NULL; i++) {
		const pmill_run_options run = {.size = sizeof run, .scanner = name};
		const pmill_status status = create_counter(NULL, &run, NULL);
		assert_true(status == PMILL_OK || status == PMILL_BAD_OPTION);
		usable += status == PMILL_OK;
		if (strcmp(name, "scalar") == 0 || strcmp(name, "regex") == 0)
			assert_int_equal(status, PMILL_OK);
	}
	assert_true(usable > 0);
}

/* The message has all names that would work, in order. */
static void test_wrong_names(void **state)
{
	(void)state;
	static const char *const wrong[] = {"no-such-name", ""};
	for (size_t i = 0; i < CHOICES; i++) {
		for (size_t k = 0; k < 2; k++) {
			pmill_error error = {0};
			/* An empty pattern is an expression. */
			if (wrong[k][0] == '\0' && choices[i].use == use_pattern)
				continue;
			const pmill_status status = choices[i].use(wrong[k], &error);
			const char *at = error.message, *name;
			if (status != PMILL_BAD_OPTION)
				print_error("%s \"%s\": %s\n", choices[i].kind, wrong[k], error.message);
			assert_int_equal(status, PMILL_BAD_OPTION);
			assert_int_equal(error.status, PMILL_BAD_OPTION);
			if (choices[i].use != use_tsv) {
				char begin[100];
				snprintf(
					begin, sizeof begin, "unknown %s \"%s\" (known: ", choices[i].kind, wrong[k]);
				if (strncmp(error.message, begin, strlen(begin)) != 0)
					print_error("%s\n", error.message);
				assert_memory_equal(error.message, begin, strlen(begin));
				at += strlen(begin);
			}
			for (size_t n = 0; (name = choices[i].name_at(n)) != NULL; n++) {
				at = strstr(at, name);
				if (at == NULL)
					print_error("%s is not in: %s\n", name, error.message);
				assert_non_null(at);
				at += strlen(name);
			}
		}
	}
}

/* Names are spelled as they are: another case is another name. */
static void test_case_matters(void **state)
{
	(void)state;
	pmill_error error;
	assert_int_equal(use_ties("Bytes", &error), PMILL_BAD_OPTION);
	assert_int_equal(use_scanner("Scalar", &error), PMILL_BAD_OPTION);
	assert_int_equal(use_meaning("Merge list", &error), PMILL_BAD_OPTION);
}

/* The first of these are what NULL means. */
static void test_defaults(void **state)
{
	(void)state;
	const pmill_train_options options = {.size = sizeof options, .vocab_size = 260};
	pmill_tokenizer *trained = NULL;
	assert_int_equal(
		pmill_tokenizer_train_from_counts(counts, &options, NULL, &trained, NULL), PMILL_OK);
	pmill_training training = {.size = sizeof training};
	assert_int_equal(pmill_tokenizer_get_training(trained, &training), PMILL_OK);
	assert_string_equal(training.ties, pmill_ties_name(0));
	assert_string_equal(training.layout, pmill_layout_name(0));
	assert_null(training.compat);
	assert_string_equal(pmill_tokenizer_pattern(trained), "gpt2");
	assert_string_equal(pmill_tokenizer_unicode_version(trained), "16.0");
	pmill_tokenizer_free(trained);
	assert_string_equal(pmill_policy_choice_name(0), "none");
	assert_string_equal(pmill_meaning_name(0), "merge list");
}

static void test_expressions(void **state)
{
	(void)state;
	const char *name;
	for (size_t i = 0; (name = pmill_pattern_name(i)) != NULL; i++) {
		const char *expression = pmill_pattern_expression(name);
		if (strcmp(name, "none") == 0) {
			assert_null(expression);
			continue;
		}
		assert_true(strlen(expression) > 10);
		/* It is the known pattern, under its first name. */
		pmill_counter *counter = NULL;
		pmill_counter_info info = {.size = sizeof info};
		const pmill_text_options words = {.size = sizeof words, .pattern = expression};
		assert_int_equal(pmill_counter_create(&words, NULL, &counter, NULL), PMILL_OK);
		assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
		assert_string_equal(pmill_pattern_expression(info.pattern), expression);
		pmill_counter_free(counter);
		/* Expressions are no names. */
		assert_null(pmill_pattern_expression(expression));
	}
	assert_string_equal(pmill_pattern_expression("gpt2"),
		"'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
	assert_null(pmill_pattern_expression("no-such-name"));
	assert_null(pmill_pattern_expression(""));
	assert_string_equal(pmill_pattern_expression(" GPT2"), pmill_pattern_expression("gpt2"));
}

/* ---- Saving in memory ---- */

static void test_save_memory_default(void **state)
{
	(void)state;
	void *unnamed, *named;
	size_t unnamed_len, named_len;
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, NULL, &unnamed, &unnamed_len, NULL), PMILL_OK);
	assert_int_equal(
		pmill_tokenizer_save_memory(tokenizer, "tokenizer.json", &named, &named_len, NULL),
		PMILL_OK);
	assert_int_equal(unnamed_len, named_len);
	assert_memory_equal(unnamed, named, named_len);
	pmill_tokenizer *loaded = NULL;
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	assert_int_equal(
		pmill_tokenizer_load_memory(unnamed, unnamed_len, &options, &loaded, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_merge_count(loaded), pmill_tokenizer_merge_count(tokenizer));
	pmill_tokenizer_free(loaded);
	pmill_memory_free(unnamed);
	pmill_memory_free(named);
}

/* Of the formats, those of one file can be saved to memory; the others say why not. */
static void test_save_memory_formats(void **state)
{
	(void)state;
	size_t saved = 0;
	const char *name;
	for (size_t i = 0; (name = pmill_model_format_name(i)) != NULL; i++) {
		void *data = NULL;
		size_t len = 99;
		pmill_error error;
		const pmill_status status = pmill_tokenizer_save_memory(
			tokenizer, name, &data, &len, &error);
		if (status == PMILL_OK) {
			assert_true(len > 0);
			saved++;
		} else {
			assert_int_equal(status, PMILL_UNSUPPORTED);
			assert_null(data);
			assert_int_equal(len, 99);
			assert_non_null(strstr(error.message, "consists of several files"));
		}
		pmill_memory_free(data);
	}
	assert_int_equal(saved, 4); /* tiktoken, tekken.json, tokenizer.json and gguf */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		TEST(test_names_work),
		cmocka_unit_test(test_scanners),
		TEST(test_wrong_names),
		TEST(test_case_matters),
		TEST(test_defaults),
		cmocka_unit_test(test_expressions),
		TEST(test_save_memory_default),
		TEST(test_save_memory_formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
