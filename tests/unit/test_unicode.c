/* UTF-8 against a literal reading of the standard, and the new characters of each version. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pairmill.h"
#include "unicode/class.h"
#include "unicode/property.h"
#include "unicode/utf8.h"

static bool is_scalar_value(uint32_t code_point)
{
	return code_point <= 0x10FFFF && !(code_point >= 0xD800 && code_point <= 0xDFFF);
}

/* Each code point survives encoding and decoding. Its proper prefixes are cut, and invalid. */
static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
		if (!is_scalar_value(code_point))
			continue;
		uint8_t text[4];
		uint32_t decoded;
		size_t len = pmill_utf8_encode(code_point, text);
		assert_int_equal(len,
			code_point < 0x80          ? 1
				: code_point < 0x800   ? 2
				: code_point < 0x10000 ? 3
									   : 4);
		assert_int_equal(pmill_utf8_decode(text, len, &decoded), len);
		assert_int_equal(decoded, code_point);
		assert_false(pmill_utf8_is_cut(text, len));
		for (size_t part = 1; part < len; part++) {
			assert_true(pmill_utf8_is_cut(text, part));
			assert_int_equal(pmill_utf8_decode(text, part, &decoded), 1);
			assert_true(decoded == PMILL_INVALID_CODE_POINT);
		}
	}
}

/* Whether these bytes are a prefix (`whole`: all) of the bytes of some scalar value. */
static bool begins_character(const uint8_t *text, size_t len, bool whole)
{
	static const uint8_t fill[2][4] = {{0, 0x80, 0x80, 0x80}, {0, 0xBF, 0xBF, 0xBF}};
	size_t full = text[0] < 0x80 ? 1 : text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
	if ((text[0] >= 0x80 && text[0] < 0xC0) || text[0] >= 0xF8 || len > full ||
		(whole && len != full))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (text[i] < 0x80 || text[i] > 0xBF)
			return false;
	}
	/* The code points with this prefix are a range. One valid code point of it is enough. */
	uint32_t ends[2];
	for (int end = 0; end < 2; end++) {
		ends[end] = full == 1 ? text[0] : text[0] & (0x7Fu >> full);
		for (size_t i = 1; i < full; i++)
			ends[end] = ends[end] << 6 | ((i < len ? text[i] : fill[end][i]) & 0x3Fu);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	for (uint32_t code_point = ends[0]; code_point <= ends[1]; code_point++) {
		if (code_point >= least[full] && is_scalar_value(code_point))
			return true;
	}
	return false;
}

static void check_bytes(const uint8_t *text, size_t len)
{
	uint32_t code_point;
	size_t got = pmill_utf8_decode(text, len, &code_point);
	size_t expected = 0;
	for (size_t part = 1; part <= len; part++) {
		if (begins_character(text, part, true))
			expected = part;
	}
	assert_int_equal(got, expected > 0 ? expected : 1);
	assert_int_equal(code_point == PMILL_INVALID_CODE_POINT, expected == 0);
	bool is_cut = begins_character(text, len, false) && !begins_character(text, len, true);
	assert_int_equal(pmill_utf8_is_cut(text, len) != 0, is_cut);
}

/* All strings of up to four bytes from the boundaries of the standard's ranges. */
static void test_boundaries(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2,
		0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
	enum { COUNT = sizeof bytes };
	for (unsigned number = 0; number < COUNT * COUNT * COUNT * COUNT; number++) {
		const uint8_t text[4] = {bytes[number % COUNT], bytes[number / COUNT % COUNT],
			bytes[number / COUNT / COUNT % COUNT], bytes[number / COUNT / COUNT / COUNT]};
		for (size_t len = 1; len <= 4; len++)
			check_bytes(text, len);
	}
}

static void test_versions(void **state)
{
	(void)state;
	static const char *const versions[] = {"14.0", "15.0", "15.1", "16.0", "17.0"};
	for (unsigned i = 0; i < 5; i++) {
		assert_string_equal(pmill_unicode_name(i), versions[i]);
		assert_ptr_equal(pmill_unicode_find(versions[i]), pmill_unicode_at(i));
		assert_string_equal(pmill_unicode_at(i)->version, versions[i]);
	}
	assert_null(pmill_unicode_name(5));
	assert_null(pmill_unicode_name(SIZE_MAX));
	assert_null(pmill_unicode_at(5));
	assert_null(pmill_unicode_at(UINT32_MAX));
	assert_null(pmill_unicode_find("13.0"));
	assert_null(pmill_unicode_find(""));
	assert_null(pmill_unicode_find("16"));
	assert_string_equal(pmill_unicode_find(NULL)->version, "16.0");
}

/* Characters, their class, and the first version that includes them. */
static void test_new_characters(void **state)
{
	(void)state;
	static const struct {
		uint32_t code_point;
		enum pmill_class class;
		unsigned since;
	} rows[] = {
		{'a', PMILL_CLASS_LOWER, 0}, {'Z', PMILL_CLASS_UPPER, 0}, {'7', PMILL_CLASS_NUMBER, 0},
		{0x01C5, PMILL_CLASS_UPPER, 0},        /* titlecase Dz with caron */
		{0x02B0, PMILL_CLASS_OTHER_LETTER, 0}, /* modifier letter small h */
		{0x0301, PMILL_CLASS_MARK, 0}, {0x2167, PMILL_CLASS_NUMBER, 0},
		{0x85, PMILL_CLASS_SPACE, 0}, {0x4E00, PMILL_CLASS_OTHER_LETTER, 0},
		{0x1E4D0, PMILL_CLASS_OTHER_LETTER, 1}, /* Nag Mundari */
		{0x11F50, PMILL_CLASS_NUMBER, 1},       /* Kawi digit zero */
		{0x2EBF0, PMILL_CLASS_OTHER_LETTER, 2}, /* CJK extension I */
		{0x10D50, PMILL_CLASS_UPPER, 3},        /* Garay capital letter A */
		{0x10D40, PMILL_CLASS_NUMBER, 3},       /* Garay digit zero */
		{0x0897, PMILL_CLASS_MARK, 3},          /* Arabic pepet */
		{0x088F, PMILL_CLASS_OTHER_LETTER, 4},  /* Arabic letter noon with ring above */
		{0x323B0, PMILL_CLASS_OTHER_LETTER, 4}, /* CJK extension J */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (unsigned version = 0; version < 5; version++) {
			enum pmill_class expected =
				version >= rows[i].since ? rows[i].class : PMILL_CLASS_OTHER;
			assert_int_equal(
				pmill_unicode_class(pmill_unicode_at(version), rows[i].code_point), expected);
		}
	}
}

static void test_other_characters(void **state)
{
	(void)state;
	static const uint32_t others[] = {0, 0x1C, 0x1F, '_', 0x180E, 0x200B, 0xD800, 0xDFFF, 0xE000,
		0xFEFF, 0xFFFD, 0x1F600, 0x10FFFF, 0x110000, PMILL_INVALID_CODE_POINT};
	for (unsigned version = 0; version < 5; version++) {
		for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
			assert_int_equal(
				pmill_unicode_class(pmill_unicode_at(version), others[i]), PMILL_CLASS_OTHER);
	}
}

static void test_ascii_bits(void **state)
{
	(void)state;
	for (unsigned version = 0; version < 5; version++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			unsigned bit = 1u << pmill_unicode_class(pmill_unicode_at(version), byte);
			assert_int_equal(pmill_ascii_class_bits[byte], byte < 0x80 ? bit : 0);
		}
	}
}

/* The fine class by the tables of properties, which are made apart from those of classes. */
static enum pmill_class fine_class(enum pmill_class class, bool is_sign, bool is_han)
{
	if (!is_han)
		return class == PMILL_CLASS_OTHER && is_sign ? PMILL_CLASS_SIGN : class;
	switch (class) {
	case PMILL_CLASS_NUMBER: return PMILL_CLASS_HAN_NUMBER;
	case PMILL_CLASS_MARK: return PMILL_CLASS_HAN_MARK;
	case PMILL_CLASS_OTHER_LETTER: return PMILL_CLASS_HAN_LETTER;
	default: return PMILL_CLASS_HAN_SIGN;
	}
}

static void test_fine_classes(void **state)
{
	(void)state;
	static const char *const categories[] = {
		"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"};
	enum { CATEGORIES = sizeof categories / sizeof categories[0] };
	struct pmill_code_points *sets = calloc(2, sizeof *sets), *signs = sets, *han = sets + 1;
	assert_non_null(sets);
	for (unsigned i = 0; pmill_unicode_at(i) != NULL; i++) {
		const struct pmill_unicode *unicode = pmill_unicode_at(i);
		const struct pmill_unicode *fine = pmill_unicode_fine(unicode);
		assert_string_equal(fine->version, unicode->version);
		memset(sets, 0, 2 * sizeof *sets);
		for (size_t k = 0; k < CATEGORIES; k++)
			pmill_code_points_add(signs, pmill_property_find(categories[k]), unicode);
		pmill_code_points_add(han, pmill_property_find("sc:han"), unicode);
		for (uint32_t c = 0; c <= 0x10FFFF; c++)
			assert_int_equal(pmill_unicode_class(fine, c),
				fine_class(pmill_unicode_class(unicode, c), pmill_code_points_has(signs, c),
					pmill_code_points_has(han, c)));
	}
	free(sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine_classes),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_new_characters),
		cmocka_unit_test(test_other_characters),
		cmocka_unit_test(test_ascii_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
