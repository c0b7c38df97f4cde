/* Byte strings quoted for messages: on one line, of bounded length. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_QUOTE_H
#define PMILL_UNICODE_QUOTE_H

#include <stddef.h>

struct pmill_quote {
	char text[160];
};

/*
 * Quotes `data`: well-formed UTF-8 as it is, control characters, double quotes and other bytes as
 * \xHH, and "..." if it is too long. Returns quote->text.
 */
const char *pmill_quote(struct pmill_quote *quote, const void *data, size_t len);

#endif
