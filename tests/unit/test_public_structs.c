/* The public structs that begin with their size: every call takes older and newer ones. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "support/scratch_folder.h"

enum { ROOM = 512, TEXT_LEN = 44, CANARY = 0xA5 };

static const char text[TEXT_LEN + 1] = "the cat sat on the mat, the hat, the rat...\n";

/* What the calls below work on. */
static struct scratch_folder folder;
static char text_path[600], counts_path[600], model_path[600], ids_path[600];
static pmill_counter *counter;
static pmill_counts *counts;
static pmill_counts_head *head;
static pmill_tokenizer *tokenizer;
static pmill_ids *ids;

static int set_up(void **state)
{
	(void)state;
	pmill_error error = {0};
	scratch_create(&folder);
	strcpy(text_path, scratch_write(&folder, "a.txt", text, TEXT_LEN));
	strcpy(ids_path, scratch_write(&folder, "a.ids.txt", "116 104", 7));
	strcpy(counts_path, scratch_path(&folder, "a.counts"));
	strcpy(model_path, scratch_path(&folder, "tokenizer.json"));
	const pmill_train_options options = {.size = sizeof options, .vocab_size = 260};
	const int is_made = pmill_counter_create(NULL, NULL, &counter, &error) == PMILL_OK &&
		pmill_counter_add_text(counter, text, TEXT_LEN, &error) == PMILL_OK &&
		pmill_counter_save(counter, counts_path, 0, &head, &error) == PMILL_OK &&
		pmill_counts_load(counts_path, NULL, NULL, NULL, &counts, &error) == PMILL_OK &&
		pmill_tokenizer_train_from_counts(counts, &options, NULL, &tokenizer, &error) == PMILL_OK &&
		pmill_tokenizer_save(tokenizer, model_path, NULL, 0, &error) == PMILL_OK &&
		pmill_ids_create(tokenizer, NULL, &ids, &error) == PMILL_OK &&
		pmill_ids_append(ids, (const uint32_t[]){116, 104}, 2, &error) == PMILL_OK &&
		pmill_ids_end_document(ids, &error) == PMILL_OK;
	if (!is_made)
		fprintf(stderr, "%s\n", error.message);
	return !is_made;
}

static int tear_down(void **state)
{
	(void)state;
	pmill_counter_free(counter);
	pmill_counts_free(counts);
	pmill_counts_head_free(head);
	pmill_tokenizer_free(tokenizer);
	pmill_ids_free(ids);
	scratch_remove(&folder);
	return 0;
}

/* Each gives its struct to one call and frees what that made. */

static pmill_status create_counter_text(void *options, pmill_error *error)
{
	pmill_counter *made = NULL;
	const pmill_status status = pmill_counter_create(options, NULL, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_counter_free(made);
	return status;
}

static pmill_status create_counter_run(void *options, pmill_error *error)
{
	pmill_counter *made = NULL;
	const pmill_status status = pmill_counter_create(NULL, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_counter_free(made);
	return status;
}

static pmill_status add_files(void *options, pmill_error *error)
{
	const char *paths[] = {text_path};
	return pmill_counter_add_files(counter, paths, 1, options, error);
}

static pmill_status load_counts(
	const pmill_text_options *expected, const pmill_run_options *run, pmill_error *error)
{
	pmill_counts *made = NULL;
	const pmill_status status = pmill_counts_load(counts_path, NULL, expected, run, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_counts_free(made);
	return status;
}

static pmill_status load_counts_text(void *options, pmill_error *error)
{
	return load_counts(options, NULL, error);
}

static pmill_status load_counts_run(void *options, pmill_error *error)
{
	return load_counts(NULL, options, error);
}

static pmill_status merge_counts(
	const pmill_text_options *expected, const pmill_run_options *run, pmill_error *error)
{
	const char *paths[] = {counts_path};
	return pmill_counts_merge_files(paths, 1, NULL, expected, run,
		scratch_path(&folder, "sum.counts"), PMILL_OVERWRITE, NULL, error);
}

static pmill_status merge_counts_text(void *options, pmill_error *error)
{
	return merge_counts(options, NULL, error);
}

static pmill_status merge_counts_run(void *options, pmill_error *error)
{
	return merge_counts(NULL, options, error);
}

static pmill_status load_tokenizer(void *options, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	const pmill_status status = pmill_tokenizer_load(model_path, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_tokenizer_free(made);
	return status;
}

static pmill_status load_tokenizer_memory(void *options, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	void *data;
	size_t len;
	assert_int_equal(pmill_tokenizer_save_memory(tokenizer, NULL, &data, &len, NULL), PMILL_OK);
	const pmill_status status = pmill_tokenizer_load_memory(data, len, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_tokenizer_free(made);
	pmill_memory_free(data);
	return status;
}

static pmill_status create_tokenizer(void *options, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	const pmill_status status = pmill_tokenizer_create(options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_tokenizer_free(made);
	return status;
}

static pmill_status edit_tokenizer(void *options, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	const pmill_status status = pmill_tokenizer_edit(tokenizer, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_tokenizer_free(made);
	return status;
}

static pmill_status check_save(void *options, pmill_error *error)
{
	return pmill_tokenizer_check_save(scratch_path(&folder, "new.json"), NULL, options, 0, error);
}

static pmill_status check_train_text(void *options, pmill_error *error)
{
	const pmill_train_options train = {.size = sizeof train, .vocab_size = 300};
	return pmill_tokenizer_check_train(options, &train, error);
}

static pmill_status check_train(void *options, pmill_error *error)
{
	return pmill_tokenizer_check_train(NULL, options, error);
}

static pmill_status train(void *options, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	const pmill_status status = pmill_tokenizer_train(counter, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_tokenizer_free(made);
	return status;
}

static pmill_status train_from_counts(
	const pmill_train_options *options, const pmill_run_options *run, pmill_error *error)
{
	pmill_tokenizer *made = NULL;
	const pmill_status status = pmill_tokenizer_train_from_counts(
		counts, options, run, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_tokenizer_free(made);
	return status;
}

static pmill_status train_from_counts_options(void *options, pmill_error *error)
{
	return train_from_counts(options, NULL, error);
}

static pmill_status train_from_counts_run(void *options, pmill_error *error)
{
	const pmill_train_options train_options = {.size = sizeof train_options, .vocab_size = 260};
	return train_from_counts(&train_options, options, error);
}

static pmill_status create_ids(void *options, pmill_error *error)
{
	pmill_ids *made = NULL;
	const pmill_status status = pmill_ids_create(tokenizer, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_ids_free(made);
	return status;
}

static pmill_status create_policy(void *options, pmill_error *error)
{
	pmill_policy *made = NULL;
	const pmill_status status = pmill_policy_create(tokenizer, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_policy_free(made);
	return status;
}

static pmill_status create_encoder(void *run, pmill_error *error)
{
	pmill_encoder *made = NULL;
	const pmill_status status = pmill_encoder_create(tokenizer, run, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_encoder_free(made);
	return status;
}

static pmill_status encode_batch(void *run, pmill_error *error)
{
	static const pmill_bytes texts[] = {{"the", 3}, {"", 0}};
	pmill_encoder *encoder = NULL;
	pmill_ids *made = NULL;
	assert_int_equal(pmill_encoder_create(tokenizer, NULL, &encoder, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_create(tokenizer, NULL, &made, NULL), PMILL_OK);
	const pmill_status status = pmill_encoder_encode_batch(
		encoder, texts, 2, NULL, run, made, error);
	pmill_ids_view view = {.size = sizeof view};
	assert_int_equal(pmill_ids_get(made, &view), PMILL_OK);
	assert_int_equal(view.document_count, status == PMILL_OK ? 2 : 0);
	pmill_ids_free(made);
	pmill_encoder_free(encoder);
	return status;
}

static pmill_status encode_files(const pmill_input_options *input,
	const pmill_encode_file_options *file, const pmill_run_options *run,
	const pmill_output_options *output, pmill_encode_totals *totals, pmill_error *error)
{
	const char *paths[] = {text_path};
	return pmill_encode_files(tokenizer, paths, 1, input, NULL, file, run, output, totals, error);
}

static pmill_status encode_files_input(void *options, pmill_error *error)
{
	return encode_files(options, NULL, NULL, NULL, NULL, error);
}

static pmill_status encode_files_file(void *options, pmill_error *error)
{
	return encode_files(NULL, options, NULL, NULL, NULL, error);
}

static pmill_status encode_files_run(void *options, pmill_error *error)
{
	return encode_files(NULL, NULL, options, NULL, NULL, error);
}

static pmill_status encode_files_output(void *options, pmill_error *error)
{
	return encode_files(NULL, NULL, NULL, options, NULL, error);
}

static pmill_status encode_files_totals(void *totals, pmill_error *error)
{
	return encode_files(NULL, NULL, NULL, NULL, totals, error);
}

static pmill_status verify_models(const pmill_input_options *input,
	const pmill_verify_options *options, const pmill_run_options *run,
	pmill_verification *verification, pmill_error *error)
{
	const char *paths[] = {text_path};
	pmill_verification own = {.size = sizeof own};
	return pmill_verify_models(tokenizer, tokenizer, paths, 1, input, options, run,
		verification != NULL ? verification : &own, error);
}

static pmill_status verify_models_input(void *options, pmill_error *error)
{
	return verify_models(options, NULL, NULL, NULL, error);
}

static pmill_status verify_models_options(void *options, pmill_error *error)
{
	return verify_models(NULL, options, NULL, NULL, error);
}

static pmill_status verify_models_run(void *options, pmill_error *error)
{
	return verify_models(NULL, NULL, options, NULL, error);
}

static pmill_status verify_models_result(void *verification, pmill_error *error)
{
	return verify_models(NULL, NULL, NULL, verification, error);
}

static pmill_status decode_files(const pmill_decode_file_options *file,
	const pmill_run_options *run, const pmill_output_options *output, pmill_encode_totals *totals,
	pmill_error *error)
{
	const char *paths[] = {ids_path};
	return pmill_decode_files(tokenizer, paths, 1, file, run, output, totals, error);
}

static pmill_status decode_files_file(void *options, pmill_error *error)
{
	return decode_files(options, NULL, NULL, NULL, error);
}

static pmill_status decode_files_run(void *options, pmill_error *error)
{
	return decode_files(NULL, options, NULL, NULL, error);
}

static pmill_status decode_files_output(void *options, pmill_error *error)
{
	return decode_files(NULL, NULL, options, NULL, error);
}

static pmill_status decode_files_totals(void *totals, pmill_error *error)
{
	return decode_files(NULL, NULL, NULL, totals, error);
}

static pmill_status decode(void *options, pmill_error *error)
{
	void *data = NULL;
	size_t len;
	const uint32_t id = 'a';
	const pmill_status status = pmill_tokenizer_decode(
		tokenizer, &id, 1, options, &data, &len, error);
	assert_true((status == PMILL_OK) == (data != NULL));
	pmill_memory_free(data);
	return status;
}

static pmill_status create_stream_decoder(void *options, pmill_error *error)
{
	pmill_stream_decoder *made = NULL;
	const pmill_status status = pmill_stream_decoder_create(tokenizer, options, &made, error);
	assert_true((status == PMILL_OK) == (made != NULL));
	pmill_stream_decoder_free(made);
	return status;
}

static pmill_status decode_batch(
	const pmill_decode_options *options, const pmill_run_options *run, pmill_error *error)
{
	const pmill_ids_view no_ids = {.size = sizeof no_ids, .id_bytes = 2};
	void *data = NULL;
	uint64_t *ends = NULL;
	const pmill_status status = pmill_tokenizer_decode_batch(
		tokenizer, &no_ids, options, run, &data, &ends, error);
	assert_true((status == PMILL_OK) == (data != NULL && ends != NULL));
	pmill_memory_free(data);
	pmill_memory_free(ends);
	return status;
}

static pmill_status decode_batch_options(void *options, pmill_error *error)
{
	return decode_batch(options, NULL, error);
}

static pmill_status decode_batch_run(void *options, pmill_error *error)
{
	return decode_batch(NULL, options, error);
}

static pmill_status get_counts_info(void *info, pmill_error *error)
{
	(void)error;
	return pmill_counts_get_info(counts, info);
}

static pmill_status get_head_info(void *info, pmill_error *error)
{
	(void)error;
	return pmill_counts_head_get_info(head, info);
}

static pmill_status get_counter_info(void *info, pmill_error *error)
{
	(void)error;
	return pmill_counter_get_info(counter, info);
}

static pmill_status get_training(void *training, pmill_error *error)
{
	(void)error;
	return pmill_tokenizer_get_training(tokenizer, training);
}

static pmill_status get_ids(void *view, pmill_error *error)
{
	(void)error;
	return pmill_ids_get(ids, view);
}

typedef pmill_status call_function(void *sized, pmill_error *error);

/* Options of which all but those in `required` may be zero. */
static const pmill_train_options required_of_training = {
	.size = sizeof(pmill_train_options), .vocab_size = 260};

static const struct options_row {
	const char *name;
	size_t size;
	call_function *call;
	const void *required; /* NULL: none */
} options_rows[] = {
#define ROW(type, call)                                                                            \
	{                                                                                              \
#type, sizeof(type), call, NULL                                                            \
	}
	ROW(pmill_text_options, create_counter_text),
	ROW(pmill_text_options, load_counts_text),
	ROW(pmill_text_options, merge_counts_text),
	ROW(pmill_text_options, check_save),
	ROW(pmill_text_options, check_train_text),
	ROW(pmill_run_options, create_counter_run),
	ROW(pmill_run_options, load_counts_run),
	ROW(pmill_run_options, merge_counts_run),
	ROW(pmill_run_options, train_from_counts_run),
	ROW(pmill_run_options, create_encoder),
	ROW(pmill_run_options, encode_batch),
	ROW(pmill_run_options, encode_files_run),
	ROW(pmill_run_options, decode_files_run),
	ROW(pmill_input_options, add_files),
	ROW(pmill_input_options, encode_files_input),
	ROW(pmill_run_options, verify_models_run),
	ROW(pmill_input_options, verify_models_input),
	ROW(pmill_verify_options, verify_models_options),
	ROW(pmill_output_options, encode_files_output),
	ROW(pmill_output_options, decode_files_output),
	ROW(pmill_load_options, load_tokenizer),
	ROW(pmill_load_options, load_tokenizer_memory),
	ROW(pmill_tokenizer_parts, create_tokenizer),
	ROW(pmill_edit_options, edit_tokenizer),
	{"pmill_train_options", sizeof(pmill_train_options), check_train, &required_of_training},
	{"pmill_train_options", sizeof(pmill_train_options), train_from_counts_options,
		&required_of_training},
	{"pmill_train_options", sizeof(pmill_train_options), train, &required_of_training},
	ROW(pmill_ids_options, create_ids),
	ROW(pmill_policy_options, create_policy),
	ROW(pmill_encode_file_options, encode_files_file),
	ROW(pmill_decode_file_options, decode_files_file),
	ROW(pmill_decode_options, decode),
	ROW(pmill_decode_options, create_stream_decoder),
	ROW(pmill_decode_options, decode_batch_options),
	ROW(pmill_run_options, decode_batch_run),
};

static const struct result_row {
	const char *name; /* NULL: the call gives no message */
	size_t size;
	call_function *call;
} result_rows[] = {
	{"pmill_encode_totals", sizeof(pmill_encode_totals), encode_files_totals},
	{"pmill_encode_totals", sizeof(pmill_encode_totals), decode_files_totals},
	{"pmill_verification", sizeof(pmill_verification), verify_models_result},
	{NULL, sizeof(pmill_counts_info), get_counts_info},
	{NULL, sizeof(pmill_counts_info), get_head_info},
	{NULL, sizeof(pmill_counter_info), get_counter_info},
	{NULL, sizeof(pmill_training), get_training},
	{NULL, sizeof(pmill_ids_view), get_ids},
};

enum {
	OPTIONS_ROWS = sizeof options_rows / sizeof *options_rows,
	RESULT_ROWS = sizeof result_rows / sizeof *result_rows,
};

/* As the caller would fill it in, but with another size; aligned for any struct. */
static void *fill(const struct options_row *row, max_align_t room[], size_t size)
{
	memset(room, 0, ROOM);
	if (row->required != NULL)
		memcpy(room, row->required, row->size);
	memcpy(room, &size, sizeof size);
	return room;
}

enum { PLACES = ROOM / sizeof(max_align_t) };

static void assert_message(const pmill_error *error, const char *name, const char *what)
{
	char begin[100];
	snprintf(begin, sizeof begin, "%s: ", name);
	assert_int_equal(error->status, PMILL_BAD_OPTION);
	assert_memory_equal(error->message, begin, strlen(begin));
	assert_non_null(strstr(error->message, what));
}

static void expect_options(
	const struct options_row *row, void *options, pmill_error *error, pmill_status expected)
{
	const pmill_status status = row->call(options, error);
	if (status != expected)
		print_error("row %zu, %s: %s\n", (size_t)(row - options_rows), row->name,
			pmill_status_text(status));
	assert_int_equal(status, expected);
}

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPTIONS_ROWS; i++) {
		const struct options_row *row = &options_rows[i];
		max_align_t room[PLACES];
		pmill_error error;
		assert_true(row->size + 16 <= ROOM);
		expect_options(row, fill(row, room, 0), &error, PMILL_BAD_OPTION);
		assert_message(&error, row->name, "its size is 0");
		expect_options(row, fill(row, room, 0), NULL, PMILL_BAD_OPTION);
		expect_options(row, fill(row, room, row->size), &error, PMILL_OK);
		/* Of a newer header, that doesn't use what is new. */
		expect_options(row, fill(row, room, row->size + 16), &error, PMILL_OK);
		/* And does. */
		for (size_t at = row->size; at < row->size + 16; at += 15) {
			fill(row, room, row->size + 16);
			((unsigned char *)room)[at] = 1;
			expect_options(row, room, &error, PMILL_BAD_OPTION);
			assert_message(&error, row->name, "sets a field that version ");
		}
		/* Of an older header: two fields, or no more than the options need; the rest is noise. */
		const size_t older = 2 * sizeof(size_t);
		fill(row, room, older);
		memset((unsigned char *)room + older, CANARY, ROOM - older);
		expect_options(row, room, &error, PMILL_OK);
		if (row->required == NULL)
			expect_options(row, NULL, &error, PMILL_OK);
	}
}

static void test_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < RESULT_ROWS; i++) {
		const struct result_row *row = &result_rows[i];
		max_align_t whole[PLACES], room[PLACES], untouched[PLACES];
		const size_t zero = 0;
		pmill_error error;
		assert_true(row->size + 16 <= ROOM);
		memset(whole, 0, sizeof whole);
		memcpy(whole, &row->size, sizeof row->size);
		assert_int_equal(row->call(whole, &error), PMILL_OK);
		memset(untouched, CANARY, sizeof untouched);
		memcpy(untouched, &zero, sizeof zero);
		memcpy(room, untouched, sizeof room);
		assert_int_equal(row->call(room, &error), PMILL_BAD_OPTION);
		assert_memory_equal(room, untouched, sizeof room);
		if (row->name != NULL)
			assert_message(&error, row->name, "its size is 0");
		for (size_t size = sizeof size; size <= row->size + 16; size += sizeof size) {
			const size_t filled = size < row->size ? size : row->size;
			memset(room, CANARY, sizeof room);
			if (size > row->size)
				memset((unsigned char *)room + row->size, 0, size - row->size);
			memcpy(room, &size, sizeof size);
			memcpy(untouched, room, sizeof room);
			assert_int_equal(row->call(room, &error), PMILL_OK);
			/* The size stays the caller's, and nothing beyond it is written. */
			assert_memory_equal(room, &size, sizeof size);
			assert_memory_equal((unsigned char *)room + sizeof size,
				(unsigned char *)whole + sizeof size, filled - sizeof size);
			assert_memory_equal(
				(unsigned char *)room + filled, (unsigned char *)untouched + filled, ROOM - filled);
		}
		/* A field that the library doesn't know can't be filled. */
		const size_t newer = row->size + 16;
		memset(room, 0, sizeof room);
		memcpy(room, &newer, sizeof newer);
		((unsigned char *)room)[row->size + 15] = 1;
		memcpy(untouched, room, sizeof room);
		assert_int_equal(row->call(room, &error), PMILL_BAD_OPTION);
		assert_memory_equal(room, untouched, sizeof room);
		if (row->name != NULL)
			assert_message(&error, row->name, "sets a field that version ");
	}
}

/* An output with a bad size of its totals is not written. */
static void test_totals_are_checked_first(void **state)
{
	(void)state;
	char out[600];
	strcpy(out, scratch_path(&folder, "out.txt"));
	const pmill_output_options output = {.size = sizeof output, .path = out};
	pmill_encode_totals totals = {0};
	assert_int_equal(encode_files(NULL, NULL, NULL, &output, &totals, NULL), PMILL_BAD_OPTION);
	assert_int_equal(access(out, F_OK), -1);
	assert_int_equal(decode_files(NULL, NULL, &output, &totals, NULL), PMILL_BAD_OPTION);
	assert_int_equal(access(out, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_results, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_totals_are_checked_first, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
