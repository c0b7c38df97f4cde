/* Keys and hashes of pretokens in plain C, and the table of implementations. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/pretoken_keys.h"

#include <assert.h>

#include "base/hash.h"

struct pmill_key_seed pmill_key_seed_make(uint64_t seed)
{
	return (struct pmill_key_seed){
		.first = pmill_hash64("first", 5, seed),
		.second = pmill_hash64("second", 6, seed),
		.factor = pmill_hash64("factor", 6, seed) | 1,
	};
}

/* Read at 16 - n, a mask that keeps the first n of 16 bytes; the second half is zero. */
static const uint8_t keep[32] = {
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

static inline struct pmill_pretoken_key load_key(const uint8_t *word, size_t len)
{
	const uint8_t *mask = keep + 16 - len;
	return (struct pmill_pretoken_key){pmill_load_word(word) & pmill_load_word(mask),
		(pmill_load_word(word + 8) & pmill_load_word(mask + 8)) | (uint64_t)len << 56};
}

/* Both stay in registers, as stores to the batch can't alias them. */
struct filling {
	struct pmill_key_seed seed;
	size_t count;
};

static inline void put(
	struct filling *filling, struct pmill_pretoken_keys *keys, struct pmill_pretoken_key key)
{
	keys->keys[filling->count] = key;
	keys->hashes[filling->count++] = pmill_pretoken_key_hash(filling->seed, key);
}

static inline void put_long(
	struct pmill_pretoken_keys *keys, const uint8_t *bytes, size_t len, size_t keys_before)
{
	keys->longs[keys->long_count++] = (struct pmill_long_pretoken){bytes, len, keys_before};
}

static void fill_plain(struct pmill_pretoken_keys *keys, const struct pmill_key_seed *seed,
	const uint8_t *text, size_t begin, const size_t *ends, size_t count)
{
	struct filling filling = {*seed, keys->count};
	for (size_t i = 0; i < count; begin = ends[i++]) {
		size_t len = ends[i] - begin;
		assert(ends[i] > begin);
		if (__builtin_expect(len > PMILL_SHORT_PRETOKEN, 0))
			put_long(keys, text + begin, len, filling.count);
		else
			put(&filling, keys, load_key(text + begin, len));
	}
	keys->count = filling.count;
}

enum { KEY = 16 };

/* Counts the pretokens from whose beginning 16 bytes are readable. */
static size_t count_open(size_t readable, size_t begin, const size_t *ends, size_t count)
{
	if (readable < KEY || begin > readable - KEY)
		return 0;
	while (count > 1 && ends[count - 2] > readable - KEY)
		count--;
	return count;
}

/* Those that begin in the last 15 bytes: from a copy, with room behind it. */
static void fill_last(struct pmill_pretoken_keys *keys, const struct pmill_key_maker *maker,
	const struct pmill_key_seed *seed, const uint8_t *text, size_t begin, const size_t *ends,
	size_t count)
{
	uint8_t copy[2 * KEY] = {0};
	size_t copy_ends[KEY];
	assert(count < KEY && ends[count - 1] - begin < KEY);
	for (size_t i = 0; i < count; i++)
		copy_ends[i] = ends[i] - begin;
	memcpy(copy, text + begin, copy_ends[count - 1]);
	maker->fill(keys, seed, copy, 0, copy_ends, count);
}

size_t pmill_pretoken_keys_add(struct pmill_pretoken_keys *keys,
	const struct pmill_key_maker *maker, const struct pmill_key_seed *seed, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count)
{
	const size_t room = PMILL_KEY_BATCH - keys->count - keys->long_count;
	count = count < room ? count : room;
	if (count == 0)
		return 0;
	const size_t open = count_open(readable, begin, ends, count);
	if (open > 0) {
		maker->fill(keys, seed, text, begin, ends, open);
		return open;
	}
	fill_last(keys, maker, seed, text, begin, ends, count);
	return count;
}

static bool is_everywhere(void)
{
	return true;
}

const struct pmill_key_maker pmill_key_maker_plain = {"plain", is_everywhere, fill_plain};

const struct pmill_key_maker *pmill_key_maker_at(size_t index)
{
	static const struct pmill_key_maker *const makers[] = {
#if defined(__x86_64__) && defined(__LP64__)
		&pmill_key_maker_avx512,
		&pmill_key_maker_sse2,
#endif
		&pmill_key_maker_plain,
	};
	return index < sizeof makers / sizeof makers[0] ? makers[index] : NULL;
}

const struct pmill_key_maker *pmill_key_maker_fastest(void)
{
	size_t i = 0;
	while (!pmill_key_maker_at(i)->is_available())
		i++;
	return pmill_key_maker_at(i);
}
