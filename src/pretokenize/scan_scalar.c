/* The scanner that runs everywhere: one byte at a time, by a table. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/scan_scalar.h"

#include "pretokenize/scan_scalar_patterns.h"

#define DEFINE_SCAN(pattern)                                                                       \
	static size_t scan_##pattern(struct pmill_scan *scan, size_t *ends, size_t capacity)           \
	{                                                                                              \
		struct view view = open_view(scan);                                                        \
		size_t position = scan->begin, count = 0;                                                  \
		while (count < capacity && position < view.limit) {                                        \
			size_t end = end_##pattern(&view, position);                                           \
			if (view.touched && !scan->is_final)                                                   \
				break;                                                                             \
			ends[count++] = end;                                                                   \
			position = end;                                                                        \
		}                                                                                          \
		scan->begin = position;                                                                    \
		return count;                                                                              \
	}

DEFINE_SCAN(gpt2)
DEFINE_SCAN(cl100k)
DEFINE_SCAN(cl100k_hf)
DEFINE_SCAN(o200k)
DEFINE_SCAN(qwen2)
DEFINE_SCAN(nanochat)
DEFINE_SCAN(none)

static const pmill_scan_function scan_functions[PMILL_PATTERN_COUNT] = {
	[PMILL_PATTERN_GPT2] = scan_gpt2,
	[PMILL_PATTERN_CL100K] = scan_cl100k,
	[PMILL_PATTERN_CL100K_HF] = scan_cl100k_hf,
	[PMILL_PATTERN_O200K] = scan_o200k,
	[PMILL_PATTERN_QWEN2] = scan_qwen2,
	[PMILL_PATTERN_NANOCHAT] = scan_nanochat,
	[PMILL_PATTERN_NONE] = scan_none,
};

const struct pmill_scanner pmill_scanner_scalar = {"scalar", NULL, scan_functions};
