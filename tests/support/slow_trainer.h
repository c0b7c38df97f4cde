/* A trainer that recounts all pairs at each step, random cases for it, and the comparison. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_SLOW_TRAINER_H
#define PMILL_TESTS_SUPPORT_SLOW_TRAINER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"
#include "merge/merger.h"
#include "model/layout.h"
#include "support/random.h"
#include "unicode/printable.h"

enum { MAX_WORDS = 40, MAX_LEN = 40, MAX_TOKENS = 300 };

/* ---- The slow trainer ---- */

struct slow_token {
	uint8_t bytes[MAX_LEN];
	size_t len;
	uint32_t id;
};

struct slow {
	struct slow_token tokens[256 + MAX_TOKENS];
	size_t token_count;
	uint32_t words[MAX_WORDS][MAX_LEN];
	size_t lens[MAX_WORDS];
	int64_t counts[MAX_WORDS];
	size_t word_count;
	struct pmill_learned_merge merges[MAX_TOKENS];
	size_t merge_count;
	const char *stopped;
};

static int compare_tokens(const struct slow_token *a, const struct slow_token *b)
{
	size_t shared = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->bytes, b->bytes, shared);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static bool is_first(
	const struct slow *slow, enum pmill_ties ties, const uint32_t *a, const uint32_t *b)
{
	const struct slow_token *al = &slow->tokens[a[0]], *ar = &slow->tokens[a[1]];
	const struct slow_token *bl = &slow->tokens[b[0]], *br = &slow->tokens[b[1]];
	if (ties == PMILL_TIES_IDS)
		return al->id != bl->id ? al->id < bl->id : ar->id < br->id;
	int order = compare_tokens(al, bl);
	return order != 0 ? order > 0 : compare_tokens(ar, br) > 0;
}

/* Valid for the pairs that occur; the counts of others are stale. */
static int64_t pair_counts[256 + MAX_TOKENS][256 + MAX_TOKENS];

static void count_pairs(const struct slow *slow)
{
	for (size_t w = 0; w < slow->word_count; w++)
		for (size_t i = 0; i + 1 < slow->lens[w]; i++)
			pair_counts[slow->words[w][i]][slow->words[w][i + 1]] = 0;
	for (size_t w = 0; w < slow->word_count; w++)
		for (size_t i = 0; i + 1 < slow->lens[w]; i++)
			pair_counts[slow->words[w][i]][slow->words[w][i + 1]] += slow->counts[w];
}

static bool is_refused(const struct slow *slow, const struct pmill_merger_settings *settings,
	uint32_t left, uint32_t right)
{
	return settings->max_token_length > 0 &&
		slow->tokens[left].len + slow->tokens[right].len > settings->max_token_length;
}

static bool find_best(const struct slow *slow, const struct pmill_merger_settings *settings,
	uint32_t *best, int64_t *most)
{
	*most = 0;
	count_pairs(slow);
	for (size_t w = 0; w < slow->word_count; w++)
		for (size_t i = 0; i + 1 < slow->lens[w]; i++) {
			const uint32_t *pair = &slow->words[w][i];
			if (is_refused(slow, settings, pair[0], pair[1]))
				continue;
			int64_t count = pair_counts[pair[0]][pair[1]];
			if (count > *most || (count == *most && is_first(slow, settings->ties, pair, best))) {
				*most = count;
				best[0] = pair[0];
				best[1] = pair[1];
			}
		}
	return *most > 0;
}

static void replace(struct slow *slow, const uint32_t *pair, uint32_t joined)
{
	for (size_t w = 0; w < slow->word_count; w++) {
		size_t out = 0;
		uint32_t *word = slow->words[w];
		for (size_t i = 0; i < slow->lens[w]; i++)
			if (i + 1 < slow->lens[w] && word[i] == pair[0] && word[i + 1] == pair[1]) {
				word[out++] = joined;
				i++;
			} else {
				word[out++] = word[i];
			}
		slow->lens[w] = out;
	}
}

static void train_slowly(struct slow *slow, const struct pmill_merger_settings *settings)
{
	uint32_t best[2] = {0, 0};
	int64_t most;
	slow->stopped = "full";
	while (slow->merge_count < settings->merge_limit) {
		bool is_there = find_best(slow, settings, best, &most);
		if (!is_there || most < settings->min_count) {
			slow->stopped = is_there ? "min-count" : "no-pairs";
			return;
		}
		const struct slow_token *left = &slow->tokens[best[0]], *right = &slow->tokens[best[1]];
		struct slow_token *joined = &slow->tokens[slow->token_count];
		memcpy(joined->bytes, left->bytes, left->len);
		memcpy(joined->bytes + left->len, right->bytes, right->len);
		joined->len = left->len + right->len;
		joined->id = settings->first_merge_id + (uint32_t)slow->merge_count;
		slow->merges[slow->merge_count++] = (struct pmill_learned_merge){left->id, right->id, most};
		replace(slow, best, (uint32_t)slow->token_count++);
	}
}

/* ---- Random cases ---- */

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)random_below(&random_state, below);
}

struct word {
	uint8_t bytes[MAX_LEN];
	size_t len;
};

static int compare_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	size_t shared = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->bytes, y->bytes, shared);
	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Few letters and short periods make runs (aaaa), overlaps (abab) and ties common. */
static void draw_words(struct word *words, size_t count)
{
	uint32_t letters = 1 + draw(4);
	for (size_t w = 0; w < count; w++) {
		size_t period = 1 + draw(4);
		words[w].len = 1 + draw(MAX_LEN - 1);
		for (size_t i = 0; i < words[w].len; i++)
			words[w].bytes[i] = i >= period && draw(8) != 0 ? words[w].bytes[i - period]
															: (uint8_t)("az\0\xff"[draw(letters)]);
	}
	qsort(words, count, sizeof *words, compare_words);
}

static void make_case(
	struct slow *slow, struct pmill_word_list *list, const struct pmill_merger_settings *settings)
{
	struct word words[MAX_WORDS];
	size_t count = 1 + draw(MAX_WORDS);
	draw_words(words, count);
	memset(slow, 0, sizeof *slow);
	for (unsigned byte = 0; byte < 256; byte++)
		slow->tokens[byte] = (struct slow_token){
			.bytes = {(uint8_t)byte}, .len = 1, .id = settings->byte_ids[byte]};
	slow->token_count = 256;
	for (size_t w = 0; w < count; w++) {
		if (w > 0 && compare_words(&words[w - 1], &words[w]) == 0)
			continue;
		int64_t times = 1 + draw(3);
		if (draw(10) == 0)
			times += (int64_t[]){INT32_MAX, UINT32_MAX, INT64_C(1) << 50}[draw(3)];
		size_t at = slow->word_count++;
		slow->lens[at] = words[w].len;
		slow->counts[at] = times;
		for (size_t i = 0; i < words[w].len; i++)
			slow->words[at][i] = words[w].bytes[i];
		assert_true(
			pmill_word_list_append(list, (pmill_bytes){words[w].bytes, words[w].len}, times));
	}
}

static void make_settings(struct pmill_merger_settings *settings)
{
	*settings = (struct pmill_merger_settings){.merge_limit = 1 + draw(60)};
	const struct pmill_layout *layout = pmill_layout_at(draw(3));
	uint32_t specials = draw(4);
	for (uint32_t i = 0; i < 256; i++) {
		uint8_t byte = layout->is_printable_order ? pmill_printable_order[i] : (uint8_t)i;
		settings->byte_ids[byte] = layout->first_byte(specials, (uint32_t)settings->merge_limit) +
			i;
	}
	settings->first_merge_id = layout->first_merge(specials, (uint32_t)settings->merge_limit);
	settings->min_count = draw(3) == 0 ? 1 + draw(6) : 1;
	settings->max_token_length = draw(3) == 0 ? 1 + draw(8) : 0;
	settings->ties = draw(2) == 0 ? PMILL_TIES_BYTES : PMILL_TIES_IDS;
}

static void compare_result(uint64_t seed, const struct pmill_merger_settings *settings,
	const struct slow *slow, const struct pmill_merger_result *result)
{
	if (result->merge_count != slow->merge_count || strcmp(result->stopped, slow->stopped) != 0)
		fail_msg("seed %llu, %s, %u threads: %zu merges, %s; slowly %zu, %s",
			(unsigned long long)seed, settings->method, settings->threads, result->merge_count,
			result->stopped, slow->merge_count, slow->stopped);
	for (size_t i = 0; i < result->merge_count; i++) {
		const struct pmill_learned_merge *a = &result->merges[i], *b = &slow->merges[i];
		if (a->left != b->left || a->right != b->right || a->count != b->count)
			fail_msg("seed %llu, %s, %u threads, merge %zu: (%u,%u) counted %lld; slowly "
					 "(%u,%u) %lld",
				(unsigned long long)seed, settings->method, settings->threads, i, a->left, a->right,
				(long long)a->count, b->left, b->right, (long long)b->count);
	}
}

/*
 * Makes a team believe that it has more members than processors. Its members then sleep until the
 * round is over instead of spinning, which takes most of the time on a busy machine.
 */
static bool is_crowded;

unsigned __real_pmill_thread_count(unsigned asked);
unsigned __wrap_pmill_thread_count(unsigned asked);

unsigned __wrap_pmill_thread_count(unsigned asked)
{
	return is_crowded && asked == 0 ? 1 : __real_pmill_thread_count(asked);
}

/*
 * On one thread or several, with long words stored as chains of positions or not. Returns the
 * number of surveys.
 */
static uint64_t compare_case(const char *method, uint64_t seed)
{
	static struct slow slow;
	static const unsigned thread_counts[] = {1, 2, 3, 8};
	static const size_t chained_word_lens[] = {0, 2, 7};
	static const int64_t first_floors[] = {0, 1, 3, 10, 40, INT64_MAX};
	random_state = seed;
	is_crowded = seed % 8 != 0;
	struct pmill_merger_settings settings;
	struct pmill_merger_result result;
	struct pmill_word_list list = {0};
	make_settings(&settings);
	make_case(&slow, &list, &settings);
	train_slowly(&slow, &settings);
	settings.method = method;
	settings.threads = thread_counts[draw(4)];
	settings.chained_word_len = chained_word_lens[draw(3)];
	settings.first_floor = first_floors[draw(6)];
	assert_int_equal(pmill_merger_run(&list, &settings, &result, NULL), PMILL_OK);
	compare_result(seed, &settings, &slow, &result);
	uint64_t surveys = result.surveys;
	pmill_merger_result_release(&result);
	pmill_word_list_release(&list);
	return surveys;
}

#endif
