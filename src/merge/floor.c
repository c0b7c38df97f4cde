/* The count that no merge of a training will fall below. */
/* SPDX-License-Identifier: MIT */
#include "merge/floor.h"

enum { FINE_BITS = PMILL_COUNT_FINE_BITS, CLASSES = PMILL_COUNT_CLASSES };

unsigned pmill_count_class(int64_t count)
{
	unsigned log = 63u - (unsigned)__builtin_clzll((uint64_t)count);
	if (log < FINE_BITS)
		return (unsigned)count;
	return ((log - FINE_BITS + 1) << FINE_BITS) +
		((unsigned)(count >> (log - FINE_BITS)) & ((1u << FINE_BITS) - 1));
}

int64_t pmill_count_class_least(unsigned count_class)
{
	if (count_class < 1u << FINE_BITS)
		return count_class;
	unsigned shift = (count_class >> FINE_BITS) - 1;
	int64_t fine = count_class & ((1u << FINE_BITS) - 1);
	return (((int64_t)1 << FINE_BITS) + fine) << shift;
}

int64_t pmill_floor_of_classes(const uint64_t counts[PMILL_COUNT_CLASSES], uint64_t merges)
{
	/* Otherwise the highest class would match, even if it is empty. */
	if (merges == 0)
		return 0;
	uint64_t above = 0;
	for (unsigned class = CLASSES; class -- > 1;) {
		above += counts[class];
		if (above >= merges)
			return pmill_count_class_least(class);
	}
	return 0;
}

int64_t pmill_floor_of_words(
	const struct pmill_word_list *words, uint64_t merges, uint64_t longest_token)
{
	uint64_t counts[CLASSES] = {0}, longest = longest_token == 0 ? UINT64_MAX : longest_token;
	for (size_t i = 0; i < words->count; i++) {
		uint64_t len = words->offsets[i + 1] - words->offsets[i];
		if (len > 1 && len <= longest)
			counts[pmill_count_class(words->counts[i])]++;
	}
	return pmill_floor_of_classes(counts, merges);
}
