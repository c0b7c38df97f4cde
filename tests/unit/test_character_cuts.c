/* Cuts between characters: never inside an occurrence of a token, whatever the bytes are. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpe/character_cuts.h"
#include "support/random.h"

enum { ROUNDS = 400, TOKENS = 40, TEXTS = 60, LONGEST_TOKEN = 12, LONGEST_TEXT = 60 };

/* Of every length, and what is no character: few, so that tokens and texts share them. */
static const char *const pieces[] = {"a", " ", "é", "è", "ß", "本", "日", "漢", "か",
	"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x81", "\x80", "\xBF", "\xC3", "\xE6", "\xE6\x9C", "\xF0\x9F",
	"\xFF", "\xC0", "\xED\xA0\x80"};

static uint64_t state = 5;

static size_t make_bytes(uint8_t *bytes, size_t most)
{
	size_t len = 0;
	const size_t wanted = 1 + random_below(&state, most);
	while (len < wanted) {
		const char *piece = pieces[random_below(&state, sizeof pieces / sizeof pieces[0])];
		for (size_t i = 0; piece[i] != '\0' && len < wanted; i++)
			bytes[len++] = (uint8_t)piece[i];
	}
	return len;
}

/* Tokens may begin and end inside a character. */
static void fill(struct pmill_vocab *vocab)
{
	const size_t count = random_below(&state, TOKENS);
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[LONGEST_TOKEN];
		const size_t len = make_bytes(bytes, sizeof bytes);
		const size_t begin = random_below(&state, len);
		if (pmill_vocab_find(vocab, bytes + begin, len - begin) == PMILL_NO_ID)
			assert_int_equal(pmill_vocab_add(vocab, (uint32_t)vocab->count, bytes + begin,
								 len - begin, false, NULL),
				PMILL_OK);
	}
}

static bool lies_across(pmill_bytes token, const uint8_t *text, size_t len, size_t at)
{
	for (size_t begin = at >= token.len ? at - token.len + 1 : 0; begin < at; begin++)
		if (begin + token.len > at && begin + token.len <= len &&
			memcmp(text + begin, token.data, token.len) == 0)
			return true;
	return false;
}

static bool is_spanned(const struct pmill_vocab *vocab, const uint8_t *text, size_t len, size_t at)
{
	for (uint32_t id = 0; id < vocab->count; id++)
		if (lies_across(pmill_vocab_token(vocab, id), text, len, at))
			return true;
	return false;
}

/* Returns the number of cuts. */
static size_t check_text(const struct pmill_character_cuts *cuts, const struct pmill_vocab *vocab,
	const uint8_t *text, size_t len)
{
	struct pmill_cut_walk walk, again;
	size_t count = 0, begin = 0;
	if (len == 0)
		return 0;
	pmill_cut_walk_start(&walk, text, len);
	pmill_cut_walk_start(&again, text, len);
	while (begin < len) {
		size_t ends[3], one;
		const size_t found = pmill_character_cuts_find(cuts, &walk, ends, 1 + count % 3);
		assert_true(found > 0 && found <= 1 + count % 3);
		for (size_t i = 0; i < found; i++) {
			assert_true(ends[i] > begin && ends[i] <= len);
			assert_int_equal(pmill_character_cuts_find(cuts, &again, &one, 1), 1);
			assert_int_equal(one, ends[i]);
			begin = ends[i];
			if (begin == len)
				return count;
			assert_false(is_spanned(vocab, text, len, begin));
			count++;
		}
	}
	return count;
}

static void test_no_token_lies_across(void **unused)
{
	(void)unused;
	size_t count = 0;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct pmill_vocab vocab = {0};
		fill(&vocab);
		struct pmill_character_cuts *cuts = pmill_character_cuts_create(&vocab);
		assert_non_null(cuts);
		for (size_t i = 0; i < TEXTS; i++) {
			uint8_t text[LONGEST_TEXT];
			count += check_text(cuts, &vocab, text, make_bytes(text, sizeof text));
		}
		pmill_character_cuts_free(cuts);
		pmill_vocab_release(&vocab);
	}
	print_message("%zu cuts\n", count);
	assert_true(count > ROUNDS * TEXTS);
}

static size_t next_cut(const struct pmill_vocab *vocab, const char *text, size_t begin)
{
	struct pmill_character_cuts *cuts = pmill_character_cuts_create(vocab);
	assert_non_null(cuts);
	struct pmill_cut_walk walk;
	size_t end = 0;
	pmill_cut_walk_start(&walk, (const uint8_t *)text, strlen(text));
	while (end <= begin)
		assert_int_equal(pmill_character_cuts_find(cuts, &walk, &end, 1), 1);
	pmill_character_cuts_free(cuts);
	return end;
}

static void test_single_places(void **unused)
{
	(void)unused;
	struct pmill_vocab vocab = {0};
	assert_int_equal(next_cut(&vocab, "ab", 0), 2); /* ASCII alone is left whole */
	assert_int_equal(next_cut(&vocab, "aé", 0), 1); /* no token at all */
	assert_int_equal(next_cut(&vocab, "本日", 0), 3);
	assert_int_equal(next_cut(&vocab, "本日か", 3), 6);
	assert_int_equal(next_cut(&vocab,
						 "é\x80"
						 "a",
						 0),
		4); /* what is beside it is no character */
	assert_int_equal(next_cut(&vocab, "é\xC3", 0), 3);
	assert_int_equal(pmill_vocab_add(&vocab, 0, "本日", 6, false, NULL), PMILL_OK);
	assert_int_equal(next_cut(&vocab, "本日か", 0), 6);
	assert_int_equal(pmill_vocab_add(&vocab, 1, "\xA5\xE3", 2, false, NULL), PMILL_OK);
	assert_int_equal(next_cut(&vocab, "本日か", 0), 9); /* from inside one into the next */
	pmill_vocab_release(&vocab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_token_lies_across),
		cmocka_unit_test(test_single_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
