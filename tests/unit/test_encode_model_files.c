/* Files are encoded as texts are, with models of every kind; offsets only in JSON lines. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "support/folder_set_up.h"
#include "support/opened_model.h"

enum { LONGEST = 3000 };

static int take_output(void *context, const void *data, size_t len)
{
	return pmill_buffer_append(context, data, len) ? 0 : 1;
}

/* A file is one document. */
static pmill_status encode_file(const char *path, unsigned policy, const char *format,
	int add_offsets, struct pmill_buffer *out, pmill_error *error)
{
	const pmill_input_options input = {.size = sizeof input, .format = "text"};
	const pmill_encode_file_options file = {
		.size = sizeof file, .format = format, .add_offsets = add_offsets};
	const pmill_run_options run = {.size = sizeof run, .chunk_size = 700};
	const pmill_output_options output = {
		.size = sizeof output, .write = take_output, .write_context = out};
	out->len = 0;
	return pmill_encode_files(
		tokenizer, &path, 1, &input, policies[policy], &file, &run, &output, NULL, error);
}

static void equals_the_text(void **state)
{
	(void)state;
	uint64_t random = 83;
	struct pmill_buffer out = {0};
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		for (unsigned round = 0; round < 6 * HARMLESS_POLICIES; round++) {
			uint8_t text[LONGEST];
			const unsigned policy = round % HARMLESS_POLICIES;
			const size_t len = draw_encode_text(&random, text, 10 + round * 50);
			const char *path = scratch_write(&folder, "text", text, len);
			pmill_ids *ids = make_ids(tokenizer, NULL);
			assert_int_equal(
				pmill_encoder_encode(encoder, text, len, policies[policy], ids, NULL), PMILL_OK);
			assert_int_equal(encode_file(path, policy, "u32", 0, &out, NULL), PMILL_OK);
			const pmill_ids_view view = view_of(ids);
			assert_int_equal(out.len, 4 * view.count);
			for (uint64_t i = 0; i < view.count; i++)
				assert_int_equal(((const uint32_t *)(const void *)out.data)[i], id_at(&view, i));
			pmill_ids_free(ids);
		}
		close_model();
	}
	pmill_buffer_release(&out);
}

static void only_json_lines_have_offsets(void **state)
{
	(void)state;
	struct pmill_buffer out = {0};
	pmill_error error = {0};
	const char *path = scratch_write(&folder, "text", "hi", 2);
	open_model(PLAIN_MODEL);
	assert_int_equal(encode_file(path, 0, "jsonl", 1, &out, &error), PMILL_OK);
	assert_int_equal(encode_file(path, 0, "u16", 1, &out, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "u16 have no offsets: use jsonl"));
	close_model();
	pmill_buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_text),
		cmocka_unit_test(only_json_lines_have_offsets),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
