/* Fuzz target: our scanner against PCRE2, whole, cut off, and cut at sure places. */
/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses the pattern, the second the Unicode version and where the text is cut; the
 * rest is the text, or, where the first byte is odd, spells it in the pieces at which patterns
 * decide. Without PCRE2 the scanner is still held against itself.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pretokenize/pattern.h"
#include "pretokenize/pretokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct cuts {
	size_t *ends;
	size_t count;
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_pretokenize: %s\n", what);
	abort();
}

static struct cuts cut(
	const struct pmill_pretokenizer *pretokenizer, const uint8_t *text, size_t len, bool is_final)
{
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	struct cuts cuts = {malloc((len + 8) * sizeof *cuts.ends), 0};
	size_t more;
	require(cuts.ends != NULL, "no memory");
	require(pmill_pretoken_cursor_start(&cursor, text, len, is_final, NULL) == PMILL_OK, "start");
	do {
		size_t begin = cuts.count > 0 ? cuts.ends[cuts.count - 1] : 0;
		require(cursor.position == begin, "the position is the last end");
		require(
			pmill_pretoken_cursor_next(&cursor, cuts.ends + cuts.count, 8, &more, NULL) == PMILL_OK,
			"next");
		for (size_t i = 0; i < more; i++, cuts.count++) {
			require(cuts.ends[cuts.count] > begin && cuts.ends[cuts.count] <= len, "ends ascend");
			begin = cuts.ends[cuts.count];
		}
		/*
		 * Room for 8 more than there are bytes: more ends than that and the checks above have
		 * failed.
		 */
	} while (more > 0);
	pmill_pretoken_cursor_release(&cursor);
	return cuts;
}

static void require_prefix(struct cuts part, struct cuts whole, const char *what)
{
	require(part.count <= whole.count &&
			memcmp(part.ends, whole.ends, part.count * sizeof *part.ends) == 0,
		what);
}

static void require_equal(struct cuts a, struct cuts b, const char *what)
{
	require(a.count == b.count, what);
	require_prefix(a, b, what);
}

/* The two sides of a sure cut, each alone, together give what the whole gives. */
static void check_sure_cut(const struct pmill_pretokenizer *pretokenizer, const uint8_t *text,
	size_t len, size_t offset, struct cuts whole)
{
	struct cuts left = cut(pretokenizer, text, offset, true);
	struct cuts right = cut(pretokenizer, text + offset, len - offset, true);
	require_prefix(left, whole, "left of a sure cut");
	require(left.count + right.count == whole.count, "both sides of a sure cut");
	for (size_t i = 0; i < right.count; i++)
		require(whole.ends[left.count + i] == offset + right.ends[i], "right of a sure cut");
	free(left.ends);
	free(right.ends);
}

static void check_sure_cuts(const struct pmill_pretokenizer *pretokenizer, const uint8_t *text,
	size_t len, size_t first, struct cuts whole)
{
	enum { MOST = 20 };
	for (size_t offset = first + 1, checked = 0; offset < len && checked < MOST; offset++) {
		if (!pmill_pretokenizer_is_sure_cut(pretokenizer, text, len, offset))
			continue;
		check_sure_cut(pretokenizer, text, len, offset, whole);
		checked++;
	}
}

static void check_text(const struct pmill_pretokenizer *scanner,
	const struct pmill_pretokenizer *regex, const uint8_t *text, size_t len, size_t part)
{
	struct cuts whole = cut(scanner, text, len, true);
	require(len == 0 || whole.ends[whole.count - 1] == len, "all of the text is cut");
	/* In a copy of its own size, so that a look beyond the part is noticed. */
	uint8_t *copy = malloc(part > 0 ? part : 1);
	require(copy != NULL, "no memory");
	memcpy(copy, text, part);
	struct cuts open = cut(scanner, copy, part, false);
	require_prefix(open, whole, "a part is cut as the whole");
	if (regex != NULL) {
		struct cuts other = cut(regex, text, len, true), other_open = cut(regex, copy, part, false);
		require_equal(other, whole, "PCRE2 cuts alike");
		require_equal(other_open, open, "PCRE2 holds back alike");
		free(other.ends);
		free(other_open.ends);
	}
	check_sure_cuts(scanner, text, len, part, whole);
	free(whole.ends);
	free(open.ends);
	free(copy);
}

/*
 * Kept from run to run: compiling the sets of code points takes longer than matching a small text.
 */
static const struct pmill_pretokenizer *get(
	const struct pmill_pattern *pattern, unsigned version, bool wants_regex)
{
	enum { PATTERNS = 16, VERSIONS = 5 };
	static struct pmill_pretokenizer *made[PATTERNS][VERSIONS][2];
	static bool is_tried[PATTERNS][VERSIONS][2];
	size_t row = 0;
	while (pmill_pattern_at(row) != pattern)
		row++;
	struct pmill_pretokenizer **place = &made[row][version][wants_regex];
	if (!is_tried[row][version][wants_regex]) {
		pmill_status status = pmill_pretokenizer_create(pattern->name,
			pmill_unicode_version(version), wants_regex ? "regex" : "scalar", place, NULL);
		require(status == PMILL_OK || (wants_regex && status == PMILL_UNSUPPORTED), "create");
		is_tried[row][version][wants_regex] = true;
	}
	return *place;
}

/* Each byte stands for one of these. Returns the length; `text` has room for 4 bytes each. */
static size_t spell(const uint8_t *data, size_t size, uint8_t *text)
{
	static const char *const pieces[] = {" ", " ", "\n", "\r", "\t", "\xC2\x85", "\xC2\xA0",
		"\xE3\x80\x80", "\xE1\xA0\x8E", "'", "'s", "'ll", "'Re", "\xC5\xBF", "l", "v", "e", "r",
		"a", "A", "\xC3\xA9", "\xC7\x85", "\xC2\xAA", "\xCA\xB0", "\xE6\x97\xA5", "\xCC\x81", "1",
		"\xC2\xB2", "!", "/", "\xF0\x9F\x98\x80", "\xE2\x82", "\xC5", "\xFF"};
	size_t len = 0;
	for (size_t i = 0; i < size; i++) {
		const char *piece = pieces[data[i] % (sizeof pieces / sizeof pieces[0])];
		size_t piece_len = strlen(piece);
		memcpy(text + len, piece, piece_len);
		len += piece_len;
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t patterns = 0;
	while (pmill_pattern_at(patterns) != NULL)
		patterns++;
	const struct pmill_pattern *pattern = pmill_pattern_at(data[0] / 2 % patterns);
	unsigned version = data[1] % 5;
	uint8_t *spelled = malloc(size * 4);
	require(spelled != NULL, "no memory");
	bool is_spelled = data[0] % 2 == 1;
	size_t len = is_spelled ? spell(data + 2, size - 2, spelled) : size - 2;
	size_t part = (size_t)data[1] / 5 * len / 51;
	check_text(get(pattern, version, false), get(pattern, version, true),
		is_spelled ? spelled : data + 2, len, part);
	free(spelled);
	return 0;
}
