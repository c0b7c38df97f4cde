/* The filter of byte strings by their pieces: it never skips one, and skips nearly all else. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/piece_filter.h"
#include "support/random.h"

enum { COUNT = 3000, LONGEST = 20, TEXT_LEN = 100000 };

static void fill(uint8_t *bytes, size_t len, unsigned letters, uint64_t *random)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)('a' + next_random(random) % letters);
}

struct strings {
	pmill_bytes list[COUNT];
	uint8_t bytes[COUNT][LONGEST];
};

static void make_strings(
	struct strings *strings, size_t shortest, unsigned letters, uint64_t *random)
{
	for (size_t i = 0; i < COUNT; i++) {
		size_t len = shortest + next_random(random) % (LONGEST - shortest + 1);
		fill(strings->bytes[i], len, letters, random);
		strings->list[i] = (pmill_bytes){strings->bytes[i], len};
	}
}

/* Where one of the strings was put into the text; puts one at about each 200 bytes. */
static size_t put_strings(
	const struct strings *strings, uint8_t *text, size_t len, bool *begins, uint64_t *random)
{
	size_t count = 0;
	memset(begins, 0, len);
	for (size_t at = next_random(random) % 200; at < len;
		 at += LONGEST + next_random(random) % 360) {
		const pmill_bytes *string = &strings->list[next_random(random) % COUNT];
		if (string->len > len - at)
			break;
		memcpy(text + at, string->data, string->len);
		begins[at] = true;
		count++;
	}
	return count;
}

/* Returns how many places were not skipped. */
static size_t walk(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, const bool *begins)
{
	size_t stops = 0;
	for (size_t begin = 0; begin < len; begin++, stops++) {
		size_t place = pmill_piece_filter_skip(filter, text, len, begin);
		assert_in_range(place, begin, len);
		for (; begin < place; begin++)
			assert_false(begins[begin]);
	}
	return stops;
}

static void check(size_t shortest, unsigned letters, size_t one_in)
{
	static struct strings strings;
	static bool begins[TEXT_LEN];
	uint64_t random = shortest;
	make_strings(&strings, shortest, letters, &random);
	struct pmill_piece_filter *filter = pmill_piece_filter_create(strings.list, COUNT);
	assert_non_null(filter);
	for (size_t len = TEXT_LEN; len > 0; len = len > 1000 ? len / 7 : len - 1 - len / 20) {
		uint8_t *text = malloc(len); /* of its exact size */
		assert_non_null(text);
		fill(text, len, letters, &random);
		size_t count = put_strings(&strings, text, len, begins, &random);
		size_t stops = walk(filter, text, len, begins);
		if (len == TEXT_LEN)
			assert_true(stops <= count + len / one_in);
		free(text);
	}
	pmill_piece_filter_free(filter);
}

/*
 * Strings as short as pieces can be, and longer ones, which allow a longer stride. Letters are
 * found by their classes, all bytes are not.
 */
static void test_skips_no_string(void **state)
{
	(void)state;
	for (size_t shortest = 4; shortest <= LONGEST; shortest++) {
		size_t one_in = shortest <= 5 ? 1000 : 5000;
		check(shortest, 26, one_in);
		check(shortest, 256, one_in);
	}
}

static void test_short_strings(void **state)
{
	(void)state;
	const pmill_bytes strings[] = {{"<", 1}, {"[A]", 3}, {"abcdefgh", 8}, {"\0", 1}};
	const uint8_t text[] = "xyz.......abcdefgh......<s>......[A]......\0......";
	bool begins[sizeof text] = {false};
	begins[10] = begins[24] = begins[33] = begins[42] = begins[sizeof text - 1] = true;
	struct pmill_piece_filter *filter = pmill_piece_filter_create(strings, 4);
	assert_non_null(filter);
	/* Within eight bytes of the end it stops everywhere. */
	assert_true(walk(filter, text, sizeof text, begins) <= 4 + 8);
	pmill_piece_filter_free(filter);
	pmill_piece_filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skips_no_string),
		cmocka_unit_test(test_short_strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
