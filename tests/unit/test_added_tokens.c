/* The added tokens of a tokenizer.json: which are refused, and what the messages say. */
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

/* With the added tokens, and the id of <c>, which may be one of them. */
#define FRAME                                                                                      \
	"{\"added_tokens\": %s, \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"use_regex\": false, "   \
	"\"add_prefix_space\": false}, \"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": " \
	"\"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"<c>\": %s}, \"merges\": [\"a b\"]}}"

static pmill_status load(
	const char *added, const char *id, pmill_tokenizer **tokenizer, pmill_error *error)
{
	const size_t capacity = strlen(FRAME) + strlen(added) + strlen(id) + 1;
	char *json = malloc(capacity);
	assert_non_null(json);
	const int len = snprintf(json, capacity, FRAME, added, id);
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	const pmill_status status = pmill_tokenizer_load_memory(
		json, (size_t)len, &options, tokenizer, error);
	free(json);
	return status;
}

static void check_refused_with(
	const char *id, const char *added, pmill_status status, const char *message)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (load(added, id, &tokenizer, &error) != status)
		fail_msg("%s: not refused with status %d: %s", added, status, error.message);
	assert_null(tokenizer);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
}

static void check_refused(const char *added, pmill_status status, const char *message)
{
	check_refused_with("3", added, status, message);
}

static void check_accepted(const char *added, size_t vocab_size)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (load(added, "3", &tokenizer, &error) != PMILL_OK)
		fail_msg("%s: %s", added, error.message);
	assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), vocab_size);
	pmill_tokenizer_free(tokenizer);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *added;
		pmill_status status;
		const char *message;
	} rows[] = {
		{"7", PMILL_BAD_INPUT, "added_tokens is not a list"},
		{"[7]", PMILL_BAD_INPUT, "the added token without a content is empty"},
		{"[{\"id\": 4}]", PMILL_BAD_INPUT, "the added token without a content is empty"},
		{"[{\"id\": 4, \"content\": \"\"}]", PMILL_BAD_INPUT, "the added token \"\" is empty"},
		{"[{\"content\": \"<x>\"}]", PMILL_BAD_INPUT, "the added token \"<x>\" has no id"},
		{"[{\"id\": \"4\", \"content\": \"<x>\"}]", PMILL_BAD_INPUT, "\"<x>\" has no id"},
		{"[{\"id\": 4, \"content\": \"<x>\", \"single_word\": true}]", PMILL_UNSUPPORTED,
			"\"<x>\" has the flag single_word, which is not supported"},
		{"[{\"id\": 4, \"content\": \"<x>\", \"lstrip\": true}]", PMILL_UNSUPPORTED,
			"\"<x>\" has the flag lstrip, which is not supported"},
		{"[{\"id\": 4, \"content\": \"<x>\", \"rstrip\": true}]", PMILL_UNSUPPORTED,
			"\"<x>\" has the flag rstrip, which is not supported"},
		{"[{\"id\": 4, \"content\": \"\\u0120\"}]", PMILL_UNSUPPORTED,
			"is spelled like the printable form of a byte"},
		{"[{\"id\": 4, \"content\": \"<x>\"}, {\"id\": 5, \"content\": \"<x>\"}]", PMILL_BAD_INPUT,
			"the added token \"<x>\" occurs twice"},
		{"[{\"id\": 5, \"content\": \"<x>\"}]", PMILL_BAD_INPUT,
			"\"<x>\" has an id that is not the next one after the vocab"},
		{"[{\"id\": -1, \"content\": \"<x>\"}]", PMILL_BAD_INPUT,
			"\"<x>\" has an id that is not the next one after the vocab"},
		{"[{\"id\": 4, \"content\": \"<x>\"}, {\"id\": 4, \"content\": \"<y>\"}]", PMILL_BAD_INPUT,
			"\"<y>\" has an id that is not the next one after the vocab"},
		{"[{\"id\": 4, \"content\": \"<c>\"}]", PMILL_BAD_INPUT,
			"\"<c>\" has another id in the vocab"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_refused(rows[i].added, rows[i].status, rows[i].message);
	check_refused_with("\"3\"", "[{\"id\": 3, \"content\": \"<c>\"}]", PMILL_BAD_INPUT,
		"the id of the token \"<c>\" is not an integer");
}

static void test_accepted(void **state)
{
	(void)state;
	check_accepted("null", 4);
	check_accepted("[]", 4);
	check_accepted("[{\"id\": 3, \"content\": \"<c>\", \"lstrip\": false}]", 4);
	check_accepted("[{\"id\": 4, \"content\": \"<x>\"}, {\"id\": 5, \"content\": \"<y>\"}, "
				   "{\"id\": 6, \"content\": \"<z>\"}]",
		7);
	check_accepted("[{\"id\": 4, \"content\": \"<x>\"}, {\"id\": 3, \"content\": \"<c>\"}, "
				   "{\"id\": 5, \"content\": \"\\u0120\\u0120\", \"special\": true}]",
		6);
}

/* Those that are normalized must not overlap with those that aren't. */
static void test_overlaps(void **state)
{
	(void)state;
	static const struct {
		const char *plain, *normalized;
		bool can_overlap;
	} rows[] = {
		{"<x>", "<y>", false},
		{"<x>", "x>y", true},
		{"x>y", "<x>", true},
		{"<xy>", "xy", true},
		{"xy", "<xy>", true},
		{"<x>", "<x", true},
		{"<x>", "<x>>", true},
		{"<x>", ">>", true},
		{">>", "<x>", true},
		{"<x>", "x<", true},
		{"<x>", "xx", false},
		{"<<x", "<<y", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char added[200];
		for (int same = 0; same < 2; same++) {
			snprintf(added, sizeof added,
				"[{\"id\": 4, \"content\": \"%s\", \"normalized\": %s}, {\"id\": 5, "
				"\"content\": \"%s\", \"normalized\": true}]",
				rows[i].plain, same ? "true" : "false", rows[i].normalized);
			if (same || !rows[i].can_overlap)
				check_accepted(added, 6);
			else
				check_refused(added, PMILL_UNSUPPORTED,
					"\" can overlap with another that differs in the flag normalized");
		}
	}
}

/* As many that are normalized as that aren't; the caller frees them. */
static char *list_added(int each)
{
	enum { LONGEST = 70 };
	const size_t capacity = 2 * (size_t)each * LONGEST;
	char *added = malloc(capacity);
	assert_non_null(added);
	size_t len = 0;
	for (int i = 0; i < 2 * each; i++)
		len += (size_t)snprintf(added + len, capacity - len,
			"%c{\"id\": %d, \"content\": \"<%d>\", \"normalized\": %s}", i == 0 ? '[' : ',', i + 4,
			i, i % 2 == 0 ? "true" : "false");
	memcpy(added + len, "]", 2);
	return added;
}

/* 2001 of each kind would be more than four million pairs to check. */
static void test_too_many(void **state)
{
	(void)state;
	char *added = list_added(200);
	check_accepted(added, 404);
	free(added);
	added = list_added(2001);
	check_refused(added, PMILL_UNSUPPORTED,
		"the added token \"<0>\" is one of too many to check, some normalized and some not");
	free(added);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
