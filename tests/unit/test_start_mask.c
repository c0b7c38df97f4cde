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

enum { MOST_STRINGS = 40, LONGEST = 12, ROUNDS = 3000 };

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
	const uint8_t *text, size_t *places)
{
	uint64_t plain = pmill_start_mask_match_plain(mask, text);
	uint64_t fast = pmill_start_mask_match(mask, text);
	assert_int_equal(plain & ~fast, 0);
	for (size_t place = 0; place < PMILL_START_PLACES; place++) {
		bool is_place = plain >> place & 1;
		assert_int_equal(is_place, may_begin(strings, text + place));
		if (place + LONGEST <= PMILL_START_REACH)
			assert_true(is_place || !begins(strings, text + place));
		*places += is_place;
	}
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
		uint8_t *text = malloc(PMILL_START_REACH); /* of its exact size */
		assert_non_null(text);
		for (size_t at = 0; at < PMILL_START_REACH; at++)
			text[at] = pick_byte(kinds + 1, step, &random);
		check(&mask, &strings, text, &places);
		free(text);
	}
	assert_in_range(places, ROUNDS, ROUNDS * PMILL_START_PLACES * 3 / 4);
}

/* A class whose bytes share no half with others has no false places, whatever the instructions. */
static void test_letters(void **state)
{
	(void)state;
	const pmill_bytes strings[] = {{"user_1", 6}, {"user_22", 7}};
	struct pmill_start_mask mask;
	pmill_start_mask_set(&mask, strings, 2);
	uint8_t text[PMILL_START_REACH + 1];
	memcpy(
		text, "user_name user_2x, useruser_1; ....................................user_1...", 73);
	uint64_t expected = (uint64_t)1 << 10 | (uint64_t)1 << 23;
	assert_int_equal(pmill_start_mask_match(&mask, text), expected);
	assert_int_equal(pmill_start_mask_match_plain(&mask, text), expected);
}

static void test_weight(void **state)
{
	(void)state;
	const pmill_bytes rare[] = {{"user_1", 6}, {"user_22", 7}}, common[] = {{"e", 1}, {" ", 1}};
	uint8_t every[256];
	pmill_bytes all[256];
	for (size_t i = 0; i < 256; i++) {
		every[i] = (uint8_t)i;
		all[i] = (pmill_bytes){every + i, 1};
	}
	struct pmill_start_mask mask;
	pmill_start_mask_set(&mask, rare, 2);
	assert_int_equal(pmill_start_mask_weigh(&mask), 0);
	pmill_start_mask_set(&mask, common, 2);
	assert_in_range(pmill_start_mask_weigh(&mask), 100, 300);
	pmill_start_mask_set(&mask, all, 256);
	assert_int_equal(pmill_start_mask_weigh(&mask), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_weight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
