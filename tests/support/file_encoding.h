/* What tests of encoding files need: a folder, a small model, all options of a call. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_FILE_ENCODING_H
#define PMILL_TESTS_SUPPORT_FILE_ENCODING_H

#include <unistd.h>

#include "support/random.h"
#include "support/small_tokenizer.h"

static char folder[] = "/tmp/pairmill-test-XXXXXX";

static inline const char *path_of(char path[100], const char *name)
{
	snprintf(path, 100, "%s/%s", folder, name);
	return path;
}

static inline void write_file(const char *name, const void *data, size_t len)
{
	char path[100];
	FILE *file = fopen(path_of(path, name), "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static inline void remove_file(const char *name)
{
	char path[100];
	unlink(path_of(path, name));
}

static inline bool is_there(const char *name)
{
	char path[100];
	return access(path_of(path, name), F_OK) == 0;
}

static inline void read_file(const char *name, struct pmill_buffer *content)
{
	char path[100];
	content->len = 0;
	FILE *file = fopen(path_of(path, name), "rb");
	assert_non_null(file);
	for (size_t got = 1; got > 0; content->len += got) {
		assert_true(pmill_buffer_reserve(content, 4096));
		got = fread(content->data + content->len, 1, 4096, file);
	}
	fclose(file);
}

static inline struct pmill_tokenizer *make_model(void)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	set_pattern(tokenizer, "gpt2");
	add_all_bytes(tokenizer);
	add_merge(tokenizer, 'h', 'i');
	add_merge(tokenizer, ' ', 256);
	add_special(tokenizer, "<|end|>", true);
	add_special(tokenizer, "<think>", false);
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

enum { HI = 256, BLANK_HI, END, THINK };

static inline int take_output(void *context, const void *data, size_t len)
{
	return pmill_buffer_append(context, data, len) ? 0 : 1;
}

static inline pmill_bytes bytes_of(const char *text)
{
	return (pmill_bytes){text, text == NULL ? 0 : strlen(text)};
}

/* All options of pmill_encode_files. */
struct encoding {
	const pmill_tokenizer *tokenizer;
	pmill_input_options input;
	pmill_policy_options policy;
	pmill_encode_file_options file;
	pmill_run_options run;
	const char *out; /* NULL: to memory */
};

static inline struct encoding make_encoding(const pmill_tokenizer *tokenizer)
{
	return (struct encoding){.tokenizer = tokenizer,
		.input.size = sizeof(pmill_input_options),
		.policy.size = sizeof(pmill_policy_options),
		.file.size = sizeof(pmill_encode_file_options),
		.run.size = sizeof(pmill_run_options)};
}

static inline pmill_status encode_file(const struct encoding *encoding, const char *name,
	struct pmill_buffer *out, pmill_encode_totals *totals, pmill_error *error)
{
	char path[100];
	const char *paths[] = {path_of(path, name)};
	const pmill_output_options output = {
		.size = sizeof output, .path = encoding->out, .write = take_output, .write_context = out};
	pmill_policy *policy = NULL;
	out->len = 0;
	assert_int_equal(
		pmill_policy_create(encoding->tokenizer, &encoding->policy, &policy, NULL), PMILL_OK);
	const pmill_status status = pmill_encode_files(encoding->tokenizer, paths, 1, &encoding->input,
		policy, &encoding->file, &encoding->run, &output, totals, error);
	pmill_policy_free(policy);
	return status;
}

static inline size_t make_text(uint64_t *random, uint8_t *text, size_t len)
{
	static const char *const pieces[] = {"hi", " ", "<|end|>", "<think>", "\n", "\xe2\x82\xac",
		"hihihihihihihihihihihihihihi", "        ", "<|en", "'s", "12345"};
	size_t used = 0;
	while (used + 40 < len) {
		const char *piece = pieces[next_random(random) % (sizeof pieces / sizeof *pieces)];
		memcpy(text + used, piece, strlen(piece));
		used += strlen(piece);
		if (next_random(random) % 10 == 0)
			text[used++] = (uint8_t)next_random(random);
	}
	return used;
}

static inline int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

/* Removing the folder fails if a half-written file is left in it. */
static inline int remove_folder(void **state)
{
	(void)state;
	static const char *const names[] = {
		"a.txt", "b.txt", "a.jsonl", "0.jsonl", "1.jsonl", "2.jsonl", "ids.txt", "ids.txt.json"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		remove_file(names[i]);
	return rmdir(folder);
}

#endif
