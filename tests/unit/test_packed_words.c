/* Packed words: unpacked again, they are the words that were packed, each in one share. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "merge/packed_words.h"
#include "support/naive_words.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/refuse_pages.h"

enum { ROUNDS = 150, LONG_WORD = 100000, PADDING_UNITS = PMILL_SHARE_PADDING / 8 };

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- Packing ---- */

struct case_settings {
	unsigned threads;
	uint64_t token_limit;
	size_t chained_word_len; /* 0: the default */
};

struct packing {
	struct naive_words naive;
	struct pmill_learned_tokens tokens;
	struct pmill_team *team;
	struct pmill_packed_words packed;
	size_t chained_word_len;
};

/* Tokens are numbered by ids in another order than that of the bytes. */
static void start(struct packing *packing, const struct case_settings *settings)
{
	struct pmill_merger_settings merger = {.min_count = 1};
	for (uint32_t i = 0; i < 256; i++)
		merger.byte_ids[i] = 1000 - (i * 91) % 256;
	*packing = (struct packing){.team = pmill_team_create(settings->threads)};
	assert_non_null(packing->team);
	assert_true(pmill_learned_tokens_init(&packing->tokens, &merger));
	packing->chained_word_len = settings->chained_word_len > 0 ? settings->chained_word_len : 256;
}

static void release(struct packing *packing)
{
	pmill_packed_words_release(&packing->packed);
	pmill_packed_words_release(&packing->packed);
	pmill_learned_tokens_release(&packing->tokens);
	pmill_team_free(packing->team);
	naive_release(&packing->naive);
}

static struct pmill_word_list make_list(const struct naive_words *naive)
{
	struct pmill_word_list list = {0};
	for (size_t i = 0; i < naive->count; i++) {
		const struct naive_word *word = &naive->words[i];
		assert_true(
			pmill_word_list_append(&list, (pmill_bytes){word->bytes, word->len}, word->count));
	}
	return list;
}

static pmill_status create(
	struct packing *packing, struct pmill_word_list *list, const struct case_settings *settings)
{
	return pmill_packed_words_create(&packing->packed, list, &packing->tokens,
		settings->token_limit, settings->chained_word_len, packing->team, NULL, NULL, NULL);
}

static void pack(struct packing *packing, const struct case_settings *settings)
{
	struct pmill_word_list list = make_list(&packing->naive);
	assert_int_equal(create(packing, &list, settings), PMILL_OK);
	assert_int_equal(list.count, 0);
	assert_null(list.bytes);
	assert_int_equal(packing->packed.is_wide, settings->token_limit > 65536);
}

/* ---- Unpacking ---- */

/* A word found in the packed ones, as tokens and the place of each. */
struct found {
	uint32_t *tokens, *places;
	size_t len;
	int64_t count;
	bool is_chained;
	unsigned share;
};

struct found_words {
	struct found *items;
	size_t count;
};

static struct found *add_found(struct found_words *all, size_t most)
{
	assert_true(all->count <= LONG_WORD);
	struct found *grown = realloc(all->items, (all->count + 1) * sizeof *grown);
	assert_non_null(grown);
	all->items = grown;
	struct found *added = &grown[all->count++];
	*added = (struct found){.tokens = malloc(most * sizeof *added->tokens),
		.places = malloc(most * sizeof *added->places)};
	assert_true(added->tokens != NULL && added->places != NULL);
	return added;
}

static void release_found(struct found_words *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->items[i].tokens);
		free(all->items[i].places);
	}
	free(all->items);
}

static void unpack_short(const struct packing *packing, size_t unit, struct found *found)
{
	const struct pmill_packed_word *word = pmill_packed_words_at(&packing->packed, unit);
	const uint32_t *wide = (const uint32_t *)(const void *)word->tokens;
	found->len = pmill_packed_word_len(word);
	found->count = pmill_packed_word_count(word);
	for (size_t i = 0; i < found->len; i++) {
		found->tokens[i] = packing->packed.is_wide ? wide[i] : word->tokens[i];
		found->places[i] = (uint32_t)unit;
	}
}

static void unpack_chained(const struct packing *packing, size_t number, struct found *found)
{
	const struct pmill_packed_words *packed = &packing->packed;
	uint32_t before = PMILL_NO_POSITION;
	found->count = packed->chained_words[number].count;
	found->is_chained = true;
	for (uint32_t at = packed->chained_words[number].begin; at != PMILL_NO_POSITION;
		 at = packed->after[at]) {
		assert_true(at < packed->position_count);
		assert_int_equal(packed->before[at], before);
		assert_int_equal(pmill_packed_words_find_chained(packed, at), number);
		found->tokens[found->len] = packed->tokens[at];
		found->places[found->len++] = (uint32_t)packed->unit_count + at;
		before = at;
	}
}

/* The words of one share: its short ones, then its chained ones, each from where it begins. */
static void unpack_share(
	const struct packing *packing, unsigned share, size_t *next_chained, struct found_words *all)
{
	const struct pmill_packed_words *packed = &packing->packed;
	const struct pmill_packed_share *own = &packed->shares[share];
	size_t unit = own->short_begin;
	while (unit < own->short_end) {
		struct found *found = add_found(all, 256);
		unpack_short(packing, unit, found);
		found->share = share;
		unit += pmill_packed_word_room(pmill_packed_words_at(packed, unit));
	}
	assert_int_equal(unit, own->short_end);
	uint64_t place = own->chained_begin;
	while (place < own->chained_end) {
		assert_true(*next_chained < packed->chained_count);
		uint32_t begin = packed->chained_words[*next_chained].begin;
		bool is_last = *next_chained + 1 == packed->chained_count;
		uint32_t end = is_last ? (uint32_t)packed->position_count
							   : packed->chained_words[*next_chained + 1].begin;
		assert_int_equal(begin + packed->unit_count, place);
		struct found *found = add_found(all, end - begin);
		unpack_chained(packing, (*next_chained)++, found);
		found->share = share;
		place += end - begin;
	}
	assert_int_equal(place, own->chained_end);
}

/* Shares follow each other, the short words of each with their padding. */
static void unpack(const struct packing *packing, struct found_words *all)
{
	const struct pmill_packed_words *packed = &packing->packed;
	size_t unit = 0, chained = 0;
	uint64_t position = packed->unit_count;
	assert_int_equal(packed->share_count, pmill_team_size(packing->team));
	for (unsigned share = 0; share < packed->share_count; share++) {
		assert_int_equal(packed->shares[share].short_begin, unit);
		assert_int_equal(packed->shares[share].chained_begin, position);
		unpack_share(packing, share, &chained, all);
		unit = packed->shares[share].short_end + PADDING_UNITS;
		position = packed->shares[share].chained_end;
	}
	assert_int_equal(unit, packed->unit_count);
	assert_int_equal(position, packed->unit_count + packed->position_count);
	assert_int_equal(chained, packed->chained_count);
}

/* ---- Comparing ---- */

static size_t find_naive(const struct packing *packing, const struct found *found)
{
	uint8_t *bytes = malloc(found->len + 1);
	assert_non_null(bytes);
	for (size_t i = 0; i < found->len; i++) {
		assert_true(found->tokens[i] < 256);
		bytes[i] = packing->tokens.byte_of[found->tokens[i]];
	}
	const struct naive_word wanted = {bytes, found->len, 0}, *words = packing->naive.words;
	const struct naive_word *word = packing->naive.count == 0
		? NULL
		: bsearch(&wanted, words, packing->naive.count, sizeof wanted, naive_compare);
	free(bytes);
	assert_non_null(word);
	return (size_t)(word - words);
}

/* Every word of two bytes or more is there once, in the form that is documented. */
static void check_words(const struct packing *packing, const struct found_words *all)
{
	const struct naive_words *naive = &packing->naive;
	bool *is_seen = calloc(naive->count + 1, sizeof *is_seen);
	assert_non_null(is_seen);
	size_t last = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct found *found = &all->items[i];
		size_t at = find_naive(packing, found);
		assert_int_equal(found->count, naive->words[at].count);
		assert_int_equal(found->is_chained,
			found->len >= packing->chained_word_len || found->count >= INT64_C(1) << 47);
		assert_false(is_seen[at]);
		is_seen[at] = true;
		/* Words of a share are in the order of the list. */
		bool is_first = i == 0 || all->items[i - 1].share != found->share ||
			all->items[i - 1].is_chained != found->is_chained;
		assert_true(is_first || at > last);
		last = at;
	}
	for (size_t i = 0; i < naive->count; i++)
		assert_int_equal(is_seen[i], naive->words[i].len >= 2);
	free(is_seen);
}

/* Each thread has its part of the work. */
static void check_dealing(const struct packing *packing, const struct found_words *all)
{
	size_t shares = packing->packed.share_count, most = 0, least = SIZE_MAX;
	for (unsigned share = 0; share < shares; share++) {
		size_t count = 0;
		for (size_t i = 0; i < all->count; i++)
			count += all->items[i].share == share;
		most = count > most ? count : most;
		least = count < least ? count : least;
	}
	assert_true(most - least <= 512);
}

/* ---- Pairs of neighbours ---- */

struct walk {
	const struct found_words *all;
	size_t word, at;
};

static void see_pair(void *context, uint32_t left, uint32_t right, uint32_t place, int64_t count)
{
	struct walk *walk = context;
	while (walk->word < walk->all->count && walk->at + 1 >= walk->all->items[walk->word].len) {
		walk->word++;
		walk->at = 0;
	}
	assert_true(walk->word < walk->all->count);
	const struct found *found = &walk->all->items[walk->word];
	assert_int_equal(left, found->tokens[walk->at]);
	assert_int_equal(right, found->tokens[walk->at + 1]);
	assert_int_equal(place, found->places[walk->at]);
	assert_int_equal(count, found->count);
	walk->at++;
}

static void check_walk(const struct packing *packing, const struct found_words *all)
{
	struct walk walk = {.all = all};
	for (unsigned share = 0; share < packing->packed.share_count; share++) {
		pmill_packed_words_walk(&packing->packed, &packing->packed.shares[share], see_pair, &walk);
		assert_true(walk.word == all->count || all->items[walk.word].share <= share);
	}
	while (walk.word < all->count && walk.at + 1 >= all->items[walk.word].len) {
		walk.word++;
		walk.at = 0;
	}
	assert_int_equal(walk.word, all->count);
}

/* Places of some of the words, as a pair would have them. */
static void check_places(
	const struct packing *packing, const struct found_words *all, uint64_t *random)
{
	uint32_t *places = malloc((all->count + 1) * sizeof *places);
	unsigned *shares = malloc((all->count + 1) * sizeof *shares);
	assert_true(places != NULL && shares != NULL);
	size_t count = 0, begin = 0;
	uint64_t one_in = 1 + next_random(random) % 5;
	for (size_t i = 0; i < all->count; i++) {
		const struct found *found = &all->items[i];
		if (next_random(random) % one_in != 0)
			continue;
		places[count] = found->places[next_random(random) % found->len];
		shares[count++] = found->share;
	}
	for (unsigned share = 0; share < packing->packed.share_count; share++) {
		const uint32_t *own = places;
		size_t own_count = count, end = begin;
		while (end < count && shares[end] == share)
			end++;
		assert_int_equal(
			pmill_packed_words_find_share(&packing->packed, share, places, count), begin);
		pmill_packed_words_narrow(&packing->packed, share, &own, &own_count);
		assert_ptr_equal(own, places + begin);
		assert_int_equal(own_count, end - begin);
		begin = end;
	}
	free(shares);
	free(places);
}

/* ---- Words that merges have shortened ---- */

/* Ends a short word earlier; takes a token other than the first out of a chain. */
static void shorten(const struct packing *packing, const struct found *found, uint64_t *random)
{
	const struct pmill_packed_words *packed = &packing->packed;
	if (!found->is_chained) {
		size_t tokens = next_random(random) % found->len;
		pmill_packed_word_shorten(pmill_packed_words_at(packed, found->places[0]), tokens);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		uint32_t at = found->places[1 + next_random(random) % (found->len - 1)] -
			(uint32_t)packed->unit_count;
		if (packed->tokens[at] == PMILL_NO_TOKEN)
			continue;
		uint32_t before = packed->before[at], after = packed->after[at];
		packed->tokens[at] = PMILL_NO_TOKEN;
		packed->after[before] = after;
		if (after != PMILL_NO_POSITION)
			packed->before[after] = before;
	}
}

static void check_shortened(
	const struct packing *packing, const struct found_words *before, uint64_t *random)
{
	for (size_t i = 0; i < before->count; i++)
		if (next_random(random) % 2 == 0)
			shorten(packing, &before->items[i], random);
	struct found_words all = {0};
	unpack(packing, &all);
	assert_int_equal(all.count, before->count);
	check_walk(packing, &all);
	release_found(&all);
}

static void check_packed(const struct packing *packing, uint64_t *random)
{
	struct found_words all = {0};
	unpack(packing, &all);
	check_words(packing, &all);
	check_walk(packing, &all);
	check_places(packing, &all, random);
	check_shortened(packing, &all, random);
	release_found(&all);
}

/* ---- Word lists ---- */

static int64_t choose_count(uint64_t *random)
{
	static const int64_t counts[] = {
		1, 255, 65536, (INT64_C(1) << 47) - 1, INT64_C(1) << 47, INT64_C(1) << 60};
	return counts[next_random(random) % (next_random(random) % 8 == 0 ? 6 : 3)];
}

/* Short words, and now and then one near the length from which words are chained. */
static void add_words(struct packing *packing, size_t count, uint64_t *random)
{
	uint8_t word[600];
	for (size_t i = 0; i < count; i++) {
		size_t longest = next_random(random) % 16 == 0 ? 600 : 12;
		size_t len = 1 + next_random(random) % longest;
		if (next_random(random) % 16 == 0)
			len = packing->chained_word_len - 1 + next_random(random) % 3;
		for (size_t at = 0; at < len; at++)
			word[at] = (uint8_t)(next_random(random) % 256);
		naive_add(&packing->naive, word, len, choose_count(random));
	}
	naive_finish(&packing->naive);
	for (size_t i = 0; i < packing->naive.count; i++)
		if (packing->naive.words[i].len == 1)
			packing->naive.words[i].count = choose_count(random);
}

static void check_round(uint64_t seed)
{
	static const uint64_t limits[] = {256, 65536, 65537, (uint64_t)1 << 40};
	static const size_t chained[] = {0, 2, 3, 40, 255, 256};
	uint64_t random = seed;
	const struct case_settings settings = {1 + (unsigned)(next_random(&random) % 4),
		limits[next_random(&random) % 4], chained[next_random(&random) % 6]};
	struct packing packing;
	start(&packing, &settings);
	add_words(&packing, next_random(&random) % 2500, &random);
	pack(&packing, &settings);
	check_packed(&packing, &random);
	release(&packing);
}

static void test_random_words(void **state)
{
	(void)state;
	uint64_t seed = first_seed();
	print_message("seeds %llu to %llu (PMILL_SEED)\n", (unsigned long long)seed,
		(unsigned long long)seed + ROUNDS - 1);
	for (uint64_t i = 0; i < ROUNDS; i++)
		check_round(seed + i);
}

/* Words with all lengths up to 300, and two very long ones. */
static void test_lengths(void **state)
{
	(void)state;
	uint8_t *word = malloc(LONG_WORD);
	assert_non_null(word);
	for (size_t i = 0; i < LONG_WORD; i++)
		word[i] = (uint8_t)(i * i >> 3);
	for (unsigned wide = 0; wide < 2; wide++) {
		const struct case_settings settings = {2, 65536 + wide, 0};
		struct packing packing;
		uint64_t random = 1;
		start(&packing, &settings);
		for (size_t len = 1; len <= 300; len++)
			naive_add(&packing.naive, word, len, (int64_t)len);
		naive_add(&packing.naive, word + 7, LONG_WORD - 7, 3);
		naive_add(&packing.naive, word + 1, LONG_WORD - 1, 2);
		naive_finish(&packing.naive);
		pack(&packing, &settings);
		assert_int_equal(packing.packed.chained_count, 300 - 255 + 2);
		check_packed(&packing, &random);
		release(&packing);
	}
	free(word);
}

/* A word's room is its header and tokens in whole units of eight bytes. */
static void test_units(void **state)
{
	(void)state;
	for (uint64_t len = 2; len < 256; len++) {
		assert_int_equal(pmill_packed_word_units(len, false), 1 + (len + 3) / 4);
		assert_int_equal(pmill_packed_word_units(len, true), 1 + (len + 1) / 2);
		assert_false(pmill_packed_word_is_chained(len, (INT64_C(1) << 47) - 1, 256));
		assert_true(pmill_packed_word_is_chained(len, INT64_C(1) << 47, 256));
	}
	assert_true(pmill_packed_word_is_chained(256, 1, 256));
	assert_false(pmill_packed_word_is_chained(1, INT64_MAX, 256));
}

static void test_shares_are_even(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 4; threads++) {
		const struct case_settings settings = {threads, 256, 0};
		struct packing packing;
		struct found_words all = {0};
		start(&packing, &settings);
		for (uint32_t i = 0; i < 9000; i++) {
			const uint8_t word[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
			naive_add(&packing.naive, word, 3, 1);
		}
		pack(&packing, &settings);
		unpack(&packing, &all);
		check_dealing(&packing, &all);
		release_found(&all);
		release(&packing);
	}
}

static void test_no_words(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		const struct case_settings settings = {threads, 256, 0};
		struct packing packing;
		uint64_t random = 1;
		start(&packing, &settings);
		pack(&packing, &settings);
		assert_int_equal(packing.packed.position_count, 0);
		check_packed(&packing, &random);
		release(&packing);
	}
}

/* The list is only taken if there is memory. */
static void test_out_of_memory(void **state)
{
	(void)state;
	const struct case_settings settings = {2, 256, 4};
	struct packing packing;
	start(&packing, &settings);
	naive_add(&packing.naive, (const uint8_t *)"abc", 3, 5);
	naive_add(&packing.naive, (const uint8_t *)"long", 4, 6);
	struct pmill_word_list list = make_list(&packing.naive);
	long k = 0;
	for (;; k++) {
		allocations_left = k;
		pmill_status status = create(&packing, &list, &settings);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			break;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(list.count, 2);
		assert_null(packing.packed.shares);
	}
	assert_true(k >= 6);
	release(&packing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_words),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_shares_are_even),
		cmocka_unit_test(test_no_words),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
