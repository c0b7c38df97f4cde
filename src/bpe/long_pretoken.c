/* Merging a long pretoken, in the array where its ids are wanted. */
/* SPDX-License-Identifier: MIT */
/*
 * Each byte has a slot. Of a token the first slot holds the rank of its pair with the next token,
 * and the second and the last hold its symbol (these are the same slot if it has two bytes). So
 * both neighbours of a token are found without links: the slot before it, and the second one after
 * it, are symbols if that neighbour has two bytes or more, and the vocab knows its length.
 *
 *	bytes   t   h  e  r  e     s        the, r, es
 *	slots  r12  5  5  r7 none  9        r12: rank 12; 5 and 9: symbols
 *
 * Ranks have the top bit set, symbols don't; compared as signed numbers, all ranks come before "no
 * rank", and that before all symbols. Above the slots are levels of minima, each with one number
 * for a block of BLOCK numbers of the level below. The leftmost pair of lowest rank is found by
 * going down from the root to the first child that equals the minimum.
 *
 * Mostly the next pair has the same rank and is near, as merging sweeps a pretoken from left to
 * right, once for each rank. After a merge minima are renewed upwards, until one stays the same:
 * below that one is the next pair, unless a pair that is new comes first. The blocks that the sweep
 * will come to are prefetched. (Without that, 10 MB of random letters take twice as long, as each
 * merge waits for memory.)
 */
#include "bpe/long_pretoken.h"

#include <stdlib.h>

enum {
	BLOCK = 16,
	MOST_LEVELS = 18, /* 16 to the 16th is more than a size_t holds */
	/* Measured: 3 to 6 blocks are equally fast. A shorter pretoken is in the cache. */
	AHEAD = 4,
	LEAST_TO_PREFETCH = 1 << 16,
};
#define NO_BLOCK SIZE_MAX
static const int32_t rank_bit = INT32_MIN;
static const int32_t no_rank = -1; /* PMILL_NO_RANK */

/* Blocks with pairs of one rank, from left to right. */
struct sweep {
	int32_t rank;
	size_t block;
	size_t ahead;      /* the last block that was prefetched; NO_BLOCK: there is no other */
	unsigned distance; /* how many blocks with such pairs it is ahead */
};

/* Level 0 are the slots; the last level has one number, the minimum of all. */
struct merging {
	const struct pmill_merge_rules *rules;
	const uint8_t *pretoken;
	size_t len;
	int32_t *levels[MOST_LEVELS];
	unsigned top;
	struct sweep sweep;
	uint64_t looks; /* blocks */
};

/* A number in a level. */
struct node {
	unsigned level;
	size_t index;
};

static size_t blocks_of(size_t count)
{
	return count / BLOCK + (count % BLOCK != 0);
}

/* Levels are filled up to whole blocks, so that each has a constant size. */
static size_t numbers_above(size_t len)
{
	size_t numbers = 0;
	for (size_t count = len; count > 1;) {
		count = blocks_of(count);
		numbers += blocks_of(count) * BLOCK;
	}
	return numbers;
}

void pmill_pretoken_scratch_release(struct pmill_pretoken_scratch *scratch)
{
	free(scratch->minima);
	*scratch = (struct pmill_pretoken_scratch){0};
}

/* Exactly what is needed, as nothing in it is worth copying. */
static bool reserve(struct pmill_pretoken_scratch *scratch, size_t numbers)
{
	if (numbers <= scratch->capacity)
		return true;
	free(scratch->minima);
	scratch->capacity = 0;
	scratch->minima = malloc(numbers * sizeof *scratch->minima);
	if (scratch->minima == NULL)
		return false;
	scratch->capacity = numbers;
	return true;
}

/* ---- Minima ---- */

static int32_t lesser(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t least_of_four(const int32_t *numbers)
{
	return lesser(lesser(numbers[0], numbers[1]), lesser(numbers[2], numbers[3]));
}

/*
 * A tree of conditional moves. A loop that compares takes branches that can't be predicted, and
 * vectors wait for the numbers that were just stored.
 */
static int32_t least_of_block(const int32_t *numbers)
{
	return lesser(lesser(least_of_four(numbers), least_of_four(numbers + 4)),
		lesser(least_of_four(numbers + 8), least_of_four(numbers + 12)));
}
_Static_assert(BLOCK == 16, "four times four");

static int32_t least_of_few(const int32_t *numbers, size_t count)
{
	int32_t least = numbers[0];
	for (size_t i = 1; i < count; i++)
		least = lesser(numbers[i], least);
	return least;
}

static int32_t least_below(struct merging *merging, struct node node)
{
	merging->looks++;
	const size_t begin = node.index * BLOCK;
	const int32_t *numbers = merging->levels[node.level - 1] + begin;
	if (node.level == 1 && merging->len - begin < BLOCK)
		return least_of_few(numbers, merging->len - begin);
	return least_of_block(numbers);
}

/* Where `least` comes first. A search without branches is slower in long pretokens. */
static size_t find_in_block(const int32_t *numbers, int32_t least)
{
	size_t i = 0;
	while (numbers[i] != least)
		i++;
	return i;
}

static void fill_level(struct merging *merging, unsigned level, size_t count)
{
	int32_t *numbers = merging->levels[level];
	for (size_t i = 0; i < count; i++)
		numbers[i] = least_below(merging, (struct node){level, i});
	for (size_t i = count; i % BLOCK != 0; i++)
		numbers[i] = no_rank;
}

static void fill_levels(struct merging *merging, int32_t *minima)
{
	for (size_t count = merging->len; count > 1;) {
		count = blocks_of(count);
		merging->levels[++merging->top] = minima;
		minima += blocks_of(count) * BLOCK;
		fill_level(merging, merging->top, count);
	}
}

/*
 * This number was `old` and has changed; no other below the same parent has. Returns the lowest
 * node above it that stays the same, or else the root.
 */
static struct node renew_above(struct merging *merging, struct node node, int32_t old)
{
	int32_t number = merging->levels[node.level][node.index];
	while (node.level < merging->top) {
		node = (struct node){node.level + 1, node.index / BLOCK};
		int32_t *least = &merging->levels[node.level][node.index];
		const int32_t before = *least;
		if (number >= before && old > before)
			break;
		if (number >= before)
			number = least_below(merging, node);
		if (number == before)
			break;
		*least = number;
		old = before;
	}
	return node;
}

/* The same for a block with any number of slots that have changed. */
static struct node renew_block(struct merging *merging, size_t block)
{
	const struct node node = {1, block};
	const int32_t old = merging->levels[1][block], least = least_below(merging, node);
	if (least == old)
		return node;
	merging->levels[1][block] = least;
	return renew_above(merging, node, old);
}

/* The leftmost number in `level`, at or below the node, that equals its minimum. */
static size_t find_least(struct merging *merging, struct node node, unsigned level)
{
	const int32_t least = merging->levels[node.level][node.index];
	while (node.level > level) {
		node.level--;
		node.index *= BLOCK;
		node.index += find_in_block(merging->levels[node.level] + node.index, least);
		merging->looks++;
	}
	return node.index;
}

static size_t find_next_block(struct merging *merging, size_t block, int32_t least)
{
	struct node node = {1, block};
	while (node.level < merging->top) {
		const int32_t *numbers = merging->levels[node.level];
		merging->looks++;
		for (size_t i = node.index + 1; i % BLOCK != 0; i++) {
			if (numbers[i] == least)
				return find_least(merging, (struct node){node.level, i}, 1);
		}
		node = (struct node){node.level + 1, node.index / BLOCK};
	}
	return NO_BLOCK;
}

static void prefetch_block(const struct merging *merging, size_t block)
{
	const int32_t *slots = merging->levels[0] + block * BLOCK;
	__builtin_prefetch(slots, 1);
	__builtin_prefetch(slots + BLOCK - 1, 1);
	__builtin_prefetch(merging->pretoken + block * BLOCK);
}

/* A pair in this block is merged. A sweep that ends at once costs nothing. */
static void look_ahead(struct merging *merging, size_t block, int32_t rank)
{
	struct sweep *sweep = &merging->sweep;
	if (rank != sweep->rank) {
		*sweep = (struct sweep){.rank = rank, .block = block, .ahead = block};
		return;
	}
	if (block == sweep->block)
		return;
	sweep->block = block;
	if (sweep->distance == 0)
		sweep->ahead = block;
	else
		sweep->distance--;
	for (unsigned i = 0; i < 2 && sweep->distance < AHEAD && sweep->ahead != NO_BLOCK; i++) {
		sweep->ahead = find_next_block(merging, sweep->ahead, rank);
		sweep->distance++;
		if (sweep->ahead != NO_BLOCK)
			prefetch_block(merging, sweep->ahead);
	}
}

/* ---- Slots ---- */

static void set_slots(struct merging *merging)
{
	int32_t *slots = merging->levels[0];
	for (size_t i = 0; i + 1 < merging->len; i++)
		slots[i] = rank_bit |
			(int32_t)pmill_merge_rules_byte_rank(
				merging->rules, merging->pretoken[i], merging->pretoken[i + 1]);
	slots[merging->len - 1] = no_rank;
}

static uint32_t len_of(const struct merging *merging, int32_t symbol)
{
	return merging->rules->vocab->tokens[symbol].len;
}

static uint32_t byte_symbol(const struct merging *merging, size_t offset)
{
	return merging->rules->symbols[merging->pretoken[offset]];
}

/* Where the token begins that ends at `end` > 0. */
static size_t find_begin(const struct merging *merging, size_t end)
{
	const int32_t slot = merging->levels[0][end - 1];
	return end - (slot < 0 ? 1 : len_of(merging, slot));
}

static uint32_t symbol_that_ends(const struct merging *merging, size_t end)
{
	const int32_t slot = merging->levels[0][end - 1];
	return slot < 0 ? byte_symbol(merging, end - 1) : (uint32_t)slot;
}

static uint32_t symbol_that_begins(const struct merging *merging, size_t begin)
{
	const int32_t slot = begin + 1 < merging->len ? merging->levels[0][begin + 1] : no_rank;
	return slot < 0 ? byte_symbol(merging, begin) : (uint32_t)slot;
}

static void set_rank(struct merging *merging, size_t slot, uint32_t left, uint32_t right)
{
	const uint32_t rank = pmill_merge_rules_rank(merging->rules, left, right);
	merging->levels[0][slot] = rank_bit | (int32_t)rank;
}

/*
 * A token takes the place of two, of which the right one began at `right`. `previous` is where the
 * token before it begins, or `begin` if there is none.
 */
static void set_token(
	struct merging *merging, size_t previous, size_t begin, size_t right, size_t end, uint32_t id)
{
	int32_t *slots = merging->levels[0];
	slots[begin + 1] = slots[right] = slots[end - 1] = (int32_t)id;
	if (end < merging->len)
		set_rank(merging, begin, id, symbol_that_begins(merging, end));
	else
		slots[begin] = no_rank;
	if (previous < begin)
		set_rank(merging, previous, symbol_that_ends(merging, begin), id);
}

/* Merges the pair that begins here. Returns a node below which the next pair is the first. */
static struct node merge_pair(struct merging *merging, size_t begin)
{
	const int32_t *slots = merging->levels[0];
	const int32_t rank = slots[begin];
	const uint32_t id = pmill_merge_rules_id(merging->rules, (uint32_t)(rank & INT32_MAX));
	const size_t end = begin + len_of(merging, (int32_t)id);
	const size_t right = find_begin(merging, end);
	const size_t previous = begin == 0 ? 0 : find_begin(merging, begin);
	const int32_t old_right = slots[right], old_previous = slots[previous];
	set_token(merging, previous, begin, right, end, id);
	if (previous / BLOCK != begin / BLOCK)
		renew_above(merging, (struct node){0, previous}, old_previous);
	if (right / BLOCK != begin / BLOCK)
		renew_above(merging, (struct node){0, right}, old_right);
	const struct node node = renew_block(merging, begin / BLOCK);
	/* The new token's pair with the next would have changed all minima up to the root. */
	const bool is_new_first = slots[previous] < rank;
	return is_new_first ? (struct node){merging->top, 0} : node;
}

/* Symbols to the beginning of the array: none is written beyond the slots that were read. */
static size_t collect(const struct merging *merging, uint32_t *ids)
{
	size_t count = 0;
	for (size_t begin = 0; begin < merging->len;) {
		const uint32_t symbol = symbol_that_begins(merging, begin);
		begin += symbol >= merging->rules->first_byte ? 1 : len_of(merging, (int32_t)symbol);
		ids[count++] = symbol;
	}
	return count;
}

bool pmill_long_pretoken_merge(const struct pmill_merge_rules *rules,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, size_t least,
	uint32_t *ids, size_t *count)
{
	*count = 0;
	if (len == 0)
		return true;
	if (!reserve(scratch, numbers_above(len)))
		return false;
	struct merging merging = {
		.rules = rules, .pretoken = pretoken, .len = len, .levels = {(int32_t *)ids}};
	set_slots(&merging);
	fill_levels(&merging, scratch->minima);
	const struct node root = {merging.top, 0};
	struct node node = root;
	for (size_t left = len; left > least; left--) {
		const int32_t rank = merging.levels[node.level][node.index];
		if (rank >= no_rank)
			break;
		const size_t begin = find_least(&merging, node, 0);
		if (len >= LEAST_TO_PREFETCH)
			look_ahead(&merging, begin / BLOCK, rank);
		node = merge_pair(&merging, begin);
	}
	scratch->looks += merging.looks;
	*count = collect(&merging, ids);
	return true;
}
