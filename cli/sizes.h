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

/*
 * Numbers as people write them: 32000, 32k, 1.5M; k, M, G and T are powers of 1000, Ki, Mi, Gi and
 * Ti of 1024, in upper or lower case. Returns false if `text` is not such a number, not whole, or
 * doesn't fit.
 */
bool pmill_cli_parse_number(const char *text, uint64_t *value);
/* The same in bytes: 4096, 10MB, "10 MB", 1.5GiB. A fraction of a byte is dropped. */
bool pmill_cli_parse_size(const char *text, uint64_t *value);

#endif
