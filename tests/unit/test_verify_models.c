/* Verifying that two models give the same ids: agreement, differences, failures. */
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

#include "pairmill.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"

/* The 256 bytes, "ab" as id 256, and if asked "abc" as 257; a special token as 258. */
static pmill_tokenizer *make_model(bool has_abc, const char *special)
{
	uint8_t bytes[256];
	pmill_token tokens[258];
	for (unsigned i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
		tokens[i] = (pmill_token){{&bytes[i], 1}, i};
	}
	tokens[256] = (pmill_token){{"ab", 2}, 256};
	tokens[257] = (pmill_token){{"abc", 3}, 257};
	const pmill_pair_ids merges[] = {{'a', 'b'}, {256, 'c'}};
	const pmill_token specials[] = {{{special, special == NULL ? 0 : strlen(special)}, 258}};
	const pmill_tokenizer_parts parts = {.size = sizeof parts,
		.tokens = tokens,
		.token_count = has_abc ? 258 : 257,
		.merges = merges,
		.merge_count = has_abc ? 2 : 1,
		.special_tokens = specials,
		.special_token_count = special != NULL};
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_create(&parts, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

struct job {
	const char *text;
	unsigned threads;
	size_t chunk_size;
	const char *format;
	pmill_verify_options options;
	pmill_progress_fn progress;
};

static pmill_status verify(const pmill_tokenizer *tokenizer, const pmill_tokenizer *other,
	const char *path, const struct job *job, pmill_verification *found, pmill_error *error)
{
	const pmill_input_options input = {.size = sizeof input, .format = job->format};
	const pmill_run_options run = {.size = sizeof run,
		.threads = job->threads,
		.chunk_size = job->chunk_size,
		.progress = job->progress};
	pmill_verify_options options = job->options;
	options.size = sizeof options;
	return pmill_verify_models(tokenizer, other, &path, 1, &input, &options, &run, found, error);
}

/* Frees the models. `difference` NULL: they agree. */
static void assert_found(pmill_tokenizer *tokenizer, pmill_tokenizer *other, const struct job *job,
	uint64_t documents, uint64_t compared, const char *difference)
{
	struct scratch_folder folder;
	scratch_create(&folder);
	scratch_write(&folder, "text", job->text, strlen(job->text));
	const char *path = scratch_path(&folder, "text");
	pmill_verification found = {.size = sizeof found};
	pmill_error error = {0};
	if (verify(tokenizer, other, path, job, &found, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	if (difference == NULL) {
		assert_true(found.is_equal);
		assert_null(found.difference);
	} else {
		assert_false(found.is_equal);
		assert_non_null(found.difference);
		assert_memory_equal(found.difference, path, strlen(path));
		assert_string_equal(found.difference + strlen(path), difference);
	}
	assert_int_equal(found.documents, documents);
	assert_int_equal(found.compared, compared);
	pmill_memory_free(found.difference);
	pmill_memory_free(found.bad_files);
	pmill_tokenizer_free(tokenizer);
	pmill_tokenizer_free(other);
	scratch_remove(&folder);
}

static void test_where_ids_differ(void **state)
{
	(void)state;
	const struct job same = {.text = "ab ab aab", .threads = 2};
	assert_found(make_model(true, NULL), make_model(false, NULL), &same, 1, 6, NULL);
	const struct job first = {.text = "abc", .threads = 1};
	assert_found(make_model(true, NULL), make_model(false, NULL), &first, 0, 0,
		": document 1 (at byte 0): its byte 0, id 0\n"
		"  the model: | 257 \"abc\"\n"
		"  the other: | 256 \"ab\" 99 \"c\"");
	const struct job late = {
		.text = "12345ab\"abcabcdddd", .threads = 3, .options = {.name = "A", .other_name = "B"}};
	assert_found(make_model(false, NULL), make_model(true, NULL), &late, 0, 7,
		": document 1 (at byte 0): its byte 8, id 7\n"
		"  A: ... 52 \"4\" 53 \"5\" 256 \"ab\" 34 \"\\x22\" | 256 \"ab\" 99 \"c\" 256 \"ab\" 99 "
		"\"c\" ...\n"
		"  B: ... 52 \"4\" 53 \"5\" 256 \"ab\" 34 \"\\x22\" | 257 \"abc\" 257 \"abc\" 100 \"d\" "
		"100 \"d\" ...");
}

static void test_documents(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 4; threads++) {
		const struct job lines = {
			.text = "ab\nab\nxabc\nabc\n", .threads = threads, .chunk_size = 3, .format = "lines"};
		assert_found(make_model(true, NULL), make_model(false, NULL), &lines, 2, 5,
			": document 3 (at byte 6): its byte 1, id 1\n"
			"  the model: 120 \"x\" | 257 \"abc\" 10 \"\\x0a\"\n"
			"  the other: 120 \"x\" | 256 \"ab\" 99 \"c\" 10 \"\\x0a\"");
		const struct job json = {
			.text = "{\"text\": \"ab\"}\n\n{\"text\": \"\\u0061bc\"}\n{\"text\": \"abc\"}\n",
			.threads = threads,
			.chunk_size = 3,
			.format = "jsonl"};
		assert_found(make_model(true, NULL), make_model(false, NULL), &json, 1, 1,
			": document 2 (line 3): its byte 0, id 0\n"
			"  the model: | 257 \"abc\"\n"
			"  the other: | 256 \"ab\" 99 \"c\"");
		const struct job separated = {.text = "ab|x||xabc|abc",
			.threads = threads,
			.chunk_size = 3,
			.options = {.doc_separator = {"|", 1}}};
		assert_found(make_model(true, NULL), make_model(false, NULL), &separated, 3, 3,
			": document 4 (at byte 6): its byte 1, id 1\n"
			"  the model: 120 \"x\" | 257 \"abc\"\n"
			"  the other: 120 \"x\" | 256 \"ab\" 99 \"c\"");
		const struct job apart = {.text = "ab|c|ab||c",
			.threads = threads,
			.chunk_size = 1,
			.options = {.doc_separator = {"|", 1}}};
		assert_found(make_model(true, NULL), make_model(false, NULL), &apart, 5, 4, NULL);
	}
}

static void test_policies(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model(true, "<x>"), *other = make_model(true, "<x>");
	const pmill_policy_options all = {.size = sizeof all, .special = "all"};
	pmill_policy *policy = NULL, *other_policy = NULL;
	assert_int_equal(pmill_policy_create(tokenizer, &all, &policy, NULL), PMILL_OK);
	assert_int_equal(pmill_policy_create(other, &all, &other_policy, NULL), PMILL_OK);
	struct scratch_folder folder;
	scratch_create(&folder);
	scratch_write(&folder, "text", "ab<x>", 5);
	const char *path = scratch_path(&folder, "text");
	struct job job = {.threads = 1, .options = {.policy = policy, .other_policy = other_policy}};
	pmill_verification found = {.size = sizeof found};
	assert_int_equal(verify(tokenizer, other, path, &job, &found, NULL), PMILL_OK);
	assert_true(found.is_equal);
	assert_int_equal(found.compared, 2);
	job.options.other_policy = NULL;
	assert_int_equal(verify(tokenizer, other, path, &job, &found, NULL), PMILL_OK);
	assert_false(found.is_equal);
	pmill_memory_free(found.difference);
	/* A policy is of one tokenizer. */
	job.options.other_policy = policy;
	assert_int_equal(verify(tokenizer, other, path, &job, &found, NULL), PMILL_BAD_OPTION);
	scratch_remove(&folder);
	pmill_policy_free(policy);
	pmill_policy_free(other_policy);
	pmill_tokenizer_free(tokenizer);
	pmill_tokenizer_free(other);
}

static int stop_at_once(void *context, const pmill_progress *progress)
{
	(void)context;
	(void)progress;
	return 1;
}

static void test_stopping_and_bad_options(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model(true, NULL), *other = make_model(false, NULL);
	struct scratch_folder folder;
	scratch_create(&folder);
	scratch_write(&folder, "text", "ab", 2);
	const char *path = scratch_path(&folder, "text");
	struct job job = {.threads = 2, .progress = stop_at_once};
	pmill_verification found = {.size = sizeof found};
	assert_int_equal(verify(tokenizer, other, path, &job, &found, NULL), PMILL_CANCELLED);
	job.progress = NULL;
	found.size = 0;
	assert_int_equal(verify(tokenizer, other, path, &job, &found, NULL), PMILL_BAD_OPTION);
	found.size = sizeof found;
	assert_int_equal(verify(tokenizer, other, path, &job, &found, NULL), PMILL_OK);
	assert_true(found.is_equal);
	scratch_remove(&folder);
	pmill_tokenizer_free(tokenizer);
	pmill_tokenizer_free(other);
}

static void test_every_allocation_refused(void **state)
{
	(void)state;
	pmill_tokenizer *tokenizer = make_model(true, "<x>"), *other = make_model(false, NULL);
	struct scratch_folder folder;
	scratch_create(&folder);
	const char *path = scratch_path(&folder, "text");
	const struct job job = {.threads = 1, .chunk_size = 10, .options = {.doc_separator = {"|", 1}}};
	for (int is_equal = 0; is_equal < 2; is_equal++) {
		const char *text = is_equal ? "ab|ab ab ab ab|a" : "ab|ab ab abc ab|a";
		scratch_write(&folder, "text", text, strlen(text));
		int refused = 1, done_without = 0;
		for (long k = 0; refused; k++) {
			pmill_verification found = {.size = sizeof found};
			allocations_left = k;
			const pmill_status status = verify(tokenizer, other, path, &job, &found, NULL);
			refused = was_refused();
			const bool failed = status != PMILL_OK; /* or done without known pretokens */
			assert_int_equal(status, failed ? PMILL_NO_MEMORY : PMILL_OK);
			assert_true(refused || !failed);
			done_without += refused && !failed;
			assert_int_equal(found.is_equal, !failed && is_equal);
			assert_true((found.difference == NULL) == (failed || is_equal));
			pmill_memory_free(found.difference);
		}
		assert_int_equal(done_without, 4); /* a table for each model, and keeping it */
	}
	scratch_remove(&folder);
	pmill_tokenizer_free(tokenizer);
	pmill_tokenizer_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_ids_differ),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_stopping_and_bad_options),
		cmocka_unit_test(test_every_allocation_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
