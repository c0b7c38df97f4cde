/* JSON: strings read back as written, nesting, doubled keys. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notation/json.h"

static void test_json_strings_read_back(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 0x800; i++) {
		uint8_t text[2] = {(uint8_t)i, 0};
		size_t len = 1;
		if (i >= 0x80) {
			text[0] = (uint8_t)(0xC0 | i >> 6);
			text[1] = (uint8_t)(0x80 | (i & 63));
			len = 2;
		}
		struct pmill_buffer out = {0};
		assert_true(pmill_buffer_append_text(&out, "{\"x\":"));
		assert_true(pmill_json_append_string(&out, text, len));
		assert_true(pmill_buffer_append_text(&out, "}"));
		json_t *root = NULL;
		assert_int_equal(pmill_json_parse(out.data, out.len, "x", &root, NULL), PMILL_OK);
		const json_t *value = json_object_get(root, "x");
		assert_int_equal(json_string_length(value), len);
		assert_memory_equal(json_string_value(value), text, len);
		json_decref(root);
		pmill_buffer_release(&out);
	}
}

static void test_deep_and_doubled_json(void **state)
{
	(void)state;
	const size_t len = 1 << 20;
	char *deep = malloc(len);
	assert_non_null(deep);
	memset(deep, '[', len);
	memcpy(deep, "{\"model\":", 9);
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	assert_int_equal(
		pmill_tokenizer_load_memory(deep, len, NULL, &tokenizer, &error), PMILL_BAD_INPUT);
	free(deep);
	const char *doubled = "{\"model\": {}, \"model\": {}}";
	assert_int_equal(
		pmill_tokenizer_load_memory(doubled, strlen(doubled), NULL, &tokenizer, &error),
		PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "duplicate"));
	assert_int_equal(
		pmill_tokenizer_load_memory(NULL, 0, NULL, &tokenizer, &error), PMILL_BAD_INPUT);
	assert_null(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings_read_back),
		cmocka_unit_test(test_deep_and_doubled_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
