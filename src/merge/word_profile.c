/* The profile of a list of words: all that an estimate of merging's memory needs to know. */
/* SPDX-License-Identifier: MIT */
#include "merge/word_profile.h"

#include "merge/packed_words.h"

enum { SLOTS = PMILL_PROFILE_SLOTS };

static const unsigned piece_sizes[PMILL_PROFILE_SIZES] = {4, 5, 6, 7, 8, 10, 12, 20};
enum {
	SURE_SIZES = 3,
	/* With more, pieces are too short to tell text from random bytes. */
	JOINTS_PER_PIECE = 8,
	ENOUGH_PIECES = 1 << 26, /* until the number of joints is known */
};

/*
 * Chooses how many sizes to count: the last one would have `enough` different pieces if neighbours
 * were independent, and pairs of bytes are worth as many different ones as would give the same sum
 * of squared frequencies.
 */
static unsigned choose_sizes(const struct pmill_word_profile *profile, double enough)
{
	double all = (double)profile->joints, squares = 0;
	for (unsigned i = 0; i < PMILL_PROFILE_PAIRS; i++)
		squares += (double)profile->pairs[i] * (double)profile->pairs[i];
	double different = squares > 0 ? all * all / squares : 1, pieces = 1;
	unsigned sizes = 0;
	for (unsigned len = 0; sizes < PMILL_PROFILE_SIZES; sizes++) {
		if (sizes >= SURE_SIZES && pieces >= enough)
			break;
		for (; len + 1 < piece_sizes[sizes]; len += 2)
			pieces *= different;
	}
	return sizes;
}

/* Never 0. */
static uint64_t hash_of(uint64_t piece)
{
	uint64_t hash = (piece ^ piece >> 29) * 0x9E3779B97F4A7C15u;
	hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93u;
	return hash == 0 ? 1 : hash;
}

static bool is_sampled(const struct pmill_piece_sample *sample, uint64_t hash)
{
	return sample->level == 0 || hash >> (64 - sample->level) == 0;
}

static void add_piece(struct pmill_piece_sample *sample, uint64_t hash, uint64_t count)
{
	size_t at = hash % SLOTS;
	while (sample->slots[at].hash != hash && sample->slots[at].hash != 0)
		at = (at + 1) % SLOTS;
	sample->used += sample->slots[at].hash == 0;
	sample->slots[at].hash = hash;
	if (__builtin_add_overflow(sample->slots[at].count, count, &sample->slots[at].count))
		sample->slots[at].count = UINT64_MAX;
}

/* Drops half of the pieces. Begins at a free slot: no piece belongs before the first one moved. */
static void thin_out(struct pmill_piece_sample *sample)
{
	size_t begin = 0;
	while (sample->slots[begin].hash != 0)
		begin++;
	sample->level++;
	sample->used = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		size_t at = (begin + i) % SLOTS;
		uint64_t hash = sample->slots[at].hash, count = sample->slots[at].count;
		sample->slots[at].hash = sample->slots[at].count = 0;
		if (hash != 0 && is_sampled(sample, hash))
			add_piece(sample, hash, count);
	}
}

static void note_piece(struct pmill_piece_sample *sample, uint64_t hash, int64_t count)
{
	if (!is_sampled(sample, hash))
		return;
	add_piece(sample, hash, (uint64_t)count);
	while (sample->used > SLOTS / 2)
		thin_out(sample);
}

/* The last `len` of 24 bytes, given as numbers of 8 bytes, the last one first. */
static uint64_t hash_last(const uint64_t last[3], unsigned len)
{
	if (len <= 8)
		return hash_of(last[0] << (8 * (8 - len)));
	if (len <= 16)
		return hash_of(last[0] + 3 * hash_of(last[1] << (8 * (16 - len))));
	return hash_of(last[0] + 3 * hash_of(last[1] + 3 * hash_of(last[2] << (8 * (24 - len)))));
}

static void note_pieces(
	struct pmill_word_profile *profile, const uint8_t *bytes, uint64_t len, int64_t count)
{
	uint64_t last[3] = {0};
	for (uint64_t i = 0; i < len; i++) {
		last[2] = last[2] << 8 | last[1] >> 56;
		last[1] = last[1] << 8 | last[0] >> 56;
		last[0] = last[0] << 8 | bytes[i];
		for (unsigned size = 0; size < profile->sizes && i + 1 >= piece_sizes[size]; size++)
			note_piece(&profile->pieces[size], hash_last(last, piece_sizes[size]), count);
	}
}

double pmill_word_profile_pieces(const struct pmill_word_profile *profile, int64_t count)
{
	double most = 0;
	unsigned sizes = choose_sizes(profile, (double)profile->joints / JOINTS_PER_PIECE);
	for (unsigned size = 0; size < sizes; size++) {
		const struct pmill_piece_sample *sample = &profile->pieces[size];
		uint64_t pieces = 0;
		for (size_t i = 0; i < SLOTS; i++)
			pieces += sample->slots[i].hash != 0 && sample->slots[i].count >= (uint64_t)count;
		double all = (double)pieces * (double)((uint64_t)1 << sample->level);
		most = all > most ? all : most;
	}
	return most;
}

void pmill_word_profile_add(struct pmill_word_profile *profile, pmill_bytes word, int64_t count)
{
	const uint8_t *bytes = word.data;
	uint64_t len = word.len;
	unsigned class = pmill_count_class(count);
	if ((profile->words & (profile->words + 1)) == 0)
		profile->sizes = choose_sizes(profile, ENOUGH_PIECES);
	profile->words++;
	profile->bytes += len;
	if (len < 2)
		return;
	profile->joints += len - 1;
	profile->class_joints[class] += len - 1;
	profile->whole[class] += profile->longest_token == 0 || len <= profile->longest_token;
	profile->lengths[len < PMILL_PROFILE_LENGTHS ? len : PMILL_PROFILE_LENGTHS - 1] += 1 +
		(len - 1) / (PMILL_PROFILE_LENGTHS - 1);
	for (size_t i = 0; i + 1 < len; i++)
		profile->pairs[bytes[i] << 8 | bytes[i + 1]]++;
	note_pieces(profile, bytes, len, count);
	if (pmill_packed_word_is_chained(len, count, PMILL_CHAINED_WORD_LEN)) {
		profile->positions += len;
		profile->chained_words++;
	} else {
		profile->units[0] += pmill_packed_word_units(len, false);
		profile->units[1] += pmill_packed_word_units(len, true);
	}
}
