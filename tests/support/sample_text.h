/* Made-up text with special tokens, and the options to count it with. Public header only. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_SAMPLE_TEXT_H
#define PMILL_TESTS_SUPPORT_SAMPLE_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairmill.h"
#include "support/random.h"

static uint64_t sample_state = 1; /* the seed */

static const pmill_bytes sample_end = {"<|end|>", 7};

static inline void sample_require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "sample text: %s\n", what);
		abort();
	}
}

static inline uint32_t sample_draw(uint32_t below)
{
	return (uint32_t)random_below(&sample_state, below);
}

/* Lines of words over a small alphabet, with document ends. Ends in NUL and holds no other. */
static inline char *sample_text(size_t len)
{
	static const char *const pieces[] = {
		"a", "b", "the", " ", " ", "\n", "<|end|>", "'s", "12", "\xc3\xa9", "\xff", "..."};
	char *text = malloc(len + 1);
	sample_require(text != NULL, "memory");
	size_t at = 0;
	while (at < len) {
		const char *piece = pieces[sample_draw(sizeof pieces / sizeof *pieces)];
		for (; *piece != '\0' && at < len; piece++)
			text[at++] = *piece;
	}
	text[len] = '\0';
	return text;
}

/* Words of random letters, most of which occur once. */
static inline char *sample_rare_words(size_t len)
{
	char *text = malloc(len + 1);
	sample_require(text != NULL, "memory");
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(sample_draw(8) == 0 ? ' ' : 'a' + (int)sample_draw(20));
	text[len] = '\0';
	return text;
}

static inline pmill_text_options sample_options(void)
{
	return (pmill_text_options){.size = sizeof(pmill_text_options),
		.special_tokens = &sample_end,
		.special_token_count = 1,
		.doc_separator = sample_end};
}

static inline pmill_counter *sample_counter(
	const pmill_text_options *text, const pmill_run_options *run)
{
	pmill_counter *counter = NULL;
	pmill_error error;
	pmill_status status = pmill_counter_create(text, run, &counter, &error);
	sample_require(status == PMILL_OK, error.message);
	return counter;
}

/* Without options for the run but these; a chunk size of 0 is the default. */
static inline pmill_counter *sample_counter_on(unsigned threads, size_t chunk_size)
{
	pmill_text_options text = sample_options();
	pmill_run_options run = {.size = sizeof run, .threads = threads, .chunk_size = chunk_size};
	return sample_counter(&text, &run);
}

static inline void sample_add(pmill_counter *counter, const char *text)
{
	pmill_error error;
	pmill_status status = pmill_counter_add_text(counter, text, strlen(text), &error);
	sample_require(status == PMILL_OK, error.message);
}

static inline pmill_counts *sample_take(pmill_counter *counter)
{
	pmill_counts *counts = NULL;
	pmill_error error;
	pmill_status status = pmill_counter_take(counter, &counts, &error);
	sample_require(status == PMILL_OK, error.message);
	return counts;
}

/* The counts of one text. */
static inline pmill_counts *sample_counts(const char *text)
{
	pmill_counter *counter = sample_counter_on(1, 0);
	sample_add(counter, text);
	pmill_counts *counts = sample_take(counter);
	pmill_counter_free(counter);
	return counts;
}

static inline pmill_counts_info sample_info(const pmill_counts *counts)
{
	pmill_counts_info info = {.size = sizeof info};
	sample_require(pmill_counts_get_info(counts, &info) == PMILL_OK, "info");
	return info;
}

/* Aborts if words or counts differ. */
static inline void sample_require_same_words(const pmill_counts *a, const pmill_counts *b)
{
	uint64_t words = sample_info(a).totals.words;
	sample_require(words == sample_info(b).totals.words, "another number of words");
	for (size_t i = 0; i < words; i++) {
		pmill_bytes x, y;
		int64_t m = 0, n = 0;
		sample_require(pmill_counts_get_word(a, i, &x, &m) == PMILL_OK &&
				pmill_counts_get_word(b, i, &y, &n) == PMILL_OK,
			"a word");
		sample_require(x.len == y.len && memcmp(x.data, y.data, x.len) == 0, "another word");
		sample_require(m == n, "another count");
	}
}

/* The least memory limit that a counter accepts on so many threads: its error message names it. */
static inline uint64_t sample_least_limit(unsigned threads)
{
	pmill_run_options run = {.size = sizeof run, .threads = threads, .memory_limit = 1};
	pmill_counter *counter = NULL;
	pmill_error error;
	pmill_status status = pmill_counter_create(NULL, &run, &counter, &error);
	sample_require(status == PMILL_BAD_OPTION, "a limit of one byte");
	const char *least = strstr(error.message, "the minimum is ");
	sample_require(least != NULL, error.message);
	return strtoull(least + strlen("the minimum is "), NULL, 10);
}

#endif
