/* From pretokens to keys and first slots: for any processor, and the table of all ways. */
/* SPDX-License-Identifier: MIT */
#include "counts/word_batch.h"

#include <assert.h>

/* Read from 16 - n on: a mask that keeps the first n of 16 bytes. */
static const uint8_t keep[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xFF, /* with zeros behind */
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

static inline struct pmill_short_key load_key(const uint8_t *word, size_t len)
{
	const uint8_t *mask = keep + 16 - len;
	return (struct pmill_short_key){pmill_load_word(word) & pmill_load_word(mask),
		(pmill_load_word(word + 8) & pmill_load_word(mask + 8)) | (uint64_t)len << 56};
}

/* A batch being filled, out of the memory that stores into the batch might change. */
struct filling {
	struct pmill_word_slot *slots;
	unsigned shift;
	struct pmill_word_seed seed;
	size_t count;
};

static inline struct filling begin_filling(const struct pmill_word_batch *batch,
	const struct pmill_word_slots *slots, const struct pmill_word_seed *seed)
{
	return (struct filling){slots->slots, slots->shift, *seed, batch->count};
}

static inline void put(
	struct filling *filling, struct pmill_word_batch *batch, struct pmill_short_key key)
{
	uint64_t hash = pmill_short_hash(filling->seed, key);
	struct pmill_word_slot *home = filling->slots + (size_t)(hash >> filling->shift);
	pmill_slot_prefetch(home);
	batch->keys[filling->count] = key;
	batch->homes[filling->count++] = home;
}

static inline void put_span(struct pmill_word_batch *batch, const uint8_t *word, size_t len)
{
	batch->spans[batch->span_count++] = (struct pmill_word_span){word, len, 0};
}

void pmill_word_batch_add(struct pmill_word_batch *batch, const struct pmill_word_slots *slots,
	const struct pmill_word_seed *seed, const uint8_t *word, size_t len)
{
	if (len > PMILL_SHORT_WORD) {
		put_span(batch, word, len);
		return;
	}
	struct filling filling = begin_filling(batch, slots, seed);
	put(&filling, batch, pmill_short_key_make(word, len));
	batch->count = filling.count;
}

static void fill_plain(struct pmill_word_batch *batch, const struct pmill_word_slots *slots,
	const struct pmill_word_seed *seed, const uint8_t *text, size_t begin, const size_t *ends,
	size_t count)
{
	struct filling filling = begin_filling(batch, slots, seed);
	for (size_t i = 0; i < count; begin = ends[i++]) {
		size_t len = ends[i] - begin;
		assert(ends[i] > begin);
		if (__builtin_expect(len > PMILL_SHORT_WORD, 0))
			put_span(batch, text + begin, len);
		else
			put(&filling, batch, load_key(text + begin, len));
	}
	batch->count = filling.count;
}

static bool is_everywhere(void)
{
	return true;
}

static const struct pmill_word_batcher plain = {"plain", is_everywhere, fill_plain};

const struct pmill_word_batcher *pmill_word_batcher_at(size_t index)
{
	static const struct pmill_word_batcher *const batchers[] = {
#if defined(__x86_64__) && defined(__LP64__)
		&pmill_word_batcher_avx512,
		&pmill_word_batcher_sse2,
#endif
		&plain,
	};
	return index < sizeof batchers / sizeof batchers[0] ? batchers[index] : NULL;
}

const struct pmill_word_batcher *pmill_word_batcher_fastest(void)
{
	size_t i = 0;
	while (!pmill_word_batcher_at(i)->is_available())
		i++;
	return pmill_word_batcher_at(i);
}
