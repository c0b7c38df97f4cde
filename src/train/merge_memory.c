/* What merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
#include "train/merge_memory.h"

enum {
	FIXED = 8 << 20,
	EACH_THREAD = 3 << 20,
	EACH_WORD = 48,
	EACH_BYTE = 8,
};

uint64_t pmill_merge_memory(uint64_t words, uint64_t bytes, unsigned threads)
{
	uint64_t of_words, of_bytes, sum = FIXED + (uint64_t)threads * EACH_THREAD;
	if (__builtin_mul_overflow(words, EACH_WORD, &of_words) ||
		__builtin_mul_overflow(bytes, EACH_BYTE, &of_bytes) ||
		__builtin_add_overflow(sum, of_words, &sum) || __builtin_add_overflow(sum, of_bytes, &sum))
		return UINT64_MAX;
	return sum;
}
