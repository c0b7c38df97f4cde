/* Merging one pretoken: the three meanings of BPE, short and long, against naive merging. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpe/pretoken_encoder.h"
#include "support/small_tokenizer.h"

enum { LONGEST = 300 };

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

static uint32_t id_of(const struct pmill_tokenizer *tokenizer, const char *token)
{
	uint32_t id = pmill_vocab_find(&tokenizer->vocab, token, strlen(token));
	assert_int_not_equal(id, PMILL_NO_ID);
	return id;
}

static void merge_tokens(struct pmill_tokenizer *tokenizer, const char *left, const char *right)
{
	add_merge(tokenizer, id_of(tokenizer, left), id_of(tokenizer, right));
}

/* `expected` is the tokens, separated by spaces. */
static void assert_tokens(
	const struct pmill_tokenizer *tokenizer, const char *pretoken, const char *expected)
{
	struct pmill_pretoken_encoder *encoder = NULL;
	struct pmill_pretoken_scratch scratch = {0};
	uint32_t ids[LONGEST];
	size_t count = 0;
	char joined[2 * LONGEST] = "";
	assert_int_equal(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL), PMILL_OK);
	assert_int_equal(pmill_pretoken_encoder_encode(encoder, &scratch, (const uint8_t *)pretoken,
						 strlen(pretoken), ids, &count, NULL),
		PMILL_OK);
	for (size_t i = 0; i < count; i++) {
		pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, ids[i]);
		strcat(joined, i == 0 ? "" : " ");
		strncat(joined, token.data, token.len);
	}
	assert_string_equal(joined, expected);
	pmill_pretoken_scratch_release(&scratch);
	pmill_pretoken_encoder_free(encoder);
}

static void merges_lowest_rank_first(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "abc");
	merge_tokens(tokenizer, "b", "c");
	merge_tokens(tokenizer, "a", "b");
	merge_tokens(tokenizer, "ab", "c");
	assert_tokens(tokenizer, "", "");
	assert_tokens(tokenizer, "a", "a");
	assert_tokens(tokenizer, "abc", "a bc");
	assert_tokens(tokenizer, "abab", "ab ab");
	pmill_tokenizer_free(tokenizer);
}

static void merges_runs_from_the_left(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "ab");
	merge_tokens(tokenizer, "a", "a");
	assert_tokens(tokenizer, "aa", "aa");
	assert_tokens(tokenizer, "aaa", "aa a");
	assert_tokens(tokenizer, "aaaaa", "aa aa a");
	assert_tokens(tokenizer, "baaab", "b aa a b");
	pmill_tokenizer_free(tokenizer);
}

/* A merge that ranks before those of its parts is applied as soon as its pair appears. */
static void applies_a_lower_rank_once_it_appears(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "a");
	add_token(tokenizer, "aa", 2);
	merge_tokens(tokenizer, "aa", "a");
	merge_tokens(tokenizer, "a", "a");
	assert_tokens(tokenizer, "aaaa", "aaa a");
	pmill_tokenizer_free(tokenizer);
}

static void uses_the_lower_of_two_ranks(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_MERGE_LIST, "abc");
	merge_tokens(tokenizer, "a", "b");
	merge_tokens(tokenizer, "b", "c");
	merge_tokens(tokenizer, "a", "b");
	assert_tokens(tokenizer, "abc", "ab c");
	pmill_tokenizer_free(tokenizer);
}

static void rank_by_id_joins_any_neighbours(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_RANK_BY_ID, "abcd");
	add_token(tokenizer, "bc", 2);
	add_token(tokenizer, "ab", 2);
	add_token(tokenizer, "abc", 3);
	add_token(tokenizer, "abcd", 4);
	add_token(tokenizer, "dad", 3);
	assert_tokens(tokenizer, "abcd", "abcd");
	assert_tokens(tokenizer, "aabcd", "a abcd");
	assert_tokens(tokenizer, "abb", "ab b");
	/* In the vocab, but unreachable by merging. */
	assert_tokens(tokenizer, "dad", "dad");
	assert_tokens(tokenizer, "daddad", "d a d d a d");
	pmill_tokenizer_free(tokenizer);
}

static void ignore_merges_takes_a_token_whole(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_letters(PMILL_MEANING_IGNORE_MERGES, "abc");
	merge_tokens(tokenizer, "b", "c");
	merge_tokens(tokenizer, "a", "b");
	add_token(tokenizer, "abc", 3);
	assert_tokens(tokenizer, "abc", "abc");
	assert_tokens(tokenizer, "abca", "a bc a");
	tokenizer->meaning = PMILL_MEANING_MERGE_LIST;
	assert_tokens(tokenizer, "abc", "a bc");
	pmill_tokenizer_free(tokenizer);
}

static void never_makes_special_tokens(void **state)
{
	(void)state;
	for (int meaning = PMILL_MEANING_RANK_BY_ID; meaning <= PMILL_MEANING_IGNORE_MERGES;
		 meaning++) {
		struct pmill_tokenizer *tokenizer = make_letters((enum pmill_meaning)meaning, "ab");
		add_special(tokenizer, "ab", true);
		assert_tokens(tokenizer, "ab", "a b");
		pmill_tokenizer_free(tokenizer);
	}
}

static void names_a_missing_byte(void **state)
{
	(void)state;
	static const size_t lens[] = {8, 100};
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_letters((enum pmill_meaning)meaning, "ab");
		if (meaning == PMILL_MEANING_RANK_BY_ID)
			add_token(tokenizer, "xb", 2);
		else
			merge_tokens(tokenizer, "a", "b");
		struct pmill_pretoken_encoder *encoder = NULL;
		assert_int_equal(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL), PMILL_OK);
		for (size_t i = 0; i < 2; i++) {
			struct pmill_pretoken_scratch scratch = {0};
			uint8_t pretoken[100];
			uint32_t ids[100];
			size_t count = 77;
			pmill_error error;
			memset(pretoken, 'b', sizeof pretoken);
			pretoken[3] = 'x';
			pretoken[6] = 'y';
			pmill_status status = pmill_pretoken_encoder_encode(
				encoder, &scratch, pretoken, lens[i], ids, &count, &error);
			assert_int_equal(status, PMILL_BAD_INPUT);
			/* With rank by id, x is merged with the b after it. */
			assert_int_equal(error.offset, meaning == PMILL_MEANING_RANK_BY_ID ? 6 : 3);
			assert_int_equal(count, 77);
			pmill_pretoken_scratch_release(&scratch);
		}
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
}

/* Applies each merge everywhere, from the left: the same result if ranks are in order. */
static size_t apply_in_order(const struct pmill_tokenizer *tokenizer, uint32_t *ids, size_t count)
{
	for (size_t rank = 0; rank < tokenizer->listed_count; rank++) {
		const struct pmill_merge *merge = &tokenizer->listed_merges[rank];
		size_t kept = 0;
		for (size_t i = 0; i < count; i++) {
			bool is_pair = i + 1 < count && ids[i] == merge->left && ids[i + 1] == merge->right;
			ids[kept++] = is_pair ? merge->id : ids[i];
			i += is_pair;
		}
		count = kept;
	}
	return count;
}

static void compare_one(const struct pmill_tokenizer *tokenizer,
	const struct pmill_pretoken_encoder *encoder, struct pmill_pretoken_scratch *scratch,
	const uint8_t *pretoken, size_t len, bool is_ordered)
{
	uint32_t ids[LONGEST], expected[LONGEST];
	size_t count = 0, expected_count = 0, missing = 0;
	assert_int_equal(
		pmill_pretoken_encoder_encode(encoder, scratch, pretoken, len, ids, &count, NULL),
		PMILL_OK);
	assert_true(naive_merge(tokenizer, pretoken, len, expected, &expected_count, &missing));
	assert_int_equal(count, expected_count);
	assert_memory_equal(ids, expected, count * sizeof *ids);
	if (!is_ordered || tokenizer->meaning != PMILL_MEANING_MERGE_LIST)
		return;
	for (size_t i = 0; i < len; i++)
		expected[i] = tokenizer->byte_ids[pretoken[i]];
	assert_int_equal(count, apply_in_order(tokenizer, expected, len));
	assert_memory_equal(ids, expected, count * sizeof *ids);
}

/* Whether each token comes from one merge only, which follows the merges of its parts. */
static bool is_in_order(const struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 1; i < tokenizer->listed_count; i++) {
		if (tokenizer->listed_merges[i].id <= tokenizer->listed_merges[i - 1].id)
			return false;
	}
	return true;
}

/* Returns how many hold a byte that the vocab lacks. */
static size_t compare_together(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, unsigned letters, uint64_t *random)
{
	uint8_t bytes[PMILL_MOST_SHORTS][PMILL_MOST_SHORT_MERGE];
	uint32_t ids[PMILL_MOST_SHORTS][PMILL_MOST_SHORT_MERGE];
	struct pmill_short_pretoken pretokens[PMILL_MOST_SHORTS];
	size_t lacking = 0;
	for (size_t count = 0; count <= PMILL_MOST_SHORTS; count++) {
		for (size_t i = 0; i < count; i++) {
			const size_t len = 1 + (size_t)random_below(random, PMILL_MOST_SHORT_MERGE);
			for (size_t j = 0; j < len; j++)
				bytes[i][j] = letter_at((unsigned)random_below(random, letters));
			pretokens[i] = (struct pmill_short_pretoken){bytes[i], len, ids[i], 99};
		}
		pmill_pretoken_encoder_encode_shorts(encoder, pretokens, count);
		for (size_t i = 0; i < count; i++) {
			uint32_t alone[PMILL_MOST_SHORT_MERGE];
			size_t alone_count = 0;
			const pmill_status status = pmill_pretoken_encoder_encode(
				encoder, scratch, bytes[i], pretokens[i].len, alone, &alone_count, NULL);
			lacking += status != PMILL_OK;
			assert_int_equal(pretokens[i].count, status == PMILL_OK ? alone_count : 0);
			assert_memory_equal(ids[i], alone, pretokens[i].count * sizeof *alone);
		}
	}
	return lacking;
}

static void equals_naive_merging(void **state)
{
	(void)state;
	static const size_t lens[] = {1, 2, 3, 7, 20, 63, 64, 65, 66, 127, 128, 129, LONGEST};
	const uint64_t seed = 20240607;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	unsigned ordered_count = 0;
	for (unsigned round = 0; round < 300; round++) {
		uint8_t bytes[500], pretoken[LONGEST];
		unsigned letters;
		fill_random(&random, bytes, sizeof bytes);
		struct byte_source source = {bytes, sizeof bytes, 0};
		struct pmill_tokenizer *tokenizer = make_tokenizer(&source, true, round % 2, &letters);
		bool is_ordered = is_in_order(tokenizer);
		ordered_count += is_ordered && tokenizer->meaning == PMILL_MEANING_MERGE_LIST;
		struct pmill_pretoken_encoder *encoder = NULL;
		struct pmill_pretoken_scratch scratch = {0};
		assert_int_equal(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL), PMILL_OK);
		for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
			fill_random(&random, pretoken, lens[i]);
			for (size_t j = 0; j < lens[i]; j++)
				pretoken[j] = letter_at(pretoken[j] % (letters + (round % 5 == 0)));
			compare_one(tokenizer, encoder, &scratch, pretoken, lens[i], is_ordered);
		}
		compare_together(encoder, &scratch, letters, &random);
		pmill_pretoken_scratch_release(&scratch);
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
	assert_true(ordered_count > 5);
}

/* The same with ids that the narrow slots of the table of pairs can't hold. */
static struct pmill_tokenizer *make_shifted(const struct pmill_tokenizer *small, uint32_t shift)
{
	struct pmill_tokenizer *made = pmill_tokenizer_create_empty();
	assert_non_null(made);
	made->meaning = small->meaning;
	for (uint32_t id = 0; id < small->vocab.count; id++) {
		const pmill_bytes token = pmill_vocab_token(&small->vocab, id);
		assert_int_equal(
			pmill_vocab_add(&made->vocab, id + shift, token.data, token.len, false, NULL),
			PMILL_OK);
	}
	for (size_t rank = 0; rank < small->listed_count; rank++)
		add_merge(made, small->listed_merges[rank].left + shift,
			small->listed_merges[rank].right + shift);
	pmill_tokenizer_find_bytes(made);
	return made;
}

/* Returns how many pretokens hold a byte that the vocab lacks. */
static size_t compare_shifted(const struct pmill_pretoken_encoder *small,
	const struct pmill_pretoken_encoder *large, uint32_t shift, unsigned letters, uint64_t *random)
{
	struct pmill_pretoken_scratch scratch = {0};
	uint8_t pretoken[LONGEST];
	uint32_t ids[2][LONGEST];
	for (size_t len = 1; len < LONGEST; len += 1 + len / 8) {
		size_t count, other;
		for (size_t i = 0; i < len; i++)
			pretoken[i] = letter_at((unsigned)next_random(random) % letters);
		assert_int_equal(
			pmill_pretoken_encoder_encode(small, &scratch, pretoken, len, ids[0], &count, NULL),
			PMILL_OK);
		assert_int_equal(
			pmill_pretoken_encoder_encode(large, &scratch, pretoken, len, ids[1], &other, NULL),
			PMILL_OK);
		assert_int_equal(count, other);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(ids[1][i], ids[0][i] + shift);
	}
	const size_t lacking = compare_together(small, &scratch, letters + 1, random) +
		compare_together(large, &scratch, letters + 1, random);
	pmill_pretoken_scratch_release(&scratch);
	return lacking;
}

static void large_ids_merge_like_small_ones(void **state)
{
	(void)state;
	enum { SHIFT = 1 << 21 };
	uint64_t random = 11;
	size_t lacking = 0;
	for (unsigned round = 0; round < 6; round++) {
		uint8_t bytes[300];
		unsigned letters;
		fill_random(&random, bytes, sizeof bytes);
		bytes[0] = (uint8_t)(round % 3); /* the meaning */
		struct byte_source source = {bytes, sizeof bytes, 0};
		struct pmill_tokenizer *small = make_tokenizer(&source, false, true, &letters);
		struct pmill_tokenizer *large = make_shifted(small, SHIFT);
		struct pmill_pretoken_encoder *encoders[2];
		assert_int_equal(pmill_pretoken_encoder_create(small, &encoders[0], NULL), PMILL_OK);
		assert_int_equal(pmill_pretoken_encoder_create(large, &encoders[1], NULL), PMILL_OK);
		lacking += compare_shifted(encoders[0], encoders[1], SHIFT, letters, &random);
		pmill_pretoken_encoder_free(encoders[0]);
		pmill_pretoken_encoder_free(encoders[1]);
		pmill_tokenizer_free(small);
		pmill_tokenizer_free(large);
	}
	assert_true(lacking > 100);
}

/* A million bytes, which would take minutes in quadratic time. */
static void merges_long_pretokens(void **state)
{
	(void)state;
	enum { LEN = 1000003 };
	uint8_t *pretoken = malloc(LEN);
	uint32_t *ids = malloc(LEN * sizeof *ids);
	struct pmill_pretoken_scratch scratch = {0};
	size_t count = 0;
	assert_true(pretoken != NULL && ids != NULL);
	memset(pretoken, 'a', LEN);
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_letters((enum pmill_meaning)meaning, "a");
		uint32_t token = 0;
		for (size_t len = 2; len <= 128; len *= 2) {
			add_merge(tokenizer, token, token);
			token = (uint32_t)tokenizer->vocab.count - 1;
		}
		struct pmill_pretoken_encoder *encoder = NULL;
		assert_int_equal(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL), PMILL_OK);
		assert_int_equal(
			pmill_pretoken_encoder_encode(encoder, &scratch, pretoken, LEN, ids, &count, NULL),
			PMILL_OK);
		/* 1,000,003 is 7812 times 128, and 64 + 2 + 1. */
		assert_int_equal(count, 7812 + 3);
		for (size_t i = 0; i < 7812; i++)
			assert_int_equal(ids[i], token);
		assert_true(scratch.capacity > 0 && scratch.capacity < LEN / 14);
		pmill_pretoken_encoder_free(encoder);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_pretoken_scratch_release(&scratch);
	free(ids);
	free(pretoken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_lowest_rank_first),
		cmocka_unit_test(merges_runs_from_the_left),
		cmocka_unit_test(applies_a_lower_rank_once_it_appears),
		cmocka_unit_test(uses_the_lower_of_two_ranks),
		cmocka_unit_test(rank_by_id_joins_any_neighbours),
		cmocka_unit_test(ignore_merges_takes_a_token_whole),
		cmocka_unit_test(never_makes_special_tokens),
		cmocka_unit_test(names_a_missing_byte),
		cmocka_unit_test(equals_naive_merging),
		cmocka_unit_test(large_ids_merge_like_small_ones),
		cmocka_unit_test(merges_long_pretokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
