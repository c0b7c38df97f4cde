/* Base64 by RFC 4648, with padding; nothing else is accepted. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_BASE64_H
#define PMILL_FORMATS_BASE64_H

#include "base/array.h"

bool pmill_base64_append(struct pmill_buffer *out, const void *data, size_t len);

/*
 * Appends the bytes. Returns false, appending nothing, if `text` is not what the encoder writes
 * (sets *bad_offset) or if out of memory (*bad_offset is SIZE_MAX).
 */
bool pmill_base64_parse(struct pmill_buffer *out, const void *text, size_t len, size_t *bad_offset);

#endif
