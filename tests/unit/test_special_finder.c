/* The finder of special tokens against a naive search, from every offset of a text. */
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

#include "pretokenize/special_finder.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static long allocations_left = -1; /* -1: unlimited */

static bool may_allocate(void)
{
	if (allocations_left < 0)
		return true;
	if (allocations_left == 0)
		return false;
	allocations_left--;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

static pmill_bytes bytes_of(const char *text)
{
	return (pmill_bytes){text, strlen(text)};
}

static struct pmill_special_finder *make(const char *const *texts)
{
	pmill_bytes tokens[16];
	size_t count = 0;
	for (; texts[count] != NULL; count++)
		tokens[count] = bytes_of(texts[count]);
	struct pmill_special_finder *finder;
	assert_int_equal(pmill_special_finder_create(tokens, count, &finder, NULL), PMILL_OK);
	return finder;
}

/* ---- The naive search ---- */

static bool is_at(pmill_bytes token, const char *text, size_t len, size_t begin)
{
	return token.len <= len - begin && memcmp(text + begin, token.data, token.len) == 0;
}

/* The tokens that begin at one offset of the text. */
struct place {
	size_t end, index; /* of the longest token; end is 0 if there is none */
	bool is_cut;       /* whether the rest of the text is the beginning of a token */
};

enum { MOST_PLACES = 100 };

static void look(const struct pmill_special_finder *finder, const char *text, size_t len,
	struct place places[MOST_PLACES])
{
	for (size_t begin = 0; begin < len; begin++) {
		struct place place = {0};
		for (size_t i = 0; i < pmill_special_finder_count(finder); i++) {
			pmill_bytes token = pmill_special_finder_token(finder, i);
			if (token.len > len - begin)
				place.is_cut |= memcmp(text + begin, token.data, len - begin) == 0;
			else if (begin + token.len > place.end && is_at(token, text, len, begin))
				place = (struct place){begin + token.len, i, place.is_cut};
		}
		places[begin] = place;
	}
}

/* If more text may follow, the first place with a match or a possible match. */
static struct pmill_special_match search(
	const struct place *places, size_t len, size_t begin, bool is_final)
{
	for (; begin < len; begin++) {
		if (!is_final && places[begin].is_cut)
			return (struct pmill_special_match){begin, begin, 0};
		if (places[begin].end > 0)
			return (struct pmill_special_match){begin, places[begin].end, places[begin].index};
	}
	return (struct pmill_special_match){len, len, 0};
}

static bool lies_across(const struct place *places, size_t offset, bool is_final)
{
	for (size_t begin = 0; begin < offset; begin++)
		if (places[begin].end > offset || (!is_final && places[begin].is_cut))
			return true;
	return false;
}

static void assert_same(struct pmill_special_match a, struct pmill_special_match b)
{
	assert_int_equal(a.begin, b.begin);
	assert_int_equal(a.end, b.end);
	if (a.begin != a.end)
		assert_int_equal(a.index, b.index);
}

/* Asks everything about a text, in an allocation of its exact size. */
static void check_text(const struct pmill_special_finder *finder, const char *source, size_t len)
{
	char *text = __real_malloc(len > 0 ? len : 1);
	assert_non_null(text);
	memcpy(text, source, len);
	const uint8_t *bytes = (const uint8_t *)text;
	struct place places[MOST_PLACES];
	assert_true(len <= MOST_PLACES);
	look(finder, text, len, places);
	for (size_t begin = 0; begin <= len; begin++)
		for (int is_final = 0; is_final < 2; is_final++) {
			assert_same(pmill_special_finder_next(finder, bytes, len, begin, is_final),
				search(places, len, begin, is_final));
			assert_int_equal(pmill_special_finder_is_clear(finder, bytes, len, begin, is_final),
				!lies_across(places, begin, is_final));
		}
	free(text);
}

/* ---- Tests ---- */

static void test_refused(void **state)
{
	(void)state;
	struct pmill_special_finder *finder = NULL;
	pmill_error error;
	const pmill_bytes empty[] = {bytes_of("a"), bytes_of("")};
	assert_int_equal(pmill_special_finder_create(empty, 2, &finder, &error), PMILL_BAD_OPTION);
	assert_string_equal(error.message, "special token 2 is empty");
	const pmill_bytes twice[] = {bytes_of("<a\n>"), bytes_of("b"), bytes_of("<a\n>")};
	assert_int_equal(pmill_special_finder_create(twice, 3, &finder, &error), PMILL_BAD_OPTION);
	assert_string_equal(error.message, "special token \"<a\\x0a>\" is given twice");
	char long_text[2001];
	memset(long_text, 0xFF, 2000);
	long_text[2000] = '\0';
	const pmill_bytes long_twice[] = {bytes_of(long_text), bytes_of(long_text)};
	assert_int_equal(pmill_special_finder_create(long_twice, 2, &finder, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "\\xff...\" is given twice"));
	const pmill_bytes huge[] = {{"", SIZE_MAX}, {"", 2}};
	assert_int_equal(pmill_special_finder_create(huge, 2, &finder, &error), PMILL_OVERFLOW);
	assert_null(finder);
}

static void test_none(void **state)
{
	(void)state;
	struct pmill_special_finder *finder;
	assert_int_equal(pmill_special_finder_create(NULL, 0, &finder, NULL), PMILL_OK);
	assert_int_equal(pmill_special_finder_count(finder), 0);
	assert_int_equal(pmill_special_finder_longest(finder), 0);
	check_text(finder, "abc", 3);
	pmill_special_finder_free(finder);
	pmill_special_finder_free(NULL);
}

static void test_copies_the_tokens(void **state)
{
	(void)state;
	char first[] = "<a>", second[] = "<bb>";
	const pmill_bytes tokens[] = {bytes_of(first), bytes_of(second)};
	struct pmill_special_finder *finder;
	assert_int_equal(pmill_special_finder_create(tokens, 2, &finder, NULL), PMILL_OK);
	memset(first, 'x', 3);
	memset(second, 'x', 4);
	pmill_bytes token = pmill_special_finder_token(finder, 1);
	assert_int_equal(token.len, 4);
	assert_memory_equal(token.data, "<bb>", 4);
	assert_int_equal(pmill_special_finder_longest(finder), 4);
	check_text(finder, "<bb><a><b<a<bb>", 15);
	pmill_special_finder_free(finder);
}

/* All texts of up to `longest` letters of an alphabet. */
static void check_all_texts(
	const struct pmill_special_finder *finder, const char *alphabet, size_t longest)
{
	size_t letters = strlen(alphabet);
	char text[16];
	for (size_t len = 0, count = 1; len <= longest; len++, count *= letters) {
		for (size_t number = 0; number < count; number++) {
			size_t rest = number;
			for (size_t i = 0; i < len; i++, rest /= letters)
				text[i] = alphabet[rest % letters];
			check_text(finder, text, len);
		}
	}
}

static void test_nested_and_overlapping(void **state)
{
	(void)state;
	static const char *const sets[][8] = {
		{"a", NULL},
		{"aa", "aaa", NULL},
		{"aba", NULL},
		{"ab", "bc", "abc", "cab", NULL},
		{"a", "ab", "abb", "b", NULL},
		{"abcab", "ca", NULL},
		{"abab", "ba", "c", NULL},
		{"aab", "ab", "b", "aaab", NULL},
	};
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		struct pmill_special_finder *finder = make(sets[i]);
		check_all_texts(finder, "abc", 5);
		pmill_special_finder_free(finder);
	}
}

/* SplitMix64. */
static uint64_t next_random(uint64_t *random)
{
	uint64_t z = *random += 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static void test_hundreds_of_tokens(void **state)
{
	(void)state;
	enum { COUNT = 700, TEXT_LEN = 60 };
	static char texts[COUNT][24];
	pmill_bytes tokens[COUNT];
	for (int i = 0; i < COUNT; i++) {
		snprintf(texts[i], sizeof texts[i], i % 2 ? "<|reserved_%d|>" : "%d|>", i);
		tokens[i] = bytes_of(texts[i]);
	}
	struct pmill_special_finder *finder;
	assert_int_equal(pmill_special_finder_create(tokens, COUNT, &finder, NULL), PMILL_OK);
	uint64_t random = 7;
	print_message("seed %llu\n", (unsigned long long)random);
	for (int run = 0; run < 200; run++) {
		char text[TEXT_LEN + 24];
		size_t len = 0;
		while (len < TEXT_LEN) {
			const char *token = texts[next_random(&random) % COUNT];
			size_t begin = next_random(&random) % 3, cut = next_random(&random) % 3;
			size_t part = strlen(token) - begin;
			part -= cut < part ? cut : 0;
			memcpy(text + len, token + begin, part);
			len += part;
		}
		check_text(finder, text, len);
	}
	pmill_special_finder_free(finder);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	const pmill_bytes tokens[] = {bytes_of("<a>"), bytes_of("b"), bytes_of("<c")};
	pmill_status status = PMILL_NO_MEMORY;
	long allocations = 0;
	for (; status != PMILL_OK; allocations++) {
		struct pmill_special_finder *finder = NULL;
		pmill_error error;
		allocations_left = allocations;
		status = pmill_special_finder_create(tokens, 3, &finder, &error);
		allocations_left = -1;
		assert_int_equal(status == PMILL_OK, finder != NULL);
		if (status != PMILL_OK)
			assert_int_equal(status, PMILL_NO_MEMORY);
		pmill_special_finder_free(finder);
	}
	assert_true(allocations > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_copies_the_tokens),
		cmocka_unit_test(test_nested_and_overlapping),
		cmocka_unit_test(test_hundreds_of_tokens),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
