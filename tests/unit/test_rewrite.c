/* Expressions follow a Unicode version: every class, place and version; what can't is refused. */
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

#include "pretokenize/pretokenizer.h"
#include "regex/code.h"
#include "regex/regex.h"
#include "unicode/property.h"

#if PMILL_HAVE_PCRE2

enum { VERSIONS = 5 };

/* Code points and, of each, where it ends in the text. */
struct text {
	uint8_t *bytes;
	uint32_t *code_points;
	size_t *ends;
	size_t count, len;
};

static size_t encode(uint8_t *to, uint32_t c)
{
	const size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
	for (size_t i = len; i-- > 1; c >>= 6)
		to[i] = (uint8_t)(0x80 | (c & 0x3F));
	to[0] = (uint8_t)(heads[len] | c);
	return len;
}

static void add(struct text *text, uint32_t c)
{
	if (c >= PMILL_CODE_POINTS || (c & 0x1FF800) == 0xD800)
		return;
	text->code_points[text->count] = c;
	text->len += encode(text->bytes + text->len, c);
	text->ends[text->count++] = text->len;
}

static struct text make_text(void)
{
	return (struct text){.bytes = malloc(4 * (size_t)PMILL_CODE_POINTS),
		.code_points = malloc(sizeof(uint32_t) * PMILL_CODE_POINTS),
		.ends = malloc(sizeof(size_t) * PMILL_CODE_POINTS)};
}

static void free_text(struct text *text)
{
	free(text->bytes);
	free(text->code_points);
	free(text->ends);
}

static struct text all_code_points(void)
{
	struct text text = make_text();
	for (uint32_t c = 0; c < PMILL_CODE_POINTS; c++)
		add(&text, c);
	return text;
}

/* Those next to the borders of the property's ranges, of any version. */
static struct text borders(const struct pmill_property *property)
{
	struct text text = make_text();
	for (size_t i = property->first; i < property->first + property->count; i++) {
		const uint32_t begin = pmill_property_ranges[2 * i] >> 5;
		const uint32_t end = pmill_property_ranges[2 * i + 1];
		const uint32_t near[] = {begin - 1, begin, end - 1, end, end + 1};
		for (size_t k = 0; k < sizeof near / sizeof near[0]; k++)
			add(&text, near[k]);
	}
	return text;
}

static struct pmill_pretokenizer *make(const char *pattern, const char *version)
{
	struct pmill_pretokenizer *pretokenizer = NULL;
	pmill_error error;
	if (pmill_pretokenizer_create(pattern, version, NULL, &pretokenizer, &error) != PMILL_OK)
		fail_msg("%s, %s: %s", pattern, version, error.message);
	return pretokenizer;
}

/* `is_run`: members are one pretoken as long as they follow each other, else one each. */
static void check_cuts(const char *pattern, const char *version, const struct text *text,
	const struct pmill_code_points *members, bool is_run)
{
	struct pmill_pretokenizer *pretokenizer = make(pattern, version);
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	size_t ends[512], count = 0, next = 0;
	assert_int_equal(
		pmill_pretoken_cursor_start(&cursor, text->bytes, text->len, true, NULL), PMILL_OK);
	for (size_t i = 0; i < text->count; i++) {
		const bool is_member = pmill_code_points_has(members, text->code_points[i]);
		const bool is_last = i + 1 == text->count;
		const bool is_before = !is_last && pmill_code_points_has(members, text->code_points[i + 1]);
		if (!is_last && (is_run ? is_member == is_before : !is_member && !is_before))
			continue;
		if (next == count) {
			assert_int_equal(
				pmill_pretoken_cursor_next(&cursor, ends, 512, &count, NULL), PMILL_OK);
			next = 0;
		}
		if (next == count || ends[next++] != text->ends[i])
			fail_msg("%s, %s: U+%04X", pattern, version, (unsigned)text->code_points[i]);
	}
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
}

/* The expression that `format` makes of the name, in all the ways that a class can be negated. */
static void check_forms(const char *name, const char *version, const struct text *text,
	const struct pmill_code_points *members)
{
	static const struct {
		const char *format;
		bool is_run;
	} forms[] = {{"\\p{%s}", false}, {"\\p{%s}+", true}, {"[^\\p{%s}]+", true},
		{"[\\P{%s}]+", true}, {"\\P{^%s}", false}, {"(?:(?i)[\\p{%1$s}\\p{%1$s}])+", true}};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char pattern[200];
		snprintf(pattern, sizeof pattern, forms[i].format, name);
		check_cuts(pattern, version, text, members, forms[i].is_run);
	}
}

static struct pmill_code_points *new_set(void)
{
	struct pmill_code_points *set = calloc(1, sizeof *set);
	assert_non_null(set);
	return set;
}

static bool is_category(const struct pmill_property *property)
{
	return property->name[0] >= 'A' && property->name[0] <= 'Z';
}

/* Every code point. PCRE2's own tables are trusted where its version is the one wanted. */
static void test_categories(void **state)
{
	(void)state;
	struct text text = all_code_points();
	for (unsigned i = 0; i < VERSIONS; i++) {
		const struct pmill_unicode *unicode = pmill_unicode_at(i);
		for (const struct pmill_property *row = pmill_properties; row->name != NULL; row++) {
			struct pmill_code_points *set = new_set();
			if (is_category(row) && strcmp(row->name, "Cs") != 0) {
				pmill_code_points_add(set, row, unicode);
				char pattern[20];
				snprintf(pattern, sizeof pattern, "\\p{%s}+", row->name);
				check_cuts(pattern, unicode->version, &text, set, true);
			}
			free(set);
		}
	}
	free_text(&text);
}

/* The tables of classes are made apart from those of properties. */
static void test_groups(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned classes;
	} groups[] = {
		{"L", 1 << PMILL_CLASS_UPPER | 1 << PMILL_CLASS_LOWER | 1 << PMILL_CLASS_OTHER_LETTER},
		{"M", 1 << PMILL_CLASS_MARK}, {"N", 1 << PMILL_CLASS_NUMBER},
		{"White_Space", 1 << PMILL_CLASS_SPACE}, {"Ll", 1 << PMILL_CLASS_LOWER},
		{"Xsp", 1 << PMILL_CLASS_SPACE}};
	struct text text = all_code_points();
	for (unsigned i = 0; i < VERSIONS; i++) {
		const struct pmill_unicode *unicode = pmill_unicode_at(i);
		for (size_t k = 0; k < sizeof groups / sizeof groups[0]; k++) {
			struct pmill_code_points *set = new_set();
			for (uint32_t c = 0; c < PMILL_CODE_POINTS; c++)
				if ((groups[k].classes >> pmill_unicode_class(unicode, c) & 1) != 0)
					pmill_code_points_add_range(set, c, c + 1);
			if (k == 0 || i == 3)
				check_forms(groups[k].name, unicode->version, &text, set);
			char pattern[40];
			if (k == 3) {
				check_cuts("\\s", unicode->version, &text, set, false);
				check_cuts("[^\\S]+", unicode->version, &text, set, true);
				check_cuts("[[:space:]]", unicode->version, &text, set, false);
			}
			snprintf(pattern, sizeof pattern, "(?i)\\p{%s}", groups[k].name);
			check_cuts(pattern, unicode->version, &text, set, false);
			free(set);
		}
	}
	free_text(&text);
}

/* Scripts and the rest, by their loose names too. */
static void test_scripts(void **state)
{
	(void)state;
	for (const struct pmill_property *row = pmill_properties; row->name != NULL; row++) {
		struct text text = borders(row);
		const bool is_hidden = strcmp(row->name, "unsteadycase") == 0;
		for (unsigned i = 0; i < VERSIONS && !is_category(row) && !is_hidden; i++) {
			struct pmill_code_points *set = new_set();
			const struct pmill_unicode *unicode = pmill_unicode_at(i);
			if (pmill_code_points_add(set, row, unicode)) {
				char name[80], pattern[100], script[80];
				snprintf(name, sizeof name, "%s", row->name);
				/* PCRE2's script extensions include the script. */
				snprintf(script, sizeof script, "sc:%s", name + 4);
				if (strncmp(name, "scx:", 4) == 0)
					pmill_code_points_add(set, pmill_property_find(script), unicode);
				/* A name alone is the script. */
				if (strncmp(name, "sc:", 3) == 0 && i % 2 == 0)
					memmove(name, name + 3, strlen(name + 3) + 1);
				snprintf(pattern, sizeof pattern, "\\p{ %s }", name);
				check_cuts(pattern, unicode->version, &text, set, false);
				snprintf(pattern, sizeof pattern, "[^\\P{%s}]+", name);
				check_cuts(pattern, unicode->version, &text, set, true);
			}
			free(set);
		}
		free_text(&text);
	}
}

/* ---- By hand ---- */

/* Bars in `expected` are where pretokens end; the text has none. */
static void check_text(const char *pattern, const char *version, const char *expected)
{
	char text[200];
	size_t len = 0, cuts[100], cut_count = 0, ends[100], count = 0;
	for (const char *c = expected; *c != '\0'; c++) {
		if (*c == '|')
			cuts[cut_count++] = len;
		else
			text[len++] = *c;
	}
	cuts[cut_count++] = len;
	struct pmill_pretokenizer *pretokenizer = make(pattern, version);
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	assert_int_equal(
		pmill_pretoken_cursor_start(&cursor, (const uint8_t *)text, len, true, NULL), PMILL_OK);
	assert_int_equal(pmill_pretoken_cursor_next(&cursor, ends, 100, &count, NULL), PMILL_OK);
	if (count != cut_count || memcmp(ends, cuts, count * sizeof *ends) != 0)
		fail_msg("%s, %s: not %s but %zu pretokens, the first of %zu bytes", pattern, version,
			expected, count, ends[0]);
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
}

#define NEW "\xEA\x9F\x8B" /* U+A7CB, a letter since 16.0 */
#define MVS "\xE1\xA0\x8E" /* U+180E, white space before 6.3 */

static void test_places(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *version, *expected;
	} rows[] = {
		{"\\p{L}+", "16.0", "a" NEW "|.|" NEW},
		{"\\p{L}+", "15.1", "a|" NEW "." NEW},
		{"\\pL+", "16.0", "a" NEW "|."},
		{"\\w+", "17.0", "_" NEW "1|."},
		{"\\w+", "14.0", "_|" NEW "|1|."},
		{"\\W", "16.0", "a" NEW "|."},
		{"[^\\W]+", "16.0", "a" NEW "|."},
		{"[[:alpha:]]+", "16.0", "a" NEW "|1"},
		{"[[:alpha:]]+", "15.0", "a|" NEW "1"},
		{"[[:^alpha:]]", "16.0", "a" NEW "|1"},
		{"[[:upper:]1]+", "16.0", "a|" NEW "1|b"},
		{"[[:graph:]]+", "16.0", "a" NEW "| "},
		{"[[:graph:]\\t]+", "16.0", "a\t" NEW "| "},
		{"[[:graph:]]+", "14.0", "a| " NEW},
		{"[[:^graph:]]", "16.0", "a" NEW "| |a"},
		{"[[:print:]]+", "16.0", "a " NEW "|\t"},
		{"[[:punct:]]+", "16.0", "a|^.$|" NEW},
		{"[[:graph:]]+", "14.0", "\xC2\xAD|" MVS "|a"},
		{"\\b", "16.0", "a" NEW "|.|" NEW},
		{"\\b", "14.0", "a|" NEW "." NEW},
		{"\\B", "16.0", "a|" NEW "|b."},
		{"[[:<:]]", "16.0", ".|" NEW "a.|" NEW "."},
		{"(?<=\\p{L})[.]", "16.0", NEW "|.|."},
		{"(?i)\\p{Lu}", "16.0", "a|" NEW "|a"},
		{"(?i)[\\p{Lu}x]", "16.0", "a|" NEW "|a|X|a"},
		{"(?i)\xC3\xA9", "16.0", "a|\xC3\x89|\xC3\xA9|a"},
		{"(?i:a)\\p{Lu}", "16.0", "b|A" NEW "|b"},
		{"[\\]\\p{Lu}-]+", "16.0", "a|" NEW "-]|a"},
		{"[\\p{Lu}\\p{Ll}&&[^a-m]]+", "16.0", "a|z" NEW "|m|n|1"},
		{"[\\p{Lu}\\p{Ll}&&[^a-m]]+", "15.1", "a|z|" NEW "m|n|1"},
		{"[[^a-m]&&\\pL&&[[:lower:]\\x{c9}]]+", "16.0", "a|z\xC3\x89|m|n|1" NEW},
		{"[^\\p{Lu}&&[^\\x41B]]+", "16.0", "aAB.|C" NEW "|b"},
		{"[a-c[x-z]&&[b\\-y\\]]]+", "16.0", "a|by|]-|b|z"},
		{"[\\d&&\\D]|[a&&b]+", "16.0", "ab1"},
		{"[a&b]+", "16.0", "a&b|c"},
		{"\\p{Han}+", "16.0", "\xE6\xBC\xA2|\xE3\x80\x82"},
		{"\\p{scx=Han}+", "16.0", "\xE6\xBC\xA2\xE3\x80\x82|."},
		{"(?i)[\\p{Han}x]+", "16.0", "\xE6\xBC\xA2X|\xE3\x80\x82"},
		{"[]\\p{Lu}]+", "16.0", "a|" NEW "]|a"},
		{"[\\Q\\p{Lu}]\\E.]+", "16.0", "a|p\\]u|" NEW},
		{"\\Q\\p{L}[\\E\\p{Lu}", "16.0", "a|\\p{L}[" NEW "|a"},
		{"(?#[\\p{L})\\p{Lu}", "16.0", "a|" NEW "|a"},
		{"(?C1)\\p{Lu}(?C)", "16.0", "a|" NEW "|a"},
		{"(?i)(?^)\xC9\xA4\\p{Lu}", "16.0", "a|\xC9\xA4" NEW "|a"},
		{"(?i)(?^:\xC9\xA4)a", "16.0",
			"a|\xC9\xA4"
			"A|a"},
		{"\\N{U+5D}\\p{Lu}", "16.0", "a|]" NEW "|a"},
		{"(?x) \\p{Lu} # [\\p{Foo}\n a", "16.0", NEW "a|b"},
		{"(?x: \\p{Lu} )#", "16.0", NEW "#|b"},
		{"(?<name>\\p{Lu})(?(<name>)a|b)", "16.0", "b|" NEW "a|b"},
		{"(*UTF)\\p{Lu}", "16.0", "b|" NEW "|b"},
		{"(*atomic:\\p{Lu}+)", "16.0", "b|" NEW NEW "|b"},
		{"\\c[|\\p{Lu}", "16.0", "b|\x1B|" NEW "|b"},
		{"\\p{Garay}", "16.0", "b|\xF0\x90\xB5\x90|b"},
		{"\\p{Latn}+", "16.0", ".|a" NEW "|."},
		{"\\s", "16.0", "a| |" MVS},
		{"\\s", "14.0", "a| |" MVS},
		{"[^\\s]", "14.0", "a|" MVS "| |b"},
		{"\\S+", "16.0", "a" MVS "| |b"},
		{"\\h", "16.0", "a|\t|" MVS},
		{"\\d", "16.0", "a|\xF0\x90\xB5\x80|a"},
		{"\\d", "15.1",
			"a\xF0\x90\xB5\x80"
			"a"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *bytes = rows[i].expected;
		if (strstr(rows[i].pattern, "\\Q\\p{Lu}]") != NULL)
			bytes = "a|p\\|" NEW; /* ] ends the quoted members */
		check_text(rows[i].pattern, rows[i].version, bytes);
	}
}

static void check_refused(const char *pattern, const char *version, const char *message)
{
	struct pmill_pretokenizer *pretokenizer = NULL;
	pmill_error error = {0};
	if (pmill_pretokenizer_create(pattern, version, NULL, &pretokenizer, &error) !=
		PMILL_UNSUPPORTED)
		fail_msg("%s, %s: not refused: %s", pattern, version, error.message);
	assert_null(pretokenizer);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
}

/* Classes with && that Oniguruma and Rust's engines might read differently. */
static void test_bad_sets(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		size_t offset;
	} rows[] = {{"[a&&]", 4}, {"a[&&b]", 2}, {"[^&&b]", 2}, {"[a&&b&&]", 7}, {"[a&&\\Qb\\E]", 6},
		{"[a&&b-\\d]", 8}, {"[[b]&&z-a]", 9}, {"[A-[b]&&c]", 3}, {"(?i)[a&&b]", 4},
		{"[a&&\\p{Nonsense}]", 6}, {"[a&&[:ascii:]]", 4}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pmill_pretokenizer *pretokenizer = NULL;
		pmill_error error = {0};
		if (pmill_pretokenizer_create(rows[i].pattern, "16.0", NULL, &pretokenizer, &error) !=
				PMILL_BAD_OPTION ||
			error.offset != rows[i].offset)
			fail_msg("%s: %zu: %s", rows[i].pattern, (size_t)error.offset, error.message);
	}
	char deep[200] = "[a&&b";
	for (int i = 0; i < 20; i++)
		strcat(deep, "[a");
	for (int i = 0; i < 21; i++)
		strcat(deep, "]");
	struct pmill_pretokenizer *pretokenizer = NULL;
	assert_int_equal(
		pmill_pretokenizer_create(deep, "16.0", NULL, &pretokenizer, NULL), PMILL_BAD_OPTION);
}

/* What can't follow the version is refused, unless PCRE2 has that version. */
static void test_refused(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"\\p{Changes_When_Lowercased}",
			"at offset 0: the property \"\\p{Changes_When_Lowercased}\""},
		{"a\\X", "at offset 1: the escape \"\\X\" can't follow Unicode "},
		{"(?i)\xC9\xA4", "at offset 4: ignoring the case of"},
		{"(?i)[a\\x{250}-\\x{270}]", "ignoring the case of \"-\\x{270}\""},
		{"(?i)\\N{U+264}", "ignoring the case of \"\\N{U+264}\""},
		{"(?i)\\x{264}", "ignoring the case of \"\\x{264}\""},
		{"(?i)(a)\\1", "a back reference that ignores case"},
		{"(?i)(?<n>a)(?P=n)", "a back reference that ignores case"},
		{"(?i)[\\P{L}a]", "within [...], the class \"\\P{L}\""},
		{"(*sr:a)", "the group"},
	};
	const struct pmill_unicode *own = pmill_regex_code_versions(NULL).own;
	for (unsigned i = 0; i < VERSIONS; i++) {
		const struct pmill_unicode *unicode = pmill_unicode_at(i);
		for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
			if (own == unicode)
				pmill_pretokenizer_free(make(rows[k][0], unicode->version));
			else if (i > 0)
				check_refused(rows[k][0], unicode->version, rows[k][1]);
		}
	}
	check_refused("a(?C\"[\")", "16.0", "at offset 1: a callout with text, \"(?C\"[\")\" can");
	check_refused("(*UTF)(?x)a # b", "16.0", "at offset 12: a comment after verbs, \"# b\" can");
	check_refused("\\p{Garay}", "14.0", "this version has no characters of it");
	check_refused("\\p{Nonsense}", "16.0", "there is no table for it");
	check_refused("\\p{unsteady case}", "16.0", "there is no table for it");
	pmill_pretokenizer_free(make("(?i)[a-z\xC3\xA0-\xC3\xBE]\\x{3B1}(?-i)(\xC9\xA4)\\1", "16.0"));
}

/* PCRE2 stops reading at a property that it doesn't know: what follows was checked by nobody. */
static void test_unchecked(void **state)
{
	(void)state;
	bool knows_property;
	assert_int_equal(pmill_regex_code_check("\\p{Garay}", &knows_property, NULL), PMILL_OK);
	if (knows_property)
		skip();
	check_refused("\\p{Garay}[a", "16.0", "at offset 9: the brackets \"[a\" can't");
	char deep[400] = "\\p{Garay}";
	memset(deep + strlen(deep), '(', 300);
	check_refused(deep, "16.0", "groups within each other \"(((");
	struct pmill_pretokenizer *pretokenizer = NULL;
	static const char *const bad[] = {"\\p{Garay}\\", "\\p{Garay}(?", "\\p{Garay}(?i",
		"\\p{Garay}(*a", "\\p{Garay}(", "\\p{Garay}(?#", "\\p{Garay}\\x{", "\\p{Garay}\\c"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		pmill_error error = {0};
		if (pmill_pretokenizer_create(bad[i], "16.0", NULL, &pretokenizer, &error) !=
			PMILL_BAD_OPTION)
			fail_msg("%s: %s", bad[i], error.message);
	}
	assert_null(pretokenizer);
}

#else

static void test_nothing(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#if PMILL_HAVE_PCRE2
		cmocka_unit_test(test_categories),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bad_sets),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unchecked),
#else
		cmocka_unit_test(test_nothing),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
