/* Normalises text by the steps of a model. */
/* SPDX-License-Identifier: MIT */
#include "normalize/normalizer.h"

#include <stdlib.h>

#include "base/error.h"

struct pmill_normalizer {
	size_t count;
};

pmill_status pmill_normalizer_create(const struct pmill_normal_step *steps, size_t count,
	const char *unicode_version, struct pmill_normalizer **normalizer, pmill_error *error)
{
	(void)steps;
	(void)unicode_version;
	if (count > 0)
		return pmill_fail(
			error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "normalizers are not supported");
	struct pmill_normalizer *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	*normalizer = made;
	return PMILL_OK;
}

void pmill_normalizer_free(struct pmill_normalizer *normalizer)
{
	free(normalizer);
}

pmill_status pmill_normalizer_apply(const struct pmill_normalizer *normalizer, const uint8_t *text,
	size_t len, struct pmill_buffer *out, pmill_error *error)
{
	(void)normalizer;
	out->len = 0;
	return pmill_buffer_append(out, text, len) ? PMILL_OK : pmill_fail_memory(error);
}
