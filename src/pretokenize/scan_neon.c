/* The block scanner for 64-bit Arm processors, which all have NEON. */
/* SPDX-License-Identifier: MIT */
#if defined(__aarch64__)
#include "pretokenize/scan_block.h"

#include <arm_neon.h>

struct vector64 {
	uint8x16_t parts[4];
};

INLINE struct vector64 load64(const uint8_t *bytes)
{
	return (struct vector64){
		{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
}

/* Keeps one bit of each byte, then adds neighbours three times: 64 bytes become 8. */
INLINE uint64_t join_masks(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
	static const uint8_t powers[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	const uint8x16_t bit = vld1q_u8(powers);
	uint8x16_t low = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit));
	uint8x16_t high = vpaddq_u8(vandq_u8(c, bit), vandq_u8(d, bit));
	uint8x16_t sum = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

INLINE uint64_t match_range64(struct vector64 vector, unsigned low, unsigned high)
{
	const uint8x16_t base = vdupq_n_u8((uint8_t)low), span = vdupq_n_u8((uint8_t)(high - low));
	const uint8x16_t *parts = vector.parts;
	return join_masks(vcleq_u8(vsubq_u8(parts[0], base), span),
		vcleq_u8(vsubq_u8(parts[1], base), span), vcleq_u8(vsubq_u8(parts[2], base), span),
		vcleq_u8(vsubq_u8(parts[3], base), span));
}

INLINE uint64_t match64(struct vector64 vector, unsigned byte)
{
	const uint8x16_t wanted = vdupq_n_u8((uint8_t)byte), *parts = vector.parts;
	return join_masks(vceqq_u8(parts[0], wanted), vceqq_u8(parts[1], wanted),
		vceqq_u8(parts[2], wanted), vceqq_u8(parts[3], wanted));
}

INLINE uint8x16_t look_up16(uint8x16_t part, uint8x16x4_t table)
{
	return vqtbl4q_u8(table, vandq_u8(part, vdupq_n_u8(63)));
}

INLINE struct vector64 look_up64(struct vector64 vector, const uint8_t *row)
{
	const uint8x16x4_t table = vld1q_u8_x4(row);
	const uint8x16_t *parts = vector.parts;
	return (struct vector64){{look_up16(parts[0], table), look_up16(parts[1], table),
		look_up16(parts[2], table), look_up16(parts[3], table)}};
}

#include "pretokenize/scan_block_template.h"

const struct pmill_scanner pmill_scanner_neon = {
	"neon", NULL, scan_functions, &pmill_key_maker_plain};
#else
typedef int pmill_no_neon; /* ISO C forbids an empty translation unit */
#endif
