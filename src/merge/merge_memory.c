/* The memory that merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
/*
 * The stages of a training in order, each with what it holds at the same time; the largest counts:
 *
 *     packed words │ list                                             the list becomes packed words
 *     packed words │ places │ tables of pairs of bytes                the index is built
 *     packed words │ places │ pairs, candidates │ changes │ tokens    merging
 *
 * With a memory limit the floor of pairs is the safe one (floor.h): pairs are never counted again.
 *
 * These figures are certain:
 *
 *   - packed words and the tables of bytes, to the byte
 *   - what one merge changes: it joins bytes x and y wherever it applies, so its places are among
 *     the joints of x and y
 *   - the bytes of all tokens, except those of words of 256 bytes or more
 *   - pairs that reach a floor f: those with a joint in a word that counts f or more are at most as
 *     many as such joints, and all others share the occurrences in rarer words, f each
 *
 * But rare words hold the same pairs again and again, so that bound on pairs is ten times too high.
 * What follows is a model, not a proof:
 *
 *   - pairs and candidates: as many as there are pieces of a few bytes that occur f times or more
 *     (word_profile.h), counted on a sample. On text of many languages, code, and words of random
 *     letters, tables and queues took 0.4 to 0.9 of that; pairs never exceeded 0.57 of all joints
 *   - merges, if more are asked for than possible: no more than words and such pieces
 *   - places: PLACE bytes per joint; 4.2 to 5.5 were seen, and 16 is the worst case
 *   - what threads keep for one another: the multiples of joints in change_memory(), 1.5 times what
 *     was seen
 *   - arrays of the C library: 1.5 times what they hold, for the arrays they have outgrown
 */
#include "merge/merge_memory.h"

#include "merge/packed_words.h"

enum {
	MIB = 1 << 20,
	PROCESS = 6 * MIB,              /* the program, its character tables, the C library's heap */
	THREAD = 1 << 17,               /* the used part of its stack, and its heap */
	BYTE_PAIRS = 3 * MIB / 2,       /* per thread, while the index is built */
	DENSE_PAIRS = 2 * MIB,          /* in the index */
	POOL = 2 * MIB + 3 * (1 << 16), /* per part: chunks that are not full */
	PLACE = 6,                      /* per joint */
	PAIR = 72,                      /* 24 bytes, in a table that is at least a third full */
	/* 16 in the heap and 17 while it waits; a quarter are of pairs that are gone. */
	CANDIDATE = 40,
	FEW_PAIRS = 4096, /* so few that a sample may miss them */
	EVENT = 24,       /* 8 bytes on each side, and half of that for outgrown arrays */
	/* Besides its bytes: merge, length and offset, and half of that for outgrown arrays. */
	TOKEN = 64,
	NEIGHBOUR = 16,   /* per token and visitor: two numbers, in arrays that double */
	BATCH_TOKEN = 32, /* per token: four numbers, likewise */
};

#define MOST_PAIRS 0.6 /* of all joints */

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* Rounded up to whole huge pages. */
static double pages(double size)
{
	return size < 2 * MIB / 8
		? size
		: (double)((uint64_t)(smaller(size, 0x1p60) / (2 * MIB)) + 1) * (2 * MIB);
}

struct estimate {
	const struct pmill_word_profile *profile;
	struct pmill_merger_plan plan;
	double wanted, merges, joints;
	double packed, tokens, changes;
	double units;
	double bytes;       /* different bytes, at most */
	double byte_pairs;  /* that occur */
	double most_places; /* of one of them */
};

static bool is_wide(const struct estimate *estimate)
{
	return smaller(estimate->wanted, estimate->joints) > 65536 - 256;
}

static double packed_memory(const struct estimate *estimate)
{
	const struct pmill_word_profile *profile = estimate->profile;
	double positions = (double)profile->positions;
	return pages(8 * estimate->units + (double)estimate->plan.threads * PMILL_SHARE_PADDING) +
		3 * pages(4 * positions) +
		sizeof(struct pmill_chained_word) * (double)profile->chained_words;
}

/* A token of l bytes takes l - 1 merges in a word with it: the longest words hold the longest. */
static double token_bytes(const struct estimate *estimate)
{
	const struct pmill_word_profile *profile = estimate->profile;
	double left = estimate->merges, bytes = 256;
	for (unsigned len = PMILL_PROFILE_LENGTHS; len-- > 2 && left > 0;) {
		double merges = smaller(left, (double)(len - 1) * (double)profile->lengths[len]);
		double longest = len;
		if (profile->longest_token > 0)
			longest = smaller(longest, (double)profile->longest_token);
		bytes += merges * (longest + 2) / 2;
		left -= merges;
	}
	return bytes;
}

static double token_memory(const struct estimate *estimate)
{
	const struct pmill_merger_plan *plan = &estimate->plan;
	unsigned visitors = plan->part_count > 1 ? plan->part_count + 1 : 1;
	double each = TOKEN + NEIGHBOUR * (double)visitors;
	if (plan->is_batched)
		each += BATCH_TOKEN;
	return (estimate->merges + 256) * each + 2 * token_bytes(estimate);
}

/* What one merge changes, and what is kept of it for the other threads. */
static double change_memory(const struct estimate *estimate)
{
	double one = EVENT * estimate->most_places, joints = estimate->joints;
	if (estimate->plan.is_batched)
		return one +
			smaller(6 * joints, 1.5 * joints + 12 * MIB + estimate->plan.threads * 0.75 * MIB);
	return one;
}

/* The largest count of the class. */
static double largest_count(unsigned class)
{
	return class + 1 < PMILL_COUNT_CLASSES ? (double)(pmill_count_class_least(class + 1) - 1)
										   : 0x1p63;
}

/* How many pairs reach the floor at any one time. */
static double count_pairs(const struct estimate *estimate, int64_t floor)
{
	const struct pmill_word_profile *profile = estimate->profile;
	double pairs = 0;
	for (unsigned class = 1; class < PMILL_COUNT_CLASSES; class ++) {
		double joints = (double)profile->class_joints[class];
		if (joints > 0)
			pairs += joints * smaller(1, largest_count(class) / (double)floor);
	}
	double tokens = estimate->bytes + estimate->merges;
	double pieces = pmill_word_profile_pieces(profile, floor);
	double model = smaller(pieces, MOST_PAIRS * estimate->joints) + FEW_PAIRS;
	return smaller(smaller(pairs, tokens * tokens), model);
}

/* In all parts. */
static double pair_memory(const struct estimate *estimate, double pairs)
{
	double parts = estimate->plan.part_count, each = pairs / parts;
	double candidates = pairs + estimate->byte_pairs;
	return parts * pages(PAIR * each + 98304) + CANDIDATE * candidates + parts * 300 * 1024;
}

static double place_memory(const struct estimate *estimate)
{
	return PLACE * estimate->joints + POOL * (double)estimate->plan.part_count;
}

static void measure_bytes(struct estimate *estimate)
{
	estimate->bytes = 1;
	for (unsigned i = 0; i < PMILL_PROFILE_PAIRS; i++) {
		uint64_t places = estimate->profile->pairs[i];
		estimate->byte_pairs += places > 0;
		estimate->bytes += places > 0 && estimate->bytes < 256;
		estimate->most_places = larger(estimate->most_places, (double)places);
	}
}

static double most_merges(const struct pmill_word_profile *profile)
{
	double model = (double)profile->words + pmill_word_profile_pieces(profile, 1) + FEW_PAIRS;
	return smaller(model, (double)profile->joints);
}

uint64_t pmill_merge_memory(
	const struct pmill_word_profile *profile, const struct pmill_merger_settings *settings)
{
	struct estimate estimate = {.profile = profile,
		.plan = pmill_merger_plan(settings->threads, settings->method, profile->bytes),
		.joints = (double)profile->joints};
	estimate.wanted = (double)settings->merge_limit;
	estimate.merges = smaller(estimate.wanted, most_merges(profile));
	estimate.units = (double)profile->units[is_wide(&estimate)];
	measure_bytes(&estimate);
	estimate.packed = packed_memory(&estimate);
	estimate.tokens = token_memory(&estimate);
	estimate.changes = change_memory(&estimate);
	double list = pages(16 * (double)profile->words + (double)profile->bytes + 8);
	double build = pages(BYTE_PAIRS * (double)estimate.plan.threads) + place_memory(&estimate);
	int64_t safe = pmill_floor_of_classes(profile->whole, settings->merge_limit);
	int64_t floor = safe > settings->min_count ? safe : settings->min_count;
	double merging = estimate.changes + estimate.tokens + place_memory(&estimate) +
		pair_memory(&estimate, count_pairs(&estimate, floor));
	double most = larger(list, DENSE_PAIRS + larger(build, merging));
	double sum = PROCESS + THREAD * (double)estimate.plan.threads + estimate.packed + most;
	return sum < 0x1p63 ? (uint64_t)sum : UINT64_MAX;
}
