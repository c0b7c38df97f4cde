/* Every scanner of this machine against the scalar one, on hostile text. */
/* SPDX-License-Identifier: MIT */
/* Texts end at an inaccessible page. SEED in the environment selects other texts than seed 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "pretokenize/scan_plain_rows.h"
#include "pretokenize/scanner_table.h"
#include "support/random.h"

enum { LONGEST = 3000, UNICODE_VERSIONS = 5 };

static uint64_t random_state;

static size_t below(size_t limit)
{
	return (size_t)random_below(&random_state, limit);
}

static int start(void **state)
{
	(void)state;
	const char *seed = getenv("SEED");
	random_state = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	printf("seed %llu\n", (unsigned long long)random_state);
	return 0;
}

/* ---- Text before an inaccessible page ---- */

static uint8_t *guarded_end;

static int open_guard(void **state)
{
	(void)state;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (LONGEST / page + 1) * page;
	uint8_t *pages = mmap(
		NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	guarded_end = pages + room;
	return pages == MAP_FAILED || mprotect(guarded_end, page, PROT_NONE) != 0;
}

/* ---- Making texts ---- */

/* At least one of each kind that the patterns or the UTF-8 decoder tell apart. */
static const char *const pieces[] = {" ", " ", " ", "\n", "\r", "\t", "\xC2\x85", "\xC2\xA0",
	"\xE3\x80\x80", "\xE1\xA0\x8E", "'", "'", "'s", "'ll", "'Re", "'\xC5\xBF", "\xC5\xBF", "l", "v",
	"e", "r", "a", "A", "bcd", "EFG", "\xC3\xA9", "\xC7\x85", "\xC2\xAA", "\xCA\xB0", "\xD0\xB0",
	"\xD0\x90", "\xE6\x97\xA5", "\xE4\xB7\x80", "\xE4\xB8\x80", "\xEA\xAF\xBF", "\xEA\xB0\x80",
	"\xEB\xB0\x80", "\xED\x9D\xBF", "\xED\x9E\xA4", "\xE0\xA4\x95", "\xE0\xA5\x8D", "\xCC\x81",
	"\xEF\xB8\x8F", "1", "234567", "\xC2\xB2", "\xD9\xA3", "\xEF\xBC\x91", "\xF0\x9D\x9F\x8E", "!",
	"!", "/", "//", "\xE2\x80\x8D", "\xF0\x9F\x98\x80", "\xF0\x9F\x84\x80", "\xF0\x9F\x85\x80",
	"\xF0\x9F\xAE\xBF", "\xF0\x9F\xAF\xB0", "\xF0\x9D\x90\x80", "\xF0\x90\x80\x80", "\xE2\x82",
	"\xE3\x81\x8B", "\xE3\x83\xBB", "\xE3\x81\x80", "\xE3\x80\x87", "\xE3\x80\x82", "\xE2\xBA\x80",
	"\xF0\x96\xBF\xB0", "\xE2\x80\x8B", "\x01", "\xF0\x9F\x98", "\xE5\x80", "\xC5", "\xFF", "\x80",
	"\xC0\x80", "\xED\xA0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80"};

enum { PIECES = sizeof pieces / sizeof pieces[0] };

/* `wanted` bytes or slightly fewer, from a few kinds of pieces or all, sometimes in long runs. */
static size_t make_text(uint8_t *text, size_t wanted)
{
	size_t len = 0, kinds = 1 + below(8), chosen[8];
	bool takes_all = below(3) == 0;
	for (size_t i = 0; i < kinds; i++)
		chosen[i] = below(PIECES);
	while (len < wanted) {
		const char *piece = pieces[takes_all ? below(PIECES) : chosen[below(kinds)]];
		size_t piece_len = strlen(piece);
		if (len + piece_len > wanted)
			break;
		for (size_t times = below(40) == 0 ? below(150) : 1; times > 0; times--) {
			if (len + piece_len > wanted)
				break;
			memcpy(text + len, piece, piece_len);
			len += piece_len;
		}
	}
	return len;
}

/* ---- Scanning ---- */

struct job {
	const uint8_t *text;
	size_t len;
	const struct pmill_unicode *unicode;
	unsigned pattern;
	bool is_final;
};

struct cuts {
	size_t ends[2 * LONGEST];
	size_t count, begin;
};

/* With capacity 0, each call gets a random one. */
static void cut(
	const struct pmill_scanner *scanner, const struct job *job, size_t capacity, struct cuts *cuts)
{
	struct pmill_scan scan = {job->unicode, job->text, job->len, 0, job->is_final};
	size_t asked, made;
	cuts->count = 0;
	do {
		asked = capacity > 0 ? capacity : 1 + below(200);
		made = scanner->functions[job->pattern](&scan, cuts->ends + cuts->count, asked);
		assert_true(made <= asked);
		cuts->count += made;
		assert_true(cuts->count <= job->len);
		assert_int_equal(scan.begin, cuts->count > 0 ? cuts->ends[cuts->count - 1] : 0);
	} while (made == asked);
	cuts->begin = scan.begin;
}

static void compare(const struct pmill_scanner *scanner, const struct job *job, size_t capacity)
{
	static struct cuts wanted, got;
	cut(pmill_scanner_find("scalar"), job, LONGEST, &wanted);
	cut(scanner, job, capacity, &got);
	size_t same = 0;
	while (same < wanted.count && same < got.count && wanted.ends[same] == got.ends[same])
		same++;
	if (same == wanted.count && same == got.count)
		return;
	fail_msg("%s, pattern %u, Unicode %s, %s: %zu and %zu ends; alike up to offset %zu of %zu",
		scanner->name, job->pattern, job->unicode->version, job->is_final ? "final" : "open",
		wanted.count, got.count, same > 0 ? got.ends[same - 1] : 0, job->len);
}

/* Compares with all patterns and scanners. */
static void compare_all(const uint8_t *text, size_t len, bool is_final, size_t capacity)
{
	struct job job = {text, len, pmill_unicode_at((unsigned)below(UNICODE_VERSIONS)), 0, is_final};
	for (size_t i = 0; pmill_scanner_at(i) != NULL; i++) {
		const struct pmill_scanner *scanner = pmill_scanner_at(i);
		if (!pmill_scanner_is_available(scanner))
			continue;
		for (job.pattern = 0; job.pattern < PMILL_PATTERN_COUNT; job.pattern++)
			compare(scanner, &job, capacity);
	}
}

static const uint8_t *put_before_guard(const uint8_t *text, size_t len)
{
	return memcpy(guarded_end - len, text, len);
}

static void test_hostile_text(void **state)
{
	(void)state;
	static const size_t lengths[] = {LONGEST, 400, 300, 140};
	static uint8_t text[LONGEST];
	for (int run = 0; run < 3000; run++) {
		size_t len = make_text(text, below(lengths[run % 4]) + 1);
		compare_all(put_before_guard(text, len), len, run % 3 != 0, run % 5 == 0 ? 0 : LONGEST);
	}
}

/* The text, final or not, ends at every position of a block. */
static void test_every_length(void **state)
{
	(void)state;
	static uint8_t text[330];
	for (int run = 0; run < 12; run++) {
		size_t most = make_text(text, sizeof text);
		for (size_t len = 0; len <= most; len++) {
			const uint8_t *copy = put_before_guard(text, len);
			compare_all(copy, len, run % 2 == 0, LONGEST);
		}
	}
}

/* A scan can begin wherever a pretoken begins. */
static void test_every_capacity(void **state)
{
	(void)state;
	static uint8_t text[600];
	for (int run = 0; run < 6; run++) {
		size_t len = make_text(text, sizeof text);
		const uint8_t *copy = put_before_guard(text, len);
		for (size_t capacity = 1; capacity < 130; capacity++)
			compare_all(copy, len, run % 2 == 0, capacity);
	}
}

/* Runs that end two blocks later or never, after pieces that may or may not belong to them. */
static void test_long_runs(void **state)
{
	(void)state;
	static uint8_t text[LONGEST];
	for (int run = 0; run < 1500; run++) {
		size_t len = 0;
		while (len < LONGEST / 2) {
			len += make_text(text + len, below(8) + 1);
			const char *piece = pieces[below(PIECES)];
			size_t piece_len = strlen(piece);
			for (size_t times = below(200); times > 0; times--, len += piece_len)
				memcpy(text + len, piece, piece_len);
		}
		compare_all(put_before_guard(text, len), len, run % 2 == 0, LONGEST);
	}
}

/* ---- Rows that are classified without a table ---- */

static bool is_plain(uint32_t code_point)
{
	unsigned first = 0xE0 | code_point >> 12, second = 0x80 | (code_point >> 6 & 63);
	return (first >= PLAIN_HAN_LOW && first <= PLAIN_HAN_HIGH) ||
		(first == PLAIN_MOST_HAN && second != PLAIN_MOST_HAN_BUT) ||
		(first >= PLAIN_HANGUL_LOW && first <= PLAIN_HANGUL_HIGH) ||
		(first == PLAIN_FIRST_HANGUL && second >= PLAIN_FIRST_HANGUL_FROM) ||
		(first == PLAIN_LAST_HANGUL && second <= PLAIN_LAST_HANGUL_TO);
}

static bool is_picture(uint32_t code_point)
{
	unsigned first = 0xF0 | code_point >> 18, second = 0x80 | (code_point >> 12 & 63);
	unsigned third = 0x80 | (code_point >> 6 & 63);
	return first == PLAIN_PICTURE_FIRST && second == PLAIN_PICTURE_SECOND &&
		third >= PLAIN_PICTURE_THIRD_LOW && third <= PLAIN_PICTURE_THIRD_HIGH;
}

static void test_pictures(void **state)
{
	(void)state;
	for (unsigned i = 0; pmill_unicode_at(i) != NULL; i++) {
		size_t count = 0;
		for (uint32_t code_point = 0x10000; code_point < 0x110000; code_point++) {
			if (!is_picture(code_point))
				continue;
			assert_int_equal(
				pmill_unicode_class(pmill_unicode_at(i), code_point), PMILL_CLASS_OTHER);
			count++;
		}
		assert_int_equal(count, 0x1FBC0 - 0x1F140);
	}
}

static void test_plain_rows(void **state)
{
	(void)state;
	size_t count = 0;
	for (unsigned i = 0; pmill_unicode_at(i) != NULL; i++) {
		for (uint32_t code_point = 0x800; code_point < 0x10000; code_point++) {
			if (!is_plain(code_point))
				continue;
			assert_int_equal(
				pmill_unicode_class(pmill_unicode_at(i), code_point), PMILL_CLASS_OTHER_LETTER);
			count++;
		}
	}
	assert_true(count > 20000);
}

static void test_table(void **state)
{
	(void)state;
	const struct pmill_scanner *fastest = pmill_scanner_find(NULL);
	assert_non_null(fastest);
	assert_ptr_equal(pmill_scanner_find(fastest->name), fastest);
	assert_non_null(pmill_scanner_find("scalar"));
	assert_non_null(pmill_scanner_find("block"));
	assert_null(pmill_scanner_find("abacus"));
	assert_null(pmill_scanner_at(SIZE_MAX));
	for (size_t i = 0; pmill_scanner_at(i) != NULL; i++) {
		for (unsigned pattern = 0; pattern < PMILL_PATTERN_COUNT; pattern++)
			assert_non_null(pmill_scanner_at(i)->functions[pattern]);
	}
}

/* A scanner stands for its instruction set: what makes keys doesn't exceed it. */
static void test_key_makers(void **state)
{
	(void)state;
	static const char *const names[][2] = {{"avx512", "avx512"}, {"avx2", "sse2"}, {"sse4", "sse2"},
		{"neon", "plain"}, {"scalar", "plain"}, {"block", "plain"}, {"regex", "plain"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct pmill_key_maker *maker = pmill_scanner_key_maker(names[i][0]);
		const bool is_here = pmill_scanner_find(names[i][0]) != NULL;
		assert_true(maker->is_available());
		assert_true(strcmp(maker->name, is_here ? names[i][1] : "plain") == 0);
	}
	const char *fastest = pmill_scanner_find(NULL)->name;
	assert_ptr_equal(pmill_scanner_key_maker(NULL), pmill_scanner_key_maker(fastest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hostile_text, start),
		cmocka_unit_test_setup(test_every_length, start),
		cmocka_unit_test_setup(test_every_capacity, start),
		cmocka_unit_test_setup(test_long_runs, start),
		cmocka_unit_test(test_plain_rows),
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_key_makers),
	};
	return cmocka_run_group_tests(tests, open_guard, NULL);
}
