/* Layouts, and printable bytes against the rule that defines them. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/layout.h"
#include "pairmill.h"
#include "unicode/printable.h"
#include "unicode/utf8.h"

static bool is_its_own_character(unsigned byte)
{
	return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

static void test_printable_bytes(void **state)
{
	(void)state;
	uint32_t shifted = 0x100;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t expected = is_its_own_character(byte) ? byte : shifted++;
		assert_int_equal(pmill_printable_from_byte((uint8_t)byte), expected);
		assert_int_equal(pmill_printable_to_byte(expected), byte);
	}
	unsigned known = 0;
	for (uint32_t code_point = 0; code_point < 0x400; code_point++)
		known += pmill_printable_to_byte(code_point) >= 0;
	assert_int_equal(known, 256);
	assert_int_equal(pmill_printable_to_byte(PMILL_INVALID_CODE_POINT), -1);
}

static void test_printable_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < 256; i++)
		assert_true(pmill_printable_from_byte(pmill_printable_order[i]) <
			pmill_printable_from_byte(pmill_printable_order[i + 1]));
}

static void test_append_and_parse(void **state)
{
	(void)state;
	uint8_t all[256];
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	struct pmill_buffer text = {0}, bytes = {0};
	size_t bad_offset;
	assert_true(pmill_printable_append(&text, all, sizeof all));
	assert_true(pmill_printable_parse(&bytes, text.data, text.len, &bad_offset));
	assert_int_equal(bytes.len, 256);
	assert_memory_equal(bytes.data, all, 256);
	/* A space is not printable; the bytes parsed before it are removed again. */
	assert_false(pmill_printable_parse(&bytes, "ab c", 4, &bad_offset));
	assert_int_equal(bad_offset, 2);
	assert_int_equal(bytes.len, 256);
	assert_false(pmill_printable_parse(&bytes, "a\xC4", 2, &bad_offset));
	assert_int_equal(bad_offset, 1);
	pmill_buffer_release(&text);
	pmill_buffer_release(&bytes);
}

static void test_layouts(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t byte, special, merge;
		bool is_printable_order;
	} rows[] = {
		{"bytes-first", 0, 256, 259, false}, {"hf", 3, 0, 259, true}, {"gpt2", 0, 1256, 256, true}};
	for (size_t i = 0; i < 3; i++) {
		const struct pmill_layout *layout = pmill_layout_find(rows[i].name);
		assert_ptr_equal(layout, pmill_layout_at(i));
		assert_string_equal(pmill_layout_name(i), rows[i].name);
		assert_int_equal(layout->first_byte(3, 1000), rows[i].byte);
		assert_int_equal(layout->first_special(3, 1000), rows[i].special);
		assert_int_equal(layout->first_merge(3, 1000), rows[i].merge);
		assert_int_equal(layout->is_printable_order, rows[i].is_printable_order);
	}
	assert_null(pmill_layout_at(3));
	assert_null(pmill_layout_name(3));
	assert_null(pmill_layout_find("nothing"));
	assert_ptr_equal(pmill_layout_find(NULL), pmill_layout_at(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printable_bytes),
		cmocka_unit_test(test_printable_order),
		cmocka_unit_test(test_append_and_parse),
		cmocka_unit_test(test_layouts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
