/* Numbers, sizes and times in human-readable form. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_SIZES_H
#define PMILL_CLI_SIZES_H

#include <stdbool.h>
#include <stdint.h>

/* Returned by value, so that one printf can use several. */
struct pmill_cli_figure {
	char text[32];
};

struct pmill_cli_figure pmill_cli_count_text(uint64_t count);   /* "1,234,567" */
struct pmill_cli_figure pmill_cli_bytes_text(uint64_t bytes);   /* "1.2 MB": powers of 1000 */
struct pmill_cli_figure pmill_cli_seconds_text(double seconds); /* "0.25 s", "2 min 05 s" */

/* Accepts digits only. Returns false if `text` is not a number or does not fit. */
bool pmill_cli_parse_number(const char *text, uint64_t *value);
/* Digits, optionally followed by K, M, G or T: powers of 1024. */
bool pmill_cli_parse_size(const char *text, uint64_t *value);

#endif
