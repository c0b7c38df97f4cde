/* Walking text in chunks, against the naive walk of the whole text. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "corpus/chunk_cut.h"
#include "corpus/documents.h"
#include "support/walk_log.h"

enum { MOST_TOKENS = 3 };

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_documents: %s\n", what);
		abort();
	}
}

/* The first bytes of an input: pattern, kind, chunk size, and which special tokens to use. */
struct plan {
	const char *pattern;
	const struct pmill_corpus_format *format;
	size_t chunk_size;
	pmill_bytes tokens[MOST_TOKENS];
	size_t token_count;
	size_t separator_index;
	const uint8_t *text;
	size_t len;
};

enum { PLAN_LEN = 4 };

static bool is_new_token(const struct plan *plan, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < plan->token_count; i++)
		if (plan->tokens[i].len == len && memcmp(plan->tokens[i].data, data, len) == 0)
			return false;
	return len > 0;
}

/* Takes tokens from the text itself, so that they occur in it. */
static void plan_tokens(struct plan *plan, unsigned steer)
{
	for (size_t i = 0; i < (steer & 3); i++) {
		size_t begin = plan->len * (steer >> 2 & 15) / 16 + i;
		size_t len = 1 + (steer + 3 * i) % 7;
		if (begin + len <= plan->len && is_new_token(plan, plan->text + begin, len))
			plan->tokens[plan->token_count++] = (pmill_bytes){plan->text + begin, len};
	}
	plan->separator_index = steer & 128 && plan->token_count > 0 ? 0 : SIZE_MAX;
}

static struct plan make_plan(const uint8_t *data, size_t size)
{
	static const char *const patterns[] = {
		"gpt2", "cl100k", "o200k", "qwen2", "nanochat", "cl100k-hf", "none", "gpt2"};
	struct plan plan = {.pattern = patterns[data[0] & 7],
		.format = pmill_corpus_format_at((data[0] >> 3) % 3),
		.chunk_size = 1 + data[1],
		.text = data + PLAN_LEN,
		.len = size - PLAN_LEN};
	plan_tokens(&plan, data[2]);
	return plan;
}

/* As the chunk source does, but from memory. `text` is copied, to detect reads past its end. */
static pmill_status walk_chunks(const struct plan *plan, const struct walk_settings *settings,
	struct pmill_segment_walk *walk, struct walk_log *log, pmill_error *error)
{
	struct pmill_chunk_cutter cutter = {
		.pretokenizer = settings->pretokenizer, .specials = settings->specials};
	size_t begin = 0, read = plan->chunk_size;
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK) {
		size_t left = plan->len - begin;
		bool is_end = read > left;
		size_t len = is_end ? left : read;
		uint8_t *buffer = malloc(len + 1);
		require(buffer != NULL, "out of memory");
		memmove(buffer, plan->text + begin, len);
		struct pmill_chunk_cut cut = {.len = len, .is_segment_end = true};
		if (!is_end)
			require(pmill_chunk_cutter_find(
						&cutter, plan->format->kind, buffer, len, &cut, error) == PMILL_OK,
				"no cut");
		require(cut.len + cut.lookahead <= len, "a cut past the end");
		struct pmill_chunk chunk = {.data = buffer,
			.len = cut.len,
			.lookahead = cut.lookahead,
			.is_segment_end = cut.is_segment_end,
			.is_file_end = is_end,
			.format = plan->format,
			.name = "fuzz",
			.offset = begin,
			.first_line = 1};
		if (is_end || cut.len > 0)
			status = log_chunk(log, settings, walk, &chunk, error);
		free(buffer);
		begin += cut.len;
		read = cut.len > 0 ? len - cut.len + plan->chunk_size : 2 * len;
		if (is_end)
			break;
	}
	pmill_chunk_cutter_release(&cutter);
	return status;
}

static bool is_same(const struct walk_log *a, const struct walk_log *b)
{
	return a->documents == b->documents && a->text_bytes == b->text_bytes &&
		a->events.len == b->events.len &&
		(a->events.len == 0 || memcmp(a->events.data, b->events.data, a->events.len) == 0);
}

/* There is no naive walk for JSON lines: all chunk sizes must agree with the largest. */
static void log_at_once(
	const struct plan *plan, const struct walk_settings *settings, struct walk_log *log)
{
	if (plan->format->kind != PMILL_CORPUS_JSONL) {
		log_whole_file(log, settings, plan->format->kind, plan->text, plan->len);
		return;
	}
	struct plan whole = *plan;
	whole.chunk_size = plan->len + 1;
	struct pmill_segment_walk walk = {.skip_bad_lines = true};
	require(walk_chunks(&whole, settings, &walk, log, NULL) == PMILL_OK, "the walk fails");
	pmill_segment_walk_release(&walk);
}

static void check_plan(const struct plan *plan)
{
	struct walk_settings settings;
	struct walk_log expected = {0}, got = {0};
	struct pmill_segment_walk walk = {.skip_bad_lines = true};
	walk_settings_create(
		&settings, plan->pattern, NULL, plan->tokens, plan->token_count, plan->separator_index);
	log_at_once(plan, &settings, &expected);
	require(walk_chunks(plan, &settings, &walk, &got, NULL) == PMILL_OK, "the walk fails");
	require(is_same(&expected, &got), "chunks differ from the whole");
	walk_log_release(&expected);
	walk_log_release(&got);
	pmill_segment_walk_release(&walk);
	walk_settings_release(&settings);
}

/* Without skipping, the error gives an offset within the text. */
static void check_bad_lines(const struct plan *plan)
{
	struct walk_settings settings;
	struct walk_log log = {0};
	struct pmill_segment_walk walk = {0};
	pmill_error error = {0};
	walk_settings_create(&settings, plan->pattern, NULL, NULL, 0, SIZE_MAX);
	pmill_status status = walk_chunks(plan, &settings, &walk, &log, &error);
	require(status == PMILL_OK || (status == PMILL_BAD_INPUT && error.offset <= plan->len),
		"a bad error");
	walk_log_release(&log);
	pmill_segment_walk_release(&walk);
	walk_settings_release(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < PLAN_LEN)
		return 0;
	struct plan plan = make_plan(data, size);
	check_plan(&plan);
	if (plan.format->kind == PMILL_CORPUS_JSONL)
		check_bad_lines(&plan);
	return 0;
}
