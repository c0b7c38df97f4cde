/* Words chosen to collide: possible for those who know the seed, impossible for others. */
/* SPDX-License-Identifier: MIT */
/*
 * A word's probes are the slots from its home to the slot that holds it. Words are chosen so that
 * under one known seed they share few homes, and the same words are counted under other seeds. If
 * the hash is as good as random, linear probing in the fullest table (5/8) takes 1.8 probes per
 * word on average, whatever the words. The bounds below are far above that, and far below what a
 * flood needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "words/word_slots.h"
#include "words/word_table.h"

enum {
	WORDS = 4000,
	TRIED_SEEDS = 100,
	LONGEST = 64,
	/* For 4000 words in 8192 slots, 1.5 probes per word and at most 40 are expected. */
	MOST_PROBES_OF_ONE = 200,
	MOST_PROBES_OF_ALL = 3 * WORDS,
};

static const uint64_t known_seed = 42;

struct word {
	uint8_t bytes[LONGEST];
	size_t len;
};

static struct word words[WORDS];

static struct pmill_word_table *make_table(uint64_t seed)
{
	struct pmill_word_table *table = NULL;
	assert_int_equal(pmill_word_table_create(seed, &table, NULL), PMILL_OK);
	return table;
}

static uint64_t hash_word(const struct pmill_word_table *table, const struct word *word)
{
	if (word->len > PMILL_SHORT_PRETOKEN)
		return pmill_long_pretoken_hash(table->seed, word->bytes, word->len);
	return pmill_pretoken_key_hash(table->seed, pmill_pretoken_key_make(word->bytes, word->len));
}

struct probes {
	size_t all, most;
};

static struct probes count_probes(const struct pmill_word_slots *slots, struct pmill_key_seed seed)
{
	struct probes probes = {0, 0};
	for (size_t i = 0; i < slots->capacity; i++) {
		const struct pmill_word_slot *slot = &slots->slots[i];
		if (slot->count == 0)
			continue;
		size_t home = pmill_slot_home(slots, pmill_slot_hash(seed, slot, slots->is_long));
		size_t taken = ((i - home) & (slots->capacity - 1)) + 1;
		probes.all += taken;
		probes.most = taken > probes.most ? taken : probes.most;
	}
	return probes;
}

static struct probes count_words(uint64_t seed)
{
	struct pmill_word_table *table = make_table(seed);
	for (size_t i = 0; i < WORDS; i++)
		assert_int_equal(
			pmill_word_table_add(table, words[i].bytes, words[i].len, 1, NULL), PMILL_OK);
	assert_int_equal(pmill_word_table_count(table), WORDS);
	struct probes probes = count_probes(&table->short_words, table->seed);
	struct probes of_long = count_probes(&table->long_words, table->seed);
	pmill_word_table_free(table);
	return (struct probes){
		probes.all + of_long.all, probes.most > of_long.most ? probes.most : of_long.most};
}

/* The i-th of many words of `len` bytes. */
static struct word make_word(uint64_t i, size_t len)
{
	struct word word = {.len = len};
	memset(word.bytes, 'x', len);
	char digits[24];
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)i);
	memcpy(word.bytes, digits, (size_t)count);
	return word;
}

/* Words of `len` bytes whose homes under the known seed are in the first 1/256 of any table. */
static void choose_colliding(size_t len)
{
	struct pmill_word_table *table = make_table(known_seed);
	size_t found = 0;
	for (uint64_t i = 0; found < WORDS; i++) {
		struct word word = make_word(i, len);
		if (hash_word(table, &word) >> 56 == 0)
			words[found++] = word;
	}
	pmill_word_table_free(table);
}

static void check_other_seeds(const char *what)
{
	struct probes worst = {0, 0};
	for (uint64_t seed = known_seed + 1; seed <= known_seed + TRIED_SEEDS; seed++) {
		struct probes probes = count_words(seed);
		worst.all = probes.all > worst.all ? probes.all : worst.all;
		worst.most = probes.most > worst.most ? probes.most : worst.most;
	}
	print_message("%s: at most %zu probes for %d words, %zu for one, over %d seeds\n", what,
		worst.all, (int)WORDS, worst.most, (int)TRIED_SEEDS);
	assert_true(worst.all <= MOST_PROBES_OF_ALL);
	assert_true(worst.most <= MOST_PROBES_OF_ONE);
}

static void check_flood(const char *what, size_t len)
{
	choose_colliding(len);
	struct probes flooded = count_words(known_seed);
	print_message("%s, seed known: %zu probes, %zu for one\n", what, flooded.all, flooded.most);
	assert_true(flooded.all > (size_t)WORDS * WORDS / 4);
	assert_true(flooded.most > WORDS * 9 / 10);
	check_other_seeds(what);
}

static void test_short_words(void **state)
{
	(void)state;
	check_flood("8 bytes", 8);
	check_flood("15 bytes", 15);
}

static void test_long_words(void **state)
{
	(void)state;
	check_flood("16 bytes", 16);
	check_flood("40 bytes", 40);
}

/* ---- Patterns on which weak hashes fail under any seed ---- */

typedef struct word (*word_maker)(size_t i);

static void check_pattern(const char *what, word_maker make)
{
	for (size_t i = 0; i < WORDS; i++)
		words[i] = make(i);
	check_other_seeds(what);
}

/* Places the bits of i into the word, from bit `first` in steps of `step`. */
static struct word make_bits(size_t i, size_t len, size_t first, size_t step)
{
	struct word word = {.len = len};
	memset(word.bytes, 'a', len);
	for (size_t bit = 0; i >> bit != 0; bit++) {
		size_t at = first + bit * step;
		word.bytes[at / 8] ^= (uint8_t)((i >> bit & 1) << at % 8);
	}
	return word;
}

static struct word low_bits_of_each_half(size_t i)
{
	return make_bits(i, 15, i % 2 == 0 ? 0 : 64, 1);
}

static struct word high_bits(size_t i)
{
	return make_bits(i, 8, 48, 1);
}

static struct word one_bit_of_each_byte(size_t i)
{
	return make_bits(i, 15, 0, 8);
}

/* The same small numbers in all orders, as the three 32-bit parts of a word. */
static struct word swapped_parts(size_t i)
{
	struct word word = {.len = 12};
	uint32_t parts[3] = {(uint32_t)(i % 16), (uint32_t)(i / 16 % 16), (uint32_t)(i / 256)};
	memcpy(word.bytes, parts, sizeof parts);
	return word;
}

/* A change of the length could cancel a change of the bytes. */
static struct word length_against_bytes(size_t i)
{
	struct word word = {.len = 33 + i % 31};
	memset(word.bytes, 'x', word.len);
	word.bytes[8] ^= (uint8_t)(i / 31);
	return word;
}

static struct word swapped_blocks(size_t i)
{
	struct word word = {.len = 48};
	for (size_t block = 0; block < 6; block++)
		memset(word.bytes + 8 * block, 'a' + (int)(i >> (2 * block) & 3), 8);
	return word;
}

static struct word zeros_and_bits_of_long(size_t i)
{
	struct word word = make_bits(i, 64, 5, 32);
	for (size_t k = 0; k < word.len; k++)
		word.bytes[k] ^= 'a';
	return word;
}

static void test_patterns(void **state)
{
	(void)state;
	check_pattern("low bits of each half", low_bits_of_each_half);
	check_pattern("high bits", high_bits);
	check_pattern("one bit of each byte", one_bit_of_each_byte);
	check_pattern("swapped parts", swapped_parts);
	check_pattern("length against bytes", length_against_bytes);
	check_pattern("swapped blocks", swapped_blocks);
	check_pattern("bits of a long word", zeros_and_bits_of_long);
}

/* ---- Memory ---- */

/* Tables only double, so that beyond the first 2048 slots a word takes at most 77 bytes. */
static void test_memory_per_word(void **state)
{
	(void)state;
	struct pmill_word_table *table = make_table(7);
	for (uint64_t i = 0; i < 300000; i++) {
		struct word word = make_word(i, 12);
		assert_int_equal(pmill_word_table_add(table, word.bytes, word.len, 1, NULL), PMILL_OK);
		size_t slots = table->short_words.capacity;
		assert_true(table->short_words.used <= slots / 8 * 5);
		assert_true(slots == 2048 || table->short_words.used > slots / 16 * 5);
	}
	assert_true(pmill_word_table_memory(table) < 300000 * 77);
	pmill_word_table_free(table);
}

/* Two tables that differ only in their seed give the same list, even if one is flooded. */
static void test_same_list(void **state)
{
	(void)state;
	struct pmill_word_list lists[2] = {{0}, {0}};
	choose_colliding(14);
	for (int k = 0; k < 2; k++) {
		struct pmill_word_table *table = make_table(known_seed + (uint64_t)k);
		for (size_t i = 0; i < WORDS; i++)
			assert_int_equal(
				pmill_word_table_add(table, words[i].bytes, words[i].len, (int64_t)i + 1, NULL),
				PMILL_OK);
		assert_int_equal(pmill_word_tables_take(&table, 1, 2, &lists[k], NULL, NULL), PMILL_OK);
		pmill_word_table_free(table);
	}
	assert_int_equal(lists[0].count, WORDS);
	assert_int_equal(lists[1].count, WORDS);
	assert_memory_equal(lists[0].bytes, lists[1].bytes, lists[0].offsets[WORDS]);
	assert_memory_equal(lists[0].counts, lists[1].counts, WORDS * sizeof *lists[0].counts);
	for (int k = 0; k < 2; k++)
		pmill_word_list_release(&lists[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_words),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_memory_per_word),
		cmocka_unit_test(test_same_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
