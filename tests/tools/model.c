/* Builds, converts and shows models, for the Python tests. */
/* SPDX-License-Identifier: MIT */
/*
 *   model build LAYOUT PATTERN OUT    stdin: lines "special HEX", then lines "merge LEFT RIGHT"
 *   model convert IN OUT [--pattern P] [--special TOKEN]... [--merges strings]
 *   model show IN [--pattern P] [--special TOKEN]...
 *
 * On failure, exits with 1 and prints the status and the message to stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/build_trained.h"

enum { MOST_SPECIALS = 100, MOST_MERGES = 100000 };

static int fail(pmill_status status, const pmill_error *error)
{
	fprintf(stderr, "%s: %s\n", pmill_status_text(status), error->message);
	return 1;
}

static int fail_usage(const char *what)
{
	fprintf(stderr, "model: %s\n", what);
	return 2;
}

struct plan_input {
	pmill_bytes specials[MOST_SPECIALS];
	pmill_pair_ids merges[MOST_MERGES];
	size_t special_count, merge_count;
};

static void *read_hex(const char *text, size_t *len)
{
	*len = strspn(text, "0123456789abcdef") / 2;
	uint8_t *bytes = malloc(*len + 1);
	for (size_t i = 0; bytes != NULL && i < *len; i++) {
		unsigned value;
		sscanf(text + 2 * i, "%2x", &value);
		bytes[i] = (uint8_t)value;
	}
	return bytes;
}

static int read_plan(struct plan_input *input)
{
	char line[4000];
	while (fgets(line, sizeof line, stdin) != NULL) {
		pmill_pair_ids pair;
		if (strncmp(line, "special ", 8) == 0 && input->special_count < MOST_SPECIALS) {
			pmill_bytes *special = &input->specials[input->special_count++];
			special->data = read_hex(line + 8, &special->len);
		} else if (sscanf(line, "merge %u %u", &pair.left, &pair.right) == 2 &&
			input->merge_count < MOST_MERGES) {
			input->merges[input->merge_count++] = pair;
		} else {
			return 0;
		}
	}
	return 1;
}

static int build(char **argv)
{
	struct plan_input *input = calloc(1, sizeof *input);
	const struct pmill_layout *layout = pmill_layout_find(argv[2]);
	if (input == NULL || layout == NULL || !read_plan(input))
		return fail_usage("bad layout or plan");
	const struct pmill_tokenizer_plan plan = {.layout = layout,
		.special_tokens = input->specials,
		.special_token_count = input->special_count,
		.merges = input->merges,
		.merge_count = input->merge_count,
		.pattern = argv[3]};
	pmill_error error;
	pmill_tokenizer *tokenizer = NULL;
	pmill_status status = pmill_tokenizer_build(&plan, &tokenizer, &error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_save(
			tokenizer, argv[4], NULL, PMILL_OVERWRITE | PMILL_ALLOW_LOSS, &error);
	pmill_tokenizer_free(tokenizer);
	for (size_t i = 0; i < input->special_count; i++)
		free((void *)input->specials[i].data);
	free(input);
	return status == PMILL_OK ? 0 : fail(status, &error);
}

static pmill_tokenizer *load(
	int argc, char **argv, int first, pmill_status *status, pmill_error *error)
{
	pmill_bytes specials[MOST_SPECIALS];
	pmill_load_options options = {.size = sizeof options, .special_tokens = specials};
	for (int i = first; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--pattern") == 0)
			options.pattern = argv[i + 1];
		else if (strcmp(argv[i], "--special") == 0 && options.special_token_count < MOST_SPECIALS)
			specials[options.special_token_count++] = (pmill_bytes){
				argv[i + 1], strlen(argv[i + 1])};
	}
	pmill_tokenizer *tokenizer = NULL;
	*status = pmill_tokenizer_load(argv[2], &options, &tokenizer, error);
	return tokenizer;
}

static unsigned write_flags(int argc, char **argv)
{
	unsigned flags = PMILL_OVERWRITE;
	for (int i = 4; i + 1 < argc; i += 2)
		if (strcmp(argv[i], "--merges") == 0)
			flags |= PMILL_MERGES_AS_STRINGS;
	return flags;
}

static int convert(int argc, char **argv)
{
	pmill_error error;
	pmill_status status;
	pmill_tokenizer *tokenizer = load(argc, argv, 4, &status, &error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_save(
			tokenizer, argv[3], NULL, write_flags(argc, argv) | PMILL_ALLOW_LOSS, &error);
	pmill_tokenizer_free(tokenizer);
	return status == PMILL_OK ? 0 : fail(status, &error);
}

static void print_hex(pmill_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		printf("%02x", ((const uint8_t *)bytes.data)[i]);
	putchar('\n');
}

static void print_model(const pmill_tokenizer *tokenizer)
{
	printf("meaning %s\nunicode %s\n", pmill_tokenizer_meaning(tokenizer),
		pmill_tokenizer_unicode_version(tokenizer));
	const char *pattern = pmill_tokenizer_pattern(tokenizer);
	printf("pattern ");
	print_hex((pmill_bytes){pattern, pattern == NULL ? 0 : strlen(pattern)});
	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(tokenizer); id++) {
		printf("token ");
		print_hex(pmill_tokenizer_token_bytes(tokenizer, id));
	}
	for (size_t i = 0; i < pmill_tokenizer_merge_count(tokenizer); i++) {
		uint32_t left, right, id;
		pmill_tokenizer_get_merge(tokenizer, i, &left, &right, &id);
		printf("merge %u %u %u\n", left, right, id);
	}
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_special_info info = {.size = sizeof info};
		pmill_tokenizer_get_special(tokenizer, i, &info);
		printf("special %u %d ", info.id, info.is_special);
		print_hex(info.content);
	}
}

static int show(int argc, char **argv)
{
	pmill_error error;
	pmill_status status;
	pmill_tokenizer *tokenizer = load(argc, argv, 3, &status, &error);
	if (status != PMILL_OK)
		return fail(status, &error);
	print_model(tokenizer);
	pmill_tokenizer_free(tokenizer);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "build") == 0)
		return build(argv);
	if (argc >= 4 && strcmp(argv[1], "convert") == 0)
		return convert(argc, argv);
	if (argc >= 3 && strcmp(argv[1], "show") == 0)
		return show(argc, argv);
	return fail_usage("build, convert or show");
}
