/* Offsets in bytes → in characters, on any bytes, against a list of the characters. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/characters.h"
#include "support/random.h"

enum { LONGEST = 80, PAIRS = 60 };

/* The length of a well-formed character at the beginning, by table 3-7 of Unicode; else 1. */
static size_t character_len(const uint8_t *text, size_t len)
{
	static const struct {
		uint8_t first_low, first_high, second_low, second_high;
		size_t len;
	} rows[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
		{0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
		{0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (text[0] < rows[i].first_low || text[0] > rows[i].first_high || len < rows[i].len)
			continue;
		bool is_whole = text[1] >= rows[i].second_low && text[1] <= rows[i].second_high;
		for (size_t k = 2; k < rows[i].len; k++)
			is_whole = is_whole && text[k] >= 0x80 && text[k] <= 0xBF;
		return is_whole ? rows[i].len : 1;
	}
	return 1;
}

/* Sets the character of each byte, and of the end. Returns the number of characters. */
static size_t number_bytes(const uint8_t *text, size_t len, size_t character_of[])
{
	size_t count = 0;
	for (size_t at = 0; at < len; count++) {
		const size_t taken = character_len(text + at, len - at);
		for (size_t i = 0; i < taken; i++)
			character_of[at + i] = count;
		at += taken;
	}
	character_of[len] = count;
	return count;
}

static size_t draw(uint64_t *random, uint8_t *text)
{
	static const char *const pieces[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
		"\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xF0\x9F\x98", "\x80", "\xFF"};
	const size_t limit = (size_t)random_below(random, LONGEST - 4);
	size_t len = 0;
	while (len < limit) {
		const char *piece = pieces[random_below(random, sizeof pieces / sizeof *pieces)];
		if (random_below(random, 3) == 0) {
			text[len++] = (uint8_t)next_random(random);
			continue;
		}
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return len;
}

static int compare_pairs(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

/* Pairs anywhere, ascending or not; the text may begin anywhere in the document. */
static void is_the_same_as_a_list(void **state)
{
	(void)state;
	const uint64_t seed = 5;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (size_t round = 0; round < 5000; round++) {
		uint8_t text[LONGEST];
		size_t character_of[LONGEST + 1];
		uint64_t pairs[2 * PAIRS], expected[2 * PAIRS];
		const size_t len = draw(&random, text);
		const struct pmill_character_place from = {
			round % 2 * next_random(&random) % 1000, round % 3 * next_random(&random) % 1000};
		/* So that reads past the end are seen. */
		uint8_t *copy = malloc(len > 0 ? len : 1);
		assert_non_null(copy);
		memcpy(copy, text, len);
		assert_int_equal(pmill_characters_count(copy, len), number_bytes(text, len, character_of));
		for (size_t i = 0; i < PAIRS; i++) {
			pairs[2 * i] = random_below(&random, len + 1);
			pairs[2 * i + 1] = pairs[2 * i] + random_below(&random, len - pairs[2 * i] + 1);
		}
		if (round % 4 != 0)
			qsort(pairs, PAIRS, 2 * sizeof *pairs, compare_pairs);
		for (size_t i = 0; i < 2 * PAIRS; i += 2) {
			const size_t begin = pairs[i], end = pairs[i + 1];
			expected[i] = from.character + character_of[begin];
			expected[i + 1] = begin == end ? expected[i]
										   : from.character + character_of[end - 1] + 1;
			pairs[i] += from.byte;
			pairs[i + 1] += from.byte;
		}
		pmill_characters_from_bytes(copy, len, from, pairs, PAIRS);
		assert_memory_equal(pairs, expected, sizeof pairs);
		free(copy);
	}
}

static void has_edges(void **state)
{
	(void)state;
	static const uint8_t text[] = "a\xC3\xA9\xFFz";
	static const struct {
		uint64_t bytes[2], characters[2];
	} rows[] = {{{0, 0}, {0, 0}}, {{0, 5}, {0, 4}}, {{1, 2}, {1, 2}}, {{2, 3}, {1, 2}},
		{{2, 2}, {1, 1}}, {{1, 4}, {1, 3}}, {{5, 5}, {4, 4}}, {{2, 5}, {1, 4}}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t pair[2] = {rows[i].bytes[0], rows[i].bytes[1]};
		pmill_characters_from_bytes(text, 5, (struct pmill_character_place){0, 0}, pair, 1);
		assert_memory_equal(pair, rows[i].characters, sizeof pair);
	}
	pmill_characters_from_bytes(NULL, 0, (struct pmill_character_place){0, 0}, NULL, 0);
	uint64_t pair[2] = {7, 7};
	pmill_characters_from_bytes(NULL, 0, (struct pmill_character_place){7, 3}, pair, 1);
	assert_int_equal(pair[0], 3);
	assert_int_equal(pair[1], 3);
	assert_int_equal(pmill_characters_count(NULL, 0), 0);
	assert_int_equal(pmill_characters_count(text, 5), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_same_as_a_list),
		cmocka_unit_test(has_edges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
