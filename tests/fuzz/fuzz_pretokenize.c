/* Our scanners against PCRE2: on whole texts, on truncated ones, and at sure cuts. */
/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses the pattern, the second the Unicode version and where the text is
 * truncated. The rest is the text; if the first byte is odd, each byte selects one of the pieces
 * that patterns tell apart. Every scanner of this machine must cut like the scalar one, and that
 * one like PCRE2, if available.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pretokenize/pattern.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/scanner_table.h"

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
	require(cuts.ends != NULL, "out of memory");
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
		/* Room for 8 more ends than bytes is enough: the checks above fail before it is used up. */
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

/* The two sides of a sure cut, each cut alone, give the ends of the whole. */
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

static void require_same(const struct pmill_pretokenizer *other, const uint8_t *text, size_t len,
	bool is_final, struct cuts expected, const char *what)
{
	struct cuts got = cut(other, text, len, is_final);
	require_equal(got, expected, what);
	free(got.ends);
}

/* `others` ends with NULL. */
static void check_text(const struct pmill_pretokenizer *scalar,
	struct pmill_pretokenizer *const *others, const uint8_t *text, size_t len, size_t part)
{
	struct cuts whole = cut(scalar, text, len, true);
	require(len == 0 || whole.ends[whole.count - 1] == len, "the last end is the end of the text");
	/* In an allocation of its exact size, so that reads past the part are detected. */
	uint8_t *copy = malloc(part > 0 ? part : 1);
	require(copy != NULL, "out of memory");
	memcpy(copy, text, part);
	struct cuts open = cut(scalar, copy, part, false);
	require_prefix(open, whole, "a part is cut like the whole");
	for (; *others != NULL; others++) {
		require_same(*others, text, len, true, whole, "all scanners and PCRE2 cut alike");
		require_same(*others, copy, part, false, open, "all scanners and PCRE2 hold back alike");
	}
	check_sure_cuts(scalar, text, len, part, whole);
	free(whole.ends);
	free(open.ends);
	free(copy);
}

enum { PATTERNS = 16, VERSIONS = 5, ENGINES = 12 };

/* Everything that can run a pattern: the scalar scanner first, NULL last. */
struct engines {
	struct pmill_pretokenizer *made[ENGINES];
	size_t count;
};

static void add_engine(struct engines *engines, const struct pmill_pattern *pattern,
	unsigned version, const char *scanner)
{
	require(engines->count + 1 < ENGINES, "room for all engines");
	pmill_status status = pmill_pretokenizer_create(
		pattern->name, pmill_unicode_name(version), scanner, &engines->made[engines->count], NULL);
	require(status == PMILL_OK || (strcmp(scanner, "regex") == 0 && status == PMILL_UNSUPPORTED),
		"create");
	engines->count += status == PMILL_OK;
}

/* Cached between runs: compiling sets of code points takes longer than matching a short text. */
static const struct engines *get(const struct pmill_pattern *pattern, unsigned version)
{
	static struct engines all[PATTERNS][VERSIONS];
	size_t row = 0;
	while (pmill_pattern_at(row) != pattern)
		row++;
	struct engines *engines = &all[row][version];
	if (engines->count > 0)
		return engines;
	add_engine(engines, pattern, version, "scalar");
	for (size_t i = 0; pmill_scanner_at(i) != NULL; i++) {
		const struct pmill_scanner *scanner = pmill_scanner_at(i);
		bool is_available = pmill_scanner_is_available(scanner);
		if (is_available && strcmp(scanner->name, "scalar") != 0)
			add_engine(engines, pattern, version, scanner->name);
	}
	add_engine(engines, pattern, version, "regex");
	return engines;
}

/* Each byte selects a piece. Returns the length; `text` has room for 4 bytes for each byte. */
static size_t spell(const uint8_t *data, size_t size, uint8_t *text)
{
	static const char *const pieces[] = {" ", " ", "\n", "\r", "\t", "\xC2\x85", "\xC2\xA0",
		"\xE3\x80\x80", "\xE1\xA0\x8E", "'", "'s", "'ll", "'Re", "\xC5\xBF", "l", "v", "e", "r",
		"a", "A", "\xC3\xA9", "\xC7\x85", "\xC2\xAA", "\xCA\xB0", "\xE6\x97\xA5", "\xCC\x81", "1",
		"\xC2\xB2", "!", "/", "\xE3\x81\x8B", "\xE3\x83\xBB", "\xE3\x81\x80", "\xE3\x80\x87",
		"\xE3\x80\x82", "\xE2\xBA\x80", "\xF0\x96\xBF\xB0", "\x01", "\xF0\x9F\x98\x80", "\xE2\x82",
		"\xC5", "\xFF"};
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
	require(spelled != NULL, "out of memory");
	bool is_spelled = data[0] % 2 == 1;
	size_t len = is_spelled ? spell(data + 2, size - 2, spelled) : size - 2;
	size_t part = (size_t)data[1] / 5 * len / 51;
	const struct engines *engines = get(pattern, version);
	check_text(engines->made[0], engines->made + 1, is_spelled ? spelled : data + 2, len, part);
	free(spelled);
	return 0;
}
