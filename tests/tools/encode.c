/* Encodes many texts from stdin with one model, for the Python tests. */
/* SPDX-License-Identifier: MIT */
/*
 *   encode [--special-tokens POLICY] [--allowed TOKEN]... [--pattern P] [--special TOKEN]...
 *       [--template yes] [--lossy yes] MODEL
 *
 * Stdin: texts, each as a length and the bytes. Stdout: for each text a count and that many ids, or
 * FFFFFFFF and the offset of the error. Lengths, counts, ids and offsets are little-endian 32-bit
 * numbers. The run ends if ids decode to a different text, unless --lossy says that the model
 * changes texts. --pattern and --special are used to load formats that contain none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/text_encoder.h"

enum { MOST_TOKENS = 100 };

struct options {
	const char *model;
	pmill_load_options load;
	const char *special;
	int add_template;
	size_t allowed_count;
	pmill_bytes allowed[MOST_TOKENS], specials[MOST_TOKENS];
	int is_lossy;
};

static int fail(const char *message)
{
	fprintf(stderr, "encode: %s\n", message);
	return 1;
}

static void write_u32(uint64_t value)
{
	for (int shift = 0; shift < 32; shift += 8)
		putchar((int)(value >> shift & 255));
}

static int read_u32(size_t *value)
{
	uint8_t bytes[4];
	if (fread(bytes, 1, 4, stdin) != 4)
		return 0;
	*value = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
	return 1;
}

static int parse(int argc, char **argv, struct options *options)
{
	options->load.size = sizeof options->load;
	options->load.special_tokens = options->specials;
	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		pmill_bytes token = {value, strlen(value)};
		if (strcmp(argv[i], "--special-tokens") == 0)
			options->special = value;
		else if (strcmp(argv[i], "--template") == 0)
			options->add_template = 1;
		else if (strcmp(argv[i], "--lossy") == 0)
			options->is_lossy = 1;
		else if (strcmp(argv[i], "--encoding") == 0)
			options->load.encoding = value;
		else if (strcmp(argv[i], "--pattern") == 0)
			options->load.pattern = value;
		else if (strcmp(argv[i], "--allowed") == 0 && options->allowed_count < MOST_TOKENS)
			options->allowed[options->allowed_count++] = token;
		else if (strcmp(argv[i], "--special") == 0 &&
			options->load.special_token_count < MOST_TOKENS)
			options->specials[options->load.special_token_count++] = token;
		else if (i + 1 == argc)
			options->model = argv[i];
		else
			return fail("wrong usage");
	}
	return options->model == NULL ? fail("no model") : 0;
}

static int check_decoded(const pmill_tokenizer *tokenizer, const uint32_t *ids, size_t count,
	const uint8_t *text, size_t len)
{
	size_t got = 0;
	void *back = NULL;
	int is_equal = pmill_tokenizer_decode(tokenizer, ids, count, NULL, &back, &got, NULL) ==
			PMILL_OK &&
		got == len && memcmp(back, text, len) == 0;
	pmill_memory_free(back);
	return is_equal ? 0 : fail("decoding gives another text");
}

static pmill_status init(const struct options *options, const pmill_tokenizer *tokenizer,
	struct text_encoder *encoder, pmill_error *error)
{
	pmill_policy_options policy = special_tokens(options->special);
	policy.special_list = options->allowed;
	policy.special_list_count = options->allowed_count;
	policy.add_template = options->add_template;
	return text_encoder_init(encoder, tokenizer, &policy, NULL, error);
}

static int encode_text(
	const pmill_tokenizer *tokenizer, struct text_encoder *encoder, size_t len, int is_lossy)
{
	const uint32_t *ids;
	size_t count;
	pmill_error error;
	/* An allocation of its exact size, so that reads past the end are detected. */
	uint8_t *text = malloc(len > 0 ? len : 1);
	int code = text == NULL || fread(text, 1, len, stdin) != len ? fail("no text") : 0;
	if (code != 0)
		goto out;
	pmill_status status = text_encoder_encode(encoder, text, len, &ids, &count, &error);
	if (status == PMILL_OK) {
		write_u32(count);
		for (size_t i = 0; i < count; i++)
			write_u32(ids[i]);
		if (!is_lossy)
			code = check_decoded(tokenizer, ids, count, text, len);
	} else if (status == PMILL_BAD_INPUT) {
		write_u32(UINT32_MAX);
		write_u32(error.offset);
	} else {
		code = fail(error.message);
	}
out:
	free(text);
	return code;
}

int main(int argc, char **argv)
{
	static struct options options;
	pmill_tokenizer *tokenizer = NULL;
	struct text_encoder encoder = {NULL, NULL, NULL};
	pmill_error error;
	size_t len;
	int code = parse(argc, argv, &options);
	if (code == 0 &&
		(pmill_tokenizer_load(options.model, &options.load, &tokenizer, &error) != PMILL_OK ||
			init(&options, tokenizer, &encoder, &error) != PMILL_OK))
		code = fail(error.message);
	while (code == 0 && read_u32(&len))
		code = encode_text(tokenizer, &encoder, len, options.is_lossy);
	text_encoder_release(&encoder);
	pmill_tokenizer_free(tokenizer);
	return code;
}
