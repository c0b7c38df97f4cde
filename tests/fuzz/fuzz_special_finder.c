/* The finder of special tokens against a naive search, on whole and on truncated texts. */
/* SPDX-License-Identifier: MIT */
/*
 * The first byte gives the number of tokens and the size of the alphabet, to which all bytes are
 * reduced so that tokens occur. Each token is a length byte and its bytes; the rest is the text.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pretokenize/special_finder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_TOKENS = 32, LONGEST_TEXT = 200, LARGE_DEBT = 1 << 20 };

struct input {
	pmill_bytes tokens[MOST_TOKENS];
	size_t count;
	const uint8_t *text;
	size_t len;
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_special_finder: %s\n", what);
	abort();
}

static bool is_at(pmill_bytes token, const struct input *input, size_t len, size_t begin)
{
	return token.len <= len - begin && memcmp(input->text + begin, token.data, token.len) == 0;
}

static bool is_cut_at(const struct input *input, size_t len, size_t begin)
{
	for (size_t i = 0; i < input->count; i++) {
		pmill_bytes token = input->tokens[i];
		if (token.len > len - begin && memcmp(input->text + begin, token.data, len - begin) == 0)
			return true;
	}
	return false;
}

static struct pmill_special_match search(
	const struct input *input, size_t len, size_t begin, bool is_final)
{
	for (; begin < len; begin++) {
		struct pmill_special_match match = {begin, begin, 0};
		for (size_t i = 0; i < input->count; i++) {
			if (is_at(input->tokens[i], input, len, begin) &&
				begin + input->tokens[i].len > match.end)
				match = (struct pmill_special_match){begin, begin + input->tokens[i].len, i};
		}
		if (!is_final && is_cut_at(input, len, begin))
			return (struct pmill_special_match){begin, begin, 0};
		if (match.end > begin)
			return match;
	}
	return (struct pmill_special_match){len, len, 0};
}

/* Whether a token shares a byte with [begin, end) or lies across it. */
static bool touches(const struct input *input, size_t len, size_t begin, size_t end, bool is_final)
{
	for (size_t place = 0; place < end; place++) {
		if (!is_final && is_cut_at(input, len, place))
			return true;
		for (size_t i = 0; i < input->count; i++) {
			if (place + input->tokens[i].len > begin && is_at(input->tokens[i], input, len, place))
				return true;
		}
	}
	return false;
}

/* Two searches at once, by walks and, since it has a large debt, in windows. */
static void check_search(const struct pmill_special_finder *finder, const struct input *input,
	const uint8_t *text, size_t len, size_t begin, bool is_final)
{
	for (size_t debt = 0; debt <= LARGE_DEBT; debt += LARGE_DEBT) {
		struct pmill_special_cursor cursor = {.finder = finder, .debt = debt};
		struct pmill_special_match expected, got;
		size_t from = begin;
		pmill_special_cursor_start(&cursor, text, len, is_final);
		cursor.position = begin;
		do {
			expected = search(input, len, from, is_final);
			require(pmill_special_cursor_next(&cursor, &got, NULL) == PMILL_OK, "out of memory");
			require(got.begin == expected.begin && got.end == expected.end, "next");
			require(got.begin == got.end || got.index == expected.index, "index");
			from = got.end;
		} while (got.begin < got.end);
		pmill_special_cursor_release(&cursor);
	}
}

/* The longest other token that each begins with. */
static void check_shorter(const struct pmill_special_finder *finder, const struct input *input)
{
	for (size_t i = 0; i < input->count; i++) {
		pmill_bytes token = input->tokens[i];
		size_t best = SIZE_MAX;
		for (size_t other = 0; other < input->count; other++) {
			pmill_bytes shorter = input->tokens[other];
			if (shorter.len < token.len && memcmp(shorter.data, token.data, shorter.len) == 0 &&
				(best == SIZE_MAX || shorter.len > input->tokens[best].len))
				best = other;
		}
		require(pmill_special_finder_shorter(finder, i) == best, "shorter");
	}
}

static void check_length(
	const struct pmill_special_finder *finder, const struct input *input, size_t len, bool is_final)
{
	/* In an allocation of its exact size, so that reads past the end are detected. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	require(copy != NULL, "out of memory");
	memcpy(copy, input->text, len);
	for (size_t begin = 0; begin <= len; begin++) {
		check_search(finder, input, copy, len, begin, is_final);
		for (size_t end = begin; end <= len; end += 1 + (end - begin)) {
			bool is_clear = pmill_special_finder_is_clear(finder, copy, len, begin, end, is_final);
			require(is_clear == !touches(input, len, begin, end, is_final), "is_clear");
		}
	}
	free(copy);
}

static struct input read_input(const uint8_t *data, size_t size)
{
	struct input input = {.count = 0};
	size_t wanted = data[0] % MOST_TOKENS, at = 1;
	while (input.count < wanted && at < size) {
		size_t len = data[at++] % 8;
		if (len > size - at)
			len = size - at;
		input.tokens[input.count++] = (pmill_bytes){data + at, len};
		at += len;
	}
	input.text = data + at;
	input.len = size - at < LONGEST_TEXT ? size - at : LONGEST_TEXT;
	return input;
}

static bool must_be_refused(const struct input *input)
{
	for (size_t i = 0; i < input->count; i++) {
		pmill_bytes token = input->tokens[i];
		if (token.len == 0)
			return true;
		for (size_t other = 0; other < i; other++) {
			if (input->tokens[other].len == token.len &&
				memcmp(input->tokens[other].data, token.data, token.len) == 0)
				return true;
		}
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	uint8_t *folded = malloc(size);
	require(folded != NULL, "out of memory");
	for (size_t i = 0; i < size; i++)
		folded[i] = data[0] < 200 && i > 0 ? data[i] % (2 + data[0] / 50) : data[i];
	struct input input = read_input(folded, size);
	struct pmill_special_finder *finder = NULL;
	pmill_status status = pmill_special_finder_create(input.tokens, input.count, &finder, NULL);
	require((status == PMILL_BAD_OPTION) == must_be_refused(&input), "tokens are refused wrongly");
	if (status == PMILL_OK) {
		check_shorter(finder, &input);
		check_length(finder, &input, input.len, true);
		check_length(finder, &input, input.len, false);
		check_length(finder, &input, input.len / 2, false);
	}
	pmill_special_finder_free(finder);
	free(folded);
	return 0;
}
