/* base64: round trips and refusals. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notation/base64.h"

static void test_base64(void **state)
{
	(void)state;
	uint8_t bytes[70];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct pmill_buffer text = {0}, back = {0};
		size_t bad_offset;
		assert_true(pmill_base64_append(&text, bytes, len));
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_true(pmill_base64_parse(&back, text.data, text.len, &bad_offset));
		assert_int_equal(back.len, len);
		if (len > 0)
			assert_memory_equal(back.data, bytes, len);
		pmill_buffer_release(&text);
		pmill_buffer_release(&back);
	}
	struct pmill_buffer text = {0};
	assert_true(pmill_base64_append(&text, "foobar\xFF\xFE", 8));
	assert_memory_equal(text.data, "Zm9vYmFy//4=", 12);
	pmill_buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
