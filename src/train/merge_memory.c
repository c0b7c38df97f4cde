/* What merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
/*
 * First there are list and packed words at once, then packed words and index. All of that is counted.
 * What grows with the merges are the tables of pairs, and how many pairs a text has is only known from
 * experience: on English, many languages, source code and a list of 7 million words their memory is
 * below GROWTH · joints^(3/4) · merges^(1/3), where joints are the places between two bytes. Measured at
 * 2,000, 32,000 and 100,000 merges: the estimate is 1.0 to 1.6 times the peak of the process.
 */
#include "train/merge_memory.h"

#include <stdbool.h>

enum {
	FIXED = 12 << 20,      /* the process itself, the dense table of pairs, queues */
	EACH_THREAD = 3 << 20, /* its table of pairs of bytes, and what it routes to others */
	LIST_WORD = 16,
	PACKED_WORD = 20, /* the header, and half of what fills a unit up */
	PLACE = 4,
	LONG_BYTE = 20, /* token, neighbours, new places beside the old */
	GROWTH = 17,
	MOST_GROWTH = 90, /* of each joint: a pair of its own for all its life, in a table half full */
};

static double root_of(double x, int degree)
{
	double low = 0, high = x < 1 ? 1 : x;
	for (int i = 0; i < 200; i++) {
		double middle = (low + high) / 2, power = 1;
		for (int k = 0; k < degree; k++)
			power *= middle;
		*(power < x ? &low : &high) = middle;
	}
	return high;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

uint64_t pmill_merge_memory(const struct pmill_merge_size *size)
{
	double words = (double)size->words, bytes = (double)size->bytes;
	double short_bytes = (double)(size->bytes - size->long_bytes);
	double joints = larger(bytes - words, 0);
	bool is_wide = size->merges > 65536 - 256;
	double packed = PACKED_WORD * words + (is_wide ? 4 : 2) * short_bytes;
	double root = root_of(joints, 4);
	double growth = GROWTH * root * root * root * root_of((double)size->merges, 3);
	if (growth > MOST_GROWTH * joints)
		growth = MOST_GROWTH * joints;
	double listed = LIST_WORD * words + bytes + packed;
	double merged = packed + PLACE * joints + growth;
	double sum = FIXED + (double)size->threads * EACH_THREAD +
		LONG_BYTE * (double)size->long_bytes + larger(listed, merged);
	return sum < 0x1p63 ? (uint64_t)sum : UINT64_MAX;
}
