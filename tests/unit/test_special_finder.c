/* The finder of special tokens against a naive search, and how many bytes it visits. */
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
#include "support/random.h"
#include "support/refuse_memory.h"

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

enum { MOST_PLACES = 3000 };

static void look(
	const struct pmill_special_finder *finder, const char *text, size_t len, struct place *places)
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

/* Whether one shares a byte with [begin, end) or lies across it. */
static bool touches(const struct place *places, size_t begin, size_t end, bool is_final)
{
	for (size_t place = 0; place < end; place++)
		if (places[place].end > begin || (!is_final && places[place].is_cut))
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

/* More than a cursor lets pass: its next step takes a window. */
enum { LARGE_DEBT = 1 << 20 };

/* Finds the tokens from `begin` on, one after another, by walks or in windows. */
static void check_search(struct pmill_special_cursor *cursor, const uint8_t *text, size_t len,
	size_t begin, bool is_final, const struct place *places)
{
	struct pmill_special_match match;
	pmill_special_cursor_start(cursor, text, len, is_final);
	cursor->position = begin;
	do {
		assert_int_equal(pmill_special_cursor_next(cursor, &match, NULL), PMILL_OK);
		assert_same(match, search(places, len, begin, is_final));
		assert_int_equal(cursor->position, match.end);
		begin = match.end;
	} while (match.end > match.begin);
}

/* Refuses each match once, and searches on one byte after its beginning. */
static void check_refused(struct pmill_special_cursor *cursor, const uint8_t *text, size_t len,
	const struct place *places)
{
	struct pmill_special_match match;
	pmill_special_cursor_start(cursor, text, len, true);
	for (size_t begin = 0; begin < len; begin = match.begin + 1) {
		cursor->position = begin;
		assert_int_equal(pmill_special_cursor_next(cursor, &match, NULL), PMILL_OK);
		assert_same(match, search(places, len, begin, true));
	}
}

/* Asks everything about a text, in an allocation of its exact size. */
static void check_text(const struct pmill_special_finder *finder, const char *source, size_t len)
{
	char *text = __real_malloc(len > 0 ? len : 1);
	assert_non_null(text);
	memcpy(text, source, len);
	const uint8_t *bytes = (const uint8_t *)text;
	static struct place places[MOST_PLACES];
	struct pmill_special_cursor cursor = {.finder = finder};
	assert_true(len <= MOST_PLACES);
	look(finder, text, len, places);
	for (size_t begin = 0; begin <= len; begin++)
		for (int is_final = 0; is_final < 2; is_final++) {
			for (int in_windows = 0; in_windows < 2; in_windows++) {
				cursor.debt = in_windows ? LARGE_DEBT : 0;
				check_search(&cursor, bytes, len, begin, is_final, places);
			}
			for (size_t end = begin; end <= len; end++)
				assert_int_equal(
					pmill_special_finder_is_clear(finder, bytes, len, begin, end, is_final),
					!touches(places, begin, end, is_final));
		}
	for (int in_windows = 0; in_windows < 2; in_windows++) {
		cursor.debt = in_windows ? LARGE_DEBT : 0;
		check_refused(&cursor, bytes, len, places);
	}
	pmill_special_cursor_release(&cursor);
	free(text);
}

/* The longest other token that the token begins with, or SIZE_MAX. */
static size_t find_shorter(const struct pmill_special_finder *finder, size_t index)
{
	pmill_bytes token = pmill_special_finder_token(finder, index);
	size_t best = SIZE_MAX, best_len = 0;
	for (size_t i = 0; i < pmill_special_finder_count(finder); i++) {
		pmill_bytes other = pmill_special_finder_token(finder, i);
		if (other.len >= token.len || other.len <= best_len)
			continue;
		if (memcmp(other.data, token.data, other.len) == 0) {
			best = i;
			best_len = other.len;
		}
	}
	return best;
}

static void check_shorter(const struct pmill_special_finder *finder)
{
	for (size_t i = 0; i < pmill_special_finder_count(finder); i++)
		assert_int_equal(pmill_special_finder_shorter(finder, i), find_shorter(finder, i));
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
		check_shorter(finder);
		pmill_special_finder_free(finder);
	}
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
	check_shorter(finder);
	pmill_special_finder_free(finder);
}

/* All tokens at a place, longest first: one that isn't wanted doesn't hide a shorter one. */
static void test_all_tokens_at_a_place(void **state)
{
	(void)state;
	static const char *const texts[] = {"<a", "b", "<a|b>", "<", "<a|b", "<ab", NULL};
	static const size_t expected[] = {2, 4, 0, 3};
	struct pmill_special_finder *finder = make(texts);
	struct pmill_special_cursor cursor = {.finder = finder};
	struct pmill_special_match match;
	pmill_special_cursor_start(&cursor, (const uint8_t *)"x<a|b>", 6, true);
	assert_int_equal(pmill_special_cursor_next(&cursor, &match, NULL), PMILL_OK);
	assert_int_equal(match.begin, 1);
	size_t index = match.index;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		assert_int_equal(index, expected[i]);
		index = pmill_special_finder_shorter(finder, index);
	}
	assert_int_equal(index, SIZE_MAX);
	pmill_special_cursor_release(&cursor);
	pmill_special_finder_free(finder);
}

/* ---- Hostile tokens ---- */

enum { LONG_TOKEN = 700, MOST_HOSTILE = 600, LONG_TEXT = 1 << 20 };

/* Tokens in one block of memory. */
struct hostile {
	pmill_bytes tokens[MOST_HOSTILE];
	size_t count;
	char bytes[MOST_HOSTILE * (LONG_TOKEN + 1)];
	size_t used;
	const char *period; /* the text repeats it */
};

/* Adds `len` bytes of the repeated period, from `begin` on, and `end`; not twice the same. */
static void add_token(struct hostile *hostile, size_t begin, size_t len, const char *end)
{
	char *bytes = hostile->bytes + hostile->used;
	size_t period = strlen(hostile->period);
	for (size_t i = 0; i < len; i++)
		bytes[i] = hostile->period[(begin + i) % period];
	memcpy(bytes + len, end, strlen(end));
	pmill_bytes token = {bytes, len + strlen(end)};
	for (size_t i = 0; i < hostile->count; i++)
		if (hostile->tokens[i].len == token.len &&
			memcmp(hostile->tokens[i].data, token.data, token.len) == 0)
			return;
	assert_true(hostile->count < MOST_HOSTILE);
	hostile->tokens[hostile->count++] = token;
	hostile->used += token.len;
}

static void add_periodic(struct hostile *hostile)
{
	add_token(hostile, 0, LONG_TOKEN, "!");
}

static void add_periodic_and_short(struct hostile *hostile)
{
	add_token(hostile, 0, 1, "");
	add_token(hostile, 0, LONG_TOKEN, "!");
}

static void add_nested_prefixes(struct hostile *hostile)
{
	for (size_t len = 1; len <= 100; len++)
		add_token(hostile, 0, len, "");
	add_token(hostile, 0, LONG_TOKEN, "!");
}

static void add_nested_suffixes(struct hostile *hostile)
{
	for (size_t begin = 0; begin < 300; begin++)
		add_token(hostile, begin, 300 - begin, "!");
}

static void add_all_substrings(struct hostile *hostile)
{
	for (size_t begin = 0; begin < strlen(hostile->period); begin++)
		for (size_t len = 1; len < 25; len++)
			add_token(hostile, begin, len, "");
}

/* Walks from each place fail, each a byte later than the one before, after a match of one byte. */
static void add_falling_ends(struct hostile *hostile)
{
	for (size_t begin = 0; begin < 200; begin++) {
		add_token(hostile, begin, 1, "");
		add_token(hostile, begin, 400 - 2 * begin, "!");
	}
}

static void (*const adders[])(struct hostile *hostile) = {add_periodic, add_periodic_and_short,
	add_nested_prefixes, add_nested_suffixes, add_all_substrings, add_falling_ends};
static const char *const periods[] = {"a", "ab", "aab", "abaababaabaab", "abcdefghijklmnopqrst"};

/* Repeats the period, now and then with one byte changed: never if `changes` is 0. */
static void fill_text(
	const struct hostile *hostile, char *text, size_t len, unsigned changes, uint64_t *random)
{
	size_t period = strlen(hostile->period);
	for (size_t i = 0; i < len; i++) {
		text[i] = hostile->period[i % period];
		if (changes > 0 && next_random(random) % changes == 0)
			text[i] = "!ab"[next_random(random) % 3];
	}
}

static void check_like_naive(
	const struct pmill_special_finder *finder, const char *text, size_t len, size_t longest)
{
	static struct place places[MOST_PLACES];
	struct pmill_special_cursor cursor = {.finder = finder};
	look(finder, text, len, places);
	for (int is_final = 0; is_final < 2; is_final++)
		for (size_t begin = 0; begin < len; begin += 1 + begin / 2) {
			const uint8_t *bytes = (const uint8_t *)text;
			check_search(&cursor, bytes, len, begin, is_final, places);
			size_t end = begin + longest / 3 < len ? begin + longest / 3 : len;
			assert_int_equal(
				pmill_special_finder_is_clear(finder, bytes, len, begin, end, is_final),
				!touches(places, begin, end, is_final));
		}
	pmill_special_cursor_release(&cursor);
}

/* Visits at most four bytes for each byte of the text, but for constants. */
static void check_visits(
	const struct pmill_special_finder *finder, const char *text, size_t len, size_t longest)
{
	for (int is_final = 0; is_final < 2; is_final++) {
		struct pmill_special_cursor cursor = {.finder = finder};
		struct pmill_special_match match;
		pmill_special_cursor_start(&cursor, (const uint8_t *)text, len, is_final);
		do {
			assert_int_equal(pmill_special_cursor_next(&cursor, &match, NULL), PMILL_OK);
		} while (match.end > match.begin);
		assert_true(match.begin == len || !is_final);
		assert_true(cursor.visited <= 4 * len + 3 * longest + (1 << 13));
		pmill_special_cursor_release(&cursor);
	}
}

static void check_hostile(struct hostile *hostile, char *text, uint64_t *random)
{
	struct pmill_special_finder *finder;
	assert_int_equal(
		pmill_special_finder_create(hostile->tokens, hostile->count, &finder, NULL), PMILL_OK);
	check_shorter(finder);
	size_t longest = pmill_special_finder_longest(finder);
	static const unsigned changes[] = {0, 2000, 300, 20};
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		fill_text(hostile, text, LONG_TEXT, changes[i], random);
		check_visits(finder, text, LONG_TEXT, longest);
		check_like_naive(finder, text, MOST_PLACES, longest);
	}
	pmill_special_finder_free(finder);
}

static void test_hostile_tokens(void **state)
{
	(void)state;
	uint64_t random = 11;
	print_message("seed %llu\n", (unsigned long long)random);
	char *text = __real_malloc(LONG_TEXT);
	assert_non_null(text);
	for (size_t i = 0; i < sizeof adders / sizeof adders[0]; i++)
		for (size_t j = 0; j < sizeof periods / sizeof periods[0]; j++) {
			static struct hostile hostile;
			hostile.count = hostile.used = 0;
			hostile.period = periods[j];
			adders[i](&hostile);
			check_hostile(&hostile, text, &random);
		}
	free(text);
}

/* What a text of many short pieces costs is linear in all of them. */
static void test_many_short_texts(void **state)
{
	(void)state;
	enum { PIECE = 100, PIECES = 10000 };
	static struct hostile hostile = {.period = "a"};
	add_periodic_and_short(&hostile);
	struct pmill_special_finder *finder;
	assert_int_equal(
		pmill_special_finder_create(hostile.tokens, hostile.count, &finder, NULL), PMILL_OK);
	uint8_t text[PIECE];
	memset(text, 'a', PIECE);
	struct pmill_special_cursor cursor = {.finder = finder};
	for (int i = 0; i < PIECES; i++) {
		struct pmill_special_match match;
		pmill_special_cursor_start(&cursor, text, PIECE, true);
		do {
			assert_int_equal(pmill_special_cursor_next(&cursor, &match, NULL), PMILL_OK);
		} while (match.end > match.begin);
	}
	assert_true(cursor.visited <= 4 * PIECE * PIECES + (1 << 13));
	pmill_special_cursor_release(&cursor);
	pmill_special_finder_free(finder);
}

static void test_no_memory_for_a_window(void **state)
{
	(void)state;
	static const char *const texts[] = {"a", "aab", NULL};
	struct pmill_special_finder *finder = make(texts);
	struct pmill_special_cursor cursor = {.finder = finder, .debt = LARGE_DEBT};
	struct pmill_special_match match;
	pmill_error error;
	pmill_special_cursor_start(&cursor, (const uint8_t *)"aaaa", 4, true);
	allocations_left = 0;
	pmill_status status = pmill_special_cursor_next(&cursor, &match, &error);
	allocations_left = -1;
	assert_int_equal(status, PMILL_NO_MEMORY);
	pmill_special_cursor_release(&cursor);
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
		cmocka_unit_test(test_all_tokens_at_a_place),
		cmocka_unit_test(test_hostile_tokens),
		cmocka_unit_test(test_many_short_texts),
		cmocka_unit_test(test_no_memory_for_a_window),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
