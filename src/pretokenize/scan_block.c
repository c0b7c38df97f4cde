/* The block scanner in plain C: eight bytes in a 64-bit word. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/scan_block.h"

struct vector64 {
	uint64_t words[8]; /* the first byte is the lowest */
};

INLINE uint64_t load_word(const uint8_t *bytes)
{
	uint64_t word = 0;
	for (int i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

INLINE struct vector64 load64(const uint8_t *bytes)
{
	struct vector64 vector;
	for (int i = 0; i < 8; i++)
		vector.words[i] = load_word(bytes + 8 * i);
	return vector;
}

/* The top bit of each byte that is at least `low`. */
INLINE uint64_t reach(uint64_t word, unsigned low)
{
	const uint64_t each = 0x0101010101010101u, tops = each * 0x80;
	if (low >= 0x80)
		return word & ((word & ~tops) + each * (0x100 - low)) & tops;
	return (word | ((word & ~tops) + each * (0x80 - low))) & tops;
}

/*
 * Moves bits 7, 15, ... 63 to bits 0 to 7: the partial products don't overlap in the bits that
 * matter.
 */
INLINE uint64_t gather(uint64_t tops)
{
	return (tops >> 7) * 0x0102040810204080u >> 56;
}

INLINE uint64_t match_range64(struct vector64 vector, unsigned low, unsigned high)
{
	uint64_t mask = 0;
	for (int i = 0; i < 8; i++) {
		uint64_t tops = reach(vector.words[i], low);
		if (high < 0xFF)
			tops &= ~reach(vector.words[i], high + 1);
		mask |= gather(tops) << 8 * i;
	}
	return mask;
}

INLINE uint64_t match64(struct vector64 vector, unsigned byte)
{
	return match_range64(vector, byte, byte);
}

INLINE struct vector64 look_up64(struct vector64 vector, const uint8_t *row)
{
	struct vector64 found;
	for (int i = 0; i < 8; i++) {
		uint64_t word = 0;
		for (int shift = 0; shift < 64; shift += 8)
			word |= (uint64_t)row[vector.words[i] >> shift & 63] << shift;
		found.words[i] = word;
	}
	return found;
}

#include "pretokenize/scan_block_template.h"

const struct pmill_scanner pmill_scanner_block = {
	"block", NULL, scan_functions, &pmill_key_maker_plain};
