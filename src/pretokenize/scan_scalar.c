/* The scanner for every processor: one byte at a time, by table. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/scan_scalar.h"

#include "pretokenize/scan_scalar_fine.h"
#include "pretokenize/scan_scalar_patterns.h"

#define DEFINE_SCAN(id, family, ...)                                                               \
	static size_t scan_##id(struct pmill_scan *scan, size_t *ends, size_t capacity)                \
	{                                                                                              \
		struct view view = open_view(scan);                                                        \
		if (pmill_pattern_rules[PMILL_PATTERN_##id].has_fine_classes)                              \
			view.unicode = pmill_unicode_fine(scan->unicode);                                      \
		size_t position = scan->begin, count = 0;                                                  \
		while (count < capacity && position < view.limit) {                                        \
			size_t end = end_##family(&view, position, pmill_pattern_rules[PMILL_PATTERN_##id]);   \
			if (view.touched && !scan->is_final)                                                   \
				break;                                                                             \
			ends[count++] = end;                                                                   \
			position = end;                                                                        \
		}                                                                                          \
		scan->begin = position;                                                                    \
		return count;                                                                              \
	}

PMILL_PATTERN_LIST(DEFINE_SCAN)

#define SCAN_FUNCTION(id, ...) [PMILL_PATTERN_##id] = scan_##id,

static const pmill_scan_function scan_functions[PMILL_PATTERN_COUNT] = {
	PMILL_PATTERN_LIST(SCAN_FUNCTION)};

const struct pmill_scanner pmill_scanner_scalar = {
	"scalar", NULL, scan_functions, &pmill_key_maker_plain};
