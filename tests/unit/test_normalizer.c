/* Normalizers: known results, properties of normal forms, hostile input, out of memory. */
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

#include "normalize/normal_form.h"
#include "normalize/normal_table.h"
#include "normalize/normalizer.h"
#include "regex/regex.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "unicode/utf8.h"

static uint64_t seed = 1;

static pmill_bytes bytes_of(const char *text)
{
	return (pmill_bytes){text, strlen(text)};
}

static struct pmill_normalizer *make(const struct pmill_normal_step *steps, size_t count)
{
	struct pmill_normalizer *normalizer = NULL;
	pmill_error error = {0};
	if (pmill_normalizer_create(steps, count, NULL, NULL, &normalizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return normalizer;
}

static void check(const struct pmill_normalizer *normalizer, pmill_bytes text, pmill_bytes expected)
{
	struct pmill_buffer out = {0};
	/* So that reads past the end are seen. */
	uint8_t *copy = malloc(text.len > 0 ? text.len : 1);
	assert_non_null(copy);
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	assert_int_equal(
		pmill_normalizer_apply(normalizer, copy, text.len, &out, NULL, NULL), PMILL_OK);
	if (out.len != expected.len || (out.len > 0 && memcmp(out.data, expected.data, out.len) != 0))
		fail_msg("\"%.*s\" became \"%.*s\", not \"%.*s\"", (int)text.len, (const char *)text.data,
			(int)out.len, (const char *)out.data, (int)expected.len, (const char *)expected.data);
	free(copy);
	pmill_buffer_release(&out);
}

/* ---- Known results ---- */

static void test_forms(void **state)
{
	(void)state;
	static const struct {
		const char *text, *forms[4]; /* NFC, NFD, NFKC, NFKD */
	} rows[] = {
		{"", {"", "", "", ""}},
		{"plain", {"plain", "plain", "plain", "plain"}},
		{"\xC3\xA9", {"\xC3\xA9", "e\xCC\x81", "\xC3\xA9", "e\xCC\x81"}},
		{"e\xCC\x81!", {"\xC3\xA9!", "e\xCC\x81!", "\xC3\xA9!", "e\xCC\x81!"}},
		/* Marks in the wrong order: U+0323 below comes before U+0302 above. */
		{"a\xCC\x82\xCC\xA3",
			{"\xE1\xBA\xAD", "a\xCC\xA3\xCC\x82", "\xE1\xBA\xAD", "a\xCC\xA3\xCC\x82"}},
		/* Singletons: the angstrom sign. */
		{"\xE2\x84\xAB", {"\xC3\x85", "A\xCC\x8A", "\xC3\x85", "A\xCC\x8A"}},
		/* U+0958 is excluded from composition. */
		{"\xE0\xA5\x98",
			{"\xE0\xA4\x95\xE0\xA4\xBC", "\xE0\xA4\x95\xE0\xA4\xBC", "\xE0\xA4\x95\xE0\xA4\xBC",
				"\xE0\xA4\x95\xE0\xA4\xBC"}},
		/* Compatibility: a ligature. */
		{"\xEF\xAC\x81", {"\xEF\xAC\x81", "\xEF\xAC\x81", "fi", "fi"}},
		/* Hangul, and U+11A7, which is no trailing consonant. */
		{"\xEA\xB0\x81",
			{"\xEA\xB0\x81", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "\xEA\xB0\x81",
				"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"}},
		{"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA7",
			{"\xEA\xB0\x80\xE1\x86\xA7", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA7",
				"\xEA\xB0\x80\xE1\x86\xA7", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA7"}},
		/* A byte that is not UTF-8 is a border. */
		{"e\xFF\xCC\x81", {"e\xFF\xCC\x81", "e\xFF\xCC\x81", "e\xFF\xCC\x81", "e\xFF\xCC\x81"}},
		{"\xEF\xAC\x81\xE2\x82",
			{"\xEF\xAC\x81\xE2\x82", "\xEF\xAC\x81\xE2\x82", "fi\xE2\x82", "fi\xE2\x82"}},
		/* U+32FF came with Unicode 12.1, and the mark U+1ABF with 13.0: a border. */
		{"\xE3\x8B\xBF", {"\xE3\x8B\xBF", "\xE3\x8B\xBF", "\xE3\x8B\xBF", "\xE3\x8B\xBF"}},
		{"e\xE1\xAA\xBF\xCC\x81",
			{"e\xE1\xAA\xBF\xCC\x81", "e\xE1\xAA\xBF\xCC\x81", "e\xE1\xAA\xBF\xCC\x81",
				"e\xE1\xAA\xBF\xCC\x81"}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int form = 0; form < 4; form++) {
			const struct pmill_normal_step step = {.kind = (enum pmill_normal_kind)form};
			struct pmill_normalizer *normalizer = make(&step, 1);
			check(normalizer, bytes_of(rows[i].text), bytes_of(rows[i].forms[form]));
			pmill_normalizer_free(normalizer);
		}
	}
}

/* U+32FF has a decomposition from the version on that it came with. */
static void test_versions(void **state)
{
	(void)state;
	static const uint8_t era[] = {0xE3, 0x8B, 0xBF};
	assert_int_equal(pmill_normal_version_find("8.0"), -1);
	const int appeared = pmill_normal_version_find("12.1");
	assert_true(appeared > 0);
	for (int version = 0; pmill_normal_versions[version] != NULL; version++) {
		struct pmill_buffer out = {0};
		assert_true(pmill_normal_form_append(
			PMILL_NORMAL_NFKC, (unsigned)version, era, sizeof era, &out, NULL));
		assert_int_equal(out.len, version < appeared ? 3 : 6);
		pmill_buffer_release(&out);
	}
}

static void test_steps(void **state)
{
	(void)state;
#define REPLACE(a, b)                                                                              \
	{                                                                                              \
		.kind = PMILL_NORMAL_REPLACE, .found = {a, sizeof a - 1}, .content = { b, sizeof b - 1 }   \
	}
#define STRIP(left, right)                                                                         \
	{                                                                                              \
		.kind = PMILL_NORMAL_STRIP, .strips_left = left, .strips_right = right                     \
	}
	static const struct {
		struct pmill_normal_step step;
		const char *text, *expected;
	} rows[] = {
		{{.kind = PMILL_NORMAL_LOWERCASE}, "aZ\xFF[@ \xC3\x89", "az\xFF[@ \xC3\xA9"},
		{{.kind = PMILL_NORMAL_LOWERCASE}, "\xC4\xB0\xC4", "i\xCC\x87\xC4"},
		{{.kind = PMILL_NORMAL_LOWERCASE}, "\xCE\x91\xCE\xA3", "\xCE\xB1\xCF\x83"},
		{{.kind = PMILL_NORMAL_PREPEND, .content = {"_", 1}}, "a", "_a"},
		{{.kind = PMILL_NORMAL_PREPEND, .content = {"_", 1}}, "", ""},
		{REPLACE("a", "bb"), "aca", "bbcbb"},
		{REPLACE("aa", "b"), "aaaaa", "bba"},
		{REPLACE("aab", ""), "aaaabaab", "aa"},
		{REPLACE("abab", "x"), "abaababab", "abaxab"},
		{REPLACE("a", "x"), "", ""},
		{REPLACE("abc", "x"), "ab", "ab"},
		{STRIP(true, true), " \t\xE3\x80\x80 a b\xC2\x85\n", "a b"},
		{STRIP(true, true), " \xE3\x80\x80", ""},
		{STRIP(true, false), " a ", "a "},
		{STRIP(false, true), " a ", " a"},
		{STRIP(true, true), "\xFF \x80", "\xFF \x80"},
		{STRIP(true, true), "\x1C\x1F", "\x1C\x1F"},
		{STRIP(true, true), "\xA0\x80\x80", "\xA0\x80\x80"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pmill_normalizer *normalizer = make(&rows[i].step, 1);
		check(normalizer, bytes_of(rows[i].text), bytes_of(rows[i].expected));
		pmill_normalizer_free(normalizer);
	}
}

static void test_several_steps(void **state)
{
	(void)state;
	static const struct pmill_normal_step steps[] = {STRIP(true, true), {.kind = PMILL_NORMAL_NFKC},
		{.kind = PMILL_NORMAL_LOWERCASE}, REPLACE(" ", "_"),
		{.kind = PMILL_NORMAL_PREPEND, .content = {"_", 1}}, STRIP(true, true)};
	static const char *const expected[] = {
		" \xEF\xAC\x81 A ", "\xEF\xAC\x81 A", "fi A", "fi a", "fi_a", "_fi_a", "_fi_a"};
	for (size_t count = 0; count <= 6; count++) {
		struct pmill_normalizer *normalizer = make(steps, count);
		check(normalizer, bytes_of(expected[0]), bytes_of(expected[count]));
		check(normalizer, bytes_of(""), bytes_of(""));
		check(normalizer, bytes_of(" "), bytes_of(count > 0 ? "" : " "));
		pmill_normalizer_free(normalizer);
	}
}

#if PMILL_HAVE_PCRE2

static void test_expressions(void **state)
{
	(void)state;
	static const struct {
		const char *expression, *content, *text, *expected;
	} rows[] = {
		{"a+", "<$0\\0>", "baab", "b<$0\\0>b"},
		{"x*", "-", "axxb", "-a-b-"},
		{"x*", "-", "", ""},
		{"(?=b)", "-", "abab", "a-ba-b"},
		{"\\z", "!", "ab", "ab!"},
		{"a|", "-", "ba", "-b-"},
		/* What is not UTF-8 is not seen: text ends at it. */
		{".", "x", "a\xFF\xC3\xA9\xE2\x82", "x\xFFx\xE2\x82"},
		{"^a|a$", "x",
			"aba\xFF"
			"aa",
			"xbx\xFFxx"},
		{"\\s+", " ", "a \n\xC2\xA0 b ", "a b "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct pmill_normal_step step = {.kind = PMILL_NORMAL_REPLACE,
			.expression = rows[i].expression,
			.content = bytes_of(rows[i].content)};
		struct pmill_normalizer *normalizer = make(&step, 1);
		check(normalizer, bytes_of(rows[i].text), bytes_of(rows[i].expected));
		pmill_normalizer_free(normalizer);
	}
}

/* U+32FF came with Unicode 12.1. */
static void test_versions_of_forms(void **state)
{
	(void)state;
	static const struct pmill_normal_step step = {.kind = PMILL_NORMAL_NFKC};
	static const char *const rows[][2] = {{NULL, "\xE3\x8B\xBF"}, {"12.0", "\xE3\x8B\xBF"},
		{"12.1", "\xE4\xBB\xA4\xE5\x92\x8C"}, {"17.0", "\xE4\xBB\xA4\xE5\x92\x8C"}};
	struct pmill_normalizer *normalizer = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
			pmill_normalizer_create(&step, 1, NULL, rows[i][0], &normalizer, NULL), PMILL_OK);
		check(normalizer, bytes_of("\xE3\x8B\xBF"), bytes_of(rows[i][1]));
		pmill_normalizer_free(normalizer);
	}
	assert_int_equal(
		pmill_normalizer_create(&step, 1, NULL, "8.0", &normalizer, NULL), PMILL_BAD_OPTION);
}

static void test_expressions_that_fail(void **state)
{
	(void)state;
	struct pmill_normalizer *normalizer = NULL;
	pmill_error error = {0};
	struct pmill_normal_step step = {.kind = PMILL_NORMAL_REPLACE, .expression = "(a"};
	assert_int_equal(
		pmill_normalizer_create(&step, 1, NULL, NULL, &normalizer, &error), PMILL_BAD_OPTION);
	assert_null(normalizer);
	step.expression = "a";
	assert_int_equal(
		pmill_normalizer_create(&step, 1, "1.1", NULL, &normalizer, &error), PMILL_BAD_OPTION);
	step.expression = "(a+)+$";
	normalizer = make(&step, 1);
	struct pmill_buffer out = {0};
	static const char text[] = "b\xFF"
							   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	assert_int_equal(pmill_normalizer_apply(
						 normalizer, (const uint8_t *)text, sizeof text - 1, &out, NULL, &error),
		PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "backtracks too far"));
	assert_int_equal(error.offset, 2);
	pmill_buffer_release(&out);
	pmill_normalizer_free(normalizer);
}

#endif

/* ---- Properties ---- */

static void append_form(enum pmill_normal_kind form, unsigned version,
	const struct pmill_buffer *text, struct pmill_buffer *out)
{
	out->len = 0;
	assert_true(pmill_normal_form_append(form, version, text->data, text->len, out, NULL));
}

/* Characters that decompose, compose or have a class come up most. */
static uint32_t draw_character(void)
{
	for (int tries = 0;; tries++) {
		uint32_t code_point = (uint32_t)random_below(&seed, tries % 2 == 0 ? 0x3100 : 0x20000);
		if (code_point >= 0xD800 && code_point < 0xE000)
			continue;
		if (tries > 10 || pmill_normal_find(code_point, 99)->flags != 0)
			return code_point;
	}
}

static void make_text(struct pmill_buffer *text)
{
	text->len = 0;
	for (uint64_t count = random_below(&seed, 12); count > 0; count--) {
		uint8_t bytes[4];
		size_t len = pmill_utf8_encode(draw_character(), bytes);
		if (random_below(&seed, 20) == 0)
			len--; /* cut short, or nothing */
		assert_true(pmill_buffer_append(text, bytes, len));
	}
}

static void assert_same(const struct pmill_buffer *a, const struct pmill_buffer *b)
{
	assert_int_equal(a->len, b->len);
	if (a->len > 0)
		assert_memory_equal(a->data, b->data, a->len);
}

/* UAX #15: what the forms of forms are, as in the conformance test. */
static void check_forms_of_forms(const struct pmill_buffer *text, unsigned version)
{
	static const enum pmill_normal_kind nfc = PMILL_NORMAL_NFC, nfd = PMILL_NORMAL_NFD,
										nfkc = PMILL_NORMAL_NFKC, nfkd = PMILL_NORMAL_NFKD;
	static const struct {
		enum pmill_normal_kind first, then, same;
	} rows[] = {{nfc, nfc, nfc}, {nfd, nfc, nfc}, {nfc, nfd, nfd}, {nfd, nfd, nfd},
		{nfc, nfkc, nfkc}, {nfd, nfkc, nfkc}, {nfkc, nfkc, nfkc}, {nfkd, nfkc, nfkc},
		{nfkc, nfc, nfkc}, {nfkd, nfc, nfkc}, {nfc, nfkd, nfkd}, {nfd, nfkd, nfkd},
		{nfkc, nfkd, nfkd}, {nfkd, nfkd, nfkd}, {nfkc, nfd, nfkd}, {nfkd, nfd, nfkd}};
	struct pmill_buffer first = {0}, then = {0}, same = {0};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		append_form(rows[i].first, version, text, &first);
		append_form(rows[i].then, version, &first, &then);
		append_form(rows[i].same, version, text, &same);
		assert_same(&then, &same);
	}
	pmill_buffer_release(&first);
	pmill_buffer_release(&then);
	pmill_buffer_release(&same);
}

static void test_forms_of_forms(void **state)
{
	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	struct pmill_buffer text = {0};
	for (int i = 0; i < 20000; i++) {
		make_text(&text);
		check_forms_of_forms(&text, i % 2 == 0 ? 0 : 10);
	}
	for (uint32_t code_point = 0; code_point < 0x20000; code_point++) {
		if (pmill_normal_find(code_point, 10)->flags == 0)
			continue;
		uint8_t bytes[4];
		text.len = 0;
		assert_true(pmill_buffer_append(&text, bytes, pmill_utf8_encode(code_point, bytes)));
		check_forms_of_forms(&text, 10);
	}
	pmill_buffer_release(&text);
}

/* Runs of every length around the eight bytes that are looked at together. */
static void test_runs(void **state)
{
	(void)state;
	const struct pmill_normal_step step = {.kind = PMILL_NORMAL_NFC};
	struct pmill_normalizer *normalizer = make(&step, 1);
	for (size_t len = 1; len < 40; len++) {
		char text[64], expected[64];
		for (size_t mark = 1; mark <= len; mark++) {
			memset(text, 'e', len + 2);
			memset(expected, 'e', len + 2);
			memcpy(text + mark, "\xCC\x81", 2);
			memcpy(expected + mark - 1, "\xC3\xA9", 2);
			check(normalizer, (pmill_bytes){text, len + 2}, (pmill_bytes){expected, len + 1});
		}
	}
	pmill_normalizer_free(normalizer);
}

/* ---- Hostile text ---- */

/* Quadratic time would take hours. */
static void test_piles(void **state)
{
	(void)state;
	enum { PILE = 400000 };
	static const char *const units[] = {"\xCC\x95\xCC\x81\xCC\xA3", "\xE1\x86\xA8", "\xE1\x85\xA1",
		"\xEF\xB7\xBA", "\xEA\xB0\x80", "\xCD\x84"};
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		struct pmill_buffer text = {0}, once = {0}, twice = {0};
		while (text.len < PILE)
			assert_true(pmill_buffer_append_text(&text, units[i]));
		for (int form = 0; form < 4; form++) {
			append_form((enum pmill_normal_kind)form, 0, &text, &once);
			append_form((enum pmill_normal_kind)form, 0, &once, &twice);
			assert_same(&once, &twice);
			twice.len = 0;
			struct pmill_source_map map = {0};
			assert_true(pmill_normal_form_append(
				(enum pmill_normal_kind)form, 0, text.data, text.len, &twice, &map));
			assert_same(&once, &twice);
			assert_int_equal(map.len, once.len);
			pmill_source_map_release(&map);
		}
		pmill_buffer_release(&text);
		pmill_buffer_release(&once);
		pmill_buffer_release(&twice);
	}
}

/* Backing up after each byte would take hours. */
static void test_found_that_nearly_matches(void **state)
{
	(void)state;
	enum { LEN = 400000 };
	char *text = malloc(LEN);
	char *found = malloc(LEN / 2);
	assert_true(text != NULL && found != NULL);
	memset(text, 'a', LEN);
	memset(found, 'a', LEN / 2);
	found[LEN / 2 - 1] = 'b';
	const struct pmill_normal_step step = {
		.kind = PMILL_NORMAL_REPLACE, .found = {found, LEN / 2}, .content = {"x", 1}};
	struct pmill_normalizer *normalizer = make(&step, 1);
	check(normalizer, (pmill_bytes){text, LEN}, (pmill_bytes){text, LEN});
	text[LEN - 1] = 'b';
	struct pmill_buffer out = {0};
	assert_int_equal(
		pmill_normalizer_apply(normalizer, (uint8_t *)text, LEN, &out, NULL, NULL), PMILL_OK);
	assert_int_equal(out.len, LEN / 2 + 1);
	assert_int_equal(out.data[LEN / 2], 'x');
	pmill_buffer_release(&out);
	pmill_normalizer_free(normalizer);
	free(text);
	free(found);
}

/* ---- Out of memory ---- */

static const struct pmill_normal_step all_steps[] = {{.kind = PMILL_NORMAL_NFD},
	{.kind = PMILL_NORMAL_LOWERCASE}, {.kind = PMILL_NORMAL_PREPEND, .content = {"_", 1}},
	REPLACE("a", "bb"), STRIP(true, true), {.kind = PMILL_NORMAL_NFKC}
#if PMILL_HAVE_PCRE2
	,
	{.kind = PMILL_NORMAL_REPLACE, .expression = "b+", .content = {"-", 1}}
#endif
};

static pmill_status run_refused(long allocations, bool *refused)
{
	static const char text[] = " a\xCC\x82\xCC\xA3 A\xEF\xB7\xBA\xFF"
							   "b ";
	struct pmill_normalizer *normalizer = NULL;
	struct pmill_buffer out = {0};
	pmill_error error = {0};
	allocations_left = allocations;
	pmill_status status = pmill_normalizer_create(
		all_steps, sizeof all_steps / sizeof all_steps[0], NULL, NULL, &normalizer, &error);
	if (status == PMILL_OK)
		status = pmill_normalizer_apply(
			normalizer, (const uint8_t *)text, sizeof text - 1, &out, NULL, &error);
	else
		assert_null(normalizer);
	*refused = was_refused();
	pmill_buffer_release(&out);
	pmill_normalizer_free(normalizer);
	return status;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	bool refused = true;
	long allocations = 0;
	for (; refused; allocations++) {
		pmill_status status = run_refused(allocations, &refused);
		/* PCRE2 does without JIT if there is no memory for it. */
		assert_true(status == PMILL_NO_MEMORY || status == PMILL_OK);
		assert_true(refused || status == PMILL_OK);
	}
	assert_true(allocations > 15);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_several_steps),
#if PMILL_HAVE_PCRE2
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_versions_of_forms),
		cmocka_unit_test(test_expressions_that_fail),
#endif
		cmocka_unit_test(test_forms_of_forms),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_piles),
		cmocka_unit_test(test_found_that_nearly_matches),
		cmocka_unit_test(test_out_of_memory),
	};
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
