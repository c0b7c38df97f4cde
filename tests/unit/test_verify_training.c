/* Verifying a model against its training text: agreement, each kind of difference, failures. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/tokenizer.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

static const char text[] =
	"the cat sat on the mat; the hat of the cat isn't that of the rat<|end|>"
	"a mill mills the meal that the miller's mill mills<|reserved_0|>the end, the end<|end|>";

static const pmill_run_options one_thread = {.size = sizeof one_thread, .threads = 1};
static const pmill_bytes separator = {"<|end|>", 7};

struct setting {
	const char *layout, *ties, *compat;
	uint64_t vocab_size;
	int64_t min_count;
	uint32_t reserve, pad_vocab_to;
};

static pmill_tokenizer *train(const struct setting *setting, pmill_bytes doc_separator)
{
	const pmill_bytes specials[] = {{"<|start|>", 9}, separator};
	const pmill_text_options words = {.size = sizeof words,
		.special_tokens = specials,
		.special_token_count = 2,
		.doc_separator = doc_separator,
		.reserve = setting->reserve};
	const pmill_train_options options = {.size = sizeof options,
		.vocab_size = setting->vocab_size,
		.min_count = setting->min_count,
		.reserve = setting->reserve,
		.pad_vocab_to = setting->pad_vocab_to,
		.layout = setting->layout,
		.ties = setting->ties,
		.compat = setting->compat};
	pmill_counter *counter = NULL;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_counter_create(&words, &one_thread, &counter, NULL), PMILL_OK);
	assert_int_equal(pmill_counter_add_text(counter, text, strlen(text), NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_train(counter, &options, &tokenizer, NULL), PMILL_OK);
	pmill_counter_free(counter);
	return tokenizer;
}

static const struct setting plain = {.vocab_size = 290, .reserve = 2, .pad_vocab_to = 16};

/* Learns again from `len` bytes of the text. Fails wherever memory is refused. */
static pmill_status verify(const pmill_tokenizer *tokenizer, pmill_bytes doc_separator, size_t len,
	pmill_verification *verification, pmill_error *error)
{
	pmill_counter *counter = NULL;
	pmill_status status = pmill_counter_create_from_record(
		tokenizer, doc_separator, &one_thread, &counter, error);
	if (status == PMILL_OK)
		status = pmill_counter_add_text(counter, text, len, error);
	if (status == PMILL_OK)
		status = pmill_verify_training(tokenizer, counter, verification, error);
	pmill_counter_free(counter);
	return status;
}

static void assert_agrees(const pmill_tokenizer *tokenizer, pmill_bytes doc_separator)
{
	pmill_verification found = {.size = sizeof found};
	pmill_error error = {0};
	if (verify(tokenizer, doc_separator, strlen(text), &found, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	if (!found.is_equal)
		fail_msg("%s", found.difference);
	assert_null(found.difference);
	assert_int_equal(found.bytes, strlen(text));
	assert_int_equal(found.documents, doc_separator.len > 0 ? 2 : 1);
	assert_int_equal(found.compared, pmill_tokenizer_merge_count(tokenizer));
	assert_true(found.compared > 0);
}

static void assert_differs(
	const pmill_tokenizer *tokenizer, size_t len, uint64_t compared, const char *difference)
{
	pmill_verification found = {.size = sizeof found};
	assert_int_equal(verify(tokenizer, separator, len, &found, NULL), PMILL_OK);
	assert_false(found.is_equal);
	assert_string_equal(found.difference, difference);
	assert_int_equal(found.compared, compared);
	pmill_memory_free(found.difference);
}

/* ---- Agreement ---- */

static const struct setting settings[] = {
	{.vocab_size = 290, .reserve = 2, .pad_vocab_to = 16},
	{.vocab_size = 280},
	{.vocab_size = 400, .min_count = 3},
	{.vocab_size = 400, .pad_vocab_to = 64},
	{.vocab_size = 290, .layout = "gpt2", .reserve = 3},
	{.vocab_size = 400, .layout = "gpt2", .min_count = 2, .pad_vocab_to = 32},
	{.vocab_size = 285, .layout = "hf", .ties = "ids"},
	{.vocab_size = 400, .compat = "hf", .min_count = 3, .reserve = 4},
};

static void test_a_model_agrees_with_its_training(void **state)
{
	(void)state;
	const pmill_bytes none = {0};
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		pmill_tokenizer *tokenizer = train(&settings[i], separator);
		assert_agrees(tokenizer, separator);
		pmill_tokenizer_free(tokenizer);
		tokenizer = train(&settings[i], none);
		assert_agrees(tokenizer, none);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Names that the text doesn't have, and an id after all others, change no merge. */
static void test_special_tokens_that_came_later(void **state)
{
	(void)state;
	const pmill_rename rename = {{"<|start|>", 9}, {"<|begin|>", 9}};
	const pmill_bytes added = {"<|more|>", 8};
	const pmill_edit_options edit = {.size = sizeof edit,
		.renames = &rename,
		.rename_count = 1,
		.new_specials = &added,
		.new_special_count = 1};
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		pmill_tokenizer *tokenizer = train(&settings[i], separator), *edited = NULL;
		assert_int_equal(pmill_tokenizer_edit(tokenizer, &edit, &edited, NULL), PMILL_OK);
		assert_agrees(edited, separator);
		pmill_tokenizer_free(edited);
		pmill_tokenizer_free(tokenizer);
	}
}

/* ---- Differences ---- */

static void test_another_text(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = train(&plain, separator);
	assert_differs(tokenizer, 71, 0,
		"the totals of the text differ\n"
		"  documents: 1 counted, 2 in the record\n"
		"  bytes: 71 counted, 158 in the record\n"
		"  pretokens: 18 counted, 34 in the record");
	tokenizer->training->totals.words++;
	assert_differs(tokenizer, strlen(text), 0,
		"the totals of the text differ\n"
		"  words: 21 counted, 22 in the record");
	pmill_tokenizer_free(tokenizer);
}

static void test_one_merge_differs(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = train(&plain, separator);
	struct pmill_merge *merges = tokenizer->listed_merges;
	const struct pmill_merge first = merges[0], second = merges[1];
	merges[0] = second;
	merges[1] = first;
	assert_differs(tokenizer, strlen(text), 0,
		"the merge of rank 0 (the first has 0) differs\n"
		"  model: \"th\" + \"e\", id 261, count 11\n"
		"  text: \"t\" + \"h\", id 260, count 11");
	merges[0] = first;
	merges[1] = second;
	merges[1].left = merges[0].id - 1;
	assert_differs(tokenizer, strlen(text), 1,
		"the merge of rank 1 (the first has 0) differs\n"
		"  model: \"<|reserved_1|>\" + \"e\", id 261, count 9\n"
		"  text: \"th\" + \"e\", id 261, count 9");
	merges[1] = second;
	merges[1].id++;
	assert_differs(tokenizer, strlen(text), 1,
		"the merge of rank 1 (the first has 0) differs in its id\n"
		"  model: \"th\" + \"e\", id 262, count 9\n"
		"  text: \"th\" + \"e\", id 261, count 9");
	merges[1] = second;
	pmill_tokenizer_free(tokenizer);
}

static void test_one_count_differs(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = train(&plain, separator);
	const size_t count = pmill_tokenizer_merge_count(tokenizer);
	int64_t *counts = calloc(count, sizeof *counts);
	memcpy(counts, tokenizer->training->merge_counts, count * sizeof *counts);
	tokenizer->training->merge_counts = counts;
	counts[1]--;
	assert_differs(tokenizer, strlen(text), 1,
		"the merge of rank 1 (the first has 0) differs in its count\n"
		"  model: \"th\" + \"e\", id 261, count 8\n"
		"  text: \"th\" + \"e\", id 261, count 9");
	/* Without counts there are none to compare. */
	tokenizer->training->merge_counts = NULL;
	assert_agrees(tokenizer, separator);
	free(counts);
	pmill_tokenizer_free(tokenizer);
}

static void test_the_ends_differ(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = train(&plain, separator);
	tokenizer->listed_count -= 2;
	assert_differs(tokenizer, strlen(text), 28, "the model has 28 merges, the text gives 30");
	tokenizer->listed_count += 2;
	tokenizer->training->stopped = "no-pairs";
	assert_differs(tokenizer, strlen(text), 30,
		"learning stops for another reason: \"no-pairs\" in the record, \"full\" now");
	pmill_tokenizer_free(tokenizer);
}

/* ---- Failures ---- */

static void assert_fails(
	const pmill_tokenizer *tokenizer, pmill_bytes doc_separator, pmill_status status)
{
	pmill_verification found = {.size = sizeof found};
	assert_int_equal(verify(tokenizer, doc_separator, strlen(text), &found, NULL), status);
	assert_null(found.difference);
}

static void test_records_that_cannot_be_followed(void **state)
{
	(void)state;
	const pmill_bytes start = {"<|start|>", 9}, reserved = {"<|reserved_0|>", 14}, x = {"x", 1};
	pmill_tokenizer *tokenizer = train(&plain, separator);
	pmill_training *record = tokenizer->training;
	assert_fails(tokenizer, x, PMILL_BAD_OPTION);
	assert_fails(tokenizer, reserved, PMILL_BAD_OPTION);
	tokenizer->training = NULL;
	assert_fails(tokenizer, separator, PMILL_BAD_OPTION);
	tokenizer->training = record;
	record->ties = "letters";
	assert_fails(tokenizer, separator, PMILL_BAD_INPUT);
	record->ties = "bytes";
	record->reserve = 4000000000u;
	assert_fails(tokenizer, separator, PMILL_BAD_INPUT);
	record->reserve = 2;
	record->vocab_size_asked = 4000000000u;
	assert_fails(tokenizer, separator, PMILL_BAD_INPUT);
	record->vocab_size_asked = 290;
	assert_agrees(tokenizer, separator);
	pmill_verification found = {.size = sizeof found};
	assert_int_equal(verify(tokenizer, start, strlen(text), &found, NULL), PMILL_OK);
	assert_false(found.is_equal);
	pmill_memory_free(found.difference);
	pmill_tokenizer_free(tokenizer);
}

/* The counter must cut as the training did; it is empty afterwards in any case. */
static void test_counters_of_other_text(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = train(&plain, separator);
	pmill_counter *counter = NULL;
	pmill_error error;
	pmill_verification found = {.size = sizeof found};
	assert_int_equal(pmill_counter_create(NULL, &one_thread, &counter, NULL), PMILL_OK);
	assert_int_equal(pmill_counter_add_text(counter, text, strlen(text), NULL), PMILL_OK);
	assert_int_equal(pmill_verify_training(tokenizer, counter, &found, &error), PMILL_BAD_OPTION);
	assert_string_equal(
		error.message, "the numbers of special tokens differ: 0 in the counter, 2 in the training");
	pmill_counts *counts = NULL;
	pmill_counts_info info = {.size = sizeof info};
	assert_int_equal(pmill_counter_take(counter, &counts, NULL), PMILL_OK);
	pmill_counts_get_info(counts, &info);
	assert_int_equal(info.totals.pretokens, 0);
	found.size = 0;
	assert_int_equal(pmill_verify_training(tokenizer, counter, &found, NULL), PMILL_BAD_OPTION);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
	pmill_tokenizer_free(tokenizer);
}

/* Without a page pool, say, memory comes from the system: not every refusal is a failure. */
static int refuse_each(const pmill_tokenizer *tokenizer, long k, int is_equal)
{
	pmill_verification found = {.size = sizeof found};
	allocations_left = k;
	const pmill_status status = verify(tokenizer, separator, strlen(text), &found, NULL);
	const int refused = was_refused();
	assert_true(status == PMILL_OK || (refused && status == PMILL_NO_MEMORY));
	assert_int_equal(found.is_equal, status == PMILL_OK && is_equal);
	assert_true((found.difference == NULL) == (status != PMILL_OK || is_equal));
	pmill_memory_free(found.difference);
	return refused;
}

static void test_every_allocation_refused(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = train(&plain, separator);
	for (long k = 0; refuse_each(tokenizer, k, 1); k++)
		;
	tokenizer->listed_merges[5].left = 'q';
	for (long k = 0; refuse_each(tokenizer, k, 0); k++)
		;
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_model_agrees_with_its_training),
		cmocka_unit_test(test_special_tokens_that_came_later),
		cmocka_unit_test(test_another_text),
		cmocka_unit_test(test_one_merge_differs),
		cmocka_unit_test(test_one_count_differs),
		cmocka_unit_test(test_the_ends_differ),
		cmocka_unit_test(test_records_that_cannot_be_followed),
		cmocka_unit_test(test_counters_of_other_text),
		cmocka_unit_test(test_every_allocation_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
