/* Normalizers with a map of offsets; and those that are local. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "normalize/normal_form.h"
#include "normalize/normal_table.h"
#include "normalize/normalizer.h"
#include "regex/regex.h"
#include "support/check_map.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "unicode/utf8.h"

static uint64_t seed = 1;

static struct pmill_normalizer *make(
	const struct pmill_normal_step *steps, size_t count, const char *version)
{
	struct pmill_normalizer *normalizer = NULL;
	pmill_error error = {0};
	if (pmill_normalizer_create(steps, count, NULL, version, &normalizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return normalizer;
}

#define FORM(form)                                                                                 \
	{                                                                                              \
		.kind = PMILL_NORMAL_##form                                                                \
	}
#define PREPEND(a)                                                                                 \
	{                                                                                              \
		.kind = PMILL_NORMAL_PREPEND, .content = { a, sizeof a - 1 }                               \
	}
#define REPLACE(a, b)                                                                              \
	{                                                                                              \
		.kind = PMILL_NORMAL_REPLACE, .found = {a, sizeof a - 1}, .content = { b, sizeof b - 1 }   \
	}
#define STRIP(left, right)                                                                         \
	{                                                                                              \
		.kind = PMILL_NORMAL_STRIP, .strips_left = left, .strips_right = right                     \
	}
#define MATCH(a, b)                                                                                \
	{                                                                                              \
		.kind = PMILL_NORMAL_REPLACE, .expression = a, .content = { b, sizeof b - 1 }              \
	}

/* ---- Known maps ---- */

/* Each run as "0-2=0 " if copied, as "2-3<2-4 " if changed. */
static void spell(const struct pmill_source_map *map, struct pmill_buffer *spelled)
{
	spelled->len = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct pmill_source_run *run = &map->runs[i];
		const size_t end = i + 1 < map->count ? run[1].begin : map->len;
		const char *format = run->source_len == PMILL_SOURCE_COPIED ? "%zu-%zu=%zu "
																	: "%zu-%zu<%zu-%zu ";
		assert_true(pmill_buffer_append_format(spelled, format, run->begin, end, run->source_begin,
			run->source_begin + run->source_len));
	}
	assert_true(pmill_buffer_terminate(spelled));
}

static void test_known_maps(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct pmill_normal_step steps[3];
		size_t count;
		const char *runs;
	} rows[] = {
		{"abc", {FORM(NFC)}, 0, "0-3=0 "},
		{"", {FORM(NFC)}, 1, ""},
		{"abc", {FORM(NFC)}, 1, "0-3=0 "},
		{"ae\xCC\x81z", {FORM(NFC)}, 1, "0-1=0 1-3<1-4 3-4=4 "},
		{"a\xC3\xA9z", {FORM(NFC)}, 1, "0-4=0 "},
		{"a\xC3\xA9\xC3\xA9z", {FORM(NFD)}, 1, "0-1=0 1-4<1-3 4-7<3-5 7-8=5 "},
		/* In order already, and not. */
		{"xa\xCC\xA7\xCC\x82", {FORM(NFD)}, 1, "0-6=0 "},
		{"xa\xCC\x82\xCC\xA7", {FORM(NFD)}, 1, "0-2=0 2-6<2-6 "},
		/* All of a ligature, and of one character. */
		{"x\xEF\xAC\x81z", {FORM(NFKC)}, 1, "0-1=0 1-3<1-4 3-4=4 "},
		/* A pile of trailing jamos: the first composes, the others stay. */
		{"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8\xE1\x86\xA8\xE1\x86\xA8", {FORM(NFC)}, 1,
			"0-3<0-9 3-9=9 "},
		/* What sorting moves is one with the character that it was a part of. */
		{"\xC3\xA9\xCC\xA7z", {FORM(NFD)}, 1, "0-5<0-4 5-6=4 "},
		{"\xC3\xA9\xCC\x81z", {FORM(NFD)}, 1, "0-3<0-2 3-6=2 "},
		{"a\xCD\x84", {FORM(NFD)}, 1, "0-1=0 1-5<1-3 "},
		/* Marks that stay: after what composes, and within. */
		{"e\xCC\x81\xCC\x82", {FORM(NFC)}, 1, "0-2<0-3 2-4=3 "},
		{"a\xCC\xA7\xCC\x81", {FORM(NFC)}, 1, "0-4<0-5 "},
		{"e\xFF\xCC\x81", {FORM(NFC)}, 1, "0-4=0 "},
		{"AbC\xC3\x89\xC3\xA9\xC4\xB0", {FORM(LOWERCASE)}, 1, "0-3=0 3-5<3-5 5-7=5 7-10<7-9 "},
		{"\xE2\x84\xAA\xFF\xE2\x84", {FORM(LOWERCASE)}, 1, "0-1<0-3 1-4=3 "},
		{"ab", {PREPEND("__")}, 1, "0-2<0-0 2-4=0 "},
		{"", {PREPEND("__")}, 1, ""},
		{"aca", {REPLACE("a", "bb")}, 1, "0-2<0-1 2-3=1 3-5<2-3 "},
		{"acac", {REPLACE("a", "")}, 1, "0-1=1 1-2=3 "},
		{"caab", {REPLACE("a", "x")}, 1, "0-1=0 1-2<1-2 2-3<2-3 3-4=3 "},
		{"  a  ", {STRIP(true, true)}, 1, "0-1=2 "},
		{"   ", {STRIP(true, true)}, 1, ""},
		{" a", {STRIP(false, true)}, 1, "0-2=0 "},
		/* Several steps. */
		{" a ", {STRIP(true, true), PREPEND("_")}, 2, "0-1<1-1 1-2=1 "},
		{" a ", {PREPEND("_"), REPLACE(" ", "_")}, 2, "0-1<0-0 1-2<0-1 2-3=1 3-4<2-3 "},
		{"\xC3\x89", {FORM(NFD), FORM(LOWERCASE), FORM(NFC)}, 3, "0-2<0-2 "},
		{"\xC3\xA9", {FORM(NFD), REPLACE("\xCC\x81", "")}, 2, "0-1<0-2 "},
		{"\xEF\xAC\x81x", {FORM(NFKC), REPLACE("f", "g")}, 2, "0-2<0-3 2-3=3 "},
		{"\xEF\xAC\x81x", {FORM(NFKC), REPLACE("ix", "g")}, 2, "0-2<0-4 "},
		{"abab", {REPLACE("a", ""), REPLACE("bb", "c")}, 2, "0-1<1-4 "},
#if PMILL_HAVE_PCRE2
		{"ab", {MATCH("x*", "-")}, 1, "0-1<0-0 1-2=0 2-3<1-1 3-4=1 4-5<2-2 "},
		{"ab\xFF"
		 "ab",
			{MATCH("b", "xx")}, 1, "0-1=0 1-3<1-2 3-5=2 5-7<4-5 "},
		{"a \n b", {MATCH("\\s+", " ")}, 1, "0-1=0 1-2<1-4 2-3=4 "},
		{"\xEF\xAC\x81", {FORM(NFKC), MATCH("(?=i)", "-")}, 2, "0-3<0-3 "},
		{"a b", {REPLACE(" ", ""), MATCH("(?=b)", "-")}, 2, "0-1=0 1-2<2-2 2-3=2 "},
#endif
	};
	struct pmill_buffer out = {0}, spelled = {0};
	struct pmill_source_map map = {0};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pmill_normalizer *normalizer = make(rows[i].steps, rows[i].count, NULL);
		assert_int_equal(pmill_normalizer_apply(normalizer, (const uint8_t *)rows[i].text,
							 strlen(rows[i].text), &out, &map, NULL),
			PMILL_OK);
		spell(&map, &spelled);
		if (strcmp((const char *)spelled.data, rows[i].runs) != 0)
			fail_msg("row %zu, \"%s\": %s, not %s", i, rows[i].text, (const char *)spelled.data,
				rows[i].runs);
		pmill_normalizer_free(normalizer);
	}
	pmill_buffer_release(&out);
	pmill_buffer_release(&spelled);
	pmill_source_map_release(&map);
}

/* ---- Random texts ---- */

/* The local ones come first. */
static const struct pmill_normal_step some_steps[] = {
	FORM(NFC), FORM(NFD), FORM(NFKC), FORM(NFKD), FORM(LOWERCASE), PREPEND(" "),
	PREPEND("\xCC\x81_"), REPLACE("a", "bb"), REPLACE(" ", "\xE2\x96\x81"), REPLACE("e", ""),
	REPLACE("\xCC\x81", ""), STRIP(true, true), STRIP(true, false), STRIP(false, true)
#if PMILL_HAVE_PCRE2
																		,
	MATCH("\\s+", " "), MATCH("x*", "-"), MATCH("\\p{M}", ""), MATCH("[a-f]..", "\xC3\x89")
#endif
};
enum { LOCAL_STEPS = 5, STEPS = sizeof some_steps / sizeof some_steps[0], MOST_STEPS = 4 };

static bool is_drawn(uint32_t code_point)
{
	return code_point < 0xD800 || code_point >= 0xE000;
}

/* Characters that decompose, compose or have a class come up most. */
static uint32_t draw_character(void)
{
	for (int tries = 0;; tries++) {
		const uint32_t code_point = (uint32_t)random_below(
			&seed, tries % 2 == 0 ? 0x3100 : 0x20000);
		if (!is_drawn(code_point))
			continue;
		if (tries > 10 || pmill_normal_find(code_point, 99)->flags != 0)
			return code_point;
	}
}

static void make_text(struct pmill_buffer *text)
{
	static const char *const pieces[] = {" ", "  ", "a", "e", "E", "I", "K", "<", "=", "x", "\n",
		"\xCC\x81", "\xCC\xA7", "\xCC\xB8", "\xE1\x84\x80", "\xE1\x85\xA1", "\xE1\x86\xA8",
		"\xEA\xB0\x80", "\xEF\xAC\x81", "\xC3\x89", "\xC4\xB0", "\xE2\x84\xAB", "\xFF", "\x80",
		"\xE2\x82", "\xF0\x9F", "\xCD\x85", "\xCD\x84", "\xEF\xB7\xBA"};
	text->len = 0;
	for (uint64_t count = random_below(&seed, 16); count > 0; count--) {
		uint8_t bytes[4];
		if (random_below(&seed, 4) == 0)
			assert_true(
				pmill_buffer_append(text, bytes, pmill_utf8_encode(draw_character(), bytes)));
		else
			assert_true(pmill_buffer_append_text(
				text, pieces[random_below(&seed, sizeof pieces / sizeof pieces[0])]));
	}
}

/* Of the first `kinds` of some_steps; `*lowers`: one is lower case. */
static struct pmill_normalizer *draw_normalizer(size_t kinds, bool *lowers)
{
	static const char *const versions[] = {"9.0", "12.0", "17.0"};
	struct pmill_normal_step steps[MOST_STEPS];
	const size_t count = random_below(&seed, MOST_STEPS + 1);
	*lowers = false;
	for (size_t i = 0; i < count; i++) {
		steps[i] = some_steps[random_below(&seed, kinds)];
		*lowers |= steps[i].kind == PMILL_NORMAL_LOWERCASE;
	}
	return make(steps, count, versions[random_below(&seed, 3)]);
}

static void apply(const struct pmill_normalizer *normalizer, const struct pmill_buffer *text,
	struct pmill_buffer *out, struct pmill_source_map *map)
{
	assert_int_equal(
		pmill_normalizer_apply(normalizer, text->data, text->len, out, map, NULL), PMILL_OK);
}

static void test_random_maps(void **state)
{
	(void)state;
	struct pmill_buffer text = {0}, out = {0}, plain = {0};
	struct pmill_source_map map = {0};
	for (int i = 0; i < 15000; i++) {
		bool lowers;
		struct pmill_normalizer *normalizer = draw_normalizer(
			i % 2 == 0 ? LOCAL_STEPS : STEPS, &lowers);
		make_text(&text);
		apply(normalizer, &text, &out, &map);
		apply(normalizer, &text, &plain, NULL);
		assert_int_equal(out.len, plain.len);
		if (out.len > 0)
			assert_memory_equal(out.data, plain.data, out.len);
		const char *fault = find_map_fault(normalizer, text.data, text.len, &out, &map, lowers);
		if (fault != NULL)
			fail_msg("%s: \"%.*s\" became \"%.*s\"", fault, (int)text.len, (const char *)text.data,
				(int)out.len, (const char *)out.data);
		pmill_normalizer_free(normalizer);
	}
	pmill_buffer_release(&text);
	pmill_buffer_release(&out);
	pmill_buffer_release(&plain);
	pmill_source_map_release(&map);
}

/* ---- Local normalizers ---- */

static void test_is_local(void **state)
{
	(void)state;
	struct pmill_normal_step steps[2];
	for (size_t i = 0; i < STEPS; i++) {
		for (size_t j = 0; j < STEPS; j++) {
			steps[0] = some_steps[i];
			steps[1] = some_steps[j];
			struct pmill_normalizer *normalizer = make(steps, 2, NULL);
			assert_int_equal(
				pmill_normalizer_is_local(normalizer), i < LOCAL_STEPS && j < LOCAL_STEPS);
			pmill_normalizer_free(normalizer);
		}
	}
	struct pmill_normalizer *normalizer = make(NULL, 0, NULL);
	assert_true(pmill_normalizer_is_local(normalizer));
	pmill_normalizer_free(normalizer);
}

/* Whether the text becomes `expected` if its two parts are normalised apart. */
static bool is_sum(const struct pmill_normalizer *normalizer, const struct pmill_buffer *text,
	size_t cut, const struct pmill_buffer *expected)
{
	struct pmill_buffer x = {0}, y = {0};
	assert_int_equal(pmill_normalizer_apply(normalizer, text->data, cut, &x, NULL, NULL), PMILL_OK);
	assert_int_equal(
		pmill_normalizer_apply(normalizer, text->data + cut, text->len - cut, &y, NULL, NULL),
		PMILL_OK);
	assert_true(pmill_buffer_append(&x, y.data, y.len));
	const bool is_same = x.len == expected->len && memcmp(x.data, expected->data, x.len) == 0;
	pmill_buffer_release(&x);
	pmill_buffer_release(&y);
	return is_same;
}

/* Before each ASCII character, and at each border of the map. */
static void check_cuts(const struct pmill_normalizer *normalizer, const struct pmill_buffer *text,
	const struct pmill_buffer *out, const struct pmill_source_map *map)
{
	for (size_t cut = 0; cut < text->len; cut++)
		if (text->data[cut] < 0x80 && !is_sum(normalizer, text, cut, out))
			fail_msg("cut at %zu: \"%.*s\"", cut, (int)text->len, (const char *)text->data);
	size_t near = 0, cut;
	for (size_t at = 0; at <= out->len && text->len > 0; at++)
		if (pmill_source_map_find_border(map, at, &near, &cut) &&
			!is_sum(normalizer, text, cut, out))
			fail_msg("border %zu, cut at %zu: \"%.*s\"", at, cut, (int)text->len,
				(const char *)text->data);
}

static void test_local_cuts(void **state)
{
	(void)state;
	struct pmill_buffer text = {0}, out = {0};
	struct pmill_source_map map = {0};
	for (int i = 0; i < 6000; i++) {
		bool lowers;
		struct pmill_normalizer *normalizer = draw_normalizer(LOCAL_STEPS, &lowers);
		make_text(&text);
		apply(normalizer, &text, &out, &map);
		check_cuts(normalizer, &text, &out, &map);
		pmill_normalizer_free(normalizer);
	}
	pmill_buffer_release(&text);
	pmill_buffer_release(&out);
	pmill_source_map_release(&map);
}

/* ---- The tables ---- */

enum { CODE_POINTS = 0x110000 };

/* What a text that began with ASCII may begin with after some local steps. */
struct beginnings {
	bool *is_in; /* by code point */
	uint32_t list[4096];
	size_t count;
};

static void add_beginning(struct beginnings *beginnings, uint32_t code_point)
{
	if (beginnings->is_in[code_point])
		return;
	assert_true(beginnings->count < sizeof beginnings->list / sizeof beginnings->list[0]);
	beginnings->is_in[code_point] = true;
	beginnings->list[beginnings->count++] = code_point;
}

static uint32_t first_of(const struct pmill_normalizer *normalizer, uint32_t code_point)
{
	uint8_t bytes[4];
	struct pmill_buffer text = {.data = bytes, .len = pmill_utf8_encode(code_point, bytes)};
	struct pmill_buffer out = {0};
	uint32_t first;
	apply(normalizer, &text, &out, NULL);
	pmill_utf8_decode(out.data, out.len, &first);
	pmill_buffer_release(&out);
	return first;
}

static void check_beginnings(const char *name, unsigned version, struct beginnings *beginnings)
{
	struct pmill_normalizer *normalizers[LOCAL_STEPS];
	for (size_t i = 0; i < LOCAL_STEPS; i++)
		normalizers[i] = make(&some_steps[i], 1, name);
	for (uint32_t c = 0; c < 0x80; c++)
		add_beginning(beginnings, c);
	for (size_t i = 0; i < beginnings->count; i++) {
		const uint32_t c = beginnings->list[i];
		const struct pmill_normal_character *found = pmill_normal_find(c, version);
		assert_int_equal(found->combining_class, 0);
		assert_int_equal(found->flags & PMILL_NORMAL_IS_SECOND, 0);
		for (size_t j = 0; j < LOCAL_STEPS; j++)
			add_beginning(beginnings, first_of(normalizers[j], c));
		const struct pmill_composition *composition = &pmill_compositions[found->compositions];
		for (; composition->second < CODE_POINTS; composition++)
			add_beginning(beginnings, composition->composite);
	}
	for (size_t i = 0; i < LOCAL_STEPS; i++)
		pmill_normalizer_free(normalizers[i]);
}

/*
 * No character that ASCII becomes the beginning of, in whatever steps, is reordered or composed
 * with what is before it.
 */
static void test_beginnings(void **state)
{
	(void)state;
	struct beginnings *beginnings = malloc(sizeof *beginnings);
	assert_non_null(beginnings);
	for (unsigned version = 0; pmill_normal_versions[version] != NULL; version++) {
		beginnings->count = 0;
		beginnings->is_in = calloc(CODE_POINTS, 1);
		assert_non_null(beginnings->is_in);
		check_beginnings(pmill_normal_versions[version], version, beginnings);
		assert_true(beginnings->count > 0x80 + 100);
		free(beginnings->is_in);
	}
	free(beginnings);
}

/* Nothing composes with ASCII after it, and no form changes ASCII. */
static void test_ascii(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x80; c++)
		assert_int_equal(pmill_normal_find(c, 99)->flags, 0);
	for (uint32_t c = 0; c < CODE_POINTS; c++) {
		const size_t place = pmill_normal_find(c, 99)->compositions;
		assert_true(pmill_compositions[place].second >= 0x80); /* the least */
	}
}

/* ---- Out of memory ---- */

static pmill_status run_refused(
	const struct pmill_normalizer *normalizer, long allocations, bool *refused)
{
	static const char text[] = " a\xCC\x82\xCC\xA3 A\xEF\xB7\xBA\xFF"
							   "b \xC4\xB0";
	struct pmill_buffer out = {0};
	struct pmill_source_map map = {0};
	allocations_left = allocations;
	const pmill_status status = pmill_normalizer_apply(
		normalizer, (const uint8_t *)text, sizeof text - 1, &out, &map, NULL);
	*refused = was_refused();
	pmill_buffer_release(&out);
	pmill_source_map_release(&map);
	return status;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct pmill_normalizer *normalizer = make(some_steps, STEPS, NULL);
	bool refused = true;
	long allocations = 0;
	for (; refused; allocations++) {
		const pmill_status status = run_refused(normalizer, allocations, &refused);
		/* PCRE2 does without JIT if there is no memory for it. */
		assert_true(status == PMILL_NO_MEMORY || status == PMILL_OK);
		assert_true(refused || status == PMILL_OK);
	}
	assert_true(allocations > 15);
	pmill_normalizer_free(normalizer);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_maps),
		cmocka_unit_test(test_random_maps),
		cmocka_unit_test(test_is_local),
		cmocka_unit_test(test_local_cuts),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_out_of_memory),
	};
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
