/* What a scanner is: functions that cut text by the known patterns, for one instruction set. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SCANNER_H
#define PMILL_PRETOKENIZE_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pretokenize/pattern_list.h"
#include "pretokenize/pretoken_keys.h"
#include "unicode/class.h"

/* The state of a scan. `begin` is always the start of a pretoken. */
struct pmill_scan {
	const struct pmill_unicode *unicode;
	const uint8_t *text;
	size_t len;
	size_t begin;
	bool is_final; /* see pmill_pretoken_cursor */
};

/*
 * Writes up to `capacity` ends, moves `begin` to the last one and returns how many. Fewer than
 * `capacity` means that the text is finished, or that the rest can't be decided yet.
 */
typedef size_t (*pmill_scan_function)(struct pmill_scan *scan, size_t *ends, size_t capacity);

struct pmill_scanner {
	const char *name;                        /* "scalar", "avx2" ... */
	bool (*is_available)(void);              /* on this processor; NULL: everywhere */
	const pmill_scan_function *functions;    /* by pattern id */
	const struct pmill_key_maker *key_maker; /* of no more than its instructions */
};

#endif
