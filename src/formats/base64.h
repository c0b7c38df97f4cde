/* Base64 by RFC 4648, with padding, and nothing else accepted. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_BASE64_H
#define PMILL_FORMATS_BASE64_H

#include "base/array.h"

bool pmill_base64_append(struct pmill_buffer *out, const void *data, size_t len);

/*
 * Appends the bytes. False where `text` is not base64 as the encoder writes it (*bad_offset) or
 * without memory (*bad_offset = SIZE_MAX); nothing is appended then.
 */
bool pmill_base64_parse(struct pmill_buffer *out, const void *text, size_t len, size_t *bad_offset);

#endif
