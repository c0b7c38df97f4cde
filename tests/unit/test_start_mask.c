/* Where strings may begin, by the classes of their bytes: the same as one place at a time. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/start_mask.h"
#include "support/random.h"

enum { MOST_STRINGS = 40, LONGEST = 12, ROUNDS = 3000, BLOCKS = 3 };

struct strings {
	pmill_bytes list[MOST_STRINGS];
	size_t count;
	uint8_t bytes[MOST_STRINGS][LONGEST];
};

/* Bytes `step` apart, so that they differ in either half, or in both. */
static uint8_t pick_byte(unsigned kinds, unsigned step, uint64_t *random)
{
	return (uint8_t)(step * (next_random(random) % kinds));
}

static void make_strings(
	struct strings *strings, size_t shortest, unsigned kinds, unsigned step, uint64_t *random)
{
	strings->count = 1 + next_random(random) % MOST_STRINGS;
	for (size_t i = 0; i < strings->count; i++) {
		size_t len = shortest + next_random(random) % (LONGEST - shortest + 1);
		for (size_t at = 0; at < len; at++)
			strings->bytes[i][at] = pick_byte(kinds, step, random);
		strings->list[i] = (pmill_bytes){strings->bytes[i], len};
	}
}

static bool is_in_class(const struct strings *strings, size_t offset, uint8_t byte)
{
	bool is_in = false;
	for (size_t i = 0; i < strings->count; i++)
		is_in |= offset >= strings->list[i].len || strings->bytes[i][offset] == byte;
	return is_in;
}

static bool may_begin(const struct strings *strings, const uint8_t *text)
{
	bool may = true;
	for (size_t offset = 0; offset < PMILL_START_OFFSETS; offset++)
		may = may && is_in_class(strings, offset, text[offset]);
	return may;
}

static bool begins(const struct strings *strings, const uint8_t *text)
{
	bool found = false;
	for (size_t i = 0; i < strings->count; i++)
		found |= memcmp(text, strings->list[i].data, strings->list[i].len) == 0;
	return found;
}

/* Plain C is exact. The vector instructions may take halves of bytes from different strings. */
static void check(const struct pmill_start_mask *mask, const struct strings *strings,
	const uint8_t *text, size_t blocks, size_t *places)
{
	uint64_t plain[BLOCKS], fast[BLOCKS];
	pmill_start_mask_match_plain(mask, text, plain, blocks);
	pmill_start_mask_match(mask, text, fast, blocks);
	size_t len = blocks * PMILL_START_PLACES + PMILL_START_OFFSETS;
	for (size_t at = 0; at < blocks * PMILL_START_PLACES; at++) {
		size_t block = at / PMILL_START_PLACES, place = at % PMILL_START_PLACES;
		bool is_place = plain[block] >> place & 1;
		assert_int_equal(is_place, may_begin(strings, text + at));
		assert_true(!is_place || (fast[block] >> place & 1) != 0);
		if (at + LONGEST <= len)
			assert_true(is_place || !begins(strings, text + at));
		*places += is_place;
	}
	for (size_t block = 0; block < blocks; block++)
		assert_int_equal((plain[block] | fast[block]) >> PMILL_START_PLACES, 0);
}

static void test_places(void **state)
{
	(void)state;
	uint64_t random = 1;
	size_t places = 0;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct strings strings;
		struct pmill_start_mask mask;
		unsigned kinds = 2 + (unsigned)(next_random(&random) % 7);
		unsigned step = (unsigned[]){1, 16, 17, 255}[round % 4];
		make_strings(&strings, 1 + round % 10, kinds, step, &random);
		pmill_start_mask_set(&mask, strings.list, strings.count);
		size_t blocks = 1 + next_random(&random) % BLOCKS;
		size_t len = blocks * PMILL_START_PLACES + PMILL_START_OFFSETS;
		uint8_t *text = malloc(len); /* of its exact size */
		assert_non_null(text);
		for (size_t at = 0; at < len; at++)
			text[at] = pick_byte(kinds + 1, step, &random);
		check(&mask, &strings, text, blocks, &places);
		free(text);
	}
	assert_in_range(places, ROUNDS, ROUNDS * PMILL_START_PLACES * BLOCKS / 2);
}

/* A class whose bytes share no half with others has no false places, whatever the instructions. */
static void test_letters(void **state)
{
	(void)state;
	const pmill_bytes strings[] = {{"user_1", 6}, {"user_22", 7}};
	struct pmill_start_mask mask;
	pmill_start_mask_set(&mask, strings, 2);
	const char *text = "user_name user_2x, useruser_1; ................................user_1...";
	uint64_t expected = (uint64_t)1 << 10 | (uint64_t)1 << 23, places;
	pmill_start_mask_match(&mask, (const uint8_t *)text, &places, 1);
	assert_int_equal(places, expected);
	pmill_start_mask_match_plain(&mask, (const uint8_t *)text, &places, 1);
	assert_int_equal(places, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
