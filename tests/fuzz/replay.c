/* Runs a fuzz target without a fuzzer: on generated and mutated inputs, or on given files. */
/* SPDX-License-Identifier: MIT */
/*
 *   replay_NAME                  some thousand inputs from seed 1
 *   replay_NAME --seed N [--runs N]
 *   replay_NAME FILE...          only these inputs: to reproduce a finding
 *
 * An input depends only on the seed and its number. Each has an allocation of exactly its size, so
 * that the address sanitizer detects reads past the end. Earlier inputs are mutated as by a fuzzer,
 * but blindly: searching for new paths is left to libFuzzer (preset "fuzz").
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	DEFAULT_RUNS = 3000,
	POOL_SIZE = 64,
	SMALL_INPUT = 300,
	LARGE_INPUT = 20000,
	LARGE_EVERY = 50, /* one input in this many is large */
};

struct input {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

static void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

static size_t below(uint64_t *random, size_t limit)
{
	return limit == 0 ? 0 : (size_t)random_below(random, limit);
}

static void reserve(struct input *input, size_t more)
{
	if (input->len + more <= input->capacity)
		return;
	input->capacity = 2 * (input->len + more);
	input->data = realloc(input->data, input->capacity);
	if (input->data == NULL)
		die("out of memory");
}

static void insert(struct input *input, size_t at, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	reserve(input, len);
	memmove(input->data + at + len, input->data + at, input->len - at);
	memcpy(input->data + at, bytes, len);
	input->len += len;
}

static void append(struct input *input, const void *bytes, size_t len)
{
	insert(input, input->len, bytes, len);
}

/* ---- The pieces of inputs ---- */

/* Fragments of the formats and of text, and edge cases of UTF-8. */
static const char *const phrases[] = {"{", "}", "[", "]", "\"", ":", ",", "\\", "\\u00e9",
	"\\ud83d", "\"text\": ", "\"model\": {", "\"vocab\": {", "\"merges\": [", "\"added_tokens\": [",
	"\"id\": ", "\"content\": ", "\"type\": \"BPE\"", "\"version\": \"1.0\"", "true", "false",
	"null", "-1", "1e999", "4294967296", "9223372036854775807", "18446744073709551616",
	"#version: 0.2\n", "#pairmill-counts 1\n", "\t1\n", " 0\n", "IQ== 0\n", "<|endoftext|>",
	"<|end", "hello", " the", "'s", "'S", "  ", "\n", "\r\n", "\n\n\n", "\t", "123", "12345678",
	"e\xcc\x81", "\xc3\x9f", "\xe4\xb8\xad\xe6\x96\x87", "\xf0\x9f\x98\x80", "\xe2\x80\xa8",
	"\xc2\x85", "\xe3\x80\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff",
	"\x80", "(?:", ")", "\\p{L}+", "\\s+(?!\\S)", "a{1,3}", "[^", "|", "^", "$", "*",
	"\x1f\x8b\x08", "\x28\xb5\x2f\xfd"};

static void append_number(struct input *input, uint64_t *random)
{
	static const uint64_t edges[] = {0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000,
		0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF};
	uint64_t number = edges[below(random, sizeof edges / sizeof *edges)] + below(random, 3) - 1;
	append(input, &number, (size_t)1 << below(random, 4));
}

static void append_run(struct input *input, uint64_t *random)
{
	uint8_t run[100];
	size_t len = 1 + below(random, sizeof run);
	memset(run, (int)("a \n0\0\xff"[below(random, 6)]), len);
	append(input, run, len);
}

static void append_piece(struct input *input, uint64_t *random)
{
	const char *phrase = phrases[below(random, sizeof phrases / sizeof *phrases)];
	uint64_t bytes = next_random(random);
	uint8_t letter = (uint8_t)(' ' + below(random, 95));
	switch (below(random, 8)) {
	case 0: append(input, &bytes, 1 + below(random, 8)); break;
	case 1: append_number(input, random); break;
	case 2: append_run(input, random); break;
	case 3:
	case 4: append(input, &letter, 1); break;
	default: append(input, phrase, strlen(phrase)); break;
	}
}

static void generate(struct input *input, uint64_t *random, size_t len)
{
	while (input->len < len)
		append_piece(input, random);
	input->len = len;
}

/* ---- Mutations ---- */

static void mutate_once(struct input *input, uint64_t *random, const struct input *other)
{
	size_t at = below(random, input->len + 1);
	size_t len = below(random, input->len - at + 1);
	if (len > 32)
		len = below(random, 32);
	struct input piece = {0};
	switch (below(random, 7)) {
	case 0:
		if (at < input->len)
			input->data[at] ^= (uint8_t)(1u << below(random, 8));
		break;
	case 1:
		if (at < input->len)
			input->data[at] = (uint8_t)next_random(random);
		break;
	case 2: input->len = at; break;
	case 3:
		memmove(input->data + at, input->data + at + len, input->len - at - len);
		input->len -= len;
		break;
	case 4:
		append(&piece, input->data + at, len);
		insert(input, at, piece.data, piece.len);
		break;
	case 5:
		len = below(random, other->len + 1);
		insert(input, at, other->data + other->len - len, len);
		break;
	default:
		append_piece(&piece, random);
		insert(input, at, piece.data, piece.len);
		break;
	}
	free(piece.data);
}

static void mutate(struct input *input, uint64_t *random, const struct input pool[POOL_SIZE])
{
	reserve(input, 1);
	for (size_t times = 1 + below(random, 5); times > 0; times--) {
		mutate_once(input, random, &pool[below(random, POOL_SIZE)]);
		reserve(input, 1);
	}
	if (input->len > LARGE_INPUT)
		input->len = LARGE_INPUT;
}

/* ---- Running ---- */

static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	if (exact == NULL)
		die("out of memory");
	if (len > 0)
		memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static void fill_pool(struct input pool[POOL_SIZE], uint64_t *random)
{
	for (size_t i = 0; i < POOL_SIZE; i++) {
		reserve(&pool[i], 1);
		generate(&pool[i], random, i * SMALL_INPUT / POOL_SIZE);
	}
}

static void run_generated(uint64_t seed, size_t runs)
{
	uint64_t random = seed;
	struct input pool[POOL_SIZE] = {0};
	fill_pool(pool, &random);
	run_exact(NULL, 0);
	for (size_t i = 0; i < runs; i++) {
		struct input input = {0};
		size_t slot = below(&random, POOL_SIZE);
		bool is_large = i % LARGE_EVERY == LARGE_EVERY - 1;
		if (below(&random, 3) == 0 || is_large) {
			generate(&input, &random, below(&random, is_large ? LARGE_INPUT : SMALL_INPUT));
		} else {
			append(&input, pool[slot].data, pool[slot].len);
			mutate(&input, &random, pool);
		}
		run_exact(input.data, input.len);
		if (is_large) {
			free(input.data);
		} else {
			free(pool[slot].data);
			pool[slot] = input;
			reserve(&pool[slot], 1);
		}
	}
	for (size_t i = 0; i < POOL_SIZE; i++)
		free(pool[i].data);
}

static void run_file(const char *path)
{
	struct input input = {0};
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		die(path);
	for (size_t got = 1; got > 0;) {
		reserve(&input, 1 << 16);
		got = fread(input.data + input.len, 1, 1 << 16, file);
		input.len += got;
	}
	if (ferror(file))
		die(path);
	fclose(file);
	run_exact(input.data, input.len);
	free(input.data);
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, runs = DEFAULT_RUNS;
	int files = 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
			seed = strtoull(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc) {
			runs = strtoull(argv[++i], NULL, 10);
		} else {
			run_file(argv[i]);
			files++;
		}
	}
	if (files > 0) {
		printf("replay: %d files\n", files);
		return 0;
	}
	printf("replay: seed %" PRIu64 ", %" PRIu64 " inputs\n", seed, runs);
	fflush(stdout);
	run_generated(seed, (size_t)runs);
	return 0;
}
