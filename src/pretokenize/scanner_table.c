/* The table of scanners. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/scanner_table.h"

#include <string.h>

#include "pretokenize/scan_block.h"
#include "pretokenize/scan_scalar.h"

/* Fastest first. */
static const struct pmill_scanner *const scanners[] = {
#if defined(__x86_64__) && defined(__LP64__)
	&pmill_scanner_avx512,
	&pmill_scanner_avx2,
	&pmill_scanner_sse4,
#elif defined(__aarch64__)
	&pmill_scanner_neon,
#endif
	&pmill_scanner_scalar,
	&pmill_scanner_block,
};

enum { SCANNER_COUNT = sizeof scanners / sizeof scanners[0] };

bool pmill_scanner_is_available(const struct pmill_scanner *scanner)
{
	return scanner->is_available == NULL || scanner->is_available();
}

const struct pmill_scanner *pmill_scanner_find(const char *name)
{
	for (size_t i = 0; i < SCANNER_COUNT; i++) {
		if (pmill_scanner_is_available(scanners[i]) &&
			(name == NULL || strcmp(scanners[i]->name, name) == 0))
			return scanners[i];
	}
	return NULL;
}

const struct pmill_key_maker *pmill_scanner_key_maker(const char *name)
{
	const struct pmill_scanner *scanner = pmill_scanner_find(name);
	const struct pmill_key_maker *most = scanner != NULL ? scanner->key_maker
														 : &pmill_key_maker_plain;
	size_t i = 0;
	while (pmill_key_maker_at(i) != most)
		i++;
	while (!pmill_key_maker_at(i)->is_available())
		i++;
	return pmill_key_maker_at(i);
}

const struct pmill_scanner *pmill_scanner_at(size_t index)
{
	return index < SCANNER_COUNT ? scanners[index] : NULL;
}
