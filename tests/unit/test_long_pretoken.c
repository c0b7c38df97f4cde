/* Merging long pretokens: against plain merging, what it takes, and how much it looks at. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpe/long_pretoken.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/small_tokenizer.h"

enum {
	BLOCK = 16,
	LONGEST = 5000,
	LONGEST_TOKEN = 150,
};

enum order { FIRST_TO_LAST, LAST_TO_FIRST };

/* ---- Plain merging ---- */

struct symbols {
	uint32_t *items;
	size_t count;
};

static uint32_t rank_at(
	const struct pmill_merge_rules *rules, const struct symbols *symbols, size_t i)
{
	return pmill_merge_rules_rank(rules, symbols->items[i], symbols->items[i + 1]);
}

static size_t find_best(const uint32_t *ranks, size_t count)
{
	size_t best = 0;
	for (size_t i = 1; i < count; i++)
		best = ranks[i] < ranks[best] ? i : best;
	return best;
}

/* Looks at all pairs for each merge. */
static void merge_plainly(
	const struct pmill_merge_rules *rules, struct symbols *symbols, size_t least)
{
	uint32_t *ranks = malloc((symbols->count + 1) * sizeof *ranks);
	assert_non_null(ranks);
	for (size_t i = 0; i + 1 < symbols->count; i++)
		ranks[i] = rank_at(rules, symbols, i);
	while (symbols->count > least && symbols->count > 1) {
		const size_t best = find_best(ranks, symbols->count - 1);
		if (ranks[best] == PMILL_NO_RANK)
			break;
		symbols->items[best] = pmill_merge_rules_id(rules, ranks[best]);
		symbols->count--;
		const size_t moved = symbols->count - best - 1;
		memmove(
			&symbols->items[best + 1], &symbols->items[best + 2], moved * sizeof *symbols->items);
		memmove(&ranks[best], &ranks[best + 1], moved * sizeof *ranks);
		if (best > 0)
			ranks[best - 1] = rank_at(rules, symbols, best - 1);
		if (moved > 0)
			ranks[best] = rank_at(rules, symbols, best);
	}
	free(ranks);
}

static struct symbols allocate_symbols(size_t len)
{
	const struct symbols symbols = {malloc((len + 1) * sizeof *symbols.items), len};
	assert_non_null(symbols.items);
	return symbols;
}

static void compare(const struct pmill_merge_rules *rules, struct pmill_pretoken_scratch *scratch,
	const uint8_t *pretoken, size_t len, size_t least)
{
	static const uint32_t guard = 0xABCD1234;
	struct symbols merged = allocate_symbols(len), expected = allocate_symbols(len);
	for (size_t i = 0; i < len; i++)
		expected.items[i] = rules->symbols[pretoken[i]];
	merge_plainly(rules, &expected, least);
	merged.items[len] = guard;
	assert_true(pmill_long_pretoken_merge(
		rules, scratch, pretoken, len, least, merged.items, &merged.count));
	assert_int_equal(merged.count, expected.count);
	assert_memory_equal(merged.items, expected.items, merged.count * sizeof *merged.items);
	assert_int_equal(merged.items[len], guard);
	free(merged.items);
	free(expected.items);
}

/* ---- Vocabs and pretokens ---- */

static void init_rules(struct pmill_merge_rules *rules, const struct pmill_tokenizer *tokenizer)
{
	assert_int_equal(pmill_merge_rules_init(rules, tokenizer, NULL), PMILL_OK);
}

static struct pmill_tokenizer *make_letters(enum pmill_meaning meaning, const char *letters)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	tokenizer->meaning = meaning;
	for (; *letters != '\0'; letters++)
		add_token(tokenizer, letters, 1);
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

/* Runs of random lengths, so that equal pairs are near as well as far from each other. */
static void fill_with_letters(uint64_t *random, uint8_t *pretoken, size_t len, unsigned letters)
{
	const uint64_t longest = 1 + random_below(random, 40);
	for (size_t i = 0; i < len;) {
		const uint8_t letter = letter_at((unsigned)random_below(random, letters));
		const size_t end = i + 1 + (size_t)random_below(random, longest);
		while (i < end && i < len)
			pretoken[i++] = letter;
	}
}

static struct pmill_tokenizer *make_random(uint64_t *random, unsigned *letters)
{
	uint8_t bytes[500];
	fill_random(random, bytes, sizeof bytes);
	struct byte_source source = {bytes, sizeof bytes, 0};
	return make_tokenizer(
		&source, random_below(random, 2) == 0, random_below(random, 2) == 0, letters);
}

static void compare_lens(const struct pmill_merge_rules *rules, uint64_t *random, unsigned letters)
{
	static const size_t lens[] = {0, 1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 63, 64, 65,
		BLOCK * BLOCK - 1, BLOCK * BLOCK, BLOCK * BLOCK + 1, BLOCK * BLOCK + BLOCK + 1};
	enum { LENS = sizeof lens / sizeof *lens };
	struct pmill_pretoken_scratch scratch = {0};
	for (size_t i = 0; i < LENS + 2; i++) {
		const size_t len = i < LENS ? lens[i] : (size_t)random_below(random, 1000);
		uint8_t *pretoken = malloc(len + 1);
		assert_non_null(pretoken);
		/* Sometimes with a letter that the vocab may lack. */
		fill_with_letters(random, pretoken + 1, len, letters + (i % 5 == 0));
		compare(rules, &scratch, pretoken + 1, len, 1 + i % 3);
		free(pretoken);
	}
	pmill_pretoken_scratch_release(&scratch);
}

static void equals_plain_merging(void **state)
{
	(void)state;
	const uint64_t seed = 20261126;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned round = 0; round < 300; round++) {
		unsigned letters;
		struct pmill_tokenizer *tokenizer = make_random(&random, &letters);
		struct pmill_merge_rules rules;
		init_rules(&rules, tokenizer);
		compare_lens(&rules, &random, letters);
		pmill_merge_rules_release(&rules);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Three levels of minima, and four. */
static void equals_plain_merging_over_all_levels(void **state)
{
	(void)state;
	enum { CUBE = BLOCK * BLOCK * BLOCK };
	static const size_t lens[] = {CUBE - 1, CUBE, CUBE + 1, LONGEST};
	uint64_t random = 3;
	uint8_t pretoken[LONGEST];
	struct pmill_pretoken_scratch scratch = {0};
	for (unsigned round = 0; round < 40; round++) {
		unsigned letters;
		struct pmill_tokenizer *tokenizer = make_random(&random, &letters);
		struct pmill_merge_rules rules;
		init_rules(&rules, tokenizer);
		const size_t len = lens[round % 4];
		fill_with_letters(&random, pretoken + LONGEST - len, len, letters);
		compare(&rules, &scratch, pretoken + LONGEST - len, len, 1);
		pmill_merge_rules_release(&rules);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_pretoken_scratch_release(&scratch);
}

/*
 * Tokens "aa…ab", each from an "a" and the next shorter one; or "baa…a". LAST_TO_FIRST: the longer
 * a token is, the lower its rank, so that a merge makes a pair that comes before all others.
 */
static struct pmill_tokenizer *make_chain(
	enum pmill_meaning meaning, enum order order, bool is_to_left)
{
	struct pmill_tokenizer *tokenizer = make_letters(meaning, "abc");
	uint8_t bytes[LONGEST_TOKEN];
	memset(bytes, 'a', sizeof bytes);
	uint32_t ids[LONGEST_TOKEN + 1] = {0};
	for (size_t i = 2; i <= LONGEST_TOKEN; i++) {
		const size_t len = order == FIRST_TO_LAST ? i : LONGEST_TOKEN + 2 - i;
		bytes[is_to_left ? LONGEST_TOKEN - 1 : 0] = 'b';
		ids[len] = add_token(tokenizer, is_to_left ? bytes + LONGEST_TOKEN - len : bytes, len);
	}
	ids[1] = 1; /* b */
	for (size_t i = 2; i <= LONGEST_TOKEN && meaning != PMILL_MEANING_RANK_BY_ID; i++) {
		const size_t len = order == FIRST_TO_LAST ? i : LONGEST_TOKEN + 2 - i;
		add_merge(tokenizer, is_to_left ? 0 : ids[len - 1], is_to_left ? ids[len - 1] : 0);
	}
	return tokenizer;
}

/* A pretoken of c, then "a" with a "b" every `period` bytes. */
static void fill_chain(uint8_t *pretoken, size_t len, size_t shift, size_t period)
{
	for (size_t i = 0; i < len; i++) {
		pretoken[i] = (i - shift) % period == 0 ? 'b' : 'a';
		if (i < shift)
			pretoken[i] = 'c';
	}
}

static void compare_chains(const struct pmill_merge_rules *rules)
{
	static const size_t periods[] = {
		BLOCK - 1, BLOCK, BLOCK + 1, 8 * BLOCK, LONGEST_TOKEN, LONGEST_TOKEN + 1, BLOCK * BLOCK};
	uint8_t pretoken[3 * BLOCK * BLOCK];
	struct pmill_pretoken_scratch scratch = {0};
	for (size_t shift = 0; shift <= BLOCK; shift++) {
		for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
			const size_t len = sizeof pretoken - shift % 3;
			fill_chain(pretoken, len, shift, periods[i]);
			compare(rules, &scratch, pretoken, len, 1);
		}
	}
	pmill_pretoken_scratch_release(&scratch);
}

/* Also tokens that end exactly at the border of a block, as all shifts are tried. */
static void follows_chains_of_merges(void **state)
{
	(void)state;
	for (int meaning = 0; meaning < 3; meaning++) {
		for (unsigned kind = 0; kind < 4; kind++) {
			struct pmill_tokenizer *tokenizer = make_chain(
				(enum pmill_meaning)meaning, (enum order)(kind / 2), kind % 2);
			struct pmill_merge_rules rules;
			init_rules(&rules, tokenizer);
			compare_chains(&rules);
			pmill_merge_rules_release(&rules);
			pmill_tokenizer_free(tokenizer);
		}
	}
}

/* Ranks by id: a token has several splits, and all have its rank. */
static void merges_runs_with_several_splits(void **state)
{
	(void)state;
	uint64_t random = 5;
	uint8_t pretoken[1000];
	memset(pretoken, 'a', sizeof pretoken);
	struct pmill_pretoken_scratch scratch = {0};
	for (unsigned round = 0; round < 60; round++) {
		struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_RANK_BY_ID, "a");
		for (unsigned i = 0; i < 8; i++)
			add_token(tokenizer, pretoken, 2 + (size_t)random_below(&random, round < 30 ? 6 : 40));
		struct pmill_merge_rules rules;
		init_rules(&rules, tokenizer);
		for (size_t len = 1; len < sizeof pretoken; len += 1 + len / 3)
			compare(&rules, &scratch, pretoken, len, 1);
		pmill_merge_rules_release(&rules);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_pretoken_scratch_release(&scratch);
}

/* ---- What it takes ---- */

enum { LARGE = 300000 };

struct large {
	uint8_t *pretoken;
	uint32_t *ids;
	struct pmill_pretoken_scratch scratch;
};

static struct large allocate_large(void)
{
	const struct large large = {
		.pretoken = malloc(LARGE), .ids = malloc(LARGE * sizeof *large.ids)};
	assert_true(large.pretoken != NULL && large.ids != NULL);
	return large;
}

static void release_large(struct large *large)
{
	free(large->pretoken);
	free(large->ids);
	pmill_pretoken_scratch_release(&large->scratch);
}

static void merge_large(
	struct large *large, const struct pmill_tokenizer *tokenizer, size_t len, size_t *count)
{
	struct pmill_merge_rules rules;
	init_rules(&rules, tokenizer);
	bytes_asked = 0;
	assert_true(pmill_long_pretoken_merge(
		&rules, &large->scratch, large->pretoken, len, 1, large->ids, count));
	pmill_merge_rules_release(&rules);
}

static void takes_little_scratch(void **state)
{
	(void)state;
	struct large large = allocate_large();
	memset(large.pretoken, 'b', LARGE);
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "b");
	for (size_t len = 65; len <= LARGE; len += len / 2) {
		size_t count;
		merge_large(&large, tokenizer, len, &count);
		assert_int_equal(count, len);
		assert_true(bytes_asked > 0 && bytes_asked <= len * 27 / 100 + 256);
		/* A shorter one fits in what is there. */
		merge_large(&large, tokenizer, len - 1, &count);
		assert_int_equal(bytes_asked, 0);
		pmill_pretoken_scratch_release(&large.scratch);
	}
	pmill_tokenizer_free(tokenizer);
	release_large(&large);
}

/* Each token comes from one merge, which follows those of its parts. */
static struct pmill_tokenizer *make_ordered(uint64_t *random)
{
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "abcd");
	for (size_t i = 0; i < 200; i++) {
		const size_t count = tokenizer->vocab.count;
		const uint64_t limit = count < 4 + i / 4 ? count : 4 + i / 4;
		add_merge(tokenizer, (uint32_t)random_below(random, limit),
			(uint32_t)random_below(random, limit));
		if (tokenizer->vocab.count == count)
			tokenizer->listed_count--;
	}
	return tokenizer;
}

static void fill_with_random_letters(uint64_t *random, struct large *large)
{
	for (size_t i = 0; i < LARGE; i++)
		large->pretoken[i] = letter_at((unsigned)random_below(random, 4));
}

/* At most `looks` for each byte. */
static void assert_looks(struct large *large, const struct pmill_tokenizer *tokenizer, size_t looks)
{
	size_t count;
	large->scratch.looks = 0;
	merge_large(large, tokenizer, LARGE, &count);
	print_message("%zu ids, %llu looks\n", count, (unsigned long long)large->scratch.looks);
	assert_true(count < LARGE / 3 * 2);
	assert_true(large->scratch.looks > LARGE / BLOCK);
	assert_true(large->scratch.looks <= LARGE * looks);
}

/* The levels of LARGE bytes are five; a merge looks at each of them four times at most. */
static void looks_at_few_blocks(void **state)
{
	(void)state;
	enum { MOST = 4 * 5 };
	struct large large = allocate_large();
	memset(large.pretoken, 'a', LARGE);
	struct pmill_tokenizer *run = make_letters(PMILL_MEANING_MERGE_LIST, "a");
	for (uint32_t token = 0; token < 7; token++)
		add_merge(run, token, token);
	/* Next to each other: nearly always the next pair is in the same block. */
	assert_looks(&large, run, 4);
	pmill_tokenizer_free(run);
	for (unsigned kind = 0; kind < 4; kind++) {
		struct pmill_tokenizer *chain = make_chain(
			PMILL_MEANING_MERGE_LIST, (enum order)(kind / 2), kind % 2);
		fill_chain(large.pretoken, LARGE, 0, LONGEST_TOKEN);
		assert_looks(&large, chain, MOST);
		pmill_tokenizer_free(chain);
	}
	uint64_t random = 9;
	struct pmill_tokenizer *tokenizer = make_ordered(&random);
	fill_with_random_letters(&random, &large);
	assert_looks(&large, tokenizer, MOST);
	pmill_tokenizer_free(tokenizer);
	release_large(&large);
}

/* Applies each merge everywhere, from the left. */
static size_t apply_in_order(const struct pmill_tokenizer *tokenizer, uint32_t *ids, size_t count)
{
	for (size_t rank = 0; rank < tokenizer->listed_count; rank++) {
		const struct pmill_merge *merge = &tokenizer->listed_merges[rank];
		size_t kept = 0;
		for (size_t i = 0; i < count; i++) {
			const bool is_pair = i + 1 < count && ids[i] == merge->left &&
				ids[i + 1] == merge->right;
			ids[kept++] = is_pair ? merge->id : ids[i];
			i += is_pair;
		}
		count = kept;
	}
	return count;
}

/* So long that blocks are prefetched. */
static void large_ones_equal_merging_in_order(void **state)
{
	(void)state;
	struct large large = allocate_large();
	uint64_t random = 10;
	uint32_t *expected = malloc(LARGE * sizeof *expected);
	assert_non_null(expected);
	for (unsigned round = 0; round < 4; round++) {
		struct pmill_tokenizer *tokenizer = make_ordered(&random);
		size_t count;
		fill_with_random_letters(&random, &large);
		for (size_t i = 0; i < LARGE; i++)
			expected[i] = tokenizer->byte_ids[large.pretoken[i]];
		merge_large(&large, tokenizer, LARGE, &count);
		assert_int_equal(count, apply_in_order(tokenizer, expected, LARGE));
		assert_memory_equal(large.ids, expected, count * sizeof *expected);
		pmill_tokenizer_free(tokenizer);
	}
	free(expected);
	release_large(&large);
}

/* ---- Failures ---- */

static void without_memory_it_fails(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "ab");
	add_merge(tokenizer, 0, 1);
	struct pmill_merge_rules rules;
	init_rules(&rules, tokenizer);
	static const uint8_t pretoken[1000] = "abab";
	uint32_t ids[1000];
	size_t count;
	struct pmill_pretoken_scratch scratch = {0};
	static const size_t lens[] = {100, 1000};
	for (size_t i = 0; i < 2; i++) {
		allocations_left = 0;
		assert_false(
			pmill_long_pretoken_merge(&rules, &scratch, pretoken, lens[i], 1, ids, &count));
		assert_true(was_refused());
		compare(&rules, &scratch, pretoken, lens[0], 1);
		compare(&rules, &scratch, pretoken, lens[i], 1);
	}
	pmill_pretoken_scratch_release(&scratch);
	pmill_pretoken_scratch_release(&scratch);
	pmill_merge_rules_release(&rules);
	pmill_tokenizer_free(tokenizer);
}

static pmill_status try_rules(const struct pmill_tokenizer *tokenizer)
{
	struct pmill_merge_rules rules;
	const pmill_status status = pmill_merge_rules_init(&rules, tokenizer, NULL);
	pmill_merge_rules_release(&rules);
	return status;
}

static void rules_fail_without_memory(void **state)
{
	(void)state;
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_chain(
			(enum pmill_meaning)meaning, FIRST_TO_LAST, true);
		long k = 0;
		for (bool refused = true; refused; k++) {
			allocations_left = k;
			const pmill_status status = try_rules(tokenizer);
			refused = was_refused();
			assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		}
		assert_true(k > 3);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Symbols and ranks leave a bit of a slot free. */
static void refuses_too_large_a_vocab(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "ab");
	const size_t count = tokenizer->vocab.count;
	tokenizer->vocab.count = (size_t)INT32_MAX - 255;
	assert_int_equal(try_rules(tokenizer), PMILL_OVERFLOW);
	tokenizer->vocab.count = count;
	tokenizer->listed_count = (size_t)INT32_MAX + 1;
	assert_int_equal(try_rules(tokenizer), PMILL_OVERFLOW);
	tokenizer->listed_count = 0;
	assert_int_equal(try_rules(tokenizer), PMILL_OK);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_plain_merging),
		cmocka_unit_test(equals_plain_merging_over_all_levels),
		cmocka_unit_test(follows_chains_of_merges),
		cmocka_unit_test(merges_runs_with_several_splits),
		cmocka_unit_test(takes_little_scratch),
		cmocka_unit_test(looks_at_few_blocks),
		cmocka_unit_test(large_ones_equal_merging_in_order),
		cmocka_unit_test(without_memory_it_fails),
		cmocka_unit_test(rules_fail_without_memory),
		cmocka_unit_test(refuses_too_large_a_vocab),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
