/* The count that the merges of a run will not fall below. */
/* SPDX-License-Identifier: MIT */
#include "train/floor.h"

/* Classes of counts: by the highest bit and the four below it. */
enum { FINE_BITS = 4, CLASSES = 64 << FINE_BITS };

static unsigned class_of(int64_t count)
{
	unsigned log = 63u - (unsigned)__builtin_clzll((uint64_t)count);
	if (log < FINE_BITS)
		return (unsigned)count;
	return ((log - FINE_BITS + 1) << FINE_BITS) +
		((unsigned)(count >> (log - FINE_BITS)) & ((1u << FINE_BITS) - 1));
}

/* The least count of the class. */
static int64_t least_of(unsigned class)
{
	if (class < 1u << FINE_BITS)
		return class;
	unsigned shift = (class >> FINE_BITS) - 1;
	int64_t fine = class & ((1u << FINE_BITS) - 1);
	return (((int64_t)1 << FINE_BITS) + fine) << shift;
}

int64_t pmill_floor_of_words(const struct pmill_word_list *words, uint64_t merges)
{
	uint64_t counts[CLASSES] = {0};
	/* The highest class, which no count is in, would be taken: its least count fits no integer. */
	if (merges == 0)
		return 0;
	for (size_t i = 0; i < words->count; i++)
		if (words->offsets[i + 1] - words->offsets[i] > 1)
			counts[class_of(words->counts[i])]++;
	uint64_t above = 0;
	for (unsigned class = CLASSES; class -- > 1;) {
		above += counts[class];
		if (above >= merges)
			return least_of(class);
	}
	return 0;
}
